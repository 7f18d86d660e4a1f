"""What a client is to get: kept in order until it is acknowledged, within bounds, while the client is away as well."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bindings.broker import packets

#: Messages under way to a client that it has not acknowledged.
WINDOW = 1000
#: What a kept message costs besides its payload.
_MESSAGE_BYTES = 300


class Line(Protocol):
    """The way to a client that is there; it calls ``relieved`` when it is not full any more."""

    relieved: Callable[[], None]

    @property
    def is_full(self) -> bool:
        """True while the client does not read what it has been sent."""

    def write(self, data: bytes) -> None:
        """Send a packet."""


@dataclass(slots=True)
class Budget:
    """Bytes that all clients together may have the broker keep; ``dropped`` counts messages that found no room."""

    bytes: int
    dropped: int = 0


@dataclass(slots=True, eq=False)
class _Message:
    topic: str
    payload: bytes
    number: int = 0

    @property
    def size(self) -> int:
        return len(self.payload) + len(self.topic) + _MESSAGE_BYTES


class Outbox:
    """The messages for one session: at most ``most`` and ``most_bytes`` of quality of service 1.

    What finds no room is dropped, the newest first. Messages of quality of service 0 are never kept.
    """

    def __init__(self, most: int, most_bytes: int, budget: Budget) -> None:
        self._most = most
        self._left_bytes = most_bytes
        self._budget = budget
        self._line: Line | None = None
        self._waiting: deque[_Message] = deque()
        self._sent: OrderedDict[int, _Message] = OrderedDict()
        self._number = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)

    def connect(self, line: Line) -> None:
        """Send what waits, first again what was sent and not acknowledged."""
        self._waiting.extendleft(reversed(self._sent.values()))
        self._sent.clear()
        self._line = line
        line.relieved = self.pump
        self.pump()

    def disconnect(self) -> None:
        """Keep what comes from now on."""
        self._line = None

    def put(self, topic: str, payload: bytes, qos: int) -> bool:
        """Send a message, now or later; False if there is no room for it."""
        if not qos:
            if self._line is None:
                return True
            if self._line.is_full:
                self._budget.dropped += 1
                return False
            self._line.write(packets.publish(topic, payload, 0, 0))
            return True
        message = _Message(topic, payload)
        size = message.size
        if len(self) >= self._most or size > self._left_bytes or size > self._budget.bytes:
            self._budget.dropped += 1
            return False
        self._left_bytes -= size
        self._budget.bytes -= size
        self._waiting.append(message)
        self.pump()
        return True

    def acknowledged(self, number: int) -> None:
        """Forget a message that has arrived; a number that nothing was sent with is nothing."""
        message = self._sent.pop(number, None)
        if message is not None:
            self._give_back(message)
            self.pump()

    def pump(self) -> None:
        """Send what may be sent."""
        line = self._line
        while self._waiting and line is not None and not line.is_full and len(self._sent) < WINDOW:
            message = self._waiting.popleft()
            again = bool(message.number)
            message.number = message.number or self._next()
            self._sent[message.number] = message
            line.write(packets.publish(message.topic, message.payload, 1, message.number, again=again))

    def clear(self) -> None:
        """Forget everything."""
        self._line = None
        for message in (*self._sent.values(), *self._waiting):
            self._give_back(message)
        self._sent.clear()
        self._waiting.clear()

    def _give_back(self, message: _Message) -> None:
        self._left_bytes += message.size
        self._budget.bytes += message.size

    def _next(self) -> int:
        """A number that nothing under way has; what is sent again went first, so it is under way already."""
        while True:
            self._number = self._number % 0xFFFF + 1
            if self._number not in self._sent:
                return self._number
