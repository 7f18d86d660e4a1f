"""How long to wait before the next try: exponential, with jitter so that many gateways do not come back at once."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Delays that double from ``first_s`` to ``limit_s``; each is drawn from its upper half.

    ``jitter`` returns a number in [0, 1).
    """

    def __init__(
        self, first_s: float = 1.0, limit_s: float = 60.0, jitter: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._limit_s = limit_s
        self._jitter = jitter
        self._next_s = first_s

    def delay_s(self) -> float:
        """Return the next delay."""
        delay_s = self._next_s * (0.5 + self._jitter() / 2)
        self._next_s = min(self._limit_s, self._next_s * 2)
        return delay_s

    def reset(self) -> None:
        """Start again from the first delay, after a success."""
        self._next_s = self._first_s
