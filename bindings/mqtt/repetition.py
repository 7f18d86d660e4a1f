"""Messages that come twice: QoS 1 means at least once, and what is sent again after a loss may have come before."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cse.primitive import Repetition


@dataclass(slots=True, eq=False)
class Seen:
    """A request: its content as a digest, and its answer once there is one."""

    digest: bytes
    answer: asyncio.Future[bytes]
    since_s: float


class Answers:
    """The latest requests with their answers: at most so many, so many bytes, and for so long.

    This is what one process knows, of requests under way too; what was done is known for good by ``cse.answers``.
    A request with the identifier of another but with a different content is another request: identifiers are used
    again by some AEs, and nobody may have his request swallowed for it.
    """

    def __init__(self, most: int, most_bytes: int, kept_s: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept_s = kept_s
        self._clock = clock
        self._seen: OrderedDict[bytes, Seen] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._seen)

    def find(self, repetition: Repetition) -> Seen | None:
        """The same request, if it came before."""
        self._forget()
        seen = self._seen.get(repetition.key)
        return seen if seen is not None and seen.digest == repetition.digest else None

    def begin(self, repetition: Repetition) -> Seen:
        """Note that a request is being worked on."""
        self._drop(repetition.key)
        seen = Seen(repetition.digest, asyncio.get_running_loop().create_future(), self._clock())
        self._seen[repetition.key] = seen
        return seen

    def end(self, repetition: Repetition, seen: Seen, answer: bytes) -> None:
        """Note its answer."""
        seen.answer.set_result(answer)
        if self._seen.get(repetition.key) is seen:
            self._bytes += len(answer)
            self._forget()

    def give_up(self, repetition: Repetition, seen: Seen) -> None:
        """Forget a request that was not answered."""
        seen.answer.cancel()
        if self._seen.get(repetition.key) is seen:
            del self._seen[repetition.key]

    def _forget(self) -> None:
        until = self._clock() - self._kept_s
        while self._seen:
            key, oldest = next(iter(self._seen.items()))
            if len(self._seen) <= self._most and self._bytes <= self._most_bytes and oldest.since_s > until:
                return
            if not oldest.answer.done() and len(self._seen) <= self._most:
                return
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        seen = self._seen.pop(key, None)
        if seen is not None and seen.answer.done() and not seen.answer.cancelled():
            self._bytes -= len(seen.answer.result())
