"""Block-wise transfers of the server (RFC 7959): payloads put together, answers cut to pieces; pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from bindings.coap.kept import Kept
from bindings.coap.mapping import Message
from bindings.coap.options import BLOCK1, BLOCK2, NO_RESPONSE, SIZE1, SIZE2, uint, uint_bytes

#: The largest block of a datagram, 1024 bytes.
LARGEST = 6
CONTINUE, BAD_REQUEST, INCOMPLETE, TOO_LARGE = 0x5F, 0x80, 0x88, 0x8D
_LIFETIME_S = 93.0
_NOT_IN_THE_KEY = frozenset((BLOCK1, BLOCK2, SIZE1, SIZE2, NO_RESPONSE))


class Block(NamedTuple):
    """The value of a Block option."""

    number: int
    more: bool
    exponent: int

    @property
    def size(self) -> int:
        """Bytes of a full block."""
        return 1 << min(self.exponent, LARGEST) + 4

    def holds(self, length: int) -> bool:
        """Whether a payload of this length goes with the block."""
        if self.exponent > LARGEST:
            return not self.more or (length > 0 and length % self.size == 0)
        return length == self.size if self.more else length <= self.size

    def to_bytes(self) -> bytes:
        """Write the option."""
        return uint_bytes(self.number << 4 | self.more << 3 | self.exponent)


def block_of(message: Message, number: int) -> Block | None:
    """Read Block1 or Block2 of a message."""
    for each, value in message.options:
        if each == number:
            bits = uint(value)
            return Block(bits >> 4, bool(bits & 8), bits & 7)
    return None


class Transfers:
    """The transfers of all peers: unfinished payloads and answers that are still being fetched.

    ``max_payload_bytes`` bounds one payload, ``max_bytes`` what is kept of payloads, and of answers. A peer is a
    transport address; its ``owner``, the address without a port, has a share of what is kept.
    """

    def __init__(self, time: Callable[[], float], max_payload_bytes: int, max_bytes: int) -> None:
        self._max_payload_bytes = max_payload_bytes
        self._arriving: Kept[Hashable, bytearray] = Kept(time, _LIFETIME_S, max_bytes)
        self._fetched: Kept[Hashable, Message] = Kept(time, _LIFETIME_S, max_bytes)

    @property
    def size_bytes(self) -> int:
        """What is kept now."""
        return self._arriving.size_bytes + self._fetched.size_bytes

    def take(self, peer: Hashable, request: Message, owner: Hashable, *, stream: bool = False) -> Message | None:
        """Take a request or a block of one. On a ``stream`` a block may be any number of 1024 bytes (RFC 8323 6).

        Returns what is to be answered at once: 2.31 for a block, an error, the next block of an answer. None: the
        payload of ``request`` is complete now.
        """
        block1, block2 = block_of(request, BLOCK1), block_of(request, BLOCK2)
        if not stream and any(block is not None and block.exponent > LARGEST for block in (block1, block2)):
            return _refused(BAD_REQUEST, "a block of the reserved size 7")
        if block1 is not None:
            return self._gather((peer, key_of(request)), request, block1, owner)
        if len(request.payload) > self._max_payload_bytes:
            return self._too_large()
        if block2 is not None and block2.number:
            kept = self._fetched.get((peer, key_of(request)))
            return _refused(INCOMPLETE, "nothing is kept of this answer") if kept is None else _piece(kept, block2)
        return None

    def first(
        self, peer: Hashable, request: Message, answer: Message, owner: Hashable, room: int = 1 << LARGEST + 4
    ) -> Message:
        """Return the answer, or its first block while the others are kept; ``room`` is for a payload in one piece."""
        block1, block2 = block_of(request, BLOCK1), block_of(request, BLOCK2)
        if block1 is not None:
            answer.options.append((BLOCK1, block1._replace(more=False).to_bytes()))
            answer.options.sort(key=lambda option: option[0])
        if len(answer.payload) <= (room if block2 is None else block2.size):
            return answer
        kept = Message(answer.code, [each for each in answer.options if each[0] != BLOCK1], answer.payload)
        size_bytes = len(kept.payload) + _weight(request) + _weight(kept)
        self._fetched.put((peer, key_of(request)), kept, size_bytes, owner)
        return _piece(answer, block2 or Block(0, False, LARGEST))

    def _gather(self, key: Hashable, request: Message, block: Block, owner: Hashable) -> Message | None:
        payload = self._arriving.get(key) if block.number else bytearray()
        if payload is None or len(payload) != block.number * block.size:
            return _refused(INCOMPLETE, "a block before this one is missing; begin again")
        if not block.holds(len(request.payload)):
            return _refused(BAD_REQUEST, "the payload is not as long as its block")
        announced = max((uint(value) for number, value in request.options if number == SIZE1), default=0)
        if max(announced, len(payload) + len(request.payload)) > self._max_payload_bytes:
            self._arriving.pop(key)
            return self._too_large()
        payload += request.payload
        if block.more:
            self._arriving.put(key, payload, len(payload) + _weight(request), owner)
            return Message(CONTINUE, [(BLOCK1, block.to_bytes())])
        self._arriving.pop(key)
        request.payload = bytes(payload)
        return None

    def _too_large(self) -> Message:
        return Message(TOO_LARGE, [(SIZE1, uint_bytes(self._max_payload_bytes))])


def key_of(request: Message) -> Hashable:
    """What the requests of one transfer have in common: method and all options but those about blocks."""
    return request.code, tuple(option for option in request.options if option[0] not in _NOT_IN_THE_KEY)


def _weight(message: Message) -> int:
    """What the options of a message take in memory, roughly."""
    return sum(100 + len(value) for _, value in message.options)


def _piece(answer: Message, block: Block) -> Message:
    block = block._replace(exponent=min(block.exponent, LARGEST))
    start = block.number * block.size
    if start >= len(answer.payload):
        return _refused(BAD_REQUEST, "a block behind the end of the answer")
    end = start + block.size
    more = end < len(answer.payload)
    options = [*answer.options, (BLOCK2, block._replace(more=more).to_bytes())]
    if not block.number:
        options.append((SIZE2, uint_bytes(len(answer.payload))))
    options.sort(key=lambda option: option[0])
    return Message(answer.code, options, answer.payload[start:end])


def _refused(code: int, reason: str) -> Message:
    return Message(code, [], reason.encode())
