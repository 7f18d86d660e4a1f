"""Faults of a building on demand: sensors that stick or drift, controllers that are away or lose messages.

A TOML file, read again whenever it changes, so that a fault begins and ends while the building runs::

    [[fault]]
    kind = "drift"                      # stuck, drift, offline or loss
    at = "floor1/south_temperature"     # a signal; of offline and loss: a controller, or meters/<name>
    per_hour = 0.5                      # of drift: how fast; of loss: share = 0.3
    from_s = 3600                       # seconds of the building's time since its start; default: now
    until_s = 7200                      # default: for ever
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipe.simulator.building import CONTROLLERS, METERING, METERS, SIGNALS

#: Each kind, and the key it needs besides.
KINDS: Mapping[str, str | None] = {"stuck": None, "drift": "per_hour", "offline": None, "loss": "share"}
OF_SENSORS = frozenset({"stuck", "drift"})
KEYS = ("kind", "at", "per_hour", "share", "from_s", "until_s")
SENSORS = frozenset(signal.key for signals in SIGNALS.values() for signal in signals)
PLACES = frozenset({*CONTROLLERS, METERING, *(f"{METERING}/{meter.name}" for meter in METERS)})


class FaultError(Exception):
    """The file of faults is wrong; the message says where and what would be right."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; ``amount`` is the drift per hour, or the share that is lost."""

    kind: str
    at: str
    amount: float
    from_s: float
    until_s: float


class Faults:
    """The faults of a file. ``apply`` takes readings through them; ``lost`` tells how much of a place is lost."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._all: tuple[Fault, ...] = ()
        self._stuck: dict[str, float] = {}
        self._now_s = 0.0

    def refresh(self, now_s: float) -> None:
        """Take the time since the start, and the file when it changed; raises FaultError and keeps what was."""
        self._now_s = now_s
        if self._path is None or not self._path.exists():
            self._all, self._seen = (), None
            return
        stat = self._path.stat()
        if (seen := (stat.st_mtime_ns, stat.st_size)) != self._seen:
            self._seen = seen
            self._all = read_faults(self._path)

    def apply(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the readings with the faults of their sensors."""
        readings = dict(values)
        active = [fault for fault in self._active() if fault.kind in OF_SENSORS]
        self._stuck = {fault.at: self._stuck.get(fault.at, values[fault.at]) for fault in active
                       if fault.kind == "stuck"}  # fmt: skip
        for fault in active:
            if fault.kind == "drift":
                readings[fault.at] += fault.amount * (self._now_s - fault.from_s) / 3_600
        return readings | self._stuck

    def lost(self, place: str) -> float:
        """Return the share of messages of a place that are lost: 1 is all of them."""
        return max((1.0 if fault.kind == "offline" else fault.amount for fault in self._active()
                    if fault.kind not in OF_SENSORS and (fault.at == place or place.startswith(f"{fault.at}/"))),
                   default=0.0)  # fmt: skip

    def _active(self) -> list[Fault]:
        return [fault for fault in self._all if fault.from_s <= self._now_s < fault.until_s]


def read_faults(path: Path) -> tuple[Fault, ...]:
    """Read a file; raises FaultError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FaultError(f"{path}: {error}") from None
    rows = table.pop("fault", [])
    if table or not isinstance(rows, list):
        raise FaultError(f"{path}: expected [[fault]] and nothing else")
    return tuple(_fault(f"{path}, fault {number}", row) for number, row in enumerate(rows, 1))


def _fault(where: str, row: Mapping[str, Any]) -> Fault:
    if unknown := [key for key in row if key not in KEYS]:
        raise FaultError(f"{where}: unknown key {unknown[0]!r}; keys are {', '.join(KEYS)}")
    kind, at = str(row.get("kind")), str(row.get("at"))
    if kind not in KINDS:
        raise FaultError(f"{where}: kind {kind!r}; expected one of {', '.join(KINDS)}")
    if at not in (SENSORS if kind in OF_SENSORS else PLACES):
        places = f"one of {', '.join(sorted(PLACES))}"
        what = "a signal such as floor1/south_temperature" if kind in OF_SENSORS else places
        raise FaultError(f"{where}: at {at!r}; expected {what}")
    needed = KINDS[kind]
    numbers = {key: row[key] for key in KEYS[2:] if key in row}
    if needed and needed not in row:
        raise FaultError(f"{where}: {needed!r} is missing, a {kind} needs it")
    if wrong := [key for key, value in numbers.items() if type(value) not in (int, float)]:
        raise FaultError(f"{where}: {wrong[0]} {row[wrong[0]]!r}; expected a number")
    return Fault(kind, at, float(row[needed]) if needed else 0.0, float(row.get("from_s", 0)),
                 float(row.get("until_s", float("inf"))))  # fmt: skip
