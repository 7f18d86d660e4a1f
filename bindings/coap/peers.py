"""What peers may ask of a server that has no connections to count: a rate each."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

#: Peers whose rate is remembered; one more forgets the one that has been silent longest.
MAX_PEERS = 4096


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
