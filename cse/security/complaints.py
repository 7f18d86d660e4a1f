"""Few lines in the log about many peers, for every binding: nobody fills it by doing wrong again and again."""

from __future__ import annotations

import logging
from collections.abc import Callable

_PERIOD_S = 60.0
#: Lines in a period for all peers together: whoever invents addresses does not fill the log either.
_MAX_LINES = 60


class Complaints:
    """Log lines about what peers do wrong: the first of each peer in a minute, and how many were left out.

    ``time`` gives seconds; ``subject`` begins each line.
    """

    def __init__(self, time: Callable[[], float], log: logging.Logger, subject: str = "") -> None:
        self._time = time
        self._log = log
        self._subject = subject
        self._told: set[str] = set()
        self._left_out = 0
        self._ends = 0.0

    def tell(self, peer: str, what: str) -> None:
        """Say what a peer did, unless it has been heard of already."""
        now = self._time()
        if now >= self._ends:
            if self._left_out:
                self._log.warning("%s%d more messages that were refused", self._subject, self._left_out)
            self._told.clear()
            self._left_out, self._ends = 0, now + _PERIOD_S
        if peer in self._told or len(self._told) >= _MAX_LINES:
            self._left_out += 1
            return
        self._told.add(peer)
        self._log.warning("%s%s: %s", self._subject, peer, what)
