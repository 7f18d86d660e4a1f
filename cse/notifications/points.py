"""What is known of the points of access that notifications go to: which did not answer lately, and how many are called.

All subscriptions and AEs whose notifications lead to a URL share what is known of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from cse.client.transport import Unreachable
from cse.clock import Clock

#: How long a URL that did not answer stands behind its alternatives, in seconds: double each time it fails again.
FIRST_AVOIDED_S, LONGEST_AVOIDED_S = 5.0, 60.0
#: How many URLs that did not answer are remembered; the one that failed longest ago is forgotten first.
MOST_FAILED = 10_000
#: Requests under way to URLs that answered last time; and to others, so that these take no place from those.
MOST_SOUND, MOST_DOUBTFUL = 200, 500
#: A request without an answer for so long, in seconds, leaves its place to the next one; of so many at the same time.
LATE_S, MOST_LATE = 1.0, 1000


class PointsOfAccess:
    """The state of each URL. ``late`` is how many requests have left their places and are still waited for."""

    def __init__(self, clock: Clock) -> None:
        self.late = 0
        self._clock = clock
        self._failed: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._sound = asyncio.Semaphore(MOST_SOUND)
        self._doubtful = asyncio.Semaphore(MOST_DOUBTFUL)

    @property
    def failing(self) -> int:
        """How many URLs did not answer when they were tried last."""
        return len(self._failed)

    def in_order(self, urls: Sequence[str]) -> list[str]:
        """The order in which to try: as given, but those that failed a short while ago behind the others."""
        if not self._failed:
            return [*urls]
        now = self._clock.time()
        return sorted(urls, key=lambda url: self._failed.get(url, (0.0, 0.0))[0] > now)

    def answered(self, url: str) -> None:
        """A URL has answered."""
        self._failed.pop(url, None)

    def failed(self, url: str) -> None:
        """A URL has not answered."""
        now = self._clock.time()
        until, pause_s = self._failed.pop(url, (0.0, FIRST_AVOIDED_S / 2))
        if until <= now:  # one that fails again while it is avoided was asked for want of a better one
            pause_s = min(2 * pause_s, LONGEST_AVOIDED_S)
            until = now + pause_s
        self._failed[url] = until, pause_s
        if len(self._failed) > MOST_FAILED:
            self._failed.popitem(last=False)

    @contextlib.asynccontextmanager
    async def place(self, url: str, timeout_s: float) -> AsyncIterator[None]:
        """A place for one request; the many to URLs that are slow or dead cannot take all of them.

        Raises Unreachable when none becomes free in time.
        """
        places = self._doubtful if url in self._failed else self._sound
        await _enter(places, timeout_s)
        held = True

        def leave() -> None:
            nonlocal held
            if self.late < MOST_LATE:
                held = False
                self.late += 1
                places.release()

        timer = asyncio.get_running_loop().call_later(LATE_S, leave) if places is self._sound else None
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            if held:
                places.release()
            else:
                self.late -= 1


async def _enter(places: asyncio.Semaphore, timeout_s: float) -> None:
    if not places.locked():
        await places.acquire()
        return
    try:
        async with asyncio.timeout(timeout_s):
            await places.acquire()
    except TimeoutError:
        raise Unreachable("too many notifications are under way to points of access that do not answer") from None
