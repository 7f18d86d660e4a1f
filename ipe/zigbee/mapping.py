"""Properties of a device's state to values and back, and what a bridge tells of its devices. Pure: no socket.

A state is a JSON object; ``color.x`` is the member ``x`` of its member ``color``. What is not surely a value of the
property is none: neither true for a number nor "1" for 1.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipe.columns import NAME, RESERVED
from ipe.driver import PointError
from ipe.points import Column, Point, Value, one_of

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 8
PUBLISHED, SETTABLE, GETTABLE = 1, 2, 4
MISSING: Any = object()
Scalar = str | int | float | bool
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A property of a device. ``values`` are the entries of an enum, counted from 1."""

    device: str
    path: Path
    type: str
    value_on: Scalar = "ON"
    value_off: Scalar = "OFF"
    values: tuple[Scalar, ...] = ()

    def __str__(self) -> str:
        return f"{self.device}/{'.'.join(self.path)}"


ZigbeePoint = Point[Feature]


@dataclass(frozen=True, slots=True)
class Exposed:
    """What a bridge says of one property; ``beside`` are the names of its composite, itself among them."""

    path: Path
    access: int
    facts: Mapping[str, Any]
    beside: tuple[str, ...] = ()


def scalar(text: str) -> Scalar:
    """Read a cell: ``true``, ``false``, a number, a text in quotes; anything else is the text itself."""
    try:
        value = parse(text.encode())
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text


def cell(value: Scalar) -> str:
    """Write a cell that ``scalar`` reads as this."""
    return value if isinstance(value, str) and same(scalar(value), value) else json.dumps(value)


def same(found: Any, expected: Any) -> bool:
    """Whether both are the same JSON scalar: true is not 1."""
    return isinstance(found, bool) is isinstance(expected, bool) and bool(found == expected)


def is_device_name(text: Any) -> bool:
    """Whether a text can be a device's name in topics, and is no topic of something else."""
    return (isinstance(text, str) and 0 < len(text.encode("utf-8", "replace")) <= 500 and text.isprintable()
            and not re.search(r"[+#]|^/|/$|^bridge(/|$)|/(availability|set|get)$", text))


def _device_name(text: str) -> str:
    if not is_device_name(text):
        raise ValueError("expected the friendly name of a device, without + # and not 'bridge'")
    return text


def _path(text: str) -> Path:
    path = tuple(text.split("."))
    if not all(path) or len(path) > MAX_DEPTH:
        raise ValueError("expected a property such as temperature, or with dots in between such as color.x")
    return path


def _entries(text: str) -> tuple[Scalar, ...]:
    return tuple(scalar(one) for one in text.split("|")) if text else ()


COLUMNS = (
    Column("friendly_name", _device_name),
    Column("property", _path),
    Column("type", one_of(("numeric", "binary", "enum")), "numeric"),
    Column("value_on", scalar, "ON"),
    Column("value_off", scalar, "OFF"),
    Column("values", _entries, ""),
)


def feature_of(row: Mapping[str, Any]) -> Feature:
    """Make the address of a parsed row; raises ValueError when its columns do not fit each other."""
    feature = Feature(row["friendly_name"], row["property"], row["type"], row["value_on"], row["value_off"],
                      row["values"])  # fmt: skip
    if (feature.type == "enum") is not bool(feature.values):
        raise ValueError("values are the entries of an enum, such as off|low|high; nothing for other types")
    if feature.type == "binary" and same(feature.value_on, feature.value_off):
        raise ValueError("value_on and value_off are the same; they must differ")
    if any(same(one, other) for at, one in enumerate(feature.values) for other in feature.values[:at]):
        raise ValueError("an entry of values appears twice; entries must differ")
    return feature


def parse(payload: bytes) -> Any:
    """Read JSON; raises ValueError for what is none, for NaN, and for a name that appears twice in an object."""
    if len(payload) > MAX_BYTES:
        raise ValueError(f"{len(payload)} octets; at most {MAX_BYTES} are read")
    try:
        return json.loads(payload.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parsed_object(payload: bytes) -> dict[str, Any] | None:
    """Read a JSON object; None when it is none."""
    try:
        found = parse(payload)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def online(payload: bytes) -> bool | None:
    """Read an availability or the state of a bridge, as JSON or as the word alone; None: it says neither."""
    found = parsed_object(payload)
    word = found.get("state") if found is not None else payload.decode("utf-8", "replace").strip()
    return {"online": True, "offline": False}.get(word) if isinstance(word, str) else None


def at(state: Mapping[str, Any], path: Path) -> Any:
    """Return the member at a path, or MISSING."""
    found: Any = state
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return MISSING
        found = found[name]
    return found


def decode(feature: Feature, found: Any) -> Value:
    """Turn a member of a state into its value; raises PointError when it is no value of the property."""
    if found is None:
        raise PointError(f"{feature}: the device does not know the value (null)")
    if feature.type == "binary":
        for value, expected in ((True, feature.value_on), (False, feature.value_off)):
            if same(found, expected):
                return value
    elif feature.type == "enum":
        for number, entry in enumerate(feature.values, 1):
            if same(found, entry):
                return number
    elif not isinstance(found, bool) and isinstance(found, int | float) and _is_finite(found):
        return found
    raise PointError(f"{feature}: the device says {_shown(found)}; expected {_expected(feature)}")


def encode(feature: Feature, value: Value) -> Scalar:
    """Turn a value into the member of a state; raises PointError when it is none of the property."""
    if not _is_finite(value):
        raise PointError(f"{value} is no finite number")
    if feature.type == "binary" and value in (0, 1):
        return feature.value_on if value else feature.value_off
    if feature.type == "enum" and not isinstance(value, bool) and value in range(1, len(feature.values) + 1):
        return feature.values[int(value) - 1]
    if feature.type == "numeric" and not isinstance(value, bool):
        return value
    raise PointError(f"{value} does not fit {feature}; expected {_expected(feature, writing=True)}")


def nested(path: Path, value: Any) -> dict[str, Any]:
    """Return an object with one member at a path."""
    for name in reversed(path):
        value = {name: value}
    return value  # type: ignore[no-any-return]


def devices_of(payload: bytes) -> dict[str, list[Exposed]] | None:
    """Read ``bridge/devices``: what each device that can be used exposes; None when it is no list of devices."""
    try:
        listed = parse(payload)
    except ValueError:
        return None
    if not isinstance(listed, list):
        return None
    devices: dict[str, list[Exposed]] = {}
    for one in listed:
        if not isinstance(one, dict) or not is_device_name(one.get("friendly_name")):
            continue
        if one.get("type") == "Coordinator" or one.get("disabled") is True:
            continue
        definition = one.get("definition")
        exposes = definition.get("exposes") if isinstance(definition, dict) else None
        devices[one["friendly_name"]] = list(_exposed(exposes, ()))
    return devices


def _exposed(exposes: Any, above: Path) -> Iterator[Exposed]:
    if not isinstance(exposes, list) or len(above) >= MAX_DEPTH:
        return
    for one in exposes:
        if not isinstance(one, dict):
            continue
        name = one.get("property")
        path = above
        if isinstance(name, str) and name and "." not in name:
            path = (*above, name)
        if "features" in one:
            yield from _exposed(one["features"], path)
        elif path != above and type(one.get("access")) is int:
            beside = [other.get("property") for other in exposes if above and isinstance(other, dict)]
            yield Exposed(path, one["access"], one, tuple(name for name in beside if isinstance(name, str)))


#: Property and unit that name a data point of a module class of the standard, meaning and unit both.
MODELS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("temperature", "°C"): ("temperature", "currentTemperature"),
    ("local_temperature", "°C"): ("temperature", "currentTemperature"),
    ("humidity", "%"): ("relativeHumidity", "relativeHumidity"),
    ("battery", "%"): ("battery", "level"),
}


def rows(devices: Mapping[str, Sequence[Exposed]]) -> list[dict[str, str]]:
    """Return a row of a point list for each property with a number, a switch or a choice in the state."""
    made: list[dict[str, str]] = []
    taken = set(RESERVED)
    for device, exposes in devices.items():
        seen: set[Path] = set()
        for one in exposes:
            row = _row(device, one)
            if one.path in seen or row is None or not one.access & PUBLISHED:
                continue
            seen.add(one.path)
            name = "_".join((device, *one.path))
            name = "".join(c if NAME.fullmatch(c) else "_" for c in name)
            base, number = name, 2
            while name in taken:
                name, number = f"{base}-{number}", number + 1
            taken.add(name)
            made.append({"name": name, "friendly_name": device, "property": ".".join(one.path), "device": device,
                         "writable": "yes" if one.access & SETTABLE else "no",
                         "description": _text(one.facts.get("description")), **row})  # fmt: skip
    return made


def _row(device: str, one: Exposed) -> dict[str, str] | None:
    """Return what depends on the type; None for texts, lists and what contradicts itself."""
    facts, kind = one.facts, one.facts.get("type")
    row = {"type": str(kind), "unit": _text(facts.get("unit"))}
    if kind == "binary" and _is_scalar(facts.get("value_on")) and _is_scalar(facts.get("value_off")):
        row |= {"value_on": cell(facts["value_on"]), "value_off": cell(facts["value_off"])}
    elif kind == "enum" and isinstance(facts.get("values"), list) and all(map(_is_scalar, facts["values"])):
        entries = [cell(entry) for entry in facts["values"]]
        if any("|" in entry for entry in entries):
            return None
        row["values"] = "|".join(entries)
    elif kind == "numeric":
        low, high = (facts.get(name) for name in ("value_min", "value_max"))
        low, high = (bound if _is_number(bound) else None for bound in (low, high))
        if one.access & SETTABLE and (low is None or high is None or low <= high):
            row |= {name: repr(bound) for name, bound in (("lowest", low), ("highest", high)) if bound is not None}
        model = MODELS.get((one.path[-1], row["unit"]))
        row |= {"module": model[0], "datapoint": model[1]} if model else {}
    else:
        return None
    return row if _is_whole(device, one.path, row) else None


def _is_whole(device: str, path: Path, row: Mapping[str, str]) -> bool:
    """Whether a point list would read the row as it is meant."""
    given = {"friendly_name": device, "property": ".".join(path), **row}
    try:
        feature = feature_of({column.name: column.parse(given.get(column.name) or column.default or "")
                              for column in COLUMNS})  # fmt: skip
    except ValueError:
        return False
    return all(text == text.strip() for text in given.values()) and feature.path == path


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice in an object")
    return found


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)


def _is_scalar(value: Any) -> bool:
    return _is_number(value) or isinstance(value, bool) or (isinstance(value, str) and bool(value.strip())
                                                            and value.isprintable())  # fmt: skip


def _text(value: Any) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in value).split()) if isinstance(value, str) else ""


def _shown(found: Any) -> str:
    if isinstance(found, int) and not _is_finite(found):
        return "a number that is too large"
    return repr(found)[:80]


def _expected(feature: Feature, *, writing: bool = False) -> str:
    if feature.type == "binary":
        return "true or false" if writing else f"{feature.value_on!r} or {feature.value_off!r}"
    if feature.type == "enum":
        entries = ", ".join(f"{number} ({entry})" for number, entry in enumerate(feature.values, 1))
        return entries if writing else ", ".join(repr(entry) for entry in feature.values)
    return "a finite number"
