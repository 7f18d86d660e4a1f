"""One story of an AE, told over every binding in every serialisation: the same calls, the same results."""

from __future__ import annotations

import pytest

from cse.app import Node, running
from cse.client import RequestFailed, Status
from tests.client.bindings import PAIRS, Party, party, settings
from tests.client.inbox import Inbox

CREATED, UPDATED = 3, 1


@pytest.mark.parametrize(("scheme", "ct"), PAIRS)
async def test_an_ae_lives(scheme: str, ct: str, request: pytest.FixtureRequest) -> None:
    broker = request.getfixturevalue("broker").url if scheme == "mqtt" else ""
    async with running(settings(broker)) as [node], party(node, scheme, ct) as ae:
        await _registers(ae)
        await _is_told(ae)
        await _finds(ae)
        await _asks_a_group(ae)
        await _does_not_wait(node, scheme, ct)
        await _ends(ae)


async def _registers(ae: Party) -> None:
    client = ae.client
    body = await client.register("Nstory", "meter", ae_id="Cmeter", lbl=["전력", "room:101"])
    assert (body["aei"], body["lbl"], client.originator) == ("Cmeter", ["전력", "room:101"], "Cmeter")
    again = await client.register("Nstory", "meter", ae_id="Cmeter", lbl=["room:101"])
    assert again["ri"] == body["ri"]
    assert again["lbl"] == ["room:101"]


async def _is_told(ae: Party) -> None:
    client, inbox = ae.client, Inbox()
    power = await client.create("cse/meter", "cnt", {"rn": "power", "mni": 10, "lbl": ["kW"]})
    assert (power["mni"], power["cni"], power["lbl"]) == (10, 0, ["kW"])
    changed = await client.subscribe("cse/meter/power", inbox, events=[UPDATED])
    new = await client.subscribe("cse/meter/power", inbox, events=[CREATED])
    for reading in range(4):
        await client.create("cse/meter/power", "cin", {"con": f"{reading} kW"})
    told = await inbox.wait_for(4)
    assert [one.representation["con"] for one in told] == ["0 kW", "1 kW", "2 kW", "3 kW"]
    assert {(one.root, one.event_type, one.subscription.rpartition("/")[2]) for one in told} == {
        ("m2m:cin", CREATED, new.rpartition("/")[2])}  # fmt: skip
    assert (await client.update("cse/meter/power", "cnt", {"mni": 20, "lbl": None}))["mni"] == 20
    last = (await inbox.wait_for(5))[4]
    assert (last.root, last.event_type, last.representation["mni"]) == ("m2m:cnt", UPDATED, 20)
    assert last.subscription.rpartition("/")[2] == changed.rpartition("/")[2]
    await client.unsubscribe(new)
    await client.unsubscribe(changed)
    await client.create("cse/meter/power", "cin", {"con": "nobody is told"})
    latest = await client.latest("cse/meter/power")
    assert latest is not None
    assert latest["con"] == "nobody is told"
    assert [one["con"] for one in await client.history("cse/meter/power", limit=2)] == ["3 kW", "nobody is told"]
    assert len(inbox.received) == 5


async def _finds(ae: Party) -> None:
    client = ae.client
    await client.create("cse/meter", "cnt", {"rn": "energy", "lbl": ["kWh", "import"]})
    assert await client.discover("cse", ty="cnt", lbl=["kWh"]) == ["cse/meter/energy"]
    assert await client.discover("cse/meter", ty=["cnt", "grp"], rn="*er*") == ["cse/meter/power", "cse/meter/energy"]
    assert (await client.retrieve("cse/meter/energy", attributes=["rn", "lbl"])) == {
        "rn": "energy", "lbl": ["kWh", "import"]}  # fmt: skip
    assert [one.address for one in await client.children("cse/meter")] == ["cse/meter/power", "cse/meter/energy"]


async def _asks_a_group(ae: Party) -> None:
    client = ae.client
    members = ["cse/meter/power", "cse/meter/energy"]
    group = await client.create("cse/meter", "grp", {"rn": "all", "mt": 3, "mnm": 5, "mid": members})
    assert (group["cnm"], len(group["mid"])) == (2, 2)
    await client.create("cse/meter/all/fopt", "cin", {"con": "to each"})
    assert [(await client.latest(one) or {})["con"] for one in members] == ["to each", "to each"]
    answers = (await client.retrieve("cse/meter/all/fopt"))["m2m:rsp"]
    assert {one["pc"]["m2m:cnt"]["rn"] for one in answers} == {"power", "energy"}


async def _does_not_wait(node: Node, scheme: str, ct: str) -> None:
    async with party(node, scheme, ct, "Cmeter", mode="non-blocking") as other:
        made = await other.client.create("cse/meter", "cnt", {"rn": "later"})
        assert made["rn"] == "later"
        with pytest.raises(RequestFailed) as refused:
            await other.client.create("cse/meter", "cnt", {"rn": "later"})
    assert refused.value.status is Status.CONFLICT


async def _ends(ae: Party) -> None:
    client = ae.client
    with pytest.raises(RequestFailed, match="mni: expected a whole number") as wrong:
        await client.create("cse/meter", "cnt", {"mni": -1})
    assert wrong.value.status is Status.BAD_REQUEST
    await client.delete("cse/meter/power")
    with pytest.raises(RequestFailed) as gone:
        await client.retrieve("cse/meter/power")
    assert gone.value.status is Status.NOT_FOUND
    await client.delete("cse/meter")
    with pytest.raises(RequestFailed) as unknown:
        await client.retrieve("cse")
    assert unknown.value.status in (Status.ORIGINATOR_HAS_NO_PRIVILEGE, Status.ORIGINATOR_NOT_AUTHENTICATED)
