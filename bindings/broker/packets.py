"""MQTT 3.1.1 packets of clients, checked in full before anything else looks at them; pure.

What the profile of oneM2M does not use is refused like what is malformed: quality of service 2 (TS-0010 6.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = range(8, 15)
#: Return codes of CONNACK (MQTT 3.1.1 3.2.2.3).
ACCEPTED, BAD_VERSION, BAD_IDENTIFIER, UNAVAILABLE, BAD_LOGIN, NOT_AUTHORIZED = range(6)
#: A CONNECT is read of somebody who has not proved anything yet.
MAX_CONNECT = 8192
MAX_CLIENT_ID, MAX_USER, MAX_PASSWORD = 256, 256, 1024
MAX_TOPIC, MAX_LEVELS = 1024, 32
MAX_FILTERS = 100
_LEVEL_4 = 4
_LENGTH_BYTES = 4
#: Not allowed, and what may be disallowed because it is no text (MQTT 3.1.1 1.5.3).
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


class Refused(Exception):
    """A packet that is not let in: the connection ends, after ``answer`` if there is one."""

    def __init__(self, reason: str, answer: bytes = b"") -> None:
        super().__init__(reason)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Will:
    """What is published when a client is lost."""

    topic: str
    payload: bytes
    qos: int


@dataclass(frozen=True, slots=True)
class Connect:
    """A client's first packet; ``user`` is None for one that does not say who it is."""

    client_id: str
    clean: bool
    keep_alive_s: int
    user: str | None
    password: bytes
    will: Will | None


@dataclass(frozen=True, slots=True)
class Packet:
    """A well-formed packet as it came; ``connect`` is what a CONNECT says."""

    type: int
    data: bytes
    connect: Connect | None = None


def connack(code: int, *, session_present: bool = False) -> bytes:
    """The answer to a CONNECT."""
    return bytes((CONNACK << 4, 2, session_present and code == ACCEPTED, code))


def publish(topic: str, payload: bytes, qos: int, number: int, *, again: bool = False) -> bytes:
    """A PUBLISH to a client, ``again`` if it was sent before."""
    name = topic.encode()
    identifier = number.to_bytes(2, "big") if qos else b""
    length = 2 + len(name) + len(identifier) + len(payload)
    first = PUBLISH << 4 | (8 if again else 0) | qos << 1
    return b"".join((bytes((first,)), _length(length), len(name).to_bytes(2, "big"), name, identifier, payload))


def _length(value: int) -> bytes:
    written = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        written.append(low | (0x80 if value else 0))
        if not value:
            return bytes(written)


class Splitter:
    """Cuts a stream into packets of at most ``limit`` bytes, of ``MAX_CONNECT`` until there was a CONNECT."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._connected = False

    @property
    def within(self) -> bool:
        """True while a packet has begun and not ended."""
        return bool(self._held)

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take what came and return the packets that are complete; raises Refused, after those before the fault."""
        held, position = self._held, 0
        held += data
        try:
            while True:
                end, begin = self._bounds(position)
                if end > len(held) or begin == end == position:
                    return
                packet = read(bytes(held[position:end]), begin - position)
                self._connected = True
                position = end
                yield packet
        finally:
            del held[:position]

    def _bounds(self, position: int) -> tuple[int, int]:
        """Where the packet at ``position`` ends and its body begins; ``position`` for both while that is unknown."""
        held = self._held
        if position == len(held):
            return position, position
        self._check_first(held[position])
        length = 0
        for count, byte in enumerate(held[position + 1 : position + 1 + _LENGTH_BYTES]):
            length |= (byte & 0x7F) << 7 * count
            if not byte & 0x80:
                begin = position + 2 + count
                limit = self._limit if self._connected else MAX_CONNECT
                if begin - position + length > limit:
                    raise Refused(f"a packet of {length} bytes; {limit} are allowed here")
                return begin + length, begin
        if len(held) > position + _LENGTH_BYTES:
            raise Refused("a length of more than four bytes")
        return position, position

    def _check_first(self, first: int) -> None:
        kind, flags = first >> 4, first & 15
        if (kind == CONNECT) is self._connected:
            raise Refused("a second CONNECT" if self._connected else f"packet type {kind} before CONNECT")
        if kind not in _READERS:
            raise Refused(f"packet type {kind}, which is none of a client here")
        if kind != PUBLISH and flags != _FLAGS.get(kind, 0):
            raise Refused(f"flags {flags} in packet type {kind}")
        if kind == PUBLISH and (flags & 6 > 2 or flags & 0xE == 8):
            raise Refused("a PUBLISH with a quality of service other than 0 and 1, or a repetition with 0")


class _Body:
    """What follows the fixed header, from one end to the other; every fault raises Refused."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    @property
    def left(self) -> int:
        return len(self._data) - self._position

    def take(self, count: int, what: str) -> bytes:
        begin, self._position = self._position, self._position + count
        if self._position > len(self._data):
            raise Refused(f"{what}: the packet ends too early")
        return self._data[begin : self._position]

    def number(self, what: str, size: int = 2) -> int:
        return int.from_bytes(self.take(size, what), "big")

    def identifier(self) -> int:
        value = self.number("packet identifier")
        if not value:
            raise Refused("packet identifier 0")
        return value

    def binary(self, what: str, most: int) -> bytes:
        length = self.number(what)
        if length > most:
            raise Refused(f"{what}: longer than {most} bytes")
        return self.take(length, what)

    def text(self, what: str, most: int) -> str:
        try:
            text = self.binary(what, most).decode()
        except UnicodeDecodeError:
            raise Refused(f"{what}: no UTF-8") from None
        if _UNFIT.search(text):
            raise Refused(f"{what}: control characters")
        return text

    def topic(self, what: str = "topic") -> str:
        name = self.text(what, MAX_TOPIC)
        if not name or "+" in name or "#" in name or name.count("/") >= MAX_LEVELS:
            raise Refused(f"{what}: empty, with + or #, or of more than {MAX_LEVELS} levels")
        return name

    def filter(self) -> str:
        name = self.text("topic filter", MAX_TOPIC)
        levels = name.split("/")
        fits = name and len(levels) <= MAX_LEVELS and "#" not in "".join(levels[:-1])
        if not fits or any(len(level) > 1 and ("+" in level or "#" in level) for level in levels):
            raise Refused("topic filter: + and # stand for whole levels, # for the last")
        return name

    def end(self, what: str) -> None:
        if self.left:
            raise Refused(f"{what}: {self.left} bytes too many")


def read(data: bytes, begin: int) -> Packet:
    """Read a packet whose fixed header is as it should be, and whose body begins at ``begin``; raises Refused."""
    kind = data[0] >> 4
    return Packet(kind, data, _READERS[kind](_Body(data, begin), data[0]))


def _connect(body: _Body, _first: int) -> Connect:
    name, level = body.binary("protocol name", 6), body.number("protocol level", 1)
    if name not in {b"MQTT", b"MQIsdp"}:
        raise Refused("a protocol other than MQTT")
    if level != _LEVEL_4 or name != b"MQTT":
        raise Refused(f"protocol level {level}; this broker speaks MQTT 3.1.1 alone", connack(BAD_VERSION))
    flags, keep_alive_s = body.number("connect flags", 1), body.number("keep alive")
    has_user, has_password, retain, qos, has_will, clean = (
        flags & 0x80, flags & 0x40, flags & 0x20, flags >> 3 & 3, flags & 4, bool(flags & 2)
    )  # fmt: skip
    if flags & 1 or (has_password and not has_user) or (not has_will and (qos or retain)) or qos > 1:
        raise Refused(f"connect flags {flags:#x}, which do not go together or ask for quality of service 2")
    client_id = body.text("client identifier", MAX_CLIENT_ID)
    will = Will(body.topic("will topic"), body.binary("will", MAX_CONNECT), qos) if has_will else None
    user = body.text("user", MAX_USER) if has_user else None
    password = body.binary("password", MAX_PASSWORD) if has_password else b""
    body.end("CONNECT")
    if not client_id and not clean:
        raise Refused("a session to be kept needs a client identifier", connack(BAD_IDENTIFIER))
    return Connect(client_id, clean, keep_alive_s, user, password, will)


def _publish(body: _Body, first: int) -> None:
    body.topic()
    if first & 2:
        body.identifier()


def _puback(body: _Body, _first: int) -> None:
    body.identifier()
    body.end("PUBACK")


def _subscribe(body: _Body, _first: int) -> None:
    body.identifier()
    for _ in range(MAX_FILTERS):
        body.filter()
        if body.number("requested quality of service", 1) > 2:
            raise Refused("requested quality of service: above 2")
        if not body.left:
            return
    raise Refused(f"more than {MAX_FILTERS} topic filters in one packet")


def _unsubscribe(body: _Body, _first: int) -> None:
    body.identifier()
    for _ in range(MAX_FILTERS):
        body.filter()
        if not body.left:
            return
    raise Refused(f"more than {MAX_FILTERS} topic filters in one packet")


def _nothing(body: _Body, _first: int) -> None:
    body.end("PINGREQ or DISCONNECT")


#: What clients send. PUBREC, PUBREL and PUBCOMP belong to quality of service 2.
_READERS: dict[int, Callable[[_Body, int], Connect | None]] = {
    CONNECT: _connect, PUBLISH: _publish, PUBACK: _puback, SUBSCRIBE: _subscribe, UNSUBSCRIBE: _unsubscribe,
    PINGREQ: _nothing, DISCONNECT: _nothing,
}  # fmt: skip
_FLAGS = {SUBSCRIBE: 2, UNSUBSCRIBE: 2}
