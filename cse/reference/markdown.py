"""Reference documentation in Markdown, written from the tables: a page per resource type, one of all data types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import resources
from cse.reference.data_types import constants
from resources.datatypes import DataType
from resources.model import Attribute, ResourceType
from resources.registry import Registry

MARK = "<!-- printed by python -m cse.reference; do not edit -->"

_INTRODUCTION = (
    "Every resource type of this CSE with its attributes; [data types](data_types.md) are on one page.",
    "The same as JSON Schema: [schemas.json](schemas.json), or `banyan schema TYPE` for one type.",
    "The HTTP interface as OpenAPI: `banyan openapi`, and `/openapi.json` of a running CSE.",
)
_COLUMNS = ("attribute", "long name", "type", "stored", "CREATE", "UPDATE", "announced", "since", "default")
_USES = {"M": "must", "O": "may", "NP": "no"}


def pages(registry: Registry) -> dict[str, str]:
    """Every page by file name."""
    types = [type_ for type_ in registry.types if documented(type_)]
    about = _purposes()
    return {
        "README.md": index(types, about),
        "data_types.md": data_types(),
        **{f"{slug(type_)}.md": page(type_, registry, about.get(id(type_), "")) for type_ in types},
    }


def documented(type_: ResourceType) -> bool:
    """True for types that have a page: not the announced variants, which follow, nor device models."""
    return type_.number < 10000 and (type_.discriminator is None or type_.base == "mgmtObj")


def slug(type_: ResourceType) -> str:
    """File name of a type's page, without its ending."""
    return type_.name


def index(types: Iterable[ResourceType], about: Mapping[int, str]) -> str:
    """The page that lists all types."""
    rows = [f"| {type_.number} | [{type_.name}]({slug(type_)}.md) | `{type_.root}` | {about.get(id(type_), '')} |"
            for type_ in types]
    return "\n".join([MARK, "", "# Resource types", "", *_INTRODUCTION, "",
                      "| ty | type | root element | |", "|---|---|---|---|", *rows, ""])


def page(type_: ResourceType, registry: Registry, about: str) -> str:
    """The page of one type."""
    children = sorted(registry.by_number[number].name for number in registry.children_of(type_))
    facts = [
        ("resource type", f"{type_.number}" + (f", `{type_.discriminator[0]}` = {type_.discriminator[1]}"
                                               if type_.discriminator else "")),
        ("root element", f"`{type_.root}`"),
        ("stands under", _listed(type_.parents, registry)),
        ("may hold", _listed(children, registry) or "nothing"),
        ("virtual children", ", ".join(f"`{name}`" for name in type_.virtual)),
        ("announced as", f"`{type_.prefix}:{type_.announced_as}` ({type_.number + 10000})"
         if type_.announced_as else ""),
        ("by request", _by_request(type_)),
    ]
    lines = [MARK, "", f"# {type_.name}", "", about, ""]
    lines += [f"- {name}: {text}" for name, text in facts if text]
    lines += ["", f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    return "\n".join([*lines, *(_row(row) for row in type_.attributes), ""])


def _row(row: Attribute) -> str:
    default = "" if row.default is None else f"`{row.default}`"
    cells = (f"`{row.short}`", row.name, _type(row.type), "always" if row.single else "if given",
             _USES[row.create.value], _USES[row.update.value], row.announce.value, f"R{row.release}", default)
    return f"| {' | '.join(cells)} |"


def _type(type_: DataType) -> str:
    name = type_.name.removeprefix("list of ")
    if not name.startswith("m2m:"):
        return type_.name
    linked = f"[{name}](data_types.md#{anchor(name)})"
    return linked if name == type_.name else f"list of {linked}"


def anchor(name: str) -> str:
    """The anchor of a heading as code hosts make it."""
    return name.replace(":", "").lower()


def _listed(names: Iterable[str], registry: Registry) -> str:
    return ", ".join(f"[{name}]({slug(registry.by_name[name])}.md)"
                     if name in registry.by_name and documented(registry.by_name[name]) else name for name in names)


def _by_request(type_: ResourceType) -> str:
    never = [name for name, possible in (("CREATE", type_.creatable), ("UPDATE", type_.updatable),
                                         ("DELETE", type_.deletable)) if not possible]
    return f"never {' nor '.join(never)}" if never else ""


def data_types() -> str:
    """The page of all data types of the standard."""
    types = {type_.name: type_ for type_ in constants() if type_.name.startswith("m2m:")}
    lines = [MARK, "", "# Data types", ""]
    for name in sorted(types, key=str.lower):
        lines += [f"## {name}", "", *_described(types[name].schema), ""]
    return "\n".join(lines)


def _described(schema: Mapping[str, Any]) -> list[str]:
    if "oneOf" in schema:
        return ["| value | meaning |", "|---|---|",
                *(f"| {one['const']} | {one['title']} |" for one in schema["oneOf"])]
    if "properties" in schema:
        required = schema.get("required", ())
        return ["| member | type | |", "|---|---|---|", *(
            f"| `{name}` | {_brief(part)} | {'required' if name in required else ''} |"
            for name, part in schema["properties"].items())]
    return [_brief(schema)]


def _brief(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "items" in schema:
        low, high = schema.get("minItems", 0), schema.get("maxItems", "n")
        return f"array ({low}..{high}) of {_brief(schema['items'])}"
    if "oneOf" in schema:
        return "one of " + ", ".join(str(one["const"]) for one in schema["oneOf"])
    if "properties" in schema:
        return "object with " + ", ".join(f"`{name}`" for name in schema["properties"])
    kind = schema.get("type", "any value")
    words = [" or ".join(kind) if isinstance(kind, list) else str(kind)]
    words += [f"{word} {schema[key]}" for key, word in (("minimum", ">="), ("maximum", "<=")) if key in schema]
    if "pattern" in schema:
        words.append("matching `" + schema["pattern"].replace("|", "\\|") + "`")
    return " ".join(words)


def _purposes() -> dict[int, str]:
    """What each type is for, by identity: the first line of its module, after the name."""
    found = {}
    for module in walk_packages(resources.__path__, "resources."):
        loaded = import_module(module.name)
        line = (loaded.__doc__ or "").partition("\n")[0].partition(": ")[2].replace("``", "`")
        for value in vars(loaded).values():
            if isinstance(value, ResourceType):
                found[id(value)] = line[:1].upper() + line[1:]
    return found
