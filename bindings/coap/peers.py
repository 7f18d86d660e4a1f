"""What peers may ask of a server that has no connections to count: a rate each, and few lines in its log."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable

#: Peers whose rate is remembered; one more forgets the one that has been silent longest.
MAX_PEERS = 4096
_PERIOD_S = 60.0
#: Lines in a period for all peers together: whoever invents addresses does not fill the log either.
_MAX_LINES = 60


class Rates:
    """At most ``rate`` messages a second of each peer, as many at once; 0 sets no limit."""

    def __init__(self, time: Callable[[], float], rate: float) -> None:
        self._time = time
        self._rate = rate
        self._peers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, peer: str) -> bool:
        """Count a message of a peer; False: it is one too many."""
        if not self._rate:
            return True
        now = self._time()
        left, then = self._peers.pop(peer, (self._rate, now))
        left = min(self._rate, left + (now - then) * self._rate)
        self._peers[peer] = (left - 1 if left >= 1 else left, now)
        if len(self._peers) > MAX_PEERS:
            self._peers.popitem(last=False)
        return left >= 1


class Complaints:
    """Log lines about what peers do wrong: the first of each peer in a minute, and how many were left out."""

    def __init__(self, time: Callable[[], float], log: logging.Logger) -> None:
        self._time = time
        self._log = log
        self._told: set[str] = set()
        self._left_out = 0
        self._ends = 0.0

    def tell(self, peer: str, what: str) -> None:
        """Say what a peer did, unless it has been heard of already."""
        now = self._time()
        if now >= self._ends:
            if self._left_out:
                self._log.warning("%d more messages that were refused", self._left_out)
            self._told.clear()
            self._left_out, self._ends = 0, now + _PERIOD_S
        if peer in self._told or len(self._told) >= _MAX_LINES:
            self._left_out += 1
            return
        self._told.add(peer)
        self._log.warning("%s: %s", peer, what)
