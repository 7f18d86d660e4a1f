"""Peers that are not ours: the ``websockets`` package as an AE, requests and notifications on one connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from cse.app import Node, running
from cse.settings import StoreSettings
from tests.bindings.websocket.served import ADMIN, url_of, whole, whole_cse

JSON = [Subprotocol("oneM2M.json")]
TIMEOUT_S = 5.0


class Ae:
    """An AE on a connection of the ``websockets`` package; notifications are collected and answered."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.notified: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.deaf = False
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def at(cls, node: Node) -> Ae:
        return cls(await connect(url_of(node), subprotocols=JSON))

    async def ask(self, op: int, to: str, fr: str, **more: Any) -> dict[str, Any]:
        self._number += 1
        rqi = f"{fr}-{self._number}"
        answer = self._waiting[rqi] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"op": op, "to": to, "fr": fr, "rqi": rqi, "rvi": "3", **more}))
        return await asyncio.wait_for(answer, TIMEOUT_S)

    async def register(self, stem: str) -> None:
        content = {"m2m:ae": {"rn": stem.lower(), "api": "N1", "rr": True, "srv": ["3"]}}
        assert (await self.ask(1, "cse", stem, ty=2, pc=content))["rsc"] == 2001

    async def follow(self, stem: str, *targets: str) -> None:
        """Make a container of an AE and have it, or others, told of its instances."""
        assert (await self.ask(1, f"cse/{stem.lower()}", stem, ty=3, pc={"m2m:cnt": {"rn": "c"}}))["rsc"] == 2001
        sub = {"m2m:sub": {"rn": "s", "nu": list(targets) or [stem], "nct": 1, "enc": {"net": [3]}}}
        answer = await self.ask(1, f"cse/{stem.lower()}/c", stem, ty=23, pc=sub)
        assert answer["rsc"] == 2001, answer

    async def put(self, stem: str, value: int, fr: str | None = None) -> None:
        answer = await self.ask(1, f"cse/{stem.lower()}/c", fr or stem, ty=4, pc={"m2m:cin": {"con": str(value)}})
        assert answer["rsc"] == 2001

    async def heard(self, count: int) -> list[str]:
        found = [await asyncio.wait_for(self.notified.get(), TIMEOUT_S) for _ in range(count)]
        return [one["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] for one in found]

    async def leave(self) -> None:
        await self.socket.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                found = json.loads(message)
                if "rsc" in found:
                    self._waiting.pop(found["rqi"]).set_result(found)
                elif not self.deaf:
                    if "vrq" not in found["pc"]["m2m:sgn"]:
                        self.notified.put_nowait(found)
                    await self.socket.send(json.dumps({"rsc": 2000, "rqi": found["rqi"], "rvi": "3"}))
        except ConnectionClosed:
            pass


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with whole_cse() as node:
        yield node


async def test_requests_and_notifications_share_a_connection(node: Node) -> None:
    ae = await Ae.at(node)
    assert ae.socket.subprotocol == "oneM2M.json"
    await ae.register("Cae1")
    await ae.follow("Cae1")
    await asyncio.gather(*(ae.put("Cae1", number) for number in range(20)))
    assert sorted(map(int, await ae.heard(20))) == list(range(20))
    await ae.leave()


async def test_a_notification_names_its_receiver_and_its_sender(node: Node) -> None:
    ae = await Ae.at(node)
    await ae.register("Cae1")
    await ae.follow("Cae1")
    await ae.put("Cae1", 1)
    found = await asyncio.wait_for(ae.notified.get(), TIMEOUT_S)
    assert (found["op"], found["to"], found["fr"], found["rvi"]) == (5, "/banyan/Cae1", "/banyan", "3")
    await ae.leave()


async def test_before_a_registration_everything_else_is_rejected(node: Node) -> None:
    ae = await Ae.at(node)
    for op, more in ((2, {}), (1, {"ty": 3, "pc": {"m2m:cnt": {}}}), (4, {})):
        answer = await ae.ask(op, "cse", "Cunknown", **more)
        assert (answer["rsc"], "not registered" in answer["pc"]["m2m:dbg"]) == (4106, True)
    await ae.register("Cae1")
    assert (await ae.ask(2, "cse/cae1", "Cae1"))["rsc"] == 2000
    await ae.leave()


async def test_an_ae_id_that_the_cse_chose_belongs_to_the_connection(node: Node) -> None:
    ae = await Ae.at(node)
    made = await ae.ask(1, "cse", "C", ty=2, pc={"m2m:ae": {"rn": "x", "api": "N1", "rr": True, "srv": ["3"]}})
    entity = node.cse.core.tree.by_id[made["pc"]["m2m:ae"]["aei"]]
    assert node.cse.core.connections.of(entity) is not None
    await ae.leave()


async def test_several_aes_over_the_connection_of_a_gateway(node: Node) -> None:
    gateway, other = await Ae.at(node), await Ae.at(node)
    for stem in ("Ca", "Cb", "Cc"):
        await gateway.register(stem)
        await gateway.follow(stem)
    for number, stem in enumerate(("Ca", "Cb", "Cc")):
        await other.put(stem, number, ADMIN)
    found = [await asyncio.wait_for(gateway.notified.get(), TIMEOUT_S) for _ in range(3)]
    assert {one["to"] for one in found} == {"/banyan/Ca", "/banyan/Cb", "/banyan/Cc"}
    assert other.notified.empty()
    await gateway.leave()
    await other.leave()


async def test_the_connection_used_last_is_that_of_an_ae(node: Node) -> None:
    first, second = await Ae.at(node), await Ae.at(node)
    await first.register("Cae1")
    await first.follow("Cae1")
    assert (await second.ask(2, "cse/cae1", "Cae1"))["rsc"] == 2000
    await second.put("Cae1", 1, ADMIN)
    assert await second.heard(1) == ["1"]
    assert first.notified.empty()
    await first.leave()
    await first.socket.wait_closed()
    await second.put("Cae1", 2, ADMIN)
    assert await second.heard(1) == ["2"]
    await second.leave()


async def test_what_comes_while_an_ae_is_away_is_told_when_it_is_back_and_in_order(node: Node) -> None:
    ae, admin = await Ae.at(node), await Ae.at(node)
    await ae.register("Cae1")
    await ae.follow("Cae1")
    await ae.leave()
    for number in range(10):
        await admin.put("Cae1", number, ADMIN)
    assert (await admin.ask(2, "cse/cae1", ADMIN))["rsc"] == 2000, "leaving changes no registration"
    await asyncio.sleep(0.3)
    again = await Ae.at(node)
    assert (await again.ask(2, "cse/cae1", "Cae1"))["rsc"] == 2000
    assert await again.heard(10) == [str(number) for number in range(10)]
    await again.leave()
    await admin.leave()


async def test_a_notification_that_was_not_answered_is_told_again(node: Node) -> None:
    ae, admin = await Ae.at(node), await Ae.at(node)
    await ae.register("Cae1")
    await ae.follow("Cae1")
    ae.deaf = True
    await admin.put("Cae1", 1, ADMIN)
    await admin.put("Cae1", 2, ADMIN)
    await asyncio.sleep(0.1)
    ae.socket.transport.abort()
    again = await Ae.at(node)
    assert (await again.ask(2, "cse/cae1", "Cae1"))["rsc"] == 2000
    assert await again.heard(2) == ["1", "2"]
    await again.leave()
    await admin.leave()


async def test_what_waits_for_an_ae_outlives_a_restart(tmp_path: Any) -> None:
    store = StoreSettings(path=str(tmp_path / "banyan.db"))
    async with running(whole(store)) as [node]:
        ae, admin = await Ae.at(node), await Ae.at(node)
        await ae.register("Cae1")
        await ae.follow("Cae1")
        await ae.leave()
        for number in range(5):
            await admin.put("Cae1", number, ADMIN)
        await admin.leave()
    async with running(whole(store)) as [node]:
        await asyncio.sleep(0.2)
        ae = await Ae.at(node)
        assert (await ae.ask(2, "cse/cae1", "Cae1"))["rsc"] == 2000
        assert await ae.heard(5) == [str(number) for number in range(5)]
        await ae.leave()


async def test_an_ae_that_left_holds_nobody_else_up(node: Node) -> None:
    gone, here = await Ae.at(node), await Ae.at(node)
    for ae, stem in ((gone, "Cgone"), (here, "Chere")):
        await ae.register(stem)
    await here.follow("Chere", "Cgone", "Chere")
    await gone.leave()
    await here.put("Chere", 1)
    assert await here.heard(1) == ["1"]
    await here.leave()


@pytest.mark.parametrize(
    ("offered", "path", "origin", "status"),
    [
        (None, "/", None, 400),
        (["chat"], "/", None, 400),
        (["oneM2M.yaml"], "/", None, 400),
        (["oneM2M.json"], "/elsewhere", None, 404),
        (["oneM2M.json"], "/", "http://evil.example", 403),
    ],
)
async def test_handshakes_that_are_refused(
    node: Node, offered: list[Subprotocol] | None, path: str, origin: Any, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(url_of(node) + path, subprotocols=offered, origin=origin)
    assert refused.value.response.status_code == status


async def test_the_first_sub_protocol_that_is_spoken_is_taken(node: Node) -> None:
    offered = [Subprotocol(name) for name in ("chat", "oneM2M.R2.0.json", "oneM2M.json")]
    async with connect(url_of(node), subprotocols=offered) as socket:
        assert socket.subprotocol == "oneM2M.R2.0.json"


async def test_the_cse_says_that_it_stops() -> None:
    async with whole_cse() as node:
        socket = await connect(url_of(node), subprotocols=JSON)
    await socket.wait_closed()
    assert socket.close_code == 1001


async def test_the_point_of_access_is_published(node: Node) -> None:
    ae = await Ae.at(node)
    answer = await ae.ask(2, "cse", ADMIN)
    assert answer["pc"]["m2m:cb"]["poa"] == [url_of(node)]
    await ae.leave()
