"""Which way a notification goes to an AE that has opened a connection, and what waits for one that may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.client.transport import Unreachable
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.rig import Rig, settle

POA = "http://ae.example"


class Connection:
    """A connection that can be lost; keeps what was asked over it."""

    def __init__(self) -> None:
        self.asked: list[RequestPrimitive] = []
        self.lost = False

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        if self.lost:
            raise Unreachable("lost")
        self.asked.append(request)
        return ResponsePrimitive(Status.OK, request.request_id)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = await Rig.open()
    rig.cse.core.connections.in_use = True
    yield rig
    await rig.close()


async def followed(rig: Rig, **attributes: Any) -> Connection:
    """Register an AE that is told of the instances of its container, and give it a connection."""
    await rig.register("Cae1", **attributes)
    connection = Connection()
    rig.cse.core.connections.asks("Cae1", connection)
    await rig.made("cse/cae1", 3, {"rn": "c"}, "Cae1")
    await rig.made("cse/cae1/c", 23, {"rn": "s", "nu": ["Cae1"], "nct": 1, "enc": {"net": [3]}}, "Cae1")
    return connection


async def create(rig: Rig, *contents: str) -> None:
    for content in contents:
        await rig.made("cse/cae1/c", 4, {"con": content}, "Cae1")
    await settle()


def told(connection: Connection) -> list[str]:
    """Contents that came over a connection, decoded by the sink's side of the rig."""
    from cse.codecs import decode, encode
    from tests.rig import LIMITS

    contents = [decode(encode(one.content), LIMITS) for one in connection.asked]
    return [one["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] for one in contents if "nev" in one["m2m:sgn"]]


async def test_an_open_connection_comes_before_the_points_of_access(rig: Rig) -> None:
    connection = await followed(rig, poa=[POA])
    await create(rig, "1")
    assert told(connection) == ["1"]
    assert rig.sink.received == []


async def test_a_lost_connection_leaves_the_points_of_access(rig: Rig) -> None:
    connection = await followed(rig, poa=[POA])
    connection.lost = True
    await create(rig, "1")
    assert [url for url, _, _ in rig.sink.received] == [POA]


async def test_an_ae_that_cannot_be_asked_is_not(rig: Rig) -> None:
    connection = await followed(rig, rr=False)
    await create(rig, "1")
    assert told(connection) == []


async def test_what_is_for_an_ae_that_comes_by_itself_waits_for_any_time_and_keeps_its_order(rig: Rig) -> None:
    connection = await followed(rig)
    rig.cse.core.connections.closed(connection)
    await create(rig, "1", "2", "3")
    await rig.clock.advance(3600)
    assert rig.cse.core.notifier.delivery.pending == 3
    back = Connection()
    rig.cse.core.connections.asks("/banyan/Cae1", back)
    await settle()
    assert told(back) == ["1", "2", "3"]
    assert rig.cse.core.notifier.delivery.pending == 0


async def test_without_such_a_binding_it_does_not_wait(rig: Rig) -> None:
    rig.cse.core.connections.in_use = False
    connection = await followed(rig)
    rig.cse.core.connections.closed(connection)
    await create(rig, "1")
    await rig.clock.advance(60)
    assert rig.cse.core.notifier.delivery.pending == 0


async def test_the_one_used_last_is_taken_and_the_one_before_when_it_ends(rig: Rig) -> None:
    first, second, connections = await followed(rig), Connection(), rig.cse.core.connections
    connections.asks("Cae1", second)
    await create(rig, "1")
    connections.closed(second)
    await create(rig, "2")
    assert (told(second), told(first)) == (["1"], ["2"])
    connections.closed(first)
    connections.closed(first)
    assert connections.of(rig.cse.core.tree.by_id["Cae1"]) is None
    assert (connections._by_entity, connections._entities) == ({}, {})


async def test_a_connection_is_not_that_of_a_later_ae_of_the_same_id(rig: Rig) -> None:
    connection = await followed(rig)
    await rig.delete("cse/cae1", "Cae1")
    await rig.register("Cae1")
    connections, entity = rig.cse.core.connections, rig.cse.core.tree.by_id["Cae1"]
    assert connections.of(entity) is None
    new = Connection()
    connections.asks("Cae1", new)
    assert connections.of(entity) is new
    connections.closed(connection)
    assert connections.of(entity) is new


async def test_only_aes_of_this_cse_have_connections(rig: Rig) -> None:
    connections = rig.cse.core.connections
    for originator in ("CAdmin", "/other/C1", "/banyan", "", "//x/y/z", "cse"):
        connections.asks(originator, Connection())
    assert connections._by_entity == {}


async def test_a_registration_is_known_by_its_address(rig: Rig) -> None:
    made = await rig.register("C", "someone")
    connection = Connection()
    rig.cse.core.connections.registered("cse/someone", connection)
    assert rig.cse.core.connections.of(rig.cse.core.tree.by_id[made["aei"]]) is connection
    rig.cse.core.connections.registered("cse/none", connection)
