"""What a command asks for: the content of a contentInstance under ``cmd``."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipe.arbitration import HIGHEST, LOWEST, PROGRAM, Refusal
from ipe.columns import Value, nearest

EXPECTED = 'expected {"value": 5}, {"value": true}, a plain number, or {"release": true}'
MEMBERS = ("value", "release", "priority", "lease_s", "why")
#: Longer reasons fill the log of commands with one command.
LONGEST_WHY = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value at a priority, for ``lease_s`` seconds (None: until it is released); value None: release it."""

    value: Value | None
    priority: int = PROGRAM
    lease_s: float | None = None
    why: str = ""


def read_wanted(content: object) -> Wanted:
    """Read the con of a command: ``5``, ``true``, an object with ``MEMBERS``, or one of these as JSON text.

    Raises Refusal.
    """
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            raise Refusal(f"the command has no value; {EXPECTED}") from None
    if not isinstance(content, Mapping):
        return Wanted(_value(content))
    for key in content:
        if key not in MEMBERS:
            lead = "" if "value" in content else f"the command has no value; {EXPECTED}; "
            near = nearest(str(key), MEMBERS)
            raise Refusal(f"{lead}{key!r:.40} is unknown{near}; members are {', '.join(MEMBERS)}")
    return Wanted(_given(content), _priority(content), _lease_s(content), _why(content))


def _given(content: Mapping[Any, Any]) -> Value | None:
    if "release" not in content:
        return _value(content.get("value"))
    if content["release"] is not True or "value" in content:
        raise Refusal(f"release: expected true, and no value beside it, got {content['release']!r:.40}")
    return None


def _value(given: object) -> Value:
    if isinstance(given, int | float):
        if -sys.float_info.max <= given <= sys.float_info.max:
            return given
        raise Refusal(f"value: expected a number that a computer can hold, at most {sys.float_info.max:g}")
    raise Refusal(f"the command has no value; {EXPECTED}")


def _priority(content: Mapping[Any, Any]) -> int:
    priority = content.get("priority", PROGRAM)
    if type(priority) is not int or not HIGHEST <= priority <= LOWEST:
        raise Refusal(f"priority: expected a whole number from {HIGHEST} (strongest) to {LOWEST}, got {priority!r:.40}")
    return priority


def _lease_s(content: Mapping[Any, Any]) -> float | None:
    lease_s = content.get("lease_s")
    if lease_s is None:
        return None
    if type(lease_s) not in (int, float) or not 0 < lease_s < math.inf:
        raise Refusal(f"lease_s: {lease_s!r:.40}; expected seconds above 0")
    return float(lease_s)


def _why(content: Mapping[Any, Any]) -> str:
    why = content.get("why", "")
    if not isinstance(why, str) or len(why) > LONGEST_WHY:
        raise Refusal(f"why: expected a text of at most {LONGEST_WHY} characters")
    return why
