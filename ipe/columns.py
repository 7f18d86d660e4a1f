"""The columns of a point list: what a cell may hold, and what is said of one that is wrong."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

V = TypeVar("V")
Value = int | float | bool

NAME = re.compile(r"[A-Za-z0-9\-._]+")
RESERVED = frozenset({
    "la", "ol", "status", "audit", "access", "settings_access", "state_access", "command_access",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list: ``parse`` raises ValueError with what would be right; ``default`` None: mandatory."""

    name: str
    parse: Callable[[str], Any]
    default: str | None = None


def name_text(text: str) -> str:
    """Read a point name, which becomes a resource name."""
    if not NAME.fullmatch(text):
        raise ValueError("expected letters, digits and - . _ (it becomes a resource name)")
    if text in RESERVED:
        raise ValueError(f"this name is taken; not allowed are {', '.join(sorted(RESERVED))}")
    return text


def plain_text(text: str) -> str:
    """Read any text."""
    return text


def words(text: str) -> tuple[str, ...]:
    """Read words with blanks between them."""
    return tuple(text.split())


def yes_or_no(text: str) -> bool:
    """Read ``yes`` or ``no``."""
    if text.lower() in {"yes", "true", "1"}:
        return True
    if text.lower() in {"no", "false", "0"}:
        return False
    raise ValueError("expected yes or no")


def finite(text: str) -> float:
    """Read a finite number."""
    try:
        number = float(text)
    except ValueError:
        raise ValueError("expected a number with a decimal point, such as 0.1") from None
    if not math.isfinite(number):
        raise ValueError("expected a finite number")
    return number


def positive(text: str) -> float:
    """Read a number above zero."""
    number = finite(text)
    if number <= 0:
        raise ValueError("expected a number above 0")
    return number


def nonzero(text: str) -> float:
    """Read a number other than zero."""
    number = finite(text)
    if number == 0:
        raise ValueError("expected a number other than 0")
    return number


def deadband(text: str) -> float | None:
    """Read an optional number of at least zero; empty is None."""
    if not text:
        return None
    number = finite(text)
    if number < 0:
        raise ValueError("expected a number of at least 0, or nothing to push every reading")
    return number


def optional(parse: Callable[[str], V]) -> Callable[[str], V | None]:
    """Return a parser that reads an empty cell as None."""
    return lambda text: parse(text) if text else None


def integer(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """Return a parser of an integer within bounds; ``0x`` numbers are read too."""
    bounds = f"of at least {lowest}" if highest is None else f"from {lowest} to {highest}"

    def parse(text: str) -> int:
        try:
            number = int(text, 0)
        except ValueError:
            raise ValueError(f"expected an integer {bounds}") from None
        if number < lowest or (highest is not None and number > highest):
            raise ValueError(f"expected an integer {bounds}")
        return number

    return parse


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """Return a parser of one of these words; a wrong word is answered with the nearest one."""
    known = list(names)

    def parse(text: str) -> str:
        if text in known:
            return text
        raise ValueError(f"expected one of {', '.join(known)}{nearest(text, known)}")

    return parse


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean …?)`` when one of the known words is near, else nothing."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
