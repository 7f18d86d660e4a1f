"""Data types: what a value must look like (TS-0004 6.3).

``DataType`` is a name, a check compiled once into a closure, and a JSON Schema fragment. The functions below build
one from a pattern, a range, a table of numbers, an item type or a table of members; the types of the standard are
in ``simple_types``, ``enumerations`` and ``complex_types``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

Check = Callable[[Any], None]


class Invalid(ValueError):
    """A value does not fit its type: ``problem``, and ``path`` where in the value it is (``acr[0].acop``)."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.problem = problem
        self.path = path

    def within(self, outer: str) -> Invalid:
        """The same problem seen from the value that holds this one as ``outer``."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return Invalid(self.problem, f"{outer}{joint}{self.path}")


@dataclass(frozen=True, slots=True, eq=False)
class DataType:
    """A data type of the standard.

    ``json`` is the JSON kind (``string``, ``number``, ``boolean``, ``array``, ``object``, ``any`` or two of them
    with ``|``). ``check`` raises ``Invalid``, a ValueError. ``parse_text`` reads the text of a query or of XML and
    checks it. ``ordered`` types have a smaller and a bigger. ``members`` has the table of a complex type, ``item``
    the type of the entries of a list.
    """

    name: str
    json: str
    check: Check
    schema: Mapping[str, Any]
    parse_text: Callable[[str], Any]
    ordered: bool = False
    members: tuple[Member, ...] = ()
    item: DataType | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a complex type; ``card`` ``0..1`` or ``1``, ``0..n``, ``1..n``, ``0..5`` (the last three: arrays)."""

    short: str
    name: str
    type: DataType
    card: str = "0..1"
    required: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "required", self.card.startswith("1"))

    @property
    def value_type(self) -> DataType:
        """The type of the JSON value: the type itself or an array of it."""
        low, _, high = self.card.partition("..")
        if high in ("", "1"):
            return self.type
        return list_of(self.type, least=int(low), most=None if high == "n" else int(high))


def shown(value: object) -> str:
    """Write a wrong value for a message: short, on one line, containers by kind only."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() > 64:
            return f"a number of {value.bit_length()} bits"
        case str() if len(value) > 60:
            return f"{value[:57]!r}..."
        case list():
            return f"an array of {len(value)}"
        case dict():
            return f"an object of {len(value)}"
        case _:
            return repr(value)


def expected(what: str, value: object) -> Invalid:
    """The usual problem: one thing was expected and another one came."""
    return Invalid(f"expected {what}, got {shown(value)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Name the known names that are like ``name``, or all of them when none is like it."""
    names = sorted(known)
    like = get_close_matches(name[:64], names, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(like)}?" if like else f"known are {', '.join(names)}"


def _parser(convert: Callable[[str], Any], check: Check) -> Callable[[str], Any]:
    def parse_text(text: str) -> Any:
        value = convert(text)
        check(value)
        return value

    return parse_text


def text(
    name: str, pattern: str, what: str, also: Callable[[str], None] | None = None, *, ordered: bool = False
) -> DataType:
    """Text that matches ``pattern`` as a whole (ASCII classes) and passes ``also``; ``what`` is for messages."""
    match = re.compile(pattern, re.ASCII | re.DOTALL).fullmatch

    def check(value: Any) -> None:
        if type(value) is not str or match(value) is None:
            raise expected(what, value)

    def check_both(value: Any) -> None:
        check(value)
        assert also is not None
        also(value)

    both = check if also is None else check_both
    schema = {"type": "string", "pattern": f"^(?:{pattern})$"}
    return DataType(name, "string", both, schema, _parser(str, both), ordered)


def any_text(name: str) -> DataType:
    """Any text."""

    def check(value: Any) -> None:
        if type(value) is not str:
            raise expected("a string", value)

    return DataType(name, "string", check, {"type": "string"}, _parser(str, check))


def integer(name: str, low: int | None = None, high: int | None = None) -> DataType:
    """A whole number in a range; neither a boolean nor 3.0 is one."""
    smallest = -math.inf if low is None else low
    largest = math.inf if high is None else high
    what = {
        (True, True): "a whole number",
        (False, True): f"a whole number >= {low}",
        (True, False): f"a whole number <= {high}",
        (False, False): f"a whole number {low}..{high}",
    }[low is None, high is None]

    def check(value: Any) -> None:
        if type(value) is not int or not smallest <= value <= largest:
            raise expected(what, value)

    def convert(source: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]{1,40}", source) is None:
            raise expected(what, source)
        return int(source)

    limits = {"minimum": low, "maximum": high}
    schema = {"type": "integer", **{key: limit for key, limit in limits.items() if limit is not None}}
    return DataType(name, "number", check, schema, _parser(convert, check), ordered=True)


def real(name: str, largest: float = math.inf) -> DataType:
    """A finite number up to ``largest`` either way."""

    def check(value: Any) -> None:
        if type(value) not in (int, float) or not -largest <= value <= largest or value in (-math.inf, math.inf):
            raise expected("a number", value)

    def convert(source: str) -> int | float:
        if re.fullmatch(r"[+-]?[0-9.eE+-]{1,64}", source) is None:
            raise expected("a number", source)
        try:
            return int(source) if source.lstrip("+-").isdigit() else float(source)
        except ValueError:
            raise expected("a number", source) from None

    return DataType(name, "number", check, {"type": "number"}, _parser(convert, check), ordered=True)


def boolean(name: str) -> DataType:
    """True or false; text may also say 1 or 0."""
    words = {"true": True, "1": True, "false": False, "0": False}

    def check(value: Any) -> None:
        if type(value) is not bool:
            raise expected("true or false", value)

    def convert(source: str) -> bool:
        value = words.get(source)
        if value is None:
            raise expected("true or false", source)
        return value

    return DataType(name, "boolean", check, {"type": "boolean"}, convert)


def anything(name: str, *, simple: bool = False) -> DataType:
    """Any JSON value but null; ``simple``: no array and no object."""
    what = "a string, a number, true or false" if simple else "a value"

    def check(value: Any) -> None:
        if value is None or (simple and isinstance(value, list | dict)):
            raise expected(what, value)

    schema = {"type": ["string", "number", "boolean"]} if simple else {"not": {"type": "null"}}
    return DataType(name, "any", check, schema, _parser(str, check))


def enumeration(name: str, values: Mapping[int, str]) -> DataType:
    """One of the numbers of a table; the names are for people."""
    numbers = frozenset(values)
    listed = ", ".join(f"{number} {meaning}" for number, meaning in values.items())
    what = f"one of {listed}" if len(values) <= 12 else f"a number of {name}"

    def check(value: Any) -> None:
        if type(value) is not int or value not in numbers:
            raise expected(what, value)

    def convert(source: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", source) is None:
            raise expected(what, source)
        return int(source)

    schema = {"type": "integer", "oneOf": [{"const": number, "title": title} for number, title in values.items()]}
    return DataType(name, "number", check, schema, _parser(convert, check))


def bit_mask(name: str, bits: Mapping[int, str]) -> DataType:
    """A sum of different bits of a table, at least one of them."""
    everything = sum(bits)
    what = f"a whole number 1..{everything} ({', '.join(f'{bit} {meaning}' for bit, meaning in bits.items())}, added)"
    plain = integer(name, 1, everything)

    def check(value: Any) -> None:
        if type(value) is not int or not 1 <= value <= everything:
            raise expected(what, value)

    schema = {**plain.schema, "description": what}
    return replace(plain, check=check, schema=schema, parse_text=_parser(plain.parse_text, check), ordered=False)


def list_of(
    item: DataType,
    name: str = "",
    *,
    least: int = 0,
    most: int | None = None,
    also: Callable[[list[Any]], None] | None = None,
) -> DataType:
    """An array of ``least`` to ``most`` items that passes ``also``; as text the items stand apart by blanks."""
    item_check = item.check
    bounded = least > 0 or most is not None
    number = f"{least}" if least == most else f"{least}..{'n' if most is None else most}"
    what = f"an array of {item.name}" + (f" with {number} entries" if bounded else "")
    ceiling = math.inf if most is None else most

    def check(value: Any) -> None:
        if type(value) is not list or not least <= len(value) <= ceiling:
            raise expected(what, value)
        for index, entry in enumerate(value):
            try:
                item_check(entry)
            except Invalid as problem:
                raise problem.within(f"[{index}]") from None
        if also is not None:
            also(value)

    schema: dict[str, Any] = {"type": "array", "items": item.schema}
    if least:
        schema["minItems"] = least
    if most is not None:
        schema["maxItems"] = most

    def convert(source: str) -> list[Any]:
        return [item.parse_text(part) for part in source.split()]

    return DataType(name or f"list of {item.name}", "array", check, schema, _parser(convert, check), item=item)


def complex_type(
    name: str, *members: Member, also: Callable[[dict[str, Any]], None] | None = None, one_of: bool = False
) -> DataType:
    """An object with these members and no others; ``one_of``: exactly one member. ``also`` checks what is left."""
    parts = {member.short: member.value_type for member in members}
    checks = {short: part.check for short, part in parts.items()}
    required = tuple(member.short for member in members if member.required)

    def check(value: Any) -> None:
        if type(value) is not dict:
            raise expected(f"an object ({name})", value)
        for short, part in value.items():
            part_check = checks.get(short)
            if part_check is None:
                raise Invalid(f"{shown(short)} is no member of {name}; {nearest(short, checks)}")
            try:
                part_check(part)
            except Invalid as problem:
                raise problem.within(short) from None
        for short in required:
            if short not in value:
                raise Invalid(f"{short} is missing; {name} must have it")
        if one_of and len(value) != 1:
            raise Invalid(f"expected exactly one of {', '.join(checks)}, got {len(value)} members")
        if also is not None:
            also(value)

    schema: dict[str, Any] = {
        "type": "object",
        "properties": {short: part.schema for short, part in parts.items()},
        "required": list(required),
        "additionalProperties": False,
    }
    if one_of:
        schema["maxProperties"] = schema["minProperties"] = 1
    return DataType(name, "object", check, schema, _parser(parse_json, check), members=members)


def object_of(name: str, check: Check, schema: Mapping[str, Any]) -> DataType:
    """An object that ``check`` alone knows, for members without fixed names."""
    return DataType(name, "object", check, schema, _parser(parse_json, check))


def _finite(source: str) -> float:
    number = float(source)
    if not math.isfinite(number):
        raise ValueError(source)
    return number


def parse_json(source: str) -> Any:
    """Read JSON text; raises ``Invalid`` also where the decoder gives up for depth or for a number's length."""
    try:
        return json.loads(source, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise expected("JSON text", source) from None
