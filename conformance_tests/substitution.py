"""``${name}`` in a step: replaced while the case runs, by what was captured or is known of the CSE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]+)\}")


def substitute(value: Any, look_up: Callable[[str], Any]) -> Any:
    """Return the value with every reference replaced; a text that is one reference becomes the value itself."""
    if isinstance(value, str):
        return _text(value, look_up) if "${" in value else value
    if isinstance(value, Mapping):
        return {substitute(key, look_up): substitute(inner, look_up) for key, inner in value.items()}
    if isinstance(value, list):
        return [substitute(inner, look_up) for inner in value]
    return value


def _text(text: str, look_up: Callable[[str], Any]) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole and whole[1]:
        return look_up(whole[1])
    return _REFERENCE.sub(lambda match: str(look_up(match[1])) if match[1] else "${", text)


def reach(value: Any, path: list[str]) -> Any:
    """Follow keys and list positions; raises LookupError where they end."""
    for part in path:
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else _missing(part)
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            _missing(part)
    return value


def _missing(part: str) -> Any:
    raise LookupError(part)
