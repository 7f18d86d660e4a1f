"""Datagrams as they come, checked in full before anything else looks at them (RFC 7252 3, 4.2, 4.3, 5.4); pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bindings.coap.options import Option, Options

CON, NON, ACK, RST = range(4)
EMPTY, BAD_OPTION = 0, 0x82
_MARKER = 0xFF
_HEADER_BYTES = 4


@dataclass(slots=True)
class Datagram:
    """A well-formed message with options that are understood."""

    type: int
    code: int
    message_id: int
    token: bytes
    options: Options
    payload: bytes

    @property
    def is_request(self) -> bool:
        """True for the codes 0.01 to 0.31."""
        return 0 < self.code < 32


class Refused(Exception):
    """A datagram that is not let in; ``answer`` is what the peer gets, nothing when it is empty."""

    def __init__(self, reason: str, answer: bytes = b"") -> None:
        super().__init__(reason)
        self.answer = answer


class Malformed(ValueError):
    """Options that cannot be read."""


class NotUnderstood(ValueError):
    """A critical option that is unknown, or known and wrong."""


def read(data: bytes, known: Mapping[int, Option]) -> Datagram:
    """Read a datagram; raises Refused.

    What is malformed gets a Reset if it was confirmable, a confirmable request with a critical option that is not
    understood 4.02; everything else is dropped in silence, as it has to be.
    """
    if len(data) < _HEADER_BYTES or data[0] >> 6 != 1:
        raise Refused("no CoAP message of version 1")
    kind, token_length, code = data[0] >> 4 & 3, data[0] & 15, data[1]
    reset = b"\x70\x00" + data[2:4] if kind == CON else b""
    if code == EMPTY:
        if len(data) > _HEADER_BYTES or kind == NON:
            raise Refused("an empty message that is not empty or non-confirmable", reset)
        return Datagram(kind, code, int.from_bytes(data[2:4], "big"), b"", [], b"")
    request = code < 32
    if not (request or 64 <= code < 192) or kind == RST or (kind == ACK and request):
        raise Refused(f"code {code >> 5}.{code & 31:02} in a message of type {kind}", reset)
    rest = _HEADER_BYTES + token_length
    if token_length > 8 or len(data) < rest:
        raise Refused("a token longer than 8 bytes or than the datagram", reset)
    token = data[_HEADER_BYTES:rest]
    try:
        options, payload = read_options(data, rest, known)
    except Malformed as error:
        raise Refused(str(error), reset) from None
    except NotUnderstood as error:
        raise Refused(str(error), _bad_option(data[2:4], token, str(error)) if request and reset else reset) from None
    return Datagram(kind, code, int.from_bytes(data[2:4], "big"), token, options, payload)


def read_options(data: bytes, position: int, known: Mapping[int, Option]) -> tuple[Options, bytes]:
    """Read options from ``position`` on and the payload behind them; raises Malformed, NotUnderstood."""
    options: Options = []
    number, end = 0, len(data)
    while position < end:
        head = data[position]
        if head == _MARKER:
            if position + 1 == end:
                raise Malformed("a payload marker and no payload")
            return options, data[position + 1 :]
        delta, position = _extended(head >> 4, data, position + 1)
        length, position = _extended(head & 15, data, position)
        repeated = delta == 0 and bool(options) and options[-1][0] == number
        number += delta
        value = data[position : position + length]
        position += length
        if position > end or number > 0xFFFF:
            raise Malformed("an option that is longer than the datagram, or beyond 65535")
        option = known.get(number)
        if option is not None and option.accepts(value) and (option.repeatable or not repeated):
            options.append((number, value))
        elif number & 1:
            raise NotUnderstood(_why(number, option))
    return options, b""


def write_options(options: Options) -> bytes:
    """Write options, which must be sorted by number."""
    written = bytearray()
    before = 0
    for number, value in options:
        delta, more_delta = _split(number - before)
        length, more_length = _split(len(value))
        written += bytes((delta << 4 | length,)) + more_delta + more_length + value
        before = number
    return bytes(written)


def _why(number: int, option: Option | None) -> str:
    if option is None:
        return f"unknown critical option {number}"
    return f"option {number} ({option.name}): given twice, {option.least} to {option.most} bytes allowed, or no UTF-8"


def _bad_option(message_id: bytes, token: bytes, reason: str) -> bytes:
    return bytes((0x60 | len(token), BAD_OPTION)) + message_id + token + b"\xff" + reason.encode()


def _extended(nibble: int, data: bytes, position: int) -> tuple[int, int]:
    if nibble < 13:
        return nibble, position
    if nibble == 13:
        if position >= len(data):
            raise Malformed("an option that ends too early")
        return data[position] + 13, position + 1
    if nibble == 14:
        if position + 1 >= len(data):
            raise Malformed("an option that ends too early")
        return int.from_bytes(data[position : position + 2], "big") + 269, position + 2
    raise Malformed("an option with the reserved length or delta 15")


def _split(value: int) -> tuple[int, bytes]:
    if value < 13:
        return value, b""
    return (13, bytes((value - 13,))) if value < 269 else (14, (value - 269).to_bytes(2, "big"))
