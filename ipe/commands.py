"""Commands to points: who wants what at which priority and for how long, what the device made of it, and a record.

Each command of a point's ``cmd`` container is checked, put into the slot of its priority (``arbitration``), written
when it is in force, read back, answered under ``cmd/result``, and recorded under ``audit``. What is commanded stands
under ``cmd/priorities``, where it also outlives a restart of the IPE. Leases end by themselves; a device that cannot be
told at that moment is told as soon as it can be.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from cse.client import Notification, RequestFailed, Unreachable, seconds_of, timestamp
from cse.clock import Clock
from ipe.arbitration import MANUAL, Command, Refusal, Slots
from ipe.driver import DeviceUnreachable, PointError
from ipe.points import Point, Value
from ipe.settings import IpeSettings
from ipe.wanted import Wanted, read_wanted

A = TypeVar("A")
_log = logging.getLogger(__name__)
#: How long the end of a lease waits for a device, or a CSE, that cannot be told.
AGAIN_S = 5.0
#: What is read back may be rounded: to 1 part in 1,000, as a register with a scale does.
ROUNDED = 1e-3


class Field(Protocol[A]):
    """The device, as commands need it. All methods raise PointError or DeviceUnreachable."""

    @property
    def arbitrates(self) -> bool:
        """True when the device itself keeps sixteen priorities."""

    def point(self, name: str) -> Point[A]:
        """A point that is writable; PointError when there is none any more."""

    def present(self, name: str) -> Value | None:
        """What was read last."""

    async def write(self, point: Point[A], value: Value, priority: int) -> Value:
        """Write, and return what is read back."""

    async def release(self, point: Point[A], priority: int) -> Value:
        """Let go of a priority of a device that arbitrates, and return what is read back."""


class Record(Protocol[A]):
    """Where commands are answered and kept; the errors are those of ``Client``."""

    async def push_result(self, point: Point[A], content: dict[str, Any]) -> None:
        """Answer a command."""

    async def push_audit(self, content: dict[str, Any]) -> None:
        """Record who commanded what."""

    async def push_priorities(self, point: Point[A], content: dict[str, Any]) -> None:
        """Show what is commanded."""

    async def priorities(self, point: Point[A]) -> list[Mapping[str, Any]]:
        """What was shown last; empty when nothing was."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it arrived: ``name`` and ``identity`` of what carries it, who, and when (None: now)."""

    content: object
    originator: str
    name: str
    time: object = None
    identity: tuple[Any, Any] | None = None


@dataclass(slots=True)
class Commanded:
    """What is known of a point: its slots, when it was told last, and whether the device has yet to be told."""

    slots: Slots
    told_s: float
    handled: tuple[Any, Any] | None = None
    #: Priorities that the device has yet to let go, by the command that was there.
    owed: dict[int, Command] | None = None


class Commands(Generic[A]):
    """The commands of one IPE; one is carried out at a time."""

    def __init__(self, field: Field[A], record: Record[A], settings: IpeSettings, clock: Clock) -> None:
        self._field = field
        self._record = record
        self._settings = settings
        self._clock = clock
        self._points: dict[str, Commanded] = {}
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    async def restore(self, point: Point[A]) -> None:
        """Go on with what was commanded before a restart, as the CSE shows it."""
        if point.name in self._points:
            return
        known = self._known(point)
        try:
            known.slots.restore([*await self._record.priorities(point)])
        except (TypeError, KeyError, ValueError) as error:
            _log.warning("what was commanded for %s cannot be read, nothing is: %s", point.name, error)
        self._changed.set()

    def forget(self, name: str) -> None:
        """A point that is no longer in the list."""
        self._points.pop(name, None)

    async def take(self, point: Point[A], notification: Notification) -> None:
        """Carry out the command of a new instance and answer it."""
        instance = notification.representation
        if notification.root == "m2m:cin":
            # The time too: a CSE that lost its store gives resource IDs again.
            identity = (instance.get("ri"), instance.get("ct"))
            await self.ask(point, Asked(instance.get("con"), str(instance.get("cr") or ""), str(instance.get("rn")),
                                        instance.get("ct"), identity))

    async def ask(self, point: Point[A], asked: Asked) -> None:
        """Carry out one command and answer it; one that was notified twice is carried out once."""
        async with self._turn:
            known = self._known(point)
            if asked.identity is not None and known.handled == asked.identity:
                return
            known.handled = asked.identity
            before = self._field.present(point.name)
            row: dict[str, Any] = {"originator": asked.originator, "point": point.name, "from": before}
            try:
                self._check_age(asked.time)
                point, wanted = self._field.point(point.name), read_wanted(asked.content)
                row |= {"to": wanted.value, "priority": wanted.priority, "lease_s": wanted.lease_s, "why": wanted.why}
                answer = await self._carry_out(point, known, wanted, asked.originator)
            except (Refusal, PointError, DeviceUnreachable) as error:
                _log.warning("command %s for %s failed: %s", asked.name, point.name, error)
                answer = {"status": "failed", "reason": str(error)}
            await self._answer(point, known, asked.name, answer, row)

    async def watch(self) -> None:
        """End leases when they end, until cancelled."""
        while True:
            self._changed.clear()
            try:
                wait_s = await self.end_leases()
            except (Unreachable, RequestFailed) as error:
                _log.warning("leases: the CSE: %s; again in %g s", error, AGAIN_S)
                wait_s = AGAIN_S
            try:
                await asyncio.wait_for(self._changed.wait(), wait_s)
            except TimeoutError:
                continue

    async def end_leases(self) -> float | None:
        """End the leases that are over and tell devices what they have yet to be told; returns when to look again."""
        async with self._turn:
            for name, known in list(self._points.items()):
                ended = known.slots.expire(self._clock.time())
                known.owed = {**(known.owed or {}), **{one.priority: one for one in ended}} or None
                if known.owed:
                    await self._pay(name, known)
            owed = any(known.owed for known in self._points.values())
            ends_s = min((end for known in self._points.values()
                          if (end := known.slots.next_end_s) is not None), default=None)
        if ends_s is None:
            return AGAIN_S if owed else None
        wait_s = max(ends_s - self._clock.time(), 0.01)
        return min(wait_s, AGAIN_S) if owed else wait_s

    def _known(self, point: Point[A]) -> Commanded:
        known = self._points.get(point.name)
        if known is None:
            known = self._points[point.name] = Commanded(Slots(point.limits), self._clock.time())
        known.slots.limits = point.limits
        return known

    def _check_age(self, time: object) -> None:
        limit_s = self._settings.command_max_age_s
        if limit_s and time and self._clock.time() - seconds_of(str(time)) > limit_s:
            raise Refusal(f"the command is older than {limit_s:g} s; write it again if it is still wanted")

    async def _carry_out(self, point: Point[A], known: Commanded, wanted: Wanted, who: str) -> dict[str, Any]:
        """Do what is wanted; when the device does not, the slots are as before."""
        self._check_right(wanted, who)
        before = dict(known.slots.commands)
        try:
            if wanted.value is None:
                return await self._release(point, known, wanted.priority, who)
            return await self._command(point, known, wanted, wanted.value, who)
        except (PointError, DeviceUnreachable):
            known.slots.commands = before
            raise

    def _check_right(self, wanted: Wanted, who: str) -> None:
        """Priorities of operators are theirs alone."""
        if wanted.priority <= MANUAL and not self._is_operator(who):
            whose = f"{who} is none" if who else "who commands is not known: create the command with cr null"
            raise Refusal(f"priority {wanted.priority}: 1 to {MANUAL} are for operators, and {whose}; "
                          f"expected {MANUAL + 1} to 16")

    def _is_operator(self, who: str) -> bool:
        return bool(who) and (who in self._settings.operators or "all" in self._settings.operators)

    async def _command(
        self, point: Point[A], known: Commanded, wanted: Wanted, value: Value, who: str
    ) -> dict[str, Any]:
        now_s, slots = self._clock.time(), known.slots
        lease_s = point.limits.longest_lease_s if wanted.lease_s is None else wanted.lease_s
        command = Command(value, wanted.priority, who, now_s, None if lease_s is None else now_s + lease_s, wanted.why)
        winner = slots.give(command, self._field.present(point.name), known.told_s)
        assert winner is not None
        if winner is not command and not self._field.arbitrates:
            return _overridden(winner, self._field.present(point.name))
        found = await self._field.write(point, value, wanted.priority)
        known.told_s = now_s
        if winner is not command:
            return _overridden(winner, found)
        if alike(found, value):
            return {"status": "done", "value": found}
        if self._field.arbitrates:
            return {"status": "overridden", "value": found, "reason": "the device has a stronger priority in force"}
        raise PointError(f"{value} was written, but the device has {found}")

    async def _release(self, point: Point[A], known: Commanded, priority: int, who: str) -> dict[str, Any]:
        known.slots.release(priority, who, anybody=self._is_operator(who))
        found = await self._let_go(point, known, [priority])
        winner = known.slots.winner
        return {"status": "released", "value": found, **({"in_force": _shown(winner)} if winner else {})}

    async def _let_go(self, point: Point[A], known: Commanded, priorities: list[int]) -> Value | None:
        """Have the device know that these slots are empty; returns what it has then."""
        found, winner = self._field.present(point.name), known.slots.winner
        if self._field.arbitrates:
            for priority in priorities:
                found = await self._field.release(point, priority)
        elif winner is None and point.default_on_release is not None:
            found = await self._field.write(point, point.default_on_release, min(priorities))
        elif winner is not None and winner.priority > min(priorities):
            found = await self._field.write(point, winner.value, winner.priority)
        else:
            return found
        known.told_s = self._clock.time()
        return found

    async def _pay(self, name: str, known: Commanded) -> None:
        """Tell the device of leases that ended; what it cannot be told stays owed."""
        owed = {priority: one for priority, one in (known.owed or {}).items() if priority not in known.slots.commands}
        before = self._field.present(name)
        try:
            point = self._field.point(name)
            found = await self._let_go(point, known, sorted(owed)) if owed else before
        except DeviceUnreachable:
            return
        except PointError as error:
            _log.warning("the lease of %s ended, but the device refuses: %s", name, error)
            known.owed = None
            answer: dict[str, Any] = {"status": "failed", "reason": str(error)}
        else:
            known.owed = None
            answer = {"status": "lease ended", "value": found}
        for priority, one in owed.items():
            await self._tell(lambda one=one, priority=priority: self._record.push_audit({  # type: ignore[misc]
                "time": timestamp(self._clock.time()), "originator": one.originator, "point": name, "from": before,
                "priority": priority, "why": one.why, **answer}))
        if owed:
            await self._tell(lambda: self._record.push_priorities(point, shown(known.slots)))

    async def _answer(
        self, point: Point[A], known: Commanded, name: object, answer: dict[str, Any], row: dict[str, Any]
    ) -> None:
        time = timestamp(self._clock.time())
        if answer["status"] != "failed":
            self._changed.set()
            await self._record.push_priorities(point, shown(known.slots))
        await self._record.push_audit({"time": time, "command": name, **row, **answer})
        await self._record.push_result(point, {"command": name, **answer, "time": time})

    async def _tell(self, tell: Callable[[], Any]) -> None:
        try:
            await tell()
        except (Unreachable, RequestFailed) as error:
            _log.warning("the CSE was not told that a lease ended: %s", error)


def alike(found: Value, wanted: Value) -> bool:
    """True when a device has what was written, as far as its registers can hold it."""
    return math.isclose(found, wanted, rel_tol=ROUNDED, abs_tol=1e-6)


def shown(slots: Slots) -> dict[str, Any]:
    """What is commanded, the strongest first; ``in_force`` is the priority of that, None when nothing is."""
    winner = slots.winner
    return {"in_force": winner.priority if winner else None, "commands": slots.to_json()}


def _shown(command: Command) -> dict[str, Any]:
    return {"priority": command.priority, "value": command.value, "originator": command.originator}


def _overridden(winner: Command, found: Value | None) -> dict[str, Any]:
    """The answer to a command that waits behind a stronger one."""
    return {"status": "overridden", "value": found, "in_force": _shown(winner)}
