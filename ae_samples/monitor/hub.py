"""Live events for any number of readers; one that does not keep up is told to load the state again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

RELOAD = "reload"


class Hub:
    """Copies each event to the bounded queue of every reader, encoded once as a server-sent event."""

    def __init__(self, queue_size: int = 200, max_readers: int = 100) -> None:
        self._queue_size = queue_size
        self._max_readers = max_readers
        self._queues: set[asyncio.Queue[bytes]] = set()

    @property
    def readers(self) -> int:
        """How many readers there are."""
        return len(self._queues)

    @property
    def full(self) -> bool:
        """Whether no further reader is taken."""
        return len(self._queues) >= self._max_readers

    def publish(self, event: str, data: Any) -> None:
        """Give an event to all readers; never waits."""
        if not self._queues:
            return
        message = encode(event, data)
        for queue in self._queues:
            if queue.full():
                _empty(queue)
                message_or_reload = encode(RELOAD, {})
            else:
                message_or_reload = message
            queue.put_nowait(message_or_reload)

    @contextmanager
    def reader(self) -> Iterator[asyncio.Queue[bytes]]:
        """Take part as a reader."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(self._queue_size)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)


def encode(event: str, data: Any) -> bytes:
    """Write one server-sent event."""
    return f"event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _empty(queue: asyncio.Queue[bytes]) -> None:
    while not queue.empty():
        queue.get_nowait()
