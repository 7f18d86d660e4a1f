"""Comparing what a CSE answered with what a case expects; the matchers are a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from conformance_tests.case import CatalogueError
from conformance_tests.identifiers import Identifiers

MISSING: Any = type("Missing", (), {"__repr__": lambda _: "nothing"})()
_TIMESTAMP = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])[0-5]\d([0-5]\d|60)([,.]\d{1,6})?")


class Matching:
    """Matches values within one case: identifiers are compared as what they name."""

    def __init__(self, identifiers: Identifiers) -> None:
        self.ids = identifiers

    def differences(self, expected: Any, actual: Any, place: str = "") -> Iterator[str]:
        """Yield one sentence for each place where the actual value is not what was expected."""
        if isinstance(expected, str) and expected.startswith("$"):
            yield from self._word(expected, actual, place)
        elif isinstance(expected, Mapping) and _is_matcher(expected):
            yield from self._matchers(expected, actual, place)
        elif actual is MISSING:
            yield f"{place or 'the value'} is missing, expected {_show(expected)}"
        elif isinstance(expected, Mapping):
            yield from self._mapping(expected, actual, place)
        elif isinstance(expected, list):
            yield from self._list(expected, actual, place)
        elif not _equal(expected, actual):
            yield f"{place or 'the value'} is {_show(actual)}, expected {_show(expected)}"

    def fits(self, expected: Any, actual: Any) -> bool:
        """Tell whether there is no difference."""
        return next(self.differences(expected, actual), None) is None

    def _word(self, word: str, actual: Any, place: str) -> Iterator[str]:
        if word not in WORDS:
            raise CatalogueError(f"{word} is no matcher; there are {', '.join(WORDS)}")
        if not WORDS[word](actual):
            yield f"{place or 'the value'} is {_show(actual)}, expected {word}"

    def _matchers(self, expected: Mapping[str, Any], actual: Any, place: str) -> Iterator[str]:
        for name, argument in expected.items():
            if name not in MATCHERS:
                raise CatalogueError(f"{name} is no matcher; there are {', '.join(MATCHERS)}")
            yield from MATCHERS[name](self, argument, actual, place or "the value")

    def _mapping(self, expected: Mapping[str, Any], actual: Any, place: str) -> Iterator[str]:
        if not isinstance(actual, Mapping):
            yield f"{place or 'the value'} is {_show(actual)}, expected an object with {', '.join(map(str, expected))}"
            return
        for key, inner in expected.items():
            yield from self.differences(inner, actual.get(key, MISSING), f"{place}.{key}" if place else str(key))

    def _list(self, expected: list[Any], actual: Any, place: str) -> Iterator[str]:
        if not isinstance(actual, list) or len(actual) != len(expected):
            yield f"{place or 'the value'} is {_show(actual)}, expected {_show(expected)}"
            return
        for position, (inner, found) in enumerate(zip(expected, actual, strict=True)):
            yield from self.differences(inner, found, f"{place}[{position}]")

    def unmatched(self, expected: Sequence[Any], actual: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Return what is expected and not there, and what is there and not expected, each element used once."""
        return _pair(expected, actual, self.fits)

    def identifiers(self, expected: Sequence[Any], actual: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Return the same for lists of identifiers."""
        return _pair(expected, actual, self.ids.same)


def _pair(
    expected: Sequence[Any], actual: Sequence[Any], same: Callable[[Any, Any], bool]
) -> tuple[list[Any], list[Any]]:
    left, missing = list(actual), []
    for one in expected:
        position = next((i for i, found in enumerate(left) if same(one, found)), None)
        if position is None:
            missing.append(one)
        else:
            del left[position]
    return missing, left


def _is_matcher(expected: Mapping[str, Any]) -> bool:
    return bool(expected) and all(str(key).startswith("$") for key in expected)


def _equal(expected: Any, actual: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return bool(expected == actual)


def _show(value: Any) -> str:
    if isinstance(value, str) and value.startswith("$"):
        return value
    text = repr(value)
    return text if len(text) <= 300 else text[:297] + "..."


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


WORDS: Mapping[str, Callable[[Any], bool]] = {
    "$any": lambda value: value is not MISSING,
    "$present": lambda value: value is not MISSING,
    "$absent": lambda value: value is MISSING,
    "$null": lambda value: value is None,
    "$timestamp": lambda value: isinstance(value, str) and _TIMESTAMP.fullmatch(value) is not None,
    "$string": lambda value: isinstance(value, str),
    "$nonempty": lambda value: value is not MISSING and value not in ("", [], {}, None),
    "$empty": lambda value: value in ("", [], {}, None) and value is not False and value != 0,
    "$integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "$number": _number,
    "$boolean": lambda value: isinstance(value, bool),
    "$list": lambda value: isinstance(value, list),
    "$object": lambda value: isinstance(value, Mapping),
}

Check = Callable[[Matching, Any, Any, str], Iterator[str]]


def _when(told: Callable[[Matching, Any, Any], bool], words: str) -> Check:
    """Return a matcher from a yes-or-no function and the words for what it wants."""

    def check(match: Matching, argument: Any, actual: Any, place: str) -> Iterator[str]:
        if actual is MISSING or not told(match, argument, actual):
            yield f"{place} is {_show(actual)}, expected {words} {_show(argument)}"

    return check


def _ordered(compare: Callable[[Any, Any], bool], words: str) -> Check:
    def told(_: Matching, argument: Any, actual: Any) -> bool:
        comparable = (_number(argument) and _number(actual)) or (isinstance(argument, str) and isinstance(actual, str))
        return comparable and compare(actual, argument)

    return _when(told, words)


def _set(match: Matching, argument: list[Any], actual: Any, place: str) -> Iterator[str]:
    yield from _compare_lists(match.unmatched, argument, actual, place, exact=True)


def _contains(match: Matching, argument: Any, actual: Any, place: str) -> Iterator[str]:
    if isinstance(actual, str):
        if str(argument) not in actual:
            yield f"{place} is {_show(actual)}, expected a text with {_show(argument)}"
    elif isinstance(actual, Mapping):
        for key in argument if isinstance(argument, list) else [argument]:
            if key not in actual:
                yield f"{place} has no {key}"
    else:
        wanted = argument if isinstance(argument, list) else [argument]
        yield from _compare_lists(match.unmatched, wanted, actual, place, exact=False)


def _without(match: Matching, argument: Any, actual: Any, place: str) -> Iterator[str]:
    if actual is MISSING:
        yield f"{place} is missing, expected it without {_show(argument)}"
    for one in argument if isinstance(argument, list) else [argument]:
        if isinstance(actual, str | Mapping):
            found = one in actual
        else:
            found = isinstance(actual, list) and any(match.fits(one, inner) for inner in actual)
        if found:
            yield f"{place} has {_show(one)}, which must not be there"


def _ids_without(match: Matching, argument: list[Any], actual: Any, place: str) -> Iterator[str]:
    if not isinstance(actual, list):
        yield f"{place} is {_show(actual)}, expected a list of identifiers without {_show(argument)}"
    for one in argument:
        if isinstance(actual, list) and any(match.ids.same(one, inner) for inner in actual):
            yield f"{place} names {_show(one)}, which must not be there"


Pairing = Callable[[Sequence[Any], Sequence[Any]], tuple[list[Any], list[Any]]]


def _compare_lists(pair: Pairing, wanted: list[Any], actual: Any, place: str, *, exact: bool) -> Iterator[str]:
    if not isinstance(actual, list):
        yield f"{place} is {_show(actual)}, expected a list with {_show(wanted)}"
        return
    missing, left = pair(wanted, actual)
    if missing:
        yield f"{place} is {_show(actual)}, there is no {_show(missing if len(missing) > 1 else missing[0])} in it"
    if exact and left:
        yield f"{place} is {_show(actual)}, {_show(left if len(left) > 1 else left[0])} must not be there"


def _one_of(match: Matching, argument: list[Any], actual: Any, place: str) -> Iterator[str]:
    if not any(match.fits(one, actual) for one in argument):
        yield f"{place} is {_show(actual)}, expected one of {_show(argument)}"


def _each(match: Matching, argument: Any, actual: Any, place: str) -> Iterator[str]:
    if not isinstance(actual, list):
        yield f"{place} is {_show(actual)}, expected a list"
        return
    for position, one in enumerate(actual):
        yield from match.differences(argument, one, f"{place}[{position}]")


def _exactly(match: Matching, argument: Mapping[str, Any], actual: Any, place: str) -> Iterator[str]:
    yield from match.differences(argument, actual, place)
    if isinstance(actual, Mapping) and (more := [key for key in actual if key not in argument]):
        yield f"{place} has {', '.join(map(str, more))}, which must not be there"


def _all(match: Matching, argument: list[Any], actual: Any, place: str) -> Iterator[str]:
    for one in argument:
        yield from match.differences(one, actual, place)


def _length(match: Matching, argument: Any, actual: Any, place: str) -> Iterator[str]:
    if isinstance(actual, list | str | Mapping):
        yield from match.differences(argument, len(actual), f"the length of {place}")
    else:
        yield f"{place} is {_show(actual)}, which has no length"


MATCHERS: Mapping[str, Check] = {
    "$set": _set,
    "$contains": _contains,
    "$without": _without,
    "$oneof": _one_of,
    "$optional": lambda match, one, actual, place: (
        iter(()) if actual is MISSING else match.differences(one, actual, place)
    ),
    "$not": _when(lambda match, one, actual: not match.fits(one, actual), "anything but"),
    "$re": _when(lambda _, rule, actual: re.fullmatch(str(rule), str(actual)) is not None, "a text of the form"),
    "$more_than": _ordered(lambda actual, limit: bool(actual > limit), "more than"),
    "$at_least": _ordered(lambda actual, limit: bool(actual >= limit), "at least"),
    "$less_than": _ordered(lambda actual, limit: bool(actual < limit), "less than"),
    "$at_most": _ordered(lambda actual, limit: bool(actual <= limit), "at most"),
    "$length": _length,
    "$each": _each,
    "$some": _when(
        lambda match, one, actual: isinstance(actual, list) and any(match.fits(one, inner) for inner in actual),
        "a list with",
    ),
    "$exactly": _exactly,
    "$keys": _when(
        lambda _, keys, actual: isinstance(actual, Mapping) and set(actual) == set(keys), "exactly the keys"
    ),
    "$plus": _when(lambda _, parts, actual: _number(actual) and actual == sum(parts), "the sum of"),
    "$id": _when(lambda match, one, actual: match.ids.same(one, actual), "an identifier of"),
    "$ids": lambda match, many, actual, place: _compare_lists(match.identifiers, many, actual, place, exact=True),
    "$ids_contain": lambda match, many, actual, place: _compare_lists(
        match.identifiers, many, actual, place, exact=False
    ),
    "$ids_without": _ids_without,
    "$all": _all,
}
