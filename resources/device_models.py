"""Device models: specializations of flexContainer and flexContainerInstance, made from model files (TS-0023).

The models of the standard are the files in ``resources/models``; a CSE may have more in a folder of its settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from resources.announced import SUFFIX as ANNOUNCED
from resources.common import MANDATORY, OA, internal
from resources.datatypes import DataType, enumeration, list_of, nearest
from resources.flex_container import FLEX_CONTAINER
from resources.flex_container_instance import FLEX_CONTAINER_INSTANCE
from resources.model import Attribute, Optionality, ResourceType, row
from resources.model_files import ModelError, files_of, place_of, read
from resources.model_format import LIST_OF, TYPES
from resources.simple_types import any_uri, timestamp

FOLDER = Path(__file__).with_name("models")
INSTANCE = "Inst"
#: Prefix of what the standard defines itself; no model may take it.
RESERVED_PREFIX = "m2m"

_GENERATED = row("dgt", "dataGenerationTime", timestamp, announce=OA)
_LINKS = (
    row("nodLk", "nodeLink", any_uri, announce=OA),
    row("flNLk", "flexNodeLink", any_uri, announce=OA),
)
#: What every model of a kind has besides its own attributes.
COMMON: Mapping[str, tuple[Attribute, ...]] = {
    "device": _LINKS, "subdevice": (), "module": (_GENERATED,), "action": (_GENERATED,),
}
#: Kinds that ``children`` may name, by the kind that has them.
CHILD_KINDS: Mapping[str, tuple[str, ...]] = {
    "device": ("module", "subdevice"), "subdevice": ("module",), "module": (), "action": (),
}
_TAKEN = {**FLEX_CONTAINER.by_short, **FLEX_CONTAINER_INSTANCE.by_short}


@dataclass(frozen=True, slots=True)
class Model:
    """One device, sub-device, module or action: the file's entry (``facts``) and its two resource types."""

    facts: Mapping[str, Any]
    type: ResourceType
    instance: ResourceType
    file: Path
    place: str

    @property
    def cnd(self) -> str:
        """The value of containerDefinition, the name of the model for the world."""
        cnd: str = self.facts["cnd"]
        return cnd

    @property
    def root(self) -> str:
        """Root element on the wire, which is also how models name each other."""
        return self.type.root

    @property
    def kind(self) -> str:
        """``device``, ``subdevice``, ``module`` or ``action``."""
        kind: str = self.facts["kind"]
        return kind


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Models by root, and the enumerations they share."""

    models: Mapping[str, Model] = field(default_factory=dict)
    enumerations: Mapping[str, DataType] = field(default_factory=dict)

    @property
    def types(self) -> tuple[ResourceType, ...]:
        """The resource types of all models; announced variants are derived elsewhere."""
        return tuple(chain.from_iterable((model.type, model.instance) for model in self.models.values()))


@cache
def standard() -> Catalogue:
    """The models of the standard."""
    return load(files_of(FOLDER), Catalogue())


def user_models(*paths: Path) -> Catalogue:
    """The models of files and folders, which may refer to those of the standard but not replace them.

    Raises ModelError with all problems.
    """
    return load(files_of(*paths), standard())


def load(files: Sequence[Path], known: Catalogue) -> Catalogue:
    """The models of files, without those ``known`` before; raises ModelError with all problems."""
    documents: dict[Path, dict[str, Any]] = {}
    problems: list[str] = []
    for path in files:
        try:
            documents[path] = read(path)
        except ModelError as error:
            problems += error.problems
    if problems:
        raise ModelError(problems)
    enumerations = dict(known.enumerations)
    for path, document in documents.items():
        problems += [f"{path}: {problem}" for problem in _add_enumerations(document, enumerations)]
    found: dict[str, Model] = {}
    names = _Names(known)
    for path, document in documents.items():
        for index, facts in enumerate(document["models"]):
            model = _model(facts, enumerations, path, f"{path}: {place_of(index, facts)}")
            wrong = list(chain(names.take(model), _attribute_problems(facts, enumerations)))
            problems += [f"{model.place}{problem}" for problem in wrong]
            found.setdefault(model.root, model)
    everything = {**known.models, **found}
    elsewhere = {root for document in documents.values() for root in document.get("undescribed", ())}
    for model in found.values():
        problems += [f"{model.place}{problem}" for problem in _reference_problems(model, everything, elsewhere)]
    if problems:
        raise ModelError(problems)
    return Catalogue(found, {name: enumerations[name] for name in enumerations.keys() - known.enumerations.keys()})


def _add_enumerations(document: Mapping[str, Any], known: dict[str, DataType]) -> Iterator[str]:
    for index, facts in enumerate(document.get("enumerations", ())):
        name, place = facts["name"], f"enumerations[{index}] ({facts['name']})"
        values = {value["number"]: value["name"] for value in facts["values"]}
        if name in known or name in TYPES:
            yield f"{place}.name: is taken by another enumeration; choose another name"
        elif len(values) < len(facts["values"]):
            yield f"{place}.values: a number comes twice; each stands for one meaning"
        else:
            known[name] = enumeration(name, values)


def type_named(name: str, enumerations: Mapping[str, DataType]) -> DataType | None:
    """The data type that a model file means: a simple type, an enumeration, or ``list of`` one; None if unknown."""
    single = name.removeprefix(LIST_OF)
    item = TYPES.get(single) or enumerations.get(single)
    return item if item is None or single == name else list_of(item)


def _model(facts: Mapping[str, Any], enumerations: Mapping[str, DataType], file: Path, place: str) -> Model:
    """The resource types of a model; an attribute whose type is unknown is left out, which is reported elsewhere."""
    prefix, _, short = facts["root"].partition(":")
    rows = (*(_row(one, enumerations) for one in facts.get("attributes", ())), *COMMON[facts["kind"]])
    known = tuple(attribute for attribute in rows if attribute is not None)
    return Model(
        facts,
        _specialized(FLEX_CONTAINER, facts, prefix, short, known),
        _specialized(FLEX_CONTAINER_INSTANCE, facts, prefix, short + INSTANCE, tuple(map(internal, known))),
        file,
        place,
    )


def _specialized(
    base: ResourceType, facts: Mapping[str, Any], prefix: str, short: str, rows: Iterable[Attribute]
) -> ResourceType:
    return replace(
        base,
        short=short,
        prefix=prefix,
        name=facts["name"] + (INSTANCE if base is FLEX_CONTAINER_INSTANCE else ""),
        attributes=(*base.attributes, *rows),
        base=base.name,
        discriminator=("cnd", facts["cnd"]),
        announced_as=short + ANNOUNCED,
    )


def _row(facts: Mapping[str, Any], enumerations: Mapping[str, DataType]) -> Attribute | None:
    type_ = type_named(facts["type"], enumerations)
    if type_ is None:
        return None
    mandatory = facts.get("mandatory", False)
    create = MANDATORY if mandatory else Optionality.OPTIONAL
    return row(facts["short"], facts["name"], type_, create=create, announce=OA, single=mandatory)


def _attribute_problems(facts: Mapping[str, Any], enumerations: Mapping[str, DataType]) -> Iterator[str]:
    """What is wrong with the attributes of a model: their types, and names that are taken."""
    taken = {**_TAKEN, **{attribute.short: attribute for attribute in COMMON[facts["kind"]]}}
    seen: set[str] = set()
    for index, one in enumerate(facts.get("attributes", ())):
        short, place = one["short"], f".attributes[{index}] ({one['short']})"
        if type_named(one["type"], enumerations) is None:
            name = one["type"].removeprefix(LIST_OF)
            yield f"{place}.type: {name!r} is no type that is known here; {nearest(name, [*TYPES, *enumerations])}"
        if short in taken:
            yield f"{place}.short: is {taken[short].name} of every {facts['kind']}; choose another short name"
        elif short in seen:
            yield f"{place}.short: comes twice; choose another short name"
        seen.add(short)


def _reference_problems(model: Model, known: Mapping[str, Model], elsewhere: set[str]) -> Iterator[str]:
    """What is wrong with the roots that a model names as its children and actions."""
    kinds = {"children": CHILD_KINDS[model.kind], "actions": ("action",) if model.kind == "module" else ()}
    for member, allowed in kinds.items():
        roots = model.facts.get(member, ())
        if roots and not allowed:
            yield f".{member}: {_a(model.kind)} has none; leave it out"
            continue
        for index, root in enumerate(roots):
            other = known.get(root)
            if other is None and root not in elsewhere:
                yield (f".{member}[{index}]: {root!r} is no model that is known here; "
                       f"{nearest(root, known)}; or add it to 'undescribed'")
            elif other is not None and other.kind not in allowed:
                yield f".{member}[{index}]: {root!r} is {_a(other.kind)}; expected {' or '.join(map(_a, allowed))}"


def _a(kind: str) -> str:
    return f"an {kind}" if kind == "action" else f"a {kind}"


class _Names:
    """Roots and containerDefinitions in use, those of instances and announced variants included."""

    def __init__(self, known: Catalogue) -> None:
        self._owners: dict[str, str] = {}
        for model in known.models.values():
            self._owners |= dict.fromkeys(_names(model), f"the standard's {model.facts['name']} ({model.root})")

    def take(self, model: Model) -> Iterator[str]:
        """Note the names of a model; yields what is wrong when one of them is taken."""
        if model.type.prefix == RESERVED_PREFIX:
            yield f".root: the prefix {RESERVED_PREFIX} is that of the standard's resource types; choose another one"
        for member, names in (("root", _roots(model)), ("cnd", _definitions(model))):
            owner = next((self._owners[name] for name in names if name in self._owners), None)
            if owner is not None:
                yield f".{member}: {model.facts[member]!r} is taken by {owner}; choose another one"
        for name in _names(model):
            self._owners.setdefault(name, model.place)


def _roots(model: Model) -> tuple[str, ...]:
    return tuple(f"{type_.root}{end}" for type_ in (model.type, model.instance) for end in ("", ANNOUNCED))


def _definitions(model: Model) -> tuple[str, str]:
    return model.cnd, model.cnd + ANNOUNCED


def _names(model: Model) -> tuple[str, ...]:
    return _roots(model) + _definitions(model)
