"""Resource types, management objects and announced variants against the sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.announced import SUFFIX
from resources.model import ResourceType
from resources.registry import Registry
from tests.compare.sheets import load, row_of, rows_of_sheet

#: Differences that are meant, by pattern of their line, and why (docs/facts.md has the same list).
EXPLAINED: dict[str, str] = {
    r"subscription\.enc dflt: .*": "its absence means net 1 (SUB-10), so nothing is stored",
    r"\w+\.(rn|ri|ct|lt) annc: 'NA' here, .*": "an announced resource has its own",
    r"flexContainer\.(ct|et|lt) single: True here, .*": "every resource has these times (CRE-4, CRE-6)",
    r"flexContainerInstance\.lt: not in the sheet": "every resource has these times (CRE-6)",
    r"mgmtObj\.(ast|cstn): not in the sheet": "every management object has them",
    r"mgmtObjAnnc\.ast: not in the sheet": "every management object has it",
    r"mgmtObj\.(obis|obps) type: .*": "the sheet has two types for them; here all are those of the management objects",
    r"\w+\.mgs: missing here": "only for objects that no standard defines; those have no table and are refused",
    r"(mgmtCmd\.exe|software\.(in|un)|reboot\.(rbo|far)|eventLog\.(lga|lgo)|wifiClient\.(ud|trdst)) dflt: False .*":
        "a multiplicity-1 switch that a CREATE may leave out is off (CRE-8)",
    r"locationPolicy\.lit dflt: 1 here, .*": "multiplicity 1 and optional: a position (CRE-8)",
    r"processManagement\.prst dflt: 1 here, .*": "disabled at creation, says the rule of the row",
    r"state\.sact dflt: False here, .*": "no state is the current one of a process that was never enabled",
    r"(wifiClient\.cons|SIM\.si(st|ty)|mobileNetwork\.(cnb|coel)) json: 'number' here, 'object' .*":
        "enumerations; the sheet wrote the kind of a complex type",
    r"credentials\.crse annc: 'NA' here, .*": "the rule of the row: never announced",
    r"backgroundDataTransfer in_only: True here, .*": "rule SSP-3",
    r"flexContainerInstance parents: .*": "instances are kept by a flexContainer alone, as those of a container are",
    r"\w+ child (contentInstance|timeSeriesInstance|flexContainerInstance): missing here":
        "a copy keeps no instances of its own: they stand under the original",
    r"\w+ child dynamicAuthorizationConsultationAnnc: missing here": "no such variant: the type is not announceable",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One table: how many attributes the sheet has, how many ours has, and every difference as a line."""

    name: str
    in_sheet: int
    here: int
    differences: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.in_sheet} in the sheet, {self.here} here, {len(self.differences)} differing"


def differing(where: str, ours: Mapping[str, Any], sheet: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs between two records with the keys of the sheet's."""
    for key, value in sheet.items():
        if ours[key] != value:
            yield f"{where} {key}: {ours[key]!r} here, {value!r} in the sheet"


def compare_rows(ours: ResourceType, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the differences of the attribute rows of one table."""
    for short in sorted(rows.keys() - ours.by_short.keys()):
        yield f"{ours.name}.{short}: missing here"
    for short in sorted(ours.by_short.keys() - rows.keys()):
        yield f"{ours.name}.{short}: not in the sheet"
    for short in sorted(ours.by_short.keys() & rows.keys()):
        yield from differing(f"{ours.name}.{short}", row_of(ours.by_short[short], ours), rows[short])


def compare_type(ours: ResourceType, fact: dict[str, Any]) -> Iterator[str]:
    """Yield the differences of one type: its own facts, then its rows."""
    variant = fact["announced_as"] or {}
    own = {
        "number": ours.number,
        "short": ours.short,
        "root": ours.root,
        "release": ours.release,
        "parents": sorted(ours.parents),
        "virtual": sorted(ours.virtual),
        "in_only": ours.in_only,
        "announced_as": ours.announced_as,
    }
    sheet = {
        "number": fact["type"],
        "short": fact["short"],
        "root": fact["root"],
        "release": fact["release"],
        "parents": sorted(fact["parents"]),
        "virtual": sorted(child["name"] for child in fact["virtual"]),
        "in_only": fact.get("in_cse_only", False),
        "announced_as": variant.get("short", ours.announced_as if variant else None),
    }
    yield from differing(ours.name, own, sheet)
    yield from compare_rows(ours, rows_of_sheet(fact))


def compare_children(registry: Registry, ours: ResourceType, there: set[str]) -> Iterator[str]:
    """Yield the types that one side has as children and the other has not."""
    here = {registry.by_number[number].name for number in registry.children_of(ours)}
    for name in sorted(here - there):
        yield f"{ours.name} child {name}: not in the sheet"
    for name in sorted(there - here):
        yield f"{ours.name} child {name}: missing here"


def compare_types(registry: Registry, folder: Path) -> Iterator[Compared]:
    """Every resource type with attributes."""
    for fact in load(folder, "resource_types.yaml")["resource_types"]:
        ours = registry.by_name.get(fact["name"])
        if ours is None:
            yield Compared(fact["name"], len(fact["attributes"]), 0, (f"{fact['name']}: missing here",))
            continue
        lines = [*compare_type(ours, fact)]
        lines += compare_children(registry, ours, {child["type"] for child in fact["children"]})
        yield Compared(ours.name, len(rows_of_sheet(fact)), len(ours.attributes), tuple(lines))


def compare_objects(registry: Registry, folder: Path) -> Iterator[Compared]:
    """Every management object: the common part of the sheet and its own."""
    sheet = load(folder, "mgmt_objs.yaml")
    for fact in sheet["mgmt_objs"]:
        ours = registry.specialization(13, fact["mgd"])
        if ours is None:
            yield Compared(fact["name"], len(fact["attributes"]), 0, (f"{fact['name']}: missing here",))
            continue
        common = [{"rel": 1, **row} for row in sheet["common"]]
        own = [{"annc": "OA", "rel": fact["release"], **row} for row in fact["attributes"]]
        rows = rows_of_sheet({"attributes": [*common, *own]})
        for row in common:  # the sheet names no release for the common part
            if row["s"] in ours.by_short and row["s"] not in {each["s"] for each in own}:
                rows[row["s"]]["rel"] = row_of(ours.by_short[row["s"]], ours)["rel"]
        lines = [*differing(ours.name, _names(ours), {key: fact[key] for key in ("name", "short", "root", "release")})]
        lines += compare_rows(ours, rows)
        yield Compared(ours.name, len(rows), len(ours.attributes), tuple(lines))


def compare_announced(registry: Registry, folder: Path) -> Iterator[Compared]:
    """Every announced variant: its common part, the rows of its original, its children."""
    sheet = load(folder, "resource_types.yaml")
    common = {row["s"]: row for row in sheet["announced_common"]}
    for fact in sheet["announced_resource_types"]:
        ours = registry.by_name.get(fact["name"])
        if ours is None:
            yield Compared(fact["name"], len(fact["ma"] + fact["oa"]), 0, (f"{fact['name']}: missing here",))
            continue
        facts = {"short": fact.get("short", ours.short), "number": fact["type"], "release": fact["release"]}
        lines = [*differing(ours.name, {**_names(ours), "number": ours.number}, facts)]
        lines += _announced_rows(registry, ours, fact, common)
        children = {*fact["children"], *fact.get("children_acme_extra", ())}
        lines += compare_children(registry, ours, children)
        yield Compared(ours.name, len(fact["ma"] + fact["oa"]), _own(ours, common), tuple(lines))


def _names(ours: ResourceType) -> dict[str, Any]:
    return {"name": ours.name, "short": ours.short, "root": ours.root, "release": ours.release}


def _own(ours: ResourceType, common: Mapping[str, Any]) -> int:
    return len(ours.by_short.keys() - (common.keys() - {"daci", "ast"}))


def _announced_rows(
    registry: Registry, ours: ResourceType, fact: dict[str, Any], common: Mapping[str, dict[str, Any]]
) -> Iterator[str]:
    """The rows an announced variant has: always the common ones, where the original has them the optional ones."""
    original = registry.by_name[ours.name.removesuffix(SUFFIX)]
    wanted = (common.keys() - {"st", "daci", "ast"}) | set(fact["ma"]) | set(fact["oa"])
    wanted |= {"st"} & original.by_short.keys()
    for short in sorted(wanted - ours.by_short.keys()):
        yield f"{ours.name}.{short}: missing here"
    for short in sorted(ours.by_short.keys() - wanted):
        yield f"{ours.name}.{short}: not in the sheet"
    for short in sorted(common.keys() & ours.by_short.keys()):
        row, mine = common[short], ours.by_short[short]
        sheet = {"n": row["n"], "single": row["card"].startswith("1")}
        yield from differing(f"{ours.name}.{short}", {"n": mine.name, "single": mine.single}, sheet)
    for short in sorted((set(fact["ma"]) | set(fact["oa"])) & ours.by_short.keys()):
        announce = "MA" if short in fact["ma"] else "OA"
        yield from differing(f"{ours.name}.{short}", {"annc": ours.by_short[short].announce.value}, {"annc": announce})


def compare_resource_types(folder: Path) -> list[Compared]:
    """All types, all management objects, all announced variants."""
    registry = Registry.default()
    return [
        *compare_types(registry, folder), *compare_objects(registry, folder), *compare_announced(registry, folder),
    ]
