"""The wire as the load and the notified write it: plain sockets, one request under way on each, nothing to wait for."""

from __future__ import annotations

import json
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bindings.coap.datagram import write_options
from bindings.coap.mapping import Message, request_to
from bindings.coap.stream import settings_frame, write_frame
from cse.parameters import request_from_object

HOST = "127.0.0.1"
#: Stands for the number of a request in its message; numbers are as long, so that no length changes.
MARK = "0" * 16
_CON, _ACK, _RST = 0, 2, 3
_PUBLISH = 0x32
_SECONDS = 10.0


class Heard(NamedTuple):
    """What was read: answers, those of them that are errors, and what is to be sent for it at once."""

    answers: int = 0
    failures: int = 0
    reply: bytes = b""


class Speaker(ABC):
    """One connection with requests made from ``members``; ``name`` tells it from the others of the load."""

    def __init__(self, port: int, members: Mapping[str, Any], name: str) -> None:
        self.port = port
        self.members = dict(members, rqi=MARK)
        self.name = name
        self.sock = self.open()
        self._buffer = b""
        before, _, after = self.template().partition(MARK.encode())
        self._before, self._after = before, after

    def open(self) -> socket.socket:
        """Connect."""
        sock = socket.create_connection((HOST, self.port), _SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    @abstractmethod
    def template(self) -> bytes:
        """A request with MARK for its number."""

    def request(self, number: int) -> bytes:
        """Write a request; numbers have sixteen digits."""
        return b"%b%016d%b" % (self._before, number, self._after)

    @abstractmethod
    def read(self, data: bytes) -> Heard:
        """Read what came."""

    def coap(self) -> Message:
        """The request as a CoAP message."""
        return request_to(request_from_object(self.members))

    def json(self) -> bytes:
        """The request as one JSON object."""
        return json.dumps(self.members, separators=(",", ":")).encode()

    def _is_refused(self, message: bytes) -> bool:
        return b'"rsc":4' in message or b'"rsc":5' in message


class Coap(Speaker):
    """Confirmable datagrams from a port of its own."""

    _id = 0

    def open(self) -> socket.socket:
        """Connect."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((HOST, self.port))
        return sock

    def template(self) -> bytes:
        """A request with MARK for its number."""
        message = self.coap()
        self._code = message.code
        return write_options(message.options) + (b"\xff" + message.payload if message.payload else b"")

    def request(self, number: int) -> bytes:
        """Write a request, with its number for message and token too."""
        self._id = number & 0xFFFF
        return struct.pack("!BBHH", 0x42, self._code, self._id, self._id) + super().request(number)

    def read(self, data: bytes) -> Heard:
        """Read what came."""
        kind, code = data[0] >> 4 & 3, data[1]
        reply = b"\x60\x00" + data[2:4] if kind == _CON else b""
        if kind == _RST:
            return Heard(1, 1)
        if not code or int.from_bytes(data[4:6], "big") != self._id:
            return Heard(reply=reply)
        return Heard(1, code >> 5 != 2, reply)


class CoapTcp(Speaker):
    """CoAP on a stream."""

    def open(self) -> socket.socket:
        """Connect."""
        sock = super().open()
        sock.sendall(settings_frame(1_000_000))
        return sock

    def template(self) -> bytes:
        """A request with MARK for its number."""
        return write_frame(b"\1", self.coap())

    def read(self, data: bytes) -> Heard:
        """Read what came."""
        self._buffer += data
        codes = [code for code, _ in self._frames() if code < 0xE0]
        return Heard(len(codes), sum(code >> 5 != 2 for code in codes))

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Codes and messages; short ones alone have less than two bytes of length."""
        while len(self._buffer) > 3:
            nibble = self._buffer[0] >> 4
            more = 0 if nibble < 13 else 1 << nibble - 13
            length = nibble if nibble < 13 else int.from_bytes(self._buffer[1 : 1 + more], "big") + (13, 269)[more - 1]
            end = 2 + more + (self._buffer[0] & 15) + length
            if len(self._buffer) < end:
                return
            yield self._buffer[1 + more], self._buffer[:end]
            self._buffer = self._buffer[end:]


class WebSocket(Speaker):
    """Frames that are masked with zeros: legal, and nothing to compute."""

    def open(self) -> socket.socket:
        """Connect."""
        sock = super().open()
        sock.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                     b"Sec-WebSocket-Protocol: oneM2M.json\r\n\r\n")  # fmt: skip
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        return sock

    def template(self) -> bytes:
        """A request with MARK for its number."""
        return text_frame(self.json())

    def read(self, data: bytes) -> Heard:
        """Read what came."""
        self._buffer += data
        messages = list(self.messages())
        return Heard(len(messages), sum(map(self._is_refused, messages)))

    def messages(self) -> Iterator[bytes]:
        """Take the messages that are complete."""
        while len(self._buffer) > 1:
            size, head = self._buffer[1] & 127, 2
            if size == 126:
                size, head = int.from_bytes(self._buffer[2:4], "big"), 4
            if len(self._buffer) < head + size:
                return
            message, self._buffer = self._buffer[head : head + size], self._buffer[head + size :]
            yield message


class Mqtt(Speaker):
    """A client of a broker that asks in its own name; ``receiver`` is the level of who answers."""

    receiver = "bench"

    def open(self) -> socket.socket:
        """Connect."""
        sock = super().open()
        identifier = text(f"bench-{self.name}")
        sock.sendall(packet(0x10, text("MQTT") + b"\4\2\0\0" + identifier))
        if sock.recv(4)[3:] != b"\0":
            raise RuntimeError("the broker refuses a client without a password")
        self.subscribe(sock, f"/oneM2M/resp/{self.name}/#")
        return sock

    def subscribe(self, sock: socket.socket, topic: str) -> None:
        """Listen to a topic."""
        sock.sendall(packet(0x82, b"\0\1" + text(topic) + b"\1"))
        sock.recv(5)

    def template(self) -> bytes:
        """A request with MARK for its number."""
        return publish(f"/oneM2M/req/{self.name}/{self.receiver}/json", self.json())

    def read(self, data: bytes) -> Heard:
        """Read what came."""
        self._buffer += data
        messages, reply = [], b""
        for _, number, message in self.publications():
            messages.append(message)
            reply += b"\x40\2" + number
        return Heard(len(messages), sum(map(self._is_refused, messages)), reply)

    def publications(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Take the publications that are complete: topic, number, payload."""
        while len(self._buffer) > 1:
            size, head = self._buffer[1] & 127, 2
            while self._buffer[head - 1] & 128:
                if len(self._buffer) <= head:
                    return
                size |= (self._buffer[head] & 127) << 7 * (head - 1)
                head += 1
            if len(self._buffer) < head + size:
                return
            kind, body = self._buffer[0], self._buffer[head : head + size]
            self._buffer = self._buffer[head + size :]
            if kind & 0xF0 == 0x30:
                end = 2 + int.from_bytes(body[:2], "big")
                yield body[2:end].decode(), body[end : end + 2], body[end + 2 :]


class MqttEcho(Mqtt):
    """The same, to the responder that is the limit."""

    receiver = "echo_"


def text(value: str) -> bytes:
    """A text of MQTT."""
    return len(value).to_bytes(2, "big") + value.encode()


def packet(kind: int, body: bytes) -> bytes:
    """A packet of MQTT."""
    size, length = len(body), b""
    while size > 127:
        length, size = length + bytes((size & 127 | 128,)), size >> 7
    return bytes((kind,)) + length + bytes((size,)) + body


def publish(topic: str, payload: bytes) -> bytes:
    """A publication of quality 1; one is under way at a time, so each may have the same number."""
    return packet(_PUBLISH, text(topic) + b"\0\1" + payload)


def text_frame(payload: bytes) -> bytes:
    """A text message of WebSocket."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    return head + bytes(4) + payload


SPEAKERS: Mapping[str, type[Speaker]] = {
    "coap": Coap, "coap+tcp": CoapTcp, "mqtt": Mqtt, "mqtt echo": MqttEcho, "ws": WebSocket,
}  # fmt: skip
