"""Moments at which something is to be done, on the injected clock: one sleeper for all of them."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable, Coroutine, Hashable
from contextvars import Context
from typing import Any, TypeVar

from cse.clock import Clock

Result = TypeVar("Result")

log = logging.getLogger("banyan.timers")


class Timers:
    """Callbacks by key, each at its moment; a key has one moment at most. In memory: re-arm after a restart."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[float, int, Hashable]] = []
        self._due: dict[Hashable, tuple[int, float, Callable[[], None]]] = {}
        self._numbers = itertools.count()
        self._sleeper: asyncio.Task[None] | None = None
        self._wakes_at = float("inf")
        self._held = False

    def at(self, key: Hashable, when_s: float, callback: Callable[[], None]) -> None:
        """Call back at ``when_s`` (seconds since the epoch), at once if that is past; replaces the key's moment."""
        number = next(self._numbers)
        self._due[key] = number, when_s, callback
        heapq.heappush(self._queue, (when_s, number, key))
        if when_s < self._wakes_at and not self._held:
            self._sleep_until(when_s)

    def hold(self) -> None:
        """Call nobody before ``go``; to be called before the first moment is set."""
        self._held = True

    def go(self) -> None:
        """What became due while nobody was called is due now."""
        self._held = False
        if self._queue and self._sleeper is None:
            self._sleep_until(self._queue[0][0])

    def cancel(self, key: Hashable) -> bool:
        """Forget a key; False when it has no moment."""
        return self._due.pop(key, None) is not None

    def pending(self, key: Hashable) -> float | None:
        """The moment of a key, None when it has none."""
        found = self._due.get(key)
        return None if found is None else found[1]

    async def within(self, seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what the work returns, raise what it raises; TimeoutError when it takes longer, or is cancelled.

        Who does not want to be cancelled is left alone: his outcome does not count any more.
        """
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        over = asyncio.get_running_loop().create_future()
        self.at(over, self._clock.time() + seconds, lambda: None if over.done() else over.set_result(None))
        try:
            await asyncio.wait((task, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.cancel(over)
            task.cancel()
        if not task.done() or task.cancelled():
            raise TimeoutError
        return task.result()

    def _sleep_until(self, when_s: float) -> None:
        if self._sleeper is not None:
            self._sleeper.cancel()
        self._wakes_at = when_s
        # of nobody: what arms the sleeper must not be taken for the cause of all that is due later
        self._sleeper = asyncio.get_running_loop().create_task(self._run(when_s), context=Context())

    async def _run(self, when_s: float) -> None:
        while True:
            await self._clock.sleep(when_s - self._clock.time())
            self._call_due()
            if not self._queue:
                break
            when_s = self._wakes_at = self._queue[0][0]
        self._sleeper, self._wakes_at = None, float("inf")

    def _call_due(self) -> None:
        now = self._clock.time()
        self._wakes_at = float("-inf")  # what is added meanwhile is looked at when this is over
        while self._queue:
            when_s, number, key = self._queue[0]
            found = self._due.get(key)
            if found is None or found[0] != number:
                heapq.heappop(self._queue)
            elif when_s > now:
                break
            else:
                heapq.heappop(self._queue)
                del self._due[key]
                self._call(key, found[2])

    def _call(self, key: Hashable, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:
            log.exception("what was due for %r failed", key)

    async def stop(self) -> None:
        """Forget everything."""
        self._due.clear()
        self._queue.clear()
        if self._sleeper is not None:
            self._sleeper.cancel()
            await asyncio.gather(self._sleeper, return_exceptions=True)
            self._sleeper = None
