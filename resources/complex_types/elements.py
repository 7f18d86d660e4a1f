"""One element under its root: a resource, or a content with a type of its own (TS-0004 7.2.1, 8.4)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from resources.datatypes import DataType, Invalid, expected, object_of, shown
from resources.simple_types import any_uri

_ROOT = re.compile(r"[A-Za-z][A-Za-z0-9]*:[A-Za-z][A-Za-z0-9_\-]*").fullmatch
_WRAPPER = {"type": "object", "properties": {"uri": any_uri.schema}, "minProperties": 2, "maxProperties": 2}


def check_element(root: str, value: Any, known: Mapping[str, DataType]) -> None:
    """Check one element: by its type where the root is known, else as a resource of whatever type."""
    type_ = known.get(root)
    if type_ is None and _ROOT(root) is None:
        raise Invalid(f"{shown(root)} is no root of a resource; expected prefix:name, for example m2m:cnt")
    try:
        if type_ is not None:
            type_.check(value)
        elif type(value) is not dict:
            raise expected(f"an object (the resource {root})", value)
    except Invalid as problem:
        raise problem.within(root) from None
    except RecursionError:
        raise Invalid("primitives are nested too deep in primitives", root) from None


def element(name: str, known: Callable[[], Mapping[str, DataType]]) -> DataType:
    """An object with one member: the root of a resource, or one of ``known`` (asked for when a value is checked)."""

    def check(value: Any) -> None:
        if type(value) is not dict or len(value) != 1:
            raise expected("an object with one member, named by the root of a resource or of a content", value)
        [(root, content)] = value.items()
        check_element(root, content, known())

    return object_of(name, check, {"type": "object", "minProperties": 1, "maxProperties": 1})


def _check_wrapper(value: Any) -> None:
    if type(value) is not dict or len(value) != 2 or "uri" not in value:
        raise expected("an object with uri and one resource under its root", value)
    for root, content in value.items():
        check_element(root, content, {"uri": any_uri})


#: A resource under its root, and where it is.
resource_wrapper = object_of("m2m:resourceWrapper", _check_wrapper, _WRAPPER)
