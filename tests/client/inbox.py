"""What an AE has been told."""

from __future__ import annotations

import asyncio

from cse.client import Notification


class Inbox:
    """Collects notifications."""

    def __init__(self) -> None:
        self.received: list[Notification] = []
        self._more = asyncio.Condition()

    async def __call__(self, notification: Notification) -> None:
        async with self._more:
            self.received.append(notification)
            self._more.notify_all()

    async def wait_for(self, count: int, *, limit_s: float = 5.0) -> list[Notification]:
        async with asyncio.timeout(limit_s), self._more:
            await self._more.wait_for(lambda: len(self.received) >= count)
        return self.received
