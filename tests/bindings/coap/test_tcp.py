"""CoAP over TCP: framing byte by byte, connections that are limited, streams that break."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bindings.coap import tcp
from bindings.coap.blocks import Block
from bindings.coap.client import CoapClient
from bindings.coap.mapping import Message
from bindings.coap.options import BLOCK1, BLOCK2, NO_RESPONSE, known_options
from bindings.coap.server import CoapServer
from bindings.coap.stream import ABORT, CSM, PING, PONG, RELEASE, Broken, Frame, read_frame, settings_frame, write_frame
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import CoapSettings, JsonSettings
from resources.status import Status
from tests.bindings.small_cse import SmallCse

KNOWN = known_options()
SETTINGS = CoapSettings(port=0, tcp=True, max_payload_bytes=20_000)
NAMES = [(271, b"3"), (279, b"CAdmin"), (283, b"r1")]
RETRIEVE = Message(1, [(11, b"cse"), *NAMES])
NOTIFY = [(11, b"cse"), (12, b"\x32"), *NAMES]


@pytest.mark.parametrize(
    ("length", "head"),
    [(0, "01 45 aa"), (12, "c1 45 aa"), (13, "d1 00 45 aa"), (268, "d1 ff 45 aa"), (269, "e1 00 00 45 aa"),
     (65804, "e1 ff ff 45 aa"), (65805, "f1 00 00 00 00 45 aa"), (70000, "f1 00 00 10 63 45 aa")],
)  # fmt: skip
def test_frames_are_written_and_read_byte_for_byte(length: int, head: str) -> None:
    message = Message(0x45, [], b"x" * (length - 1) if length else b"")
    data = write_frame(b"\xaa", message)
    assert data.startswith(bytes.fromhex(head))
    assert len(data) == len(bytes.fromhex(head)) + length
    assert read_frame(data + b"next", KNOWN, 10**6) == (Frame(b"\xaa", message), len(data))
    for cut in {*range(min(8, len(data))), len(data) - 1}:
        assert read_frame(data[:cut], KNOWN, 10**6) is None


@pytest.mark.parametrize("data", ["09 01" + "00" * 9, "f0 ff ff ff ff 01", "10 01 ff", "10 01 f0", "00 e6", "10 e1 11"])
def test_what_breaks_a_stream(data: str) -> None:
    with pytest.raises(Broken):
        read_frame(bytes.fromhex(data), KNOWN, 1000)


@dataclass
class Peer:
    """A TCP connection of bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    buffer: bytes = b""

    async def frame(self) -> Message:
        """Return the next message; raises EOFError at the end."""
        while (found := read_frame(self.buffer, KNOWN, 10**6)) is None:
            async with asyncio.timeout(3):
                data = await self.reader.read(65536)
            if not data:
                raise EOFError
            self.buffer += data
        self.buffer = self.buffer[found[1] :]
        return found[0].message

    def send(self, *messages: Message) -> None:
        for number, message in enumerate(messages):
            self.writer.write(write_frame(bytes((number + 1,)), message))

    async def ended(self) -> list[int]:
        """Return the codes of what comes until the end."""
        codes: list[int] = []
        try:
            while True:
                codes.append((await self.frame()).code)
        except (EOFError, ConnectionError):
            return codes


class Served:
    def __init__(self, settings: CoapSettings) -> None:
        self.cse = SmallCse()
        self.server = CoapServer(self.cse.handle, settings, JsonSettings())
        self.port = 0
        self.peers: list[Peer] = []

    async def start(self) -> Served:
        self.port = int((await self.server.start()).rpartition(":")[2])
        return self

    async def open(self, greeting: bytes | None = None) -> Peer:
        """Connect and exchange settings."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.peers.append(peer)
        peer.writer.write(settings_frame(10**6) if greeting is None else greeting)
        assert (await peer.frame()).code == CSM
        return peer


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = await Served(SETTINGS).start()
    yield served
    for peer in served.peers:
        peer.writer.close()
    await served.server.stop()
    await asyncio.sleep(0)


async def test_requests_are_answered_on_their_connection(served: Served) -> None:
    peer = await served.open()
    peer.send(RETRIEVE, Message(PING, []), replace(RETRIEVE, options=[(11, b"cse")]))
    assert sorted([(await peer.frame()).code for _ in range(3)]) == [0x45, 0x80, PONG]
    assert served.cse.seen[0].source_address == "127.0.0.1"


async def test_a_critical_option_that_is_not_known_is_a_bad_option(served: Served) -> None:
    peer = await served.open()
    peer.send(Message(1, sorted([*RETRIEVE.options, (1, b"x")])), RETRIEVE)
    assert [(await peer.frame()).code for _ in range(2)] == [0x82, 0x45]
    assert len(served.cse.seen) == 1


async def test_no_response_is_respected(served: Served) -> None:
    peer = await served.open()
    peer.send(Message(1, sorted([*RETRIEVE.options, (NO_RESPONSE, b"\x02")])))
    await asyncio.sleep(0.05)
    peer.send(Message(PING, []))
    assert (await peer.frame()).code == PONG
    assert len(served.cse.seen) == 1


@pytest.mark.parametrize(
    "data",
    [b"\xff" * 20, b"\x09\x01", b"\x10\xe1\x11", b"\x00\xe6", settings_frame(2000) + b"\x10\x01\xf0"],
)
async def test_a_stream_that_breaks_is_aborted(
    served: Served, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        peer = await served.open(data + b"\0" * 30)
        assert await peer.ended() == [ABORT]
    assert [each.levelname for each in caplog.records if each.name != "asyncio"] == ["WARNING"]


async def test_settings_come_first(served: Served) -> None:
    peer = await served.open(write_frame(b"", RETRIEVE))
    assert await peer.ended() == [ABORT]


async def test_a_peer_that_releases_is_let_go(served: Served) -> None:
    peer = await served.open()
    peer.send(Message(RELEASE, []))
    assert await peer.ended() == []


async def test_a_message_has_to_go_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "_PATIENCE_S", 0.1)
    assert await (await served.open(b"")).ended() == [ABORT]
    peer = await served.open()
    peer.writer.write(write_frame(b"", RETRIEVE)[:-1])
    assert await peer.ended() == [ABORT]


async def test_too_many_connections() -> None:
    served = await Served(replace(SETTINGS, max_connections=1)).start()
    first = await served.open()
    second = await served.open()
    assert await second.ended() == [ABORT]
    first.send(RETRIEVE)
    assert (await first.frame()).code == 0x45
    for peer in served.peers:
        peer.writer.close()
    await served.server.stop()


async def test_a_peer_that_asks_without_end_waits(served: Served) -> None:
    served.cse.pause_s = 0.05
    peer = await served.open()
    peer.send(*[RETRIEVE] * 200)
    assert {(await peer.frame()).code for _ in range(200)} == {0x45}


async def test_a_large_payload_comes_in_one_message_or_in_large_blocks(served: Served) -> None:
    peer = await served.open()
    payload = b'{"m2m:sgn":{"sur":"' + b"x" * 9000 + b'"}}'
    peer.send(Message(2, NOTIFY, payload))
    assert (await peer.frame()).code == 0x44
    first = sorted([*NOTIFY, (BLOCK1, Block(0, True, 7).to_bytes())])
    last = sorted([*NOTIFY, (BLOCK1, Block(8, False, 7).to_bytes())])
    peer.send(Message(2, first, payload[:8192]), Message(2, last, payload[8192:]))
    assert [(await peer.frame()).code for _ in range(2)] == [0x5F, 0x44]
    assert len({str(each.content) for each in served.cse.seen}) == 1
    peer.send(Message(2, NOTIFY, b"x" * 40_000))
    assert await peer.ended() == [ABORT]


async def test_a_large_answer_comes_as_the_peer_takes_it(served: Served) -> None:
    served.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:uri": "x" * 5000})
    peer = await served.open()
    peer.send(RETRIEVE)
    assert len((await peer.frame()).payload) > 5000
    modest = await served.open(settings_frame(1152))
    modest.send(RETRIEVE)
    answer = await modest.frame()
    assert (len(answer.payload), dict(answer.options)[BLOCK2]) == (1024, b"\x0e")
    modest.send(Message(1, sorted([*RETRIEVE.options, (BLOCK2, Block(4, False, 6).to_bytes())])))
    assert dict((await modest.frame()).options)[BLOCK2] == b"\x46"


async def test_noise_on_streams_disturbs_nobody(served: Served) -> None:
    errors: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    choose = random.Random(7)
    good = write_frame(b"\1", RETRIEVE)
    for _ in range(300):
        data = bytearray(good * 2)
        for _ in range(choose.randint(1, 6)):
            data[choose.randrange(len(data))] = choose.randrange(256)
        peer = await served.open(settings_frame(2000) + data if choose.random() < 0.7 else bytes(data))
        peer.writer.close()
    peer = await served.open()
    peer.send(RETRIEVE)
    assert (await peer.frame()).code == 0x45
    assert errors == []


async def test_the_client_keeps_its_connection_and_opens_another_when_it_is_lost() -> None:
    served = await Served(SETTINGS).start()
    url = f"coap+tcp://127.0.0.1:{served.port}"
    client = CoapClient()
    request = RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "r1", "3")
    answers = await asyncio.gather(*(client.send(url, request, timeout_s=5) for _ in range(5)))
    assert {each.status for each in answers} == {Status.OK}
    assert served.server._tcp is not None
    assert len(served.server._tcp[0].connections) == 1
    await served.server.stop()
    with pytest.raises(Unreachable):
        await client.send(url, request, timeout_s=1)
    again = await Served(replace(SETTINGS, port=served.port)).start()
    assert (await client.send(url, request, timeout_s=5)).status is Status.OK
    await client.close()
    with pytest.raises(Unreachable, match="closed"):
        await client.send(url, request, timeout_s=5)
    await again.server.stop()
