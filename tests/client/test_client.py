"""The client against a whole CSE, in process and over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from cse.app import Node
from cse.client import (
    Client,
    DirectTransport,
    RequestFailed,
    Status,
    Unreachable,
    connect,
    filter_criteria,
)
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from tests.client.inbox import Inbox


@pytest.fixture
async def meter(client: Client) -> Client:
    await client.register("Nmeter", "meter", ae_id="Cmeter", lbl=["energy"])
    return client


async def test_registers_and_becomes_its_ae(client: Client) -> None:
    body = await client.register("Nmeter", "meter")
    assert body["api"] == "Nmeter"
    assert body["rr"] is True
    assert client.originator == body["aei"]
    assert client.originator.startswith("C")
    assert len(client.originator) > 1


async def test_registering_again_finds_the_same_ae_and_brings_it_up_to_date(client: Client, meter: Client) -> None:
    again = await client.register("Nmeter", "meter", ae_id="Cmeter", lbl=["energy", "roof"])
    assert again["aei"] == "Cmeter"
    assert (await client.retrieve("cse/meter"))["lbl"] == ["energy", "roof"]
    assert await client.discover("cse", ty="ae") == ["cse/meter"]


async def test_registering_under_the_name_of_another_ae_fails(node: Node, meter: Client) -> None:
    other = Client(DirectTransport(node.cse.handle))
    with pytest.raises(RequestFailed) as failure:
        await other.register("Nother", "meter", ae_id="Cother")
    assert failure.value.status is Status.CONFLICT
    assert other.originator == ""


async def test_creates_retrieves_updates_deletes(meter: Client) -> None:
    created = await meter.create("cse/meter", "cnt", {"rn": "power", "mni": 3})
    assert created["mni"] == 3
    assert (await meter.retrieve("cse/meter/power"))["ri"] == created["ri"]
    assert await meter.retrieve("cse/meter/power", attributes=("rn", "mni")) == {"rn": "power", "mni": 3}
    assert (await meter.update("cse/meter/power", "container", {"mni": 5}))["mni"] == 5
    assert "mni" not in await meter.update("cse/meter/power", "cnt", {"mni": None})
    await meter.delete("cse/meter/power")
    with pytest.raises(RequestFailed) as failure:
        await meter.retrieve("cse/meter/power")
    assert failure.value.status is Status.NOT_FOUND
    assert failure.value.request_line == "RETRIEVE cse/meter/power from Cmeter"
    assert "cse/meter/power" in failure.value.message


async def test_what_is_given_stays_the_callers_own(meter: Client) -> None:
    labels = ["a"]
    await meter.create("cse/meter", "cnt", {"rn": "power", "lbl": labels})
    labels.append("b")
    assert (await meter.retrieve("cse/meter/power"))["lbl"] == ["a"]


async def test_result_content_without_attributes(meter: Client) -> None:
    assert await meter.create("cse/meter", "cnt", {"rn": "a"}, result_content=0) == {}
    address = await meter.create("cse/meter", "cnt", {"rn": "b"}, result_content=2)
    assert list(address) == ["m2m:uri"]
    assert address["m2m:uri"].endswith("cse/meter/b")


async def test_ensure_creates_once_and_leaves_what_is_there(meter: Client) -> None:
    first = await meter.ensure("cse/meter", "cnt", "power", {"mni": 3})
    second = await meter.ensure("cse/meter", "cnt", "power", {"mni": 9})
    assert first["ri"] == second["ri"]
    assert second["mni"] == 3


async def test_an_unknown_kind_names_the_nearest(meter: Client) -> None:
    with pytest.raises(ValueError, match="did you mean 'container'"):
        await meter.create("cse/meter", "containr", {})


async def test_discovers_by_conditions(meter: Client) -> None:
    for name, labels in (("power", ["kW"]), ("energy", ["kWh"]), ("state", ["kW", "x"])):
        await meter.create("cse/meter", "cnt", {"rn": name, "lbl": labels})
    assert sorted(await meter.discover("cse/meter", ty=3)) == [
        "cse/meter/energy", "cse/meter/power", "cse/meter/state",
    ]  # fmt: skip
    assert sorted(await meter.discover("cse", lbl=["kWh", "x"])) == ["cse/meter/energy", "cse/meter/state"]
    assert await meter.discover("cse", rn="pow*") == ["cse/meter/power"]
    assert len(await meter.discover("cse/meter", lim=2)) == 2
    (unstructured,) = await meter.discover("cse", rn="power", drt=2)
    assert unstructured.rpartition("/")[2].startswith("cnt-")


async def test_discovery_goes_on_until_it_is_complete(meter: Client) -> None:
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    for number in range(120):
        await meter.create("cse/meter/power", "cin", {"rn": f"v{number}", "con": number})
    found = await meter.discover("cse/meter/power", ty="cin")
    assert len(found) == len(set(found)) == 120
    assert len(await meter.discover("cse/meter/power", ty="cin", lim=70)) == 70


async def test_history_is_oldest_first_and_the_newest_of_it(meter: Client) -> None:
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    await meter.create("cse/meter/power", "cnt", {"rn": "below"})
    for number in range(120):
        await meter.create("cse/meter/power", "cin", {"con": number})
    assert [each["con"] for each in await meter.history("cse/meter/power")] == list(range(120))
    assert [each["con"] for each in await meter.history("cse/meter/power", limit=3)] == [117, 118, 119]
    assert [each["con"] for each in await meter.history("cse/meter/power", limit=500)] == list(range(120))
    latest = await meter.latest("cse/meter/power")
    assert latest is not None
    assert latest["con"] == 119


async def test_history_between_two_times(meter: Client) -> None:
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    times = [(await meter.create("cse/meter/power", "cin", {"con": number}))["ct"] for number in range(20)]
    part = await meter.history("cse/meter/power", since=times[5], before=times[15])
    assert [each["con"] for each in part] == list(range(5, 15))
    part = await meter.history("cse/meter/power", before=times[15], limit=2)
    assert [each["con"] for each in part] == [13, 14]
    assert [each["con"] for each in await meter.history("cse/meter/power", since=times[15], limit=2)] == [18, 19]


async def test_an_empty_container_has_no_latest_and_no_history(meter: Client) -> None:
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    assert await meter.latest("cse/meter/power") is None
    assert await meter.history("cse/meter/power") == []


async def test_tree_and_children(meter: Client) -> None:
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    await meter.create("cse/meter/power", "cnt", {"rn": "peak"})
    await meter.create("cse/meter/power", "cin", {"rn": "v1", "con": 1})
    tree = await meter.tree("cse/meter")
    assert [(each.name, each.type) for each in tree.walk()] == [("meter", 2), ("power", 3), ("peak", 3)]
    assert [each.name for each in (await meter.tree("cse/meter", depth=1)).walk()] == ["meter", "power"]
    children = await meter.children("cse/meter/power")
    assert sorted((each.name, each.type) for each in children) == [("peak", 3), ("v1", 4)]


async def test_conditional_retrieval(meter: Client) -> None:
    assert (await meter.retrieve("cse/meter", criteria=filter_criteria(lbl="energy")))["rn"] == "meter"
    with pytest.raises(RequestFailed):
        await meter.retrieve("cse/meter", criteria=filter_criteria(lbl="water"))


async def test_subscribed_instances_arrive_in_order(meter: Client) -> None:
    inbox = Inbox()
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    subscription = await meter.subscribe("cse/meter/power", inbox)
    for number in range(20):
        await meter.create("cse/meter/power", "cin", {"con": number})
    received = await inbox.wait_for(20)
    assert [each.representation["con"] for each in received] == list(range(20))
    assert {(each.root, each.event_type) for each in received} == {("m2m:cin", 3)}
    await meter.unsubscribe(subscription)
    await meter.unsubscribe(subscription)
    assert await meter.discover("cse/meter", ty="sub") == []


async def test_aggregated_notifications_are_unpacked(meter: Client) -> None:
    inbox = Inbox()
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    await meter.subscribe("cse/meter/power", inbox, bn={"num": 3})
    for number in range(3):
        await meter.create("cse/meter/power", "cin", {"con": number})
    received = await inbox.wait_for(3)
    assert [each.representation["con"] for each in received] == [0, 1, 2]


async def test_a_named_subscription_is_taken_over(meter: Client) -> None:
    before, after = Inbox(), Inbox()
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    first = await meter.subscribe("cse/meter/power", before, name="watch")
    second = await meter.subscribe("cse/meter/power", after, name="watch", events=(1, 3))
    assert first == second == "cse/meter/power/watch"
    await meter.create("cse/meter/power", "cin", {"con": 1})
    await meter.update("cse/meter/power", "cnt", {"lbl": ["x"]})
    received = await after.wait_for(2)
    assert [each.event_type for each in received] == [3, 1]
    assert before.received == []


async def test_subscribing_again_by_name_changes_the_callback_and_keeps_the_url(meter: Client) -> None:
    before, after = Inbox(), Inbox()
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    subscription = await meter.subscribe("cse/meter/power", before, name="watch")
    (url,) = (await meter.retrieve(subscription))["nu"]
    await meter.delete(subscription)
    await meter.subscribe("cse/meter/power", after, name="watch")
    assert (await meter.retrieve(subscription))["nu"] == [url]
    await meter.create("cse/meter/power", "cin", {"con": 1})
    assert len(await after.wait_for(1)) == 1
    assert before.received == []


async def test_identifiers_instead_of_representations(meter: Client) -> None:
    inbox = Inbox()
    await meter.create("cse/meter", "cnt", {"rn": "power"})
    await meter.subscribe("cse/meter/power", inbox, nct=3)
    await meter.create("cse/meter/power", "cin", {"rn": "v1", "con": 1})
    (notification,) = await inbox.wait_for(1)
    assert notification.root == "m2m:uri"
    assert notification.uri != ""


async def test_subscribing_without_a_receiver_says_so(node: Node) -> None:
    client = Client(DirectTransport(node.cse.handle), "CAdmin")
    with pytest.raises(ValueError, match="CAdmin is no AE of this CSE"):
        await client.subscribe("cse", Inbox())


async def test_a_client_outlives_a_restart_of_the_cse(tmp_path: Path) -> None:
    settings = Settings(
        cse=CseSettings(administrators=["CAdmin"]),
        store=StoreSettings(path=str(tmp_path / "cse.db")),
        http=HttpSettings(port=0),
    )
    node = Node(settings)
    client = await connect(await node.start(), "CAdmin")
    await client.create("cse", "cnt", {"rn": "power"})
    settings.http.port = int(node.url.rpartition(":")[2])
    await node.stop()
    with pytest.raises(Unreachable):
        await client.retrieve("cse/power")
    node = Node(settings)
    await node.start()
    await client.until_reachable(5)
    assert (await client.retrieve("cse/power"))["rn"] == "power"
    await client.close()
    await node.stop()
