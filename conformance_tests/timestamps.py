"""Times in the form of the standard (m2m:timestamp, TS-0004 6.3.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def in_seconds(seconds: float) -> str:
    """Return the moment that many seconds from now by the clock of this machine, whole seconds, UTC."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%S")
