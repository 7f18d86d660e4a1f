"""The server on the wire: messages that come twice, blocks, limits, failures, stopping."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from bindings.coap.blocks import Block
from bindings.coap.datagram import Datagram, read
from bindings.coap.options import BLOCK1, BLOCK2, NO_RESPONSE, PROXY_URI, SIZE1, SIZE2, known_options
from bindings.coap.server import CoapServer
from cse.primitive import Operation, ResponsePrimitive
from cse.settings import CoapSettings, JsonSettings
from resources.status import Status
from tests.bindings.coap.plain import PlainPeer, datagram
from tests.bindings.small_cse import SmallCse

SETTINGS = CoapSettings(port=0, max_payload_bytes=2000, max_kept_bytes=100_000)
NAMES = [(271, b"3"), (279, b"CAdmin"), (283, b"r1")]
RETRIEVE = [(11, b"cse"), *NAMES]
NOTIFY = [(11, b"cse"), (12, b"\x32"), *NAMES]
Open = Callable[..., Awaitable[PlainPeer]]


@pytest.fixture
def cse() -> SmallCse:
    return SmallCse()


@pytest.fixture
async def open_peer(cse: SmallCse) -> AsyncIterator[Open]:
    """Serve with some settings changed and open a peer."""
    opened: list[CoapServer | PlainPeer] = []

    async def opening(**changed: object) -> PlainPeer:
        server = CoapServer(cse.handle, replace(SETTINGS, **changed), JsonSettings())  # type: ignore[arg-type]
        peer = await PlainPeer.to(await server.start())
        opened.extend((peer, server))
        return peer

    yield opening
    for each in opened:
        if isinstance(each, PlainPeer):
            each.close()
        else:
            await each.stop()


def parsed(data: bytes) -> Datagram:
    return read(data, known_options(old=True))


async def ask(peer: PlainPeer, data: bytes) -> Datagram:
    return parsed(await peer.ask(data))


async def test_an_answer_is_on_the_acknowledgement(open_peer: Open) -> None:
    answer = await ask(await open_peer(), datagram(1, RETRIEVE, message_id=7, token=b"abc"))
    assert (answer.type, answer.code, answer.message_id, answer.token) == (2, 0x45, 7, b"abc")
    assert answer.options == [(12, b"\x32"), (271, b"3"), (283, b"r1"), (307, b"\x07\xd0")]


async def test_a_request_that_is_not_confirmable_has_such_an_answer(open_peer: Open) -> None:
    answer = await ask(await open_peer(), datagram(1, RETRIEVE, kind=1))
    assert (answer.type, answer.code) == (1, 0x45)


async def test_a_slow_answer_comes_by_itself_after_an_empty_acknowledgement(open_peer: Open, cse: SmallCse) -> None:
    cse.pause_s = 0.2
    peer = await open_peer()
    assert await peer.ask(datagram(1, RETRIEVE, message_id=7)) == b"\x60\x00\x00\x07"
    answer = parsed(await asyncio.wait_for(peer.received.get(), 2))
    assert (answer.type, answer.code, answer.token) == (0, 0x45, b"\xaa")
    peer.send(b"\x60\x00" + answer.message_id.to_bytes(2, "big"))
    cse.pause_s = 0.0


@pytest.mark.parametrize("kind", [0, 1])
async def test_a_message_that_comes_twice_is_done_once(open_peer: Open, cse: SmallCse, kind: int) -> None:
    peer = await open_peer()
    request = datagram(2, NOTIFY, b'{"m2m:sgn":{}}', kind=kind)
    first = await peer.ask(request)
    if kind == 0:
        assert await peer.ask(request) == first
    else:
        assert await peer.silence(request)
    assert len(cse.seen) == 1


async def test_what_is_remembered_is_bounded(open_peer: Open, cse: SmallCse) -> None:
    peer = await open_peer(max_kept_bytes=5000)
    for number in range(30):
        await peer.ask(datagram(1, RETRIEVE, message_id=number))
    await peer.ask(datagram(1, RETRIEVE, message_id=29))
    assert len(cse.seen) == 30
    await peer.ask(datagram(1, RETRIEVE, message_id=0))
    assert len(cse.seen) == 31


async def test_ping_and_noise(open_peer: Open) -> None:
    peer = await open_peer()
    assert await peer.ask(b"\x40\x00\x00\x09") == b"\x70\x00\x00\x09"
    assert await peer.ask(b"\x49\x01\x00\x0a" + b"x" * 9) == b"\x70\x00\x00\x0a"  # a token of 9 bytes
    assert await peer.ask(b"\x40\x01\x00\x0b\xf1") == b"\x70\x00\x00\x0b"  # the reserved delta 15
    for ignored in (b"", b"\x40", b"\x80\x01\x00\x01", b"\x51\x01\x00\x01", b"\x60\x01\x00\x01", b"\x50\x00\x00\x01"):
        assert await peer.silence(ignored, 0.05)


async def test_a_critical_option_that_is_not_known_is_a_bad_option(open_peer: Open, cse: SmallCse) -> None:
    peer = await open_peer()
    for number in (1, 5, 9, 19, 65001, 257):  # If-Match, If-None-Match, OSCORE, Q-Block1; an old number
        options = sorted([*RETRIEVE, (number, b"x")])
        answer = await ask(peer, datagram(1, options, message_id=number))
        assert (answer.code, answer.token, str(number).encode() in answer.payload) == (0x82, b"\xaa", True)
        assert await peer.silence(datagram(1, options, kind=1, message_id=number + 1), 0.05)
    for wrong in [(11, b"\xff"), (17, b"123"), (271, b"3")]:  # no UTF-8, too long, given twice
        assert (await ask(peer, datagram(1, sorted([*RETRIEVE, wrong]), message_id=wrong[0]))).code == 0x82
    assert cse.seen == []


async def test_an_elective_option_that_is_not_known_is_nothing(open_peer: Open) -> None:
    answer = await ask(await open_peer(), datagram(1, sorted([*RETRIEVE, (6, b""), (65000, b"x")])))
    assert answer.code == 0x45


async def test_it_is_no_proxy(open_peer: Open, cse: SmallCse) -> None:
    answer = await ask(await open_peer(), datagram(1, sorted([*RETRIEVE, (PROXY_URI, b"coap://x/y")])))
    assert (answer.code, cse.seen) == (0xA5, [])


async def test_no_response_is_respected(open_peer: Open, cse: SmallCse) -> None:
    peer = await open_peer()
    options = sorted([*RETRIEVE, (NO_RESPONSE, b"\x02")])
    assert await peer.ask(datagram(1, options, message_id=3)) == b"\x60\x00\x00\x03"
    assert await peer.silence(datagram(1, options, kind=1, message_id=4))
    assert len(cse.seen) == 2


def block1(number: int, more: bool, exponent: int = 0) -> list[tuple[int, bytes]]:
    return sorted([*NOTIFY, (BLOCK1, Block(number, more, exponent).to_bytes())])


async def test_a_payload_in_blocks(open_peer: Open, cse: SmallCse) -> None:
    peer = await open_peer()
    payload = b'{"m2m:sgn":{"sur":"cse/c/s"}}'
    answer = await ask(peer, datagram(2, block1(0, True), payload[:16], message_id=1))
    assert (answer.code, answer.options) == (0x5F, [(BLOCK1, b"\x08")])
    answer = await ask(peer, datagram(2, block1(1, False), payload[16:], message_id=2))
    assert (answer.code, dict(answer.options)[BLOCK1]) == (0x44, b"\x10")
    assert [each.content for each in cse.seen] == [{"m2m:sgn": {"sur": "cse/c/s"}}]


@pytest.mark.parametrize(
    ("block", "payload", "code"),
    [
        (Block(1, False, 0), b"x", 0x88),
        (Block(0, True, 0), b"short", 0x80),
        (Block(0, False, 0), b"x" * 17, 0x80),
        (Block(0, False, 7), b"x", 0x80),
    ],
)
async def test_blocks_that_do_not_fit(open_peer: Open, cse: SmallCse, block: Block, payload: bytes, code: int) -> None:
    options = sorted([*NOTIFY, (BLOCK1, block.to_bytes())])
    assert (await ask(await open_peer(), datagram(2, options, payload))).code == code
    assert cse.seen == []


async def test_a_payload_that_is_too_large(open_peer: Open, cse: SmallCse) -> None:
    peer = await open_peer()
    announced = sorted([*block1(0, True, 4), (SIZE1, b"\x10\x00")])
    for number, options, length in [
        (1, announced, 256),
        (2, NOTIFY, 2001),
        *((10 + number, block1(number, True, 6), 1024) for number in range(2)),
    ]:
        answer = await ask(peer, datagram(2, options, b"x" * length, message_id=number))
        if number == 10:
            assert answer.code == 0x5F
        else:
            assert (answer.code, answer.options) == (0x8D, [(SIZE1, b"\x07\xd0")])
    assert cse.seen == []


@pytest.mark.parametrize("exponent", [None, 2])
async def test_an_answer_in_blocks_is_made_once(open_peer: Open, cse: SmallCse, exponent: int | None) -> None:
    peer = await open_peer()
    cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:uril": ["x" * 40] * 60})
    size = 1024 if exponent is None else 64
    payload, number, more = b"", 0, True
    while more:
        asked = [] if number == 0 and exponent is None else [(BLOCK2, Block(number, False, exponent or 6).to_bytes())]
        answer = await ask(peer, datagram(1, sorted([*RETRIEVE, *asked]), message_id=number))
        block = int.from_bytes(dict(answer.options)[BLOCK2], "big")
        more = bool(block & 8)
        assert (answer.code, block >> 4, dict(answer.options)[307]) == (0x45, number, b"\x07\xd0")
        assert len(answer.payload) == size if more else len(answer.payload) <= size
        assert (SIZE2 in dict(answer.options)) == (number == 0)
        payload += answer.payload
        number += 1
    assert payload.count(b"x" * 40) == 60
    assert len(cse.seen) == 1


async def test_a_block_of_an_answer_that_is_not_kept(open_peer: Open) -> None:
    peer = await open_peer()
    asked = sorted([*RETRIEVE, (BLOCK2, Block(1, False, 0).to_bytes())])
    assert (await ask(peer, datagram(1, asked, message_id=1))).code == 0x88
    first = sorted([*RETRIEVE, (BLOCK2, Block(0, False, 0).to_bytes())])
    assert (await ask(peer, datagram(1, first, message_id=2))).code == 0x45
    behind = sorted([*RETRIEVE, (BLOCK2, Block(999, False, 0).to_bytes())])
    assert (await ask(peer, datagram(1, behind, message_id=3))).code == 0x80


async def test_old_options_are_answered_in_kind(open_peer: Open, cse: SmallCse) -> None:
    peer = await open_peer(old_options=True)
    old = [(11, b"cse"), (256, b"CAdmin"), (257, b"r1"), (271, b"3")]
    answer = await ask(peer, datagram(1, old, message_id=1))
    assert answer.options == [(12, b"\x32"), (257, b"r1"), (265, b"\x07\xd0"), (271, b"3")]
    assert (await ask(peer, datagram(1, RETRIEVE, message_id=2))).options[-1] == (307, b"\x07\xd0")
    assert [each.originator for each in cse.seen] == ["CAdmin", "CAdmin"]


async def test_too_many_requests_at_a_time(open_peer: Open, cse: SmallCse) -> None:
    cse.pause_s = 0.3
    peer = await open_peer(max_requests=1)
    peer.send(datagram(1, RETRIEVE, kind=1, message_id=1, token=b"a"))
    answer = await ask(peer, datagram(1, RETRIEVE, message_id=2, token=b"b"))
    assert (answer.code, answer.token, dict(answer.options)[14]) == (0xA3, b"b", b"\x01")
    assert parsed(await asyncio.wait_for(peer.received.get(), 2)).code == 0x45


async def test_too_many_messages_of_one_address(
    open_peer: Open, cse: SmallCse, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await open_peer(max_rate=5)
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            peer.send(datagram(1, RETRIEVE, message_id=number))
        await asyncio.sleep(0.1)
    assert len(cse.seen) == 5
    assert len(caplog.records) == 1


async def test_noise_fills_no_log(open_peer: Open, caplog: pytest.LogCaptureFixture) -> None:
    peer = await open_peer()
    with caplog.at_level(logging.DEBUG):
        for number in range(200):
            peer.send(b"\x40\x01" + number.to_bytes(2, "big") + b"\xf0")
        await asyncio.sleep(0.1)
    assert [each.levelname for each in caplog.records if each.name != "asyncio"] == ["WARNING"]


async def test_a_handler_that_fails_is_answered(
    open_peer: Open, cse: SmallCse, caplog: pytest.LogCaptureFixture
) -> None:
    cse.answers[Operation.RETRIEVE] = ZeroDivisionError("secret")
    answer = await ask(await open_peer(), datagram(1, RETRIEVE))
    assert (answer.code, dict(answer.options)[307], b"secret" in answer.payload) == (0xA0, b"\x13\x88", False)
    assert "secret" in caplog.text


async def test_a_token_that_is_used_again_stops_nothing(open_peer: Open, cse: SmallCse) -> None:
    done: list[str] = []
    answer = cse.handle

    async def slow(request: object) -> ResponsePrimitive:
        await asyncio.sleep(0.1)
        done.append("done")
        return await answer(request)  # type: ignore[arg-type]

    cse.handle = slow  # type: ignore[method-assign]
    peer = await open_peer()
    for number in (1, 2):
        peer.send(datagram(1, RETRIEVE, kind=1, message_id=number))
    assert parsed(await asyncio.wait_for(peer.received.get(), 2)).code == 0x45
    assert len(done) == 2


async def test_a_stopping_server_answers_what_it_began(cse: SmallCse) -> None:
    cse.pause_s = 0.05
    server = CoapServer(cse.handle, SETTINGS, JsonSettings())
    peer = await PlainPeer.to(await server.start())
    peer.send(datagram(1, RETRIEVE))
    await asyncio.sleep(0.02)
    await server.stop()
    assert parsed(await asyncio.wait_for(peer.received.get(), 1)).code == 0x45
    await server.stop()
    peer.close()


async def test_a_port_that_is_taken_is_not_shared(cse: SmallCse) -> None:
    first = CoapServer(cse.handle, SETTINGS, JsonSettings())
    port = int((await first.start()).rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        await CoapServer(cse.handle, replace(SETTINGS, port=port), JsonSettings()).start()
    await first.stop()


def test_an_address_beyond_this_machine_needs_a_word(cse: SmallCse) -> None:
    with pytest.raises(ValueError, match="allow_plain"):
        CoapServer(cse.handle, replace(SETTINGS, host="0.0.0.0"), JsonSettings())
    CoapServer(cse.handle, replace(SETTINGS, host="0.0.0.0", allow_plain=True), JsonSettings())


@pytest.mark.parametrize(("host", "url"), [("::1", "coap://[::1]:"), ("localhost", "coap://localhost:")])
async def test_addresses(cse: SmallCse, host: str, url: str) -> None:
    server = CoapServer(cse.handle, replace(SETTINGS, host=host), JsonSettings())
    assert (await server.start()).startswith(url)
    await server.stop()
