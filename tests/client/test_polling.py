"""An AE that nobody can reach is told all the same: it fetches at its pollingChannel, over every binding."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cse.app import Node, running
from cse.client import Client, DirectTransport, Operation, RequestPrimitive, ResponsePrimitive, Transport, Unreachable
from cse.client.polling import PollingReceiver
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from tests.client.bindings import TOLD_OVER, address_of, party, settings
from tests.client.inbox import Inbox


async def _registered(client: Client) -> None:
    await client.register("Nmeter", "meter", ae_id="Cmeter", request_reachable=False)
    await client.ensure("cse/meter", "cnt", "power")


WAYS = [*((scheme, "json") for scheme in TOLD_OVER), ("http", "xml"), ("ws", "cbor")]


def _told(inbox: Inbox) -> list[str]:
    return [one.representation["con"] for one in inbox.received]


@pytest.mark.parametrize(("scheme", "ct"), WAYS)
async def test_is_told_in_order_over_each_binding(scheme: str, ct: str, request: pytest.FixtureRequest) -> None:
    broker = request.getfixturevalue("broker").url if scheme == "mqtt" else ""
    inbox, other = Inbox(), Inbox()
    async with running(settings(broker)) as [node], party(node, scheme, ct, polls=True) as ae:
        await _registered(ae.client)
        await ae.client.subscribe("cse/meter", other, events=[3])
        await ae.client.subscribe("cse/meter/power", inbox)
        await ae.client.create("cse/meter", "cnt", {"rn": "energy"})
        for number in range(10):
            await ae.client.create("cse/meter/power", "cin", {"con": str(number)})
        await inbox.wait_for(10)
        await other.wait_for(1)
        channels = [one.address for one in await ae.client.children("cse/meter") if one.type == 15]
        assert ae.client.receiver is not ae.receiver
    assert _told(inbox) == [str(number) for number in range(10)]
    assert [one.representation["rn"] for one in other.received] == ["energy"]
    assert channels == ["cse/meter/pollingChannel"]


@pytest.mark.parametrize("scheme", [scheme for scheme in TOLD_OVER if scheme != "mqtt"])
async def test_a_restart_of_the_cse_loses_nothing(scheme: str, tmp_path: Path) -> None:
    inbox = Inbox()
    store = StoreSettings(path=str(tmp_path / "cse.db"))
    node = Node(settings(store=store))
    await node.start()
    again = settings(store=store)
    for table in ("http", "websocket", "coap"):
        url = address_of(node, {"websocket": "ws"}.get(table, table))
        getattr(again, table).port = int(url.rpartition(":")[2])
    async with party(node, scheme, polls=True) as ae, party(node, "http", "", "CAdmin") as admin:
        await _registered(ae.client)
        await ae.client.subscribe("cse/meter/power", inbox, name="told")
        for number in range(3):
            await admin.client.create("cse/meter/power", "cin", {"con": str(number)})
        await inbox.wait_for(1)
        await node.stop()
        node = Node(again)
        await node.start()
        try:
            await admin.client.until_reachable(5)
            for number in range(3, 6):
                await admin.client.create("cse/meter/power", "cin", {"con": str(number)})
            await inbox.wait_for(6, limit_s=20)
        finally:
            await node.stop()
    assert _told(inbox) == [str(number) for number in range(6)]


class Lossy:
    """A way on which requests are lost, and answers."""

    def __init__(self, transport: Transport, seed: int) -> None:
        self._transport = transport
        self._chance = random.Random(seed)
        self.on = False

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send, perhaps."""
        if self.on and self._chance.random() < 0.15:
            raise Unreachable("the request is lost")
        answer = await self._transport.send(request, timeout_s=timeout_s)
        if self.on and self._chance.random() < 0.25:
            raise Unreachable("the answer is lost")
        return answer

    async def close(self) -> None:
        """Close."""
        await self._transport.close()


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    cse = CseSettings(administrators=["CAdmin"], request_timeout_s=0.3)  # then it can be fetched again
    async with running(Settings(cse=cse, store=StoreSettings(kind="memory"), http=HttpSettings(port=0))) as [node]:
        yield node


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_and_nothing_told_twice_over_a_bad_way(node: Node, seed: int) -> None:
    inbox = Inbox()
    way = Lossy(DirectTransport(node.cse.handle), seed)
    receiver = PollingReceiver(way, poll_s=1.0)
    client = Client(way, receiver=receiver)
    await _registered(client)
    await client.subscribe("cse/meter/power", inbox)
    way.on = True
    admin = Client(DirectTransport(node.cse.handle), "CAdmin")
    for number in range(12):
        await admin.create("cse/meter/power", "cin", {"con": str(number)})
    await inbox.wait_for(12, limit_s=30)
    way.on = False
    await admin.create("cse/meter/power", "cin", {"con": "last"})
    await inbox.wait_for(13, limit_s=10)
    await receiver.close()
    assert _told(inbox) == [*(str(number) for number in range(12)), "last"]


async def test_a_channel_that_was_removed_is_made_again(node: Node) -> None:
    inbox = Inbox()
    client = Client(DirectTransport(node.cse.handle))
    await _registered(client)
    await client.subscribe("cse/meter/power", inbox)
    await client.delete("cse/meter/pollingChannel")
    async with asyncio.timeout(5):
        while "cse/meter/pollingChannel" not in await client.discover("cse/meter", ty=15):  # noqa: ASYNC110 - elsewhere
            await asyncio.sleep(0.02)
    await client.create("cse/meter/power", "cin", {"con": "again"})
    await inbox.wait_for(1)
    await client.close()
    assert _told(inbox) == ["again"]


async def test_a_second_process_uses_the_channel_that_is_there(node: Node) -> None:
    inbox = Inbox()
    first, second = (Client(DirectTransport(node.cse.handle)) for _ in range(2))
    await _registered(first)
    await first.subscribe("cse/meter/power", Inbox(), name="told")
    await first.close()
    await first.create("cse/meter/power", "cin", {"con": "while nobody fetched"})
    await _registered(second)
    await second.subscribe("cse/meter/power", inbox, name="told")
    await inbox.wait_for(1)
    await second.close()
    assert _told(inbox) == ["while nobody fetched"]


async def test_what_is_no_notification_is_refused_over_the_channel(node: Node) -> None:
    client = Client(DirectTransport(node.cse.handle))
    await _registered(client)
    await client.subscribe("cse/meter/power", Inbox())
    admin = Client(DirectTransport(node.cse.handle), "CAdmin")
    answer = await admin.request(RequestPrimitive(Operation.NOTIFY, "Cmeter", content={"m2m:nonsense": {}}))
    await client.close()
    assert int(answer.status) == 4000
