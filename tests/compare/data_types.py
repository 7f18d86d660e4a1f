"""Data types against the sheet: forms of identifiers, simple types, enumerations, complex types.

What a table says is compared as it stands (numbers, names, members, types, cardinalities, ranges, items). Patterns are
compared by what they take: every probe must be taken, or refused, by both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources import complex_types, enumerations, simple_types
from resources.complex_types.primitives import CONTENT_ELEMENTS
from resources.datatypes import DataType, Invalid
from tests.compare.probes import PROBES
from tests.compare.sheets import load

#: Constants whose name is no snake case of the standard's.
NAMES = {
    "M2M-SP-ID": "m2m_sp_id",
    "m2m:ID": "identifier",
    "m2m:nhURI": "nh_uri",
    "m2m:listOfURIs": "list_of_uris",
    "m2m:listOfM2MID": "list_of_m2m_id",
    "xs:boolean": "boolean_type",
    "xs:integer": "integer_type",
    "xs:float": "float_type",
    "m2m:e2eCompactJWE": "e2e_compact_jwe",
    "m2m:e2eCompactJWS": "e2e_compact_jws",
    "m2m:originatorESPrimRandObject": "originator_esprim_rand_object",
    "m2m:receiverESPrimRandObject": "receiver_esprim_rand_object",
}
#: Differences that are meant, by pattern of their line, and why (docs/facts.md has the same list).
EXPLAINED: dict[str, str] = {
    r"xs:(date|time) refused here only: .*": "days and times of day that do not exist",
    r"m2m:timestamp refused here only: .*": "days and times of day that do not exist",
    r"m2m:ipv[46] refused here only: .*": "the sheet has a rough pattern; here an address is an address",
    r"m2m:deviceID refused here only: .*": "a URN has no blanks",
    r"m2m:scheduleEntry refused here only: .*": "the sheet gives the ranges of the fields beside its pattern",
    r"m2m:resourceName taken here only: .*": "practice since release 2; the sheet's rule says so",
    r"m2m:serialization taken here only: .*": "practice also writes the media type",
    r"m2m:serializations base: .*": "each entry is checked, not only text",
    r"m2m:missingDataList base: .*": "either list, decided by its first entry",
    r"m2m:(resource|member)Type: (33|10033) only in the sheet": "a void number is no type",
    r"m2m:memberType: \d+ only here": "resourceType, mixed and the virtual members; the sheet infers its list",
    r"m2m:notificationEventType: (9|10) only in the sheet": "experiments of one implementation",
    r"m2m:responseStatusCode \d+: .*": "names in capitals; a name that two numbers share has its number added",
    r"m2m:suid \d+: .*": "the texts have no names; ours are words, the sheet's are its own as well",
    r"m2m:aggregatedNotification (m2m:)?sgn: .*": "the member is m2m:sgn in the rules (SUB-22) and on the wire",
    r"m2m:resourceWrapper .*": "one of its two members has no fixed name; checked by code",
    r"m2m:activityPatternElements ape: .*": "rows of type array: the array itself, without the wrapper of XML",
    r"m2m:requestPrimitive ma: .*": "an experiment of one implementation",
}
RANGE = re.compile(r"(-?[\d^]+)\.\.(-?[\d^]+(?:-1)?)$")


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of data types: how many the sheet has, how many are here, with what inside, and every difference."""

    kind: str
    in_sheet: int
    here: int
    inside: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        counts = f"{self.in_sheet} in the sheet, {self.here} here"
        return f"{self.kind} ({self.inside}): {counts}, {len(self.differences)} differing"


def constant_name(name: str) -> str:
    """The name of the constant for a type of the standard: ``m2m:listOfMinMax`` is ``list_of_min_max``."""
    if name in NAMES:
        return NAMES[name]
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"[^A-Za-z0-9]+", "_", name.partition(":")[2] or name))
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()


def data_types() -> dict[str, DataType]:
    """Every data type by the name of its constant."""
    modules = (simple_types, enumerations, complex_types)
    constants = [pair for module in modules for pair in vars(module).items()]
    return {name: constant for name, constant in constants if isinstance(constant, DataType)}


def takes(type_: DataType, value: object) -> bool:
    """True when the value fits the type."""
    try:
        type_.check(value)
    except Invalid:
        return False
    return True


def compare_pattern(name: str, ours: DataType, pattern: str, example: object) -> Iterator[str]:
    """Yield the probes that one side takes and the other refuses; the sheet's own example is one."""
    there = re.compile(pattern, re.ASCII | re.DOTALL).fullmatch
    probes = [*PROBES, example] if isinstance(example, str) and not example.startswith(("[", '"')) else PROBES
    odd = [probe for probe in probes if takes(ours, probe) != (there(probe) is not None)]
    for word, some in (
        ("taken", [probe for probe in odd if takes(ours, probe)]),
        ("refused", [probe for probe in odd if not takes(ours, probe)]),
    ):
        if some:
            yield f"{name} {word} here only: {', '.join(map(repr, some))}"


def limits_of(rule: str) -> dict[str, int]:
    """The limits that a rule of the sheet begins with: ``>= 1``, ``0..65535``, ``-2^63..2^63-1``, ``at least 1``."""
    first = rule.split(";", maxsplit=1)[0].split(",", maxsplit=1)[0]
    if first.startswith(">= "):
        return {"minimum": int(first[3:])}
    if first.startswith("at least "):
        return {"minItems": int(first.split()[2])}
    if found := RANGE.match(first):
        low, high = (sum(_number(part) for part in re.findall(r"-?\d+(?:\^\d+)?", end)) for end in found.groups())
        return {"minimum": low, "maximum": high}
    return {}


def _number(text: str) -> int:
    base, _, exponent = text.removeprefix("-").partition("^")
    number: int = int(base) ** int(exponent or 1)
    return -number if text.startswith("-") else number


def compare_simple_type(ours: DataType, fact: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences of one simple type: kind of JSON, item, limits, pattern."""
    name, base = fact["name"], fact.get("base", "")
    if ours.json != fact["json"]:
        yield f"{name} json: {ours.json} here, {fact['json']} in the sheet"
    if base.startswith("list of"):
        item = "list" if ours.item is None else f"list of {ours.item.name}"
        if item != base:
            yield f"{name} base: {item} here, {base} in the sheet"
    for key, limit in limits_of(fact.get("rule", "")).items():
        if ours.schema.get(key) != limit:
            yield f"{name} {key}: {ours.schema.get(key)} here, {limit} in the sheet"
    if "regex" in fact and fact["json"] == "string":
        yield from compare_pattern(name, ours, fact["regex"], fact.get("example"))


def compare_simple_types(folder: Path) -> Family:
    """Every simple type."""
    facts, known = load(folder, "data_types.yaml")["simple_types"], data_types()
    found = {fact["name"]: known.get(constant_name(fact["name"])) for fact in facts}
    lines: list[str] = []
    for fact in facts:
        ours = found[fact["name"]]
        lines += [f"{fact['name']}: missing here"] if ours is None else compare_simple_type(ours, fact)
    return Family("simple types", len(facts), _present(found), f"{len(PROBES)} probes each", tuple(lines))


def compare_identifiers(folder: Path) -> Family:
    """Every form of an identifier."""
    facts, known = load(folder, "data_types.yaml")["identifiers"], data_types()
    found = {fact["name"]: known.get(constant_name(fact["name"])) for fact in facts}
    lines: list[str] = []
    for fact in facts:
        ours = found[fact["name"]]
        if ours is None:
            lines.append(f"{fact['name']}: missing here")
        else:
            lines += compare_pattern(fact["name"], ours, fact["regex"], None)
    return Family("identifier forms", len(facts), _present(found), f"{len(PROBES)} probes each", tuple(lines))


def _present(found: Mapping[str, DataType | None]) -> int:
    return sum(type_ is not None for type_ in found.values())


def values_of(ours: DataType) -> dict[int, str]:
    """Numbers and names of an enumeration or of the bits of a mask."""
    if "oneOf" in ours.schema:
        return {choice["const"]: choice["title"] for choice in ours.schema["oneOf"]}
    bits = re.findall(r"(\d+) ([A-Z_]+)", ours.schema.get("description", ""))
    return {int(number): name for number, name in bits}


def compare_enumerations(folder: Path) -> Family:
    """Every number of every enumeration, and its name."""
    sheet, known = load(folder, "data_types.yaml")["enums"], data_types()
    codes = {row["code"]: row["name"] for row in load(folder, "rsc.yaml")["rsc"]}
    facts = {fact["name"]: fact["values"] for fact in sheet} | {"m2m:responseStatusCode": codes}
    found = {name: known.get(constant_name(name)) for name in facts}
    lines: list[str] = []
    for name, values in facts.items():
        ours = found[name]
        lines += [f"{name}: missing here"] if ours is None else compare_values(name, values_of(ours), values)
    count = sum(map(len, facts.values()))
    return Family("enumerations", len(facts), _present(found), f"{count} values", tuple(lines))


def compare_values(name: str, ours: Mapping[int, str], sheet: Mapping[int, str]) -> Iterator[str]:
    """Yield what differs in numbers, or in the name of a number."""
    for number in sorted(ours.keys() ^ sheet.keys()):
        yield f"{name}: {number} {'only here' if number in ours else 'only in the sheet'}"
    for number in sorted(ours.keys() & sheet.keys()):
        if ours[number] != sheet[number]:
            yield f"{name} {number}: {ours[number]!r} here, {sheet[number]!r} in the sheet"


def members_of(type_: DataType, prefix: str = "") -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Paths of all members down to the next type of the standard: long name, type, cardinality."""
    for member in type_.members:
        own = ":" not in member.type.name
        yield f"{prefix}{member.short}", (member.name, "object" if own else member.type.name, member.card)
        if own:
            yield from members_of(member.type, f"{prefix}{member.short}/")


def sheet_members(rows: list[dict[str, Any]]) -> dict[str, tuple[str, str, str]]:
    """The same from the sheet."""
    return {row.get("p") or row["s"]: (row["n"], row["type"], row["card"]) for row in rows}


def compare_members(name: str, ours: DataType, sheet: Mapping[str, tuple[str, str, str]]) -> Iterator[str]:
    """Yield the members that differ, by path."""
    here = dict(members_of(ours))
    for path in [*sheet, *(here.keys() - sheet.keys())]:
        if here.get(path) != sheet.get(path):
            yield f"{name} {path}: {_shown(here.get(path))} here, {_shown(sheet.get(path))} in the sheet"


def _shown(member: tuple[str, str, str] | None) -> str:
    return "nothing" if member is None else " ".join(member)


def compare_complex_types(folder: Path) -> Family:
    """Every member of every complex type; primitives are compared with the tables of parameters."""
    sheet, known = load(folder, "data_types.yaml"), data_types()
    facts = {fact["name"]: sheet_members(fact["members"]) for fact in sheet["complex_types"]}
    facts["m2m:requestPrimitive"] = sheet_members(sheet["request_parameters"])
    facts["m2m:responsePrimitive"] = sheet_members(sheet["response_parameters"])
    found = {name: known.get(constant_name(name)) for name in facts}
    lines: list[str] = []
    for name, members in facts.items():
        ours = found[name]
        lines += [f"{name}: missing here"] if ours is None else compare_members(name, ours, members)
    lines += compare_contents(sheet["content_elements"])
    count = sum(map(len, facts.values()))
    return Family("complex types", len(facts), _present(found), f"{count} members", tuple(lines))


def compare_contents(facts: list[dict[str, str]]) -> Iterator[str]:
    """Yield the elements of a primitive content that differ."""
    there = {fact["root"]: fact["type"] for fact in facts if "<" not in fact["root"]}
    for root in sorted(there.keys() | CONTENT_ELEMENTS.keys()):
        ours = CONTENT_ELEMENTS.get(root)
        if (ours and ours.name) != there.get(root):
            yield f"content {root}: {ours and ours.name} here, {there.get(root)} in the sheet"


def compare_data_types(folder: Path) -> list[Family]:
    """All four kinds."""
    return [
        compare_identifiers(folder),
        compare_simple_types(folder),
        compare_enumerations(folder),
        compare_complex_types(folder),
    ]
