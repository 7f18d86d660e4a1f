"""The way to the CSE through a file: polling never waits for the CSE, and what it does not have yet is kept.

Contents get a sequence number that the file counts, and with it the name of their instance. One whose acknowledgement
was lost is sent again under the same name, and the CSE answers that it is there: so each is there once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from cse.client import RequestFailed, Status, Unreachable
from cse.clock import Clock
from ipe.backoff import Backoff
from ipe.forward import Recovery, Sample, Waiting
from ipe.resources import IpeResources

A = TypeVar("A")
_log = logging.getLogger(__name__)
#: How many are sent before they are taken out of the file, together.
BATCH = 200
#: How many requests are on their way at a time; never two of one container, so that its order is kept.
AT_ONCE = 8
#: How long the end of the IPE waits for the CSE.
LAST_TRY_S = 3.0
#: What the file remembers of the last sample.
LAST = "last"
#: Begins the names under which it remembers the last contents of counters.
SUM = "sum:"
#: Answers that no repetition makes better: the content itself is not wanted.
HOPELESS = (Status.BAD_REQUEST, Status.CONTENTS_UNACCEPTABLE, Status.NOT_ACCEPTABLE)


class Outbox(Generic[A]):
    """A ``Sink`` that keeps everything in ``waiting`` until the CSE has it."""

    def __init__(
        self, waiting: Waiting, resources: IpeResources[A], recovery: Recovery, most: int, clock: Clock,
        backoff: Backoff,
    ) -> None:
        self._waiting = waiting
        self._resources = resources
        self._recovery = recovery
        self._clock = clock
        self._backoff = backoff
        last = waiting.state(LAST) or {"sequence": 0, "time_s": 0.0}
        self._sequence, self._last_s = int(last["sequence"]), float(last["time_s"])
        #: What is not in the file yet; more than the file may hold is never there.
        self._new: deque[Sample] = deque(maxlen=most)
        self._missing: set[str] = set()
        #: The last contents of counters: what ``recall`` gives after a restart.
        self._sums: dict[str, Any] = {}
        self._news = asyncio.Event()

    async def send(self, container: str, content: dict[str, Any]) -> None:
        """Take a content; ``keep`` makes it durable."""
        # Samples are sorted by time: a clock that was set back must not turn their order round.
        self._last_s = max(self._last_s, self._clock.time())
        self._sequence += 1
        self._new.append(Sample(container, self._last_s, self._sequence, content))
        if "sum" in content:
            self._sums[SUM + container] = content

    async def keep(self) -> None:
        """Put what was taken into the file; what cannot be put waits for the next time."""
        if not self._new:
            return
        try:
            gone = self._waiting.put(
                self._new, {LAST: {"sequence": self._sequence, "time_s": self._last_s}, **self._sums})
        except OSError as error:
            _log.error("%d contents are not safe yet: %s", len(self._new), error)
            return
        self._new.clear()
        self._sums.clear()
        self._news.set()
        if gone:
            _log.warning("the outbox is full: the %d oldest contents are lost, %d so far", gone, self._waiting.lost)

    async def recall(self, container: str) -> Mapping[str, Any] | None:
        """Return the last content of a counter that the file remembers; the CSE may have it, or not yet."""
        content = self._waiting.state(SUM + container)
        return content if isinstance(content, Mapping) else None

    async def run(self, prepare: Callable[[], Awaitable[None]], change: Callable[[], Awaitable[None]]) -> None:
        """Send until cancelled.

        ``prepare`` makes sure of the resources, first and after every failure; ``change`` brings those up to date
        that have changed since.
        """
        while True:
            try:
                await prepare()
                while True:
                    self._news.clear()
                    await change()
                    await self.send_all()
                    await self._news.wait()
            except (Unreachable, RequestFailed, OSError) as error:
                delay_s = self._backoff.delay_s()
                _log.warning("the CSE: %s; %d contents wait; again in %.1f s", error, len(self._waiting), delay_s)
                await self._clock.sleep(delay_s)

    async def finish(self) -> None:
        """Send what can be sent soon; the rest goes when the IPE runs again."""
        try:
            async with asyncio.timeout(LAST_TRY_S):
                await self.send_all()
        except (Unreachable, RequestFailed, OSError, TimeoutError) as error:
            _log.warning("%d contents wait for the next start: %s", len(self._waiting), str(error) or "the CSE is slow")

    async def send_all(self) -> None:
        """Send until nothing waits; raises the errors of ``Client``, or OSError."""
        while batch := self._waiting.take(BATCH, self._recovery):
            done: list[int] = []
            try:
                await self._send_batch(batch, done)
            finally:
                self._waiting.done(done)
            self._backoff.reset()

    async def _send_batch(self, batch: list[tuple[int, Sample]], done: list[int]) -> None:
        """Send one after another within a container and several containers at a time; ``done`` gets what is sent."""
        lanes: dict[str, deque[tuple[int, Sample]]] = {}
        for id_, sample in batch:
            lanes.setdefault(sample.point, deque()).append((id_, sample))
        waiting = deque(lanes.values())

        async def drive() -> None:
            while waiting:
                lane = waiting.popleft()
                for id_, sample in lane:
                    await self._send(sample)
                    done.append(id_)

        senders = [asyncio.create_task(drive()) for _ in range(min(AT_ONCE, len(waiting)))]
        try:
            await asyncio.gather(*senders)
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)

    async def _send(self, sample: Sample) -> None:
        """Return when the CSE has a sample, or never will."""
        name = f"{sample.time_s * 1000:.0f}-{sample.sequence}"
        try:
            await self._resources.send(sample.point, sample.body, name)
        except RequestFailed as failure:
            if failure.status is Status.CONFLICT:
                return
            if not self._is_hopeless(failure.status, f"{sample.point}/{name}"):
                raise
            _log.error("lost, the CSE does not take it: %s", failure)

    def _is_hopeless(self, status: Status, path: str) -> bool:
        """A container that is missing is made once more: it may be one of a point that is no longer in the list."""
        if status is not Status.NOT_FOUND:
            return status in HOPELESS
        if path in self._missing:
            self._missing.discard(path)
            return True
        self._missing.add(path)
        return False

    def close(self) -> None:
        """Close the file; everything is in it."""
        self._waiting.close()
