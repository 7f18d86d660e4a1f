"""Compare the tables of the resource types with a fact sheet of the standard: ``python -m tests.compare_facts FOLDER``.

The folder holds ``resource_types.yaml`` with, for each type, its attributes (``s`` short name, ``n`` long name,
``type``, ``json``, ``card``, ``C``, ``U``, ``annc``, ``dflt``, ``rel``) and ``data_types.yaml``. Prints one line per
difference; the explained ones are in docs/facts.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from resources import complex_types, enumerations, simple_types
from resources.datatypes import DataType
from resources.model import Attribute, ResourceType
from resources.registry import Registry

#: How the sheet writes defaults that are no JSON value.
DEFAULTS = {"ACTIVE": 1}


def load(folder: Path, name: str) -> dict[str, Any]:
    """Read one sheet."""
    content: dict[str, Any] = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    return content


def row_of(attribute: Attribute) -> dict[str, Any]:
    """A row of ours in the form of the sheet."""
    return {
        "n": attribute.name,
        "type": attribute.type.name,
        "json": attribute.type.json,
        "single": attribute.single,
        "C": attribute.create.value,
        "U": attribute.update.value,
        "annc": attribute.announce.value,
        "dflt": attribute.default,
        "rel": attribute.release,
    }


def row_of_sheet(fact: dict[str, Any]) -> dict[str, Any]:
    """A row of the sheet in the same form."""
    default: Any = fact.get("dflt")
    return {
        **{key: fact[key] for key in ("n", "type", "json", "C", "U", "annc", "rel")},
        "single": fact["card"].startswith("1"),
        "dflt": DEFAULTS.get(default, default),
    }


def compare_type(ours: ResourceType, fact: dict[str, Any]) -> Iterator[str]:
    """Yield the differences of one type: its own facts, then its rows."""
    own: dict[str, tuple[object, object]] = {
        "number": (ours.number, fact["type"]),
        "short": (ours.short, fact["short"]),
        "root": (ours.root, fact["root"]),
        "parents": (sorted(ours.parents), sorted(fact["parents"])),
        "virtual": (sorted(ours.virtual), sorted(child["name"] for child in fact["virtual"])),
    }
    for key, (here, there) in own.items():
        if here != there:
            yield f"{ours.name} {key}: {here} here, {there} in the sheet"
    rows = {row["s"]: row for row in fact["attributes"]}
    for short in rows.keys() - ours.by_short.keys():
        yield f"{ours.name}.{short}: missing here"
    for short in ours.by_short.keys() - rows.keys():
        yield f"{ours.name}.{short}: not in the sheet"
    for short in ours.by_short.keys() & rows.keys():
        mine, sheet = row_of(ours.by_short[short]), row_of_sheet(rows[short])
        for key, value in sheet.items():
            if mine[key] != value:
                yield f"{ours.name}.{short} {key}: {mine[key]!r} here, {value!r} in the sheet"


def compare_children(registry: Registry, ours: ResourceType, fact: dict[str, Any]) -> Iterator[str]:
    """Yield the types that one side has as children and the other has not, of the types that exist here."""
    here = {registry.by_number[number].name for number in registry.children_of(ours)}
    there = {child["type"] for child in fact["children"]} & registry.by_name.keys()
    if here != there:
        yield f"{ours.name} children: {sorted(here)} here, {sorted(there)} in the sheet"


def compare_resource_types(folder: Path) -> list[str]:
    """Differences of every resource type of the registry."""
    facts = {fact["name"]: fact for fact in load(folder, "resource_types.yaml")["resource_types"]}
    registry = Registry.default()
    lines: list[str] = []
    for type_ in registry.types:
        lines += compare_type(type_, facts[type_.name])
        lines += compare_children(registry, type_, facts[type_.name])
    return sorted(lines)


def data_types() -> dict[str, DataType]:
    """Every data type with a name of the standard."""
    modules = (simple_types, enumerations, complex_types)
    constants = [constant for module in modules for constant in vars(module).values()]
    return {constant.name: constant for constant in constants if isinstance(constant, DataType)}


def compare_enumerations(folder: Path) -> list[str]:
    """Differences in the numbers of enumerations."""
    lines = []
    for fact in load(folder, "data_types.yaml")["enums"]:
        ours = data_types().get(fact["name"])
        if ours is None or "oneOf" not in ours.schema:
            continue
        here, there = {choice["const"] for choice in ours.schema["oneOf"]}, set(fact["values"])
        if here != there:
            lines.append(f"{fact['name']}: only here {sorted(here - there)}, only in the sheet {sorted(there - here)}")
    return lines


def compare_members(folder: Path) -> list[str]:
    """Differences in the member names of complex types and in which of them must be there."""
    lines = []
    for fact in load(folder, "data_types.yaml")["complex_types"]:
        ours = data_types().get(fact["name"])
        if ours is None or "properties" not in ours.schema:
            continue
        members = [member for member in fact["members"] if "/" not in member["p"]]
        here = {short: short in ours.schema["required"] for short in ours.schema["properties"]}
        there = {member["p"]: member["card"].startswith("1") for member in members}
        lines += [f"{fact['name']}.{short}: {here.get(short)} here, {there.get(short)} in the sheet"
                  for short in sorted(here.keys() | there.keys()) if here.get(short) != there.get(short)]
    return lines


def compare(folder: Path) -> list[str]:
    """All differences, one line each."""
    return [*compare_resource_types(folder), *compare_enumerations(folder), *compare_members(folder)]


def main(arguments: list[str]) -> int:
    """Print the differences."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "resource_types.yaml").is_file():
        sys.stderr.write("usage: python -m tests.compare_facts FOLDER-WITH-resource_types.yaml\n")
        return 2
    lines = compare(Path(arguments[0]))
    sys.stdout.write("\n".join([*lines, f"{len(lines)} differences"]) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
