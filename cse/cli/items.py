"""Attributes on the command line: ``rn=power mni:=10 lbl:='["a"]' con=@reading.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cse.cli.errors import UsageError

_ITEM = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9.]*)(?P<operator>:?=)(?P<value>.*)", re.DOTALL)
FORMS = "key=text, key:=json, key=@file (text) or key:=@file (JSON); key:=null removes an attribute"


def attributes_of(items: Iterable[str]) -> dict[str, Any]:
    r"""Read items; raises UsageError. A text that starts with ``@`` is written ``\@``."""
    attributes: dict[str, Any] = {}
    for item in items:
        match = _ITEM.fullmatch(item)
        if match is None:
            raise UsageError(f"{item!r} is no attribute", f"expected {FORMS}")
        name, operator, value = match.group("name", "operator", "value")
        if name in attributes:
            raise UsageError(f"{name} is given twice")
        attributes[name] = _value(item, operator, value)
    return attributes


def _value(item: str, operator: str, value: str) -> Any:
    if value.startswith("@"):
        value = Path(value[1:]).read_text(encoding="utf-8")
    elif value.startswith("\\@"):
        value = value[1:]
    if operator == "=":
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{item!r}: {value[:40]!r} is no JSON: {error.msg} at position {error.pos}",
            f"a text is written with = alone: {item.replace(':=', '=', 1)!r}",
        ) from None
