"""What a device tells by itself, until it is passed on."""

from __future__ import annotations

import asyncio
from collections import deque

from ipe.driver import PointError, Timed
from ipe.points import Value

#: More than this waits only when the CSE is away and there is no outbox; then the newest count.
MOST = 100_000


class Heard:
    """A queue that the driver fills (``put`` is a ``Told``) and the runner empties."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Value | Timed | PointError]] = deque(maxlen=MOST)
        self._news = asyncio.Event()
        #: Points told of since this was cleared last: what was read meanwhile may be older.
        self.since: set[str] = set()

    def put(self, name: str, what: Value | Timed | PointError) -> None:
        """Take what a device tells of a point."""
        self._waiting.append((name, what))
        self.since.add(name)
        self._news.set()

    async def wait(self) -> None:
        """Return when there is something."""
        await self._news.wait()

    def pop(self) -> tuple[str, Value | Timed | PointError] | None:
        """Return what was told first; None when nothing waits."""
        if self._waiting:
            return self._waiting.popleft()
        self._news.clear()
        return None

    def clear(self) -> None:
        """Forget what was told over a connection that is gone."""
        self._waiting.clear()
        self._news.clear()
