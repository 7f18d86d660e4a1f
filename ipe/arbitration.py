"""Who commands a point: sixteen priorities, leases, release (ASHRAE 135 19.2, which other protocols borrow here).

Every writable point has one slot for each priority, 1 the strongest. The strongest slot in use is what the device is
told; when the last one is released, the device gets the point's default on release, or is let go where its protocol
knows that (BACnet: relinquish). A lease ends a command by itself, so nothing stays forced because somebody forgot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ipe.columns import Value

HIGHEST, LOWEST = 1, 16
#: That of an operator by hand (ASHRAE 135 table 19-1), and of programs.
MANUAL, PROGRAM = 8, 16


class Refusal(Exception):
    """A command that cannot be taken; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a point takes. ``most_per_s`` bounds how fast it may be moved from the value it has."""

    lowest: float | None = None
    highest: float | None = None
    most_per_s: float | None = None
    longest_lease_s: float | None = None

    def allow(self, value: Value) -> bool:
        """True for a value within the range."""
        lowest = -math.inf if self.lowest is None else self.lowest
        return math.isfinite(value) and lowest <= value <= (math.inf if self.highest is None else self.highest)


@dataclass(frozen=True, slots=True)
class Command:
    """A value that somebody wants at a priority, until ``until_s`` (None: until it is released)."""

    value: Value
    priority: int
    originator: str
    given_s: float
    until_s: float | None = None
    why: str = ""


@dataclass(slots=True)
class Slots:
    """The commands of one point, by priority. ``told_s``: when the device was told its value last."""

    limits: Limits = Limits()
    commands: dict[int, Command] = field(default_factory=dict)

    @property
    def winner(self) -> Command | None:
        """The command in force; None when nobody commands the point."""
        return self.commands[min(self.commands)] if self.commands else None

    def give(self, command: Command, present: Value | None = None, present_s: float | None = None) -> Command | None:
        """Put a command into its slot, over what was there; returns what is in force then.

        ``present`` is what the device has, since ``present_s``, for the limit of how fast it may move. Raises Refusal,
        and nothing is changed.
        """
        self._check(command, present, present_s)
        self.commands[command.priority] = command
        return self.winner

    def release(self, priority: int, originator: str, *, anybody: bool = False) -> Command | None:
        """Empty a slot; returns what is in force then. ``anybody``: also what somebody else has commanded.

        Raises Refusal when it is empty or somebody else's.
        """
        _check_priority(priority)
        command = self.commands.get(priority)
        if command is None:
            held = ", ".join(map(str, sorted(self.commands))) or "none"
            raise Refusal(f"priority {priority}: nothing is commanded there; commanded are {held}")
        if command.originator != originator and not anybody:
            raise Refusal(f"priority {priority}: commanded by {command.originator}, who may release it; "
                          f"command at a stronger priority to override it")
        del self.commands[priority]
        return self.winner

    def expire(self, now_s: float) -> list[Command]:
        """Take out and return the commands whose lease has ended, the strongest first."""
        ended = [one for _, one in sorted(self.commands.items()) if one.until_s is not None and one.until_s <= now_s]
        for one in ended:
            del self.commands[one.priority]
        return ended

    @property
    def next_end_s(self) -> float | None:
        """When the first lease ends; None when none does."""
        return min((one.until_s for one in self.commands.values() if one.until_s is not None), default=None)

    def to_json(self) -> list[dict[str, Any]]:
        """All slots in use, the strongest first, as people and other controllers see them."""
        return [asdict(one) for _, one in sorted(self.commands.items())]

    def restore(self, commands: list[Mapping[str, Any]]) -> None:
        """Take the slots over from ``to_json``."""
        self.commands = {one["priority"]: Command(**one) for one in commands}

    def _check(self, command: Command, present: Value | None, present_s: float | None) -> None:
        _check_priority(command.priority)
        limits, value = self.limits, command.value
        if not limits.allow(value):
            raise Refusal(f"value {value}: outside of the limits; expected {_range(limits)}")
        if command.until_s is not None and command.until_s <= command.given_s:
            raise Refusal("lease: ends before it begins; expected a duration above 0")
        if limits.longest_lease_s is not None and \
                (command.until_s is None or command.until_s - command.given_s > limits.longest_lease_s):
            raise Refusal(f"lease: expected one of at most {limits.longest_lease_s:g} s for this point")
        if limits.most_per_s is not None and present is not None and present_s is not None:
            most = limits.most_per_s * max(command.given_s - present_s, 0.0)
            if abs(value - present) > most:
                raise Refusal(f"value {value}: too far from {present} so soon; expected a change of at most "
                              f"{limits.most_per_s:g} per second, now {most:g}")


def _check_priority(priority: int) -> None:
    if type(priority) is not int or not HIGHEST <= priority <= LOWEST:
        raise Refusal(f"priority {priority!r}: expected a whole number from {HIGHEST} (strongest) to {LOWEST}")


def _range(limits: Limits) -> str:
    if limits.lowest is not None and limits.highest is not None:
        return f"{limits.lowest:g} to {limits.highest:g}"
    if limits.lowest is not None:
        return f"at least {limits.lowest:g}"
    return "a number" if limits.highest is None else f"at most {limits.highest:g}"
