"""Time as a port: everything that needs the time or waits gets a clock, so tests do not sleep.

``m2m:timestamp`` is UTC without a zone suffix and with a fraction after a comma (TS-0004 6.3.3). Two timestamps of
any precision compare as text in the order of time, so the core keeps and compares them as text.
"""

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Source of time."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait; never less than zero."""


class SystemClock:
    """The clock of the machine."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in the running event loop."""
        await asyncio.sleep(max(0.0, seconds))


_second = -1
_prefix = ""


def timestamp(seconds: float) -> str:
    """Write seconds since the epoch as ``YYYYMMDDTHHMMSS,ffffff``."""
    global _second, _prefix  # noqa: PLW0603 - a cache of the last formatted second, not state
    whole = int(seconds)
    if whole != _second:
        _prefix = time.strftime("%Y%m%dT%H%M%S", time.gmtime(whole))
        _second = whole
    return f"{_prefix},{int((seconds - whole) * 1_000_000):06d}"


def seconds_of(text: str) -> float:
    """Read a ``m2m:timestamp`` as seconds since the epoch; raises ValueError when it is none."""
    whole, _, fraction = text.partition(",")
    if len(whole) != 15 or whole[8] != "T":
        raise ValueError(f"expected YYYYMMDDTHHMMSS with an optional fraction after a comma, got {text!r}")
    moment = datetime.strptime(whole, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return moment.timestamp() + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all timestamps are UTC


def microseconds_of(text: str) -> int:
    """Read a ``m2m:timestamp`` as microseconds since the epoch, exactly; raises ValueError when it is none."""
    whole, _, fraction = text.partition(",")
    moment = datetime.strptime(whole, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - all timestamps are UTC
    return (moment - _EPOCH) // timedelta(microseconds=1) + int(fraction.ljust(6, "0")[:6])


def timestamp_of(microseconds: int) -> str:
    """Write microseconds since the epoch as ``YYYYMMDDTHHMMSS,ffffff``; raises OverflowError beyond the calendar."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return f"{moment.year:04d}{moment:%m%dT%H%M%S,%f}"
