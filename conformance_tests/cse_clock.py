"""The clock of the CSE under test: times in a request have to be told by it, whatever the tester's clock says."""

from __future__ import annotations

import math
from datetime import UTC, datetime


class CseClock:
    """How far the clock of the CSE is ahead of the tester's, learnt from the creation times of what it has made.

    A creation time lies between request and answer, and may have lost its fraction of a second. As long as all of
    them can be had with equal clocks the difference is taken as none.
    """

    def __init__(self) -> None:
        self._least, self._most = -math.inf, math.inf

    @property
    def ahead_s(self) -> float:
        """Seconds that the CSE is ahead; negative when it is behind."""
        if self._least > self._most:  # somebody has set a clock
            return 0.0
        return max(self._least, min(0.0, self._most))

    def learn(self, creation_time: object, sent_s: float, received_s: float) -> None:
        """Take in a ``ct`` and when its request was sent and answered (seconds since the epoch)."""
        told = _seconds(creation_time)
        if told is None:
            return
        whole = "," not in str(creation_time)
        self._least = max(self._least, told - received_s)
        self._most = min(self._most, told + (1.0 if whole else 0.0) - sent_s)


def _seconds(timestamp: object) -> float | None:
    whole, _, fraction = str(timestamp).partition(",")
    try:
        moment = datetime.strptime(whole, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return moment.timestamp() + float(f"0.{fraction or 0}")
    except ValueError:
        return None
