"""Compare the device models with a fact sheet of the standard: ``python -m tests.compare_models FOLDER``.

The folder holds ``sdt_energy.yaml``. Prints what each side has and every difference; the last line counts them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resources.device_models import Model, standard
from tests.compare.sheets import load

SHEET = "sdt_energy.yaml"
#: Sections of the sheet and the kinds that they describe.
KINDS = {"modules": "module", "actions": "action", "devices": "device", "subdevices": "subdevice"}
#: How the sheet writes types that it does not know in full, and the types of arguments.
TYPES = {
    "xs:nonNegativeInteger (usually an enumeration)": "xs:nonNegativeInteger",
    "list": "list of xs:anyType",
    "string": "xs:string", "anyuri": "xs:anyURI", "timestamp": "m2m:timestamp",
    "nonNegInteger": "xs:nonNegativeInteger",
}
_ARGUMENT = re.compile(r"(\w+)=(\w+):(\w+)")

Row = dict[str, Any]


def row_of_sheet(fact: Row) -> Row:
    """A data point of the sheet."""
    return {
        "name": fact["n"], "type": TYPES.get(fact["type"], fact["type"]), "mandatory": fact["m"] == "1",
        "json": fact["json"], "access": fact["acc"], "unit": fact.get("unit"),
        "estimated": {part for part, key in (("access", "acc_est"), ("unit", "unit_est")) if fact.get(key)},
    }


def argument_of_sheet(text: str) -> tuple[str, Row]:
    """An argument of an action, which the sheet writes ``short=name:type``."""
    match = _ARGUMENT.fullmatch(text)
    assert match is not None, text
    return match[1], {"name": match[2], "type": TYPES[match[3]], "mandatory": False}


def rows_of_sheet(fact: Row) -> dict[str, Row]:
    """The attributes of a model of the sheet by short name."""
    points = {point["s"]: row_of_sheet(point) for point in fact.get("datapoints", ())}
    return points | dict(map(argument_of_sheet, fact.get("args", ())))


def rows_of(model: Model) -> dict[str, Row]:
    """The same of ours; the type is that of the resource type, not of the file."""
    return {
        one["short"]: {
            "name": one["name"], "type": model.type.by_short[one["short"]].type.name,
            "mandatory": model.type.by_short[one["short"]].single,
            "json": model.type.by_short[one["short"]].type.json, "access": one.get("access"), "unit": one.get("unit"),
            "estimated": set(one.get("estimated", ())),
        }
        for one in model.facts.get("attributes", ())
    }


def facts_of_sheet(fact: Row, kind: str) -> Row:
    """What the sheet says of a model besides its attributes."""
    children = [child if isinstance(child, str) else child["short"] for child in fact.get("children", ())]
    return {"kind": kind, "name": fact["name"], "cnd": fact["cnd"], "children": children,
            "actions": [action["short"] for action in fact.get("actions", ())]}


def facts_of(model: Model) -> Row:
    """The same of ours."""
    return {"kind": model.kind, "name": model.facts["name"], "cnd": model.cnd,
            "children": list(model.facts.get("children", ())), "actions": list(model.facts.get("actions", ()))}


def compare_rows(root: str, here: Row, there: Row) -> Iterator[str]:
    """Yield the differences of two rows, or sets of facts, in what the sheet says."""
    for key, value in there.items():
        if here.get(key) != value:
            yield f"{root} {key}: {here.get(key)!r} here, {value!r} in the sheet"


def compare_model(model: Model, fact: Row, kind: str) -> Iterator[str]:
    """Yield the differences of one model."""
    yield from compare_rows(model.root, facts_of(model), facts_of_sheet(fact, kind))
    here, there = rows_of(model), rows_of_sheet(fact)
    if list(here) != list(there):
        yield f"{model.root} attributes: {list(here)} here, {list(there)} in the sheet"
    for short in here.keys() & there.keys():
        yield from compare_rows(f"{model.root}.{short}", here[short], there[short])


def compare_enumerations(sheet: Row) -> Iterator[str]:
    """Yield the differences of the enumerations."""
    there = {fact["name"]: {int(value.split()[0]): value.split()[1] for value in fact["values"]}
             for fact in sheet["enums"]}
    here = {name: {one["const"]: one["title"] for one in type_.schema["oneOf"]}
            for name, type_ in standard().enumerations.items()}
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            yield f"{name}: {here.get(name)} here, {there.get(name)} in the sheet"


def compare(folder: Path) -> list[str]:
    """All differences, one line each."""
    sheet = load(folder, SHEET)
    lines = list(compare_enumerations(sheet))
    facts = {fact["short"]: (fact, kind) for section, kind in KINDS.items() for fact in sheet[section]}
    models = standard().models
    lines += [f"{root}: only in the sheet" for root in facts.keys() - models.keys()]
    lines += [f"{root}: only here" for root in models.keys() - facts.keys()]
    for root in facts.keys() & models.keys():
        lines += compare_model(models[root], *facts[root])
    return sorted(lines)


def counts(folder: Path) -> Iterator[str]:
    """Yield how much there is on each side."""
    sheet = load(folder, SHEET)
    for section, kind in KINDS.items():
        here = [model for model in standard().models.values() if model.kind == kind]
        there = sum(len(rows_of_sheet(fact)) for fact in sheet[section])
        yield (f"{section}: {len(sheet[section])} in the sheet, {len(here)} here; "
               f"attributes: {there} in the sheet, {sum(len(rows_of(model)) for model in here)} here")
    yield f"enumerations: {len(sheet['enums'])} in the sheet, {len(standard().enumerations)} here"


def main(arguments: list[str]) -> int:
    """Print the comparison; 1 when there is a difference."""
    if len(arguments) != 1 or not (Path(arguments[0]) / SHEET).is_file():
        sys.stderr.write(f"usage: python -m tests.compare_models FOLDER-WITH-{SHEET}\n")
        return 2
    folder = Path(arguments[0])
    lines = compare(folder)
    sys.stdout.write("\n".join([*counts(folder), *lines, f"{len(lines)} differences"]) + "\n")
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
