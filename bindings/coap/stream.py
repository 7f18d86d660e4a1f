"""Messages on a TCP stream: framing and signalling (RFC 8323 3, 5); pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bindings.coap.datagram import BAD_OPTION, Malformed, NotUnderstood, read_options, write_options
from bindings.coap.mapping import Message
from bindings.coap.options import NO_RESPONSE, Form, Option, uint, uint_bytes

CSM, PING, PONG, RELEASE, ABORT = range(225, 230)
#: What a peer takes that has not said more.
DEFAULT_MAX_BYTES = 1152
_MAX_MESSAGE_SIZE = 2
#: Options besides the payload.
OPTION_BYTES = 8192
_SIGNALS: Mapping[int, Mapping[int, Option]] = {
    CSM: {2: Option("Max-Message-Size", Form.UINT, 4), 4: Option("Block-Wise-Transfer", Form.OPAQUE, 0)},
    PING: {2: Option("Custody", Form.OPAQUE, 0)},
    PONG: {2: Option("Custody", Form.OPAQUE, 0)},
    RELEASE: {
        2: Option("Alternative-Address", Form.TEXT, 255, 1, repeatable=True),
        4: Option("Hold-Off", Form.UINT, 3),
    },
    ABORT: {2: Option("Bad-CSM-Option", Form.UINT, 2)},
}


class Broken(ValueError):
    """The stream cannot be read on; the connection is aborted."""


@dataclass(slots=True)
class Frame:
    """A message with its token. ``bad_option``: why a request is answered 4.02 instead of being done."""

    token: bytes
    message: Message
    bad_option: str = ""


def read_frame(buffer: bytes | bytearray, known: Mapping[int, Option], max_bytes: int) -> tuple[Frame, int] | None:
    """Read the first message of a buffer; return it and its length, None if it is not complete. Raises Broken.

    ``max_bytes`` bounds options and payload.
    """
    if len(buffer) < 2:
        return None
    nibble, token_length = buffer[0] >> 4, buffer[0] & 15
    more = 0 if nibble < 13 else 1 << nibble - 13
    if len(buffer) < 2 + more:
        return None
    length = nibble if nibble < 13 else int.from_bytes(buffer[1 : 1 + more], "big") + (13, 269, 65805)[nibble - 13]
    if token_length > 8 or length > max_bytes:
        raise Broken("a token longer than 8 bytes, or a message larger than allowed")
    code, start = buffer[1 + more], 2 + more
    end = start + token_length + length
    if len(buffer) < end:
        return None
    token, body = bytes(buffer[start : start + token_length]), bytes(buffer[start + token_length : end])
    return _frame(code, token, body, known), end


def write_frame(token: bytes, message: Message) -> bytes:
    """Write a message."""
    body = write_options(message.options) + (b"\xff" + message.payload if message.payload else b"")
    length = len(body)
    if length < 13:
        nibble, more = length, b""
    elif length < 269:
        nibble, more = 13, bytes((length - 13,))
    elif length < 65805:
        nibble, more = 14, (length - 269).to_bytes(2, "big")
    else:
        nibble, more = 15, (length - 65805).to_bytes(4, "big")
    return bytes((nibble << 4 | len(token),)) + more + bytes((message.code,)) + token + body


def settings_frame(max_bytes: int) -> bytes:
    """The first message on a connection: how large a message may be. Blocks are not asked for."""
    return write_frame(b"", Message(CSM, [(_MAX_MESSAGE_SIZE, uint_bytes(max_bytes))]))


def abort_frame(reason: str) -> bytes:
    """The last message on a connection that cannot be read on."""
    return write_frame(b"", Message(ABORT, [], reason.encode()))


def max_bytes_of(settings: Message, before: int) -> int:
    """How large a message may be by a CSM of the peer."""
    return next((uint(value) for number, value in settings.options if number == _MAX_MESSAGE_SIZE), before)


def _frame(code: int, token: bytes, body: bytes, known: Mapping[int, Option]) -> Frame:
    signal = _SIGNALS.get(code)
    if code >= 224 and signal is None:
        raise Broken(f"unknown signal {code >> 5}.{code & 31:02}")
    try:
        options, payload = read_options(body, 0, known if signal is None else signal)
    except Malformed as error:
        raise Broken(str(error)) from None
    except NotUnderstood as error:
        if signal is not None:
            raise Broken(str(error)) from None
        return Frame(token, Message(code, []), str(error))
    return Frame(token, Message(code, options, payload))


def unwanted(request: Message, answer: Message) -> bool:
    """Whether a request wants no answer of this class (RFC 7967)."""
    classes = next((uint(value) for number, value in request.options if number == NO_RESPONSE), 0)
    return bool(classes >> (answer.code >> 5) - 1 & 1)


def bad_option(frame: Frame) -> bytes:
    """The answer to a request with an option that is not understood."""
    return write_frame(frame.token, Message(BAD_OPTION, [], frame.bad_option.encode()))
