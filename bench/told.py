"""Who is notified over a binding: ``python -m bench.told BINDING PORT PAGE`` answers, and counts as the HTTP sink does.

For CoAP it listens on PORT; for MQTT PORT is the broker, for WebSocket the CSE, where it registers as ``Cbell``.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any, cast

import uvloop

from bench.sink import Count, serve
from bench.speakers import Mqtt, Speaker, WebSocket, publish, text_frame
from bindings.coap.datagram import read, write_options
from bindings.coap.mapping import Message
from bindings.coap.options import ONEM2M, Options, known_options
from bindings.coap.stream import read_frame, settings_frame, write_frame

HOST = "127.0.0.1"
#: What a subscription has for it, with the port in place of ``{}``.
TARGETS = {"coap": "coap://127.0.0.1:{}/", "coap+tcp": "coap+tcp://127.0.0.1:{}/",
           "mqtt": "mqtt://127.0.0.1:{}//oneM2M/req/bench/sink/json", "ws": "Cbell"}  # fmt: skip
_KNOWN = known_options()
_CHANGED = 0x44
_RQI, _RSC = ONEM2M["rqi"].number, ONEM2M["rsc"].number
_REQUEST_ID = re.compile(rb'"rqi" *: *"([^"]+)"')
_REGISTRATION: dict[str, Any] = {
    "op": 1, "to": "cse", "fr": "Cbell", "ty": 2, "rvi": "3",
    "pc": {"m2m:ae": {"rn": "bell", "api": "Nbell", "rr": True, "srv": ["3"]}},
}  # fmt: skip


class Datagrams(asyncio.DatagramProtocol):
    """CoAP on UDP."""

    def __init__(self, count: Count) -> None:
        self._count = count

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Count and answer a request."""
        request = read(data, _KNOWN)
        if request.is_request:
            self._count.add(request.payload)
            head = bytes((0x60 | len(request.token), _CHANGED)) + data[2:4] + request.token
            self._transport.sendto(head + write_options(_done(request.options)), addr)


class Stream(asyncio.Protocol):
    """CoAP on TCP."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say how large messages may be."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(settings_frame(1_000_000))

    def data_received(self, data: bytes) -> None:
        """Count and answer requests."""
        self._buffer += data
        while (found := read_frame(self._buffer, _KNOWN, 1_000_000)) is not None:
            frame, end = found
            self._buffer = self._buffer[end:]
            if 0 < frame.message.code < 32:
                self._count.add(frame.message.payload)
                answer = Message(_CHANGED, _done(frame.message.options))
                self._transport.write(write_frame(frame.token, answer))


class _Bell(WebSocket):
    def hear(self, data: bytes, count: Count) -> bytes:
        """Count requests; returns the answers."""
        self._buffer += data
        return b"".join(text_frame(_answer(message)) for message in self.messages() if _heard(message, count))


class _Subscriber(Mqtt):
    def hear(self, data: bytes, count: Count) -> bytes:
        """Count requests; returns the answers."""
        self._buffer += data
        written = b""
        for topic, number, payload in self.publications():
            written += b"\x40\2" + number
            if _heard(payload, count):
                written += publish(topic.replace("/req/", "/resp/", 1), _answer(payload))
        return written


def _done(options: Options) -> Options:
    return [*(each for each in options if each[0] == _RQI), (_RSC, b"\x07\xd0")]


def _heard(message: bytes, count: Count) -> bool:
    if b'"op"' not in message:
        return False
    count.add(message)
    return True


def _answer(message: bytes) -> bytes:
    found = _REQUEST_ID.search(message)
    members = {"rsc": 2000, "rqi": found[1].decode() if found else "", "rvi": "3", "fr": "sink", "to": "/bench"}
    return json.dumps(members).encode()


def _open(binding: str, port: int, count: Count) -> None:
    """Have a socket of the load heard."""
    speaker: Speaker
    if binding == "mqtt":
        speaker = subscriber = _Subscriber(port, {**_REGISTRATION}, "sink")
        subscriber.subscribe(subscriber.sock, "/oneM2M/req/bench/sink/#")
        hear = subscriber.hear
    else:
        speaker = bell = _Bell(port, {**_REGISTRATION}, "bell")
        bell.sock.sendall(bell.request(1))
        hear = bell.hear
    sock = speaker.sock

    def readable() -> None:
        data = sock.recv(65536)
        if data:
            sock.sendall(hear(data, count))
        else:
            asyncio.get_running_loop().remove_reader(sock)

    asyncio.get_running_loop().add_reader(sock, readable)


async def _run(binding: str, port: int, page: int) -> None:
    count, loop = Count(), asyncio.get_running_loop()
    if binding == "coap":
        await loop.create_datagram_endpoint(lambda: Datagrams(count), (HOST, port))
    elif binding == "coap+tcp":
        await loop.create_server(lambda: Stream(count), HOST, port)
    else:
        _open(binding, port, count)
    await serve(page, count)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
