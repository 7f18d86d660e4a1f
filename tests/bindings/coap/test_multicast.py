"""Requests to multicast groups over loopback: several servers answer one request, and none says an error."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bindings.coap.datagram import read
from bindings.coap.mapping import Context as Mapping
from bindings.coap.mapping import Message, response_from
from bindings.coap.options import known_options
from bindings.coap.server import CoapServer
from cse.app import running
from cse.client import connect
from cse.primitive import Operation
from cse.settings import CoapSettings, CseSettings, HttpSettings, JsonSettings, Settings, StoreSettings
from resources.errors import BadRequest
from resources.status import Status
from tests.bindings.coap.plain import datagram
from tests.bindings.small_cse import SmallCse

GROUP, LOOPBACK, SECOND = "239.255.77.1", "127.0.0.1", "127.0.0.2"
ASK = [(11, b"cse"), (271, b"3"), (279, b"CAdmin"), (283, b"r1")]
CON, NON = 0, 1
#: Which groups each interface hears.
IPV6_GROUPS = Path("/proc/net/igmp6")
WINDOW_S = 0.3


@pytest.fixture(autouse=True)
def _possible() -> None:
    """Skip where the machine has no multicast on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                            socket.inet_aton(GROUP) + socket.inet_aton(LOOPBACK))
        except OSError as error:
            pytest.skip(f"no IPv4 multicast on loopback: {error}")


async def ask_group(port: int, data: bytes) -> dict[tuple[str, int], bytes]:
    """Send a datagram to a group and return what comes back, by sender."""
    loop = asyncio.get_running_loop()
    answers: dict[tuple[str, int], bytes] = {}

    class Collector(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            answers[addr[:2]] = data

    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
    sock.bind((LOOPBACK, 0))
    transport, _ = await loop.create_datagram_endpoint(Collector, sock=sock)
    transport.sendto(data, (GROUP, port))
    await asyncio.sleep(WINDOW_S)
    transport.close()
    return answers


def request(*, kind: int = NON, code: int = 1, message_id: int | None = None) -> bytes:
    return datagram(code, ASK, kind=kind, message_id=secrets.randbelow(65536) if message_id is None else message_id)


@contextlib.asynccontextmanager
async def member(host: str = LOOPBACK, port: int = 0, groups: tuple[str, ...] = (GROUP,),
                 leisure_s: float = 0.0) -> AsyncIterator[tuple[SmallCse, int]]:
    cse = SmallCse()
    settings = CoapSettings(host=host, port=port, multicast_groups=list(groups), multicast_leisure_s=leisure_s)
    server = CoapServer(cse.handle, settings, JsonSettings())
    url = await server.start()
    try:
        yield cse, int(url.rpartition(":")[2])
    finally:
        await server.stop()


def answer_of(data: bytes) -> tuple[int, Message]:
    """The kind of message that an answer is, and the answer."""
    found = read(data, known_options())
    return found.type, Message(found.code, found.options, found.payload)


async def test_each_member_answers_from_its_own_address() -> None:
    async with member() as (first, port), member(SECOND, port) as (second, _):
        answers = await ask_group(port, request())
    assert sorted(answers) == [(LOOPBACK, port), (SECOND, port)]
    for data in answers.values():
        kind, message = answer_of(data)
        assert kind == NON
        assert response_from(message, Mapping()).status is Status.OK
    assert [len(each.seen) for each in (first, second)] == [1, 1]
    assert first.seen[0].by_multicast
    assert first.seen[0].source_address == LOOPBACK


@pytest.mark.parametrize("data", [
    pytest.param(request(kind=CON), id="confirmable"),
    pytest.param(request(code=0x45), id="an answer"),
    pytest.param(request(code=0), id="empty"),
    pytest.param(request()[:3], id="too short"),
    pytest.param(b"", id="nothing"),
    pytest.param(datagram(1, [*ASK, (65001, b"x")], kind=NON), id="unknown critical option"),
    pytest.param(datagram(1, [(11, b"cse")], kind=NON), id="no request identifier"),
    pytest.param(request(code=7), id="unknown method"),
])
async def test_what_is_wrong_is_not_answered(data: bytes) -> None:
    async with member() as (cse, port):
        assert await ask_group(port, data) == {}
        assert cse.seen == []
        assert len(await ask_group(port, request())) == 1


async def test_an_error_is_not_answered() -> None:
    async with member() as (cse, port):
        cse.answers[Operation.RETRIEVE] = BadRequest("so")
        assert await ask_group(port, request()) == {}
        assert len(cse.seen) == 1


async def test_the_same_message_is_done_once() -> None:
    async with member() as (cse, port):
        data = request(message_id=7)
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, sock=sock)
        for _ in range(3):
            transport.sendto(data, (GROUP, port))
        await asyncio.sleep(WINDOW_S)
        transport.close()
        assert len(cse.seen) == 1


async def test_answers_come_at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def uniform(least: float, most: float) -> float:
        asked.append((least, most))
        return 0.0

    monkeypatch.setattr(random, "uniform", uniform)
    async with member(leisure_s=5.0) as (_, port):
        assert len(await ask_group(port, request())) == 1
    assert asked == [(0, 5.0)]


async def test_a_stop_does_not_wait_for_leisure() -> None:
    async with asyncio.timeout(2), member(leisure_s=1000.0) as (cse, port):
        assert await ask_group(port, request()) == {}
        assert len(cse.seen) == 1


async def test_where_the_host_is_loopback_no_group_is_heard_from_elsewhere() -> None:
    async with member(groups=("ff02::fd%lo", "ff02::fe")):
        joined = [line.split() for line in IPV6_GROUPS.read_text().splitlines()]  # noqa: ASYNC240 - no disk
    assert {line[1] for line in joined if line[2] == "ff0200000000000000000000000000fd"} == {"lo"}
    assert {line[1] for line in joined if line[2] == "ff0200000000000000000000000000fe"} == {"lo"}
    with pytest.raises(OSError, match="another interface"):
        async with member(groups=("ff02::fd%99999",)):
            pass


async def test_a_whole_cse_does_for_its_members_what_the_group_is_asked() -> None:
    settings = Settings(
        cse=CseSettings(administrators=["CAdmin"]),
        store=StoreSettings(kind="memory"),
        http=HttpSettings(enabled=False),
        coap=CoapSettings(enabled=True, port=0, multicast_groups=[GROUP], multicast_leisure_s=0.0),
    )
    async with running(settings) as [node]:
        client = await connect(node.urls[0], "CAdmin")
        for name in "ab":
            await client.create("cse", "cnt", {"rn": name})
        await client.create("cse", "localMulticastGroup", {
            "rn": "lmg", "mad": {"ip4": GROUP}, "mgft": "/host/lights", "mli": ["cse/a", "cse/b"], "rstt": "/host"})
        asked = datagram(2, [(11, b"~"), (11, b"host"), (11, b"lights"), (12, b"\x32"), (267, b"\x04"), *ASK[1:]],
                         b'{"m2m:cin":{"con":"on"}}', kind=NON)  # fmt: skip
        [data] = (await ask_group(int(node.urls[0].rpartition(":")[2]), asked)).values()
        response = response_from(answer_of(data)[1], Mapping())
        assert [one["rsc"] for one in (response.content or {})["m2m:agr"]["m2m:rsp"]] == [Status.CREATED] * 2
        assert [(await client.latest(f"cse/{name}") or {})["con"] for name in "ab"] == ["on", "on"]
        await client.close()


@pytest.mark.skipif(
    not shutil.which("coap-client-notls") and not os.environ.get("CI"), reason="needs Debian's libcoap3-bin"
)
async def test_the_client_of_libcoap_asks_a_group() -> None:
    async with member() as (cse, port):
        process = await asyncio.create_subprocess_exec(
            "coap-client-notls", "-a", LOOPBACK, "-N", "-B", "1", "-m", "get", "-O", "279,CAdmin", "-O", "283,r1",
            "-O", "271,3", f"coap://{GROUP}:{port}/cse",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(10):
            await process.wait()
        assert cse.seen[0].operation is Operation.RETRIEVE
