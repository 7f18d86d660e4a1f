"""Statistics: which events are counted for whom (procedures section 22, SSP-3)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.app import Node
from cse.behaviours.statistics import ENTITIES, Counts, events_by_labels, statistics_of
from cse.clock import seconds_of
from cse.primitive import Operation
from cse.settings import Settings
from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError, WriteSet
from resources.status import Status
from tests.rig import ADMIN, Rig, message, only, settle

CREATE, RETRIEVE, UPDATE = 1, 2, 3
EVERY_MINUTE_BEGIN = {"sce": ["0-9 * * * * * *"]}


class FailingStore(MemoryStore):
    """Writes until it ``fails``."""

    fails = False

    async def write(self, changes: WriteSet) -> None:
        """Write, or fail."""
        if self.fails:
            raise StoreError("full")
        await super().write(changes)


async def event(rig: Rig, **attributes: Any) -> str:
    """Create an eventConfig; its identifier."""
    if rig.cse.core.tree.find("cse/stats") is None:
        await rig.made("cse", 22, {"rn": "stats"})
    given = {"evt": 1, **attributes}
    return str((await rig.made("cse/stats", 7, given))["evi"])


async def collect(rig: Rig, evi: str, **attributes: Any) -> str:
    """Create a statsCollect; its resource ID."""
    given = {"cei": "Cae1", "srs": 1, "sm": 1, "evi": evi, **attributes}
    return str((await rig.made("cse", 21, given))["ri"])


def counted(rig: Rig, ri: str) -> Counts:
    """What a statsCollect has counted."""
    return statistics_of(rig.cse.core).counts()[ri]


@pytest.fixture
async def box(rig: Rig) -> None:
    """Containers of Cae1 and Cae2, one instance in the first."""
    await rig.register("Cae2")
    for name in ("cae1", "cae2"):
        await rig.made(f"cse/{name}", 3, {"rn": "box"}, name.capitalize())
    await rig.made("cse/cae1/box", 4, {"rn": "first", "con": "12345"}, "Cae1")


@pytest.mark.usefixtures("box")
async def test_ssp_3_operations_are_counted_by_entity(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, opt=[CREATE, RETRIEVE]))
    await rig.retrieve("cse/cae1/box/la", "Cae1")
    await rig.retrieve("cse/cae2/box", "Cae2")
    await rig.retrieve("cse/cae2", "Cae2")
    await rig.made("cse/cae2/box", 4, {"con": "1"}, "Cae2")
    await rig.update("cse/cae2/box", {"m2m:cnt": {"lbl": ["x"]}}, "Cae2")
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 1}, "Cae2": {"RETRIEVE": 2, "CREATE": 1}}


@pytest.mark.usefixtures("box")
async def test_ssp_3_only_what_was_performed_counts(rig: Rig) -> None:
    ri = await collect(rig, await event(rig))
    assert (await rig.retrieve("cse/cae1/box", "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await rig.retrieve("cse/cae1/nothing", "Cae1")).status == Status.NOT_FOUND
    assert (await rig.create("cse/cae1", 3, {"rn": "box"}, "Cae1")).status == Status.CONFLICT
    assert counted(rig, ri) == {}
    accepted = await rig.retrieve("cse/cae1/box", "Cae1", response_type=2)
    assert accepted.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH
    await rig.clock.advance(1)
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 1}}  # once: when it was done


@pytest.mark.usefixtures("box")
async def test_ssp_3_an_entity_is_the_same_in_every_form(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]), cdi=["/banyan/Cae2"])
    for originator in ("Cae2", "/banyan/Cae2", "//banyan.example/banyan/Cae2"):
        only(await rig.retrieve("cse/cae2", originator))
    only(await rig.retrieve("cse/cae1", "Cae1"))
    assert counted(rig, ri) == {"Cae2": {"RETRIEVE": 3}}


async def test_ssp_3_a_registration_counts_for_who_is_registered(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, opt=[CREATE]))
    registered = await rig.create("cse", 2, {"api": "Nx", "rr": False, "srv": ["3"]}, "C")
    assert counted(rig, ri) == {only(registered)["aei"]: {"CREATE": 1}}


@pytest.mark.usefixtures("box")
async def test_ssp_3_events_of_resource_types(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, erts=[4]))
    await rig.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")
    await rig.made("cse/cae1", 3, {}, "Cae1")
    await rig.retrieve("cse/cae1/box", "Cae1")
    await rig.retrieve("cse/cae1/box/la", "Cae1")
    await rig.delete("cse/cae1/box/first", "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 1, "RETRIEVE": 1, "DELETE": 1}}


@pytest.mark.parametrize("name", ["cse/cae1/box", "-/cae1/box", "/banyan/cse/cae1/box", "cse/cae1/later",
                                  "-/cae1/later", "cse/cae1/box/first"])
@pytest.mark.usefixtures("box")
async def test_ssp_3_events_of_resources(rig: Rig, name: str) -> None:
    ri = await collect(rig, await event(rig, eris=[name], opt=[RETRIEVE]))
    await rig.made("cse/cae1", 3, {"rn": "later"}, "Cae1")
    await rig.retrieve(name, "Cae1")
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.retrieve("cse/cae2/box", "Cae2")
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 1}}


@pytest.mark.parametrize("name", ["/other/cse/box", "//else.example/x/box", "cse/cae1/no%20such", "cse//x", "nowhere"])
async def test_ssp_3_resources_that_are_not_here(rig: Rig, name: str) -> None:
    ri = await collect(rig, await event(rig, eris=[name]))
    await rig.retrieve("cse/cae1", "Cae1")
    assert counted(rig, ri) == {}


@pytest.mark.usefixtures("box")
async def test_ssp_3_several_collectors_count_for_themselves(rig: Rig) -> None:
    retrieved, created = await event(rig, opt=[RETRIEVE]), await event(rig, opt=[CREATE])
    ris = [await collect(rig, retrieved), await collect(rig, retrieved, cdi=["Cae2"]), await collect(rig, created)]
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")
    assert [counted(rig, ri) for ri in ris[:2]] == [{"Cae1": {"RETRIEVE": 1}}, {}]
    assert counted(rig, ris[2]) == {"Cae1": {"CREATE": 1}}
    await rig.delete(f"{ris[0]}")
    await rig.retrieve("cse/cae2", "Cae2")
    assert counted(rig, ris[1]) == {"Cae2": {"RETRIEVE": 1}}
    assert ris[0] not in statistics_of(rig.cse.core).counts()


async def test_ssp_3_what_is_inactive_counts_nothing_and_costs_nothing(rig: Rig) -> None:
    core = rig.cse.core
    evi = await event(rig, opt=[RETRIEVE])
    assert core.performed == []
    ri = await collect(rig, evi, srs=2)
    await rig.retrieve("cse/cae1", "Cae1")
    assert (counted(rig, ri), core.performed) == ({}, [])
    await rig.update(ri, {"m2m:stcl": {"srs": 1}})
    await rig.retrieve("cse/cae1", "Cae1")
    assert len(core.performed) == 1
    await rig.update(ri, {"m2m:stcl": {"srs": 2}})
    await rig.retrieve("cse/cae1", "Cae1")
    assert (counted(rig, ri), core.performed) == ({"Cae1": {"RETRIEVE": 1}}, [])
    await rig.update(ri, {"m2m:stcl": {"srs": 1}})
    await rig.retrieve("cse/cae1", "Cae1")
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 2}}  # counters go on


async def test_ssp_3_another_event_begins_anew(rig: Rig) -> None:
    first, second = await event(rig, opt=[RETRIEVE]), await event(rig, opt=[CREATE])
    ri = await collect(rig, first, cdi=["Cae1"])
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.update(ri, {"m2m:stcl": {"evi": second}})
    assert counted(rig, ri) == {}
    await rig.made("cse/cae1", 3, {}, "Cae1")
    await rig.retrieve("cse/cae1", "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 1}}


async def test_ssp_3_an_event_that_changes_or_goes(rig: Rig) -> None:
    evi = await event(rig, rn="e", opt=[RETRIEVE])
    ri = await collect(rig, evi, cdi=["Cae1"])
    await rig.update("cse/stats/e", {"m2m:evcg": {"opt": [CREATE]}})
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.made("cse/cae1", 3, {}, "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 1}}
    await rig.delete("cse/stats")
    await rig.made("cse/cae1", 3, {}, "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 1}}
    assert rig.cse.core.performed == []


async def test_ssp_3_only_within_the_period(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]), cp=EVERY_MINUTE_BEGIN)
    rig.clock.now = 1_800_000_000.0  # a full minute
    for _ in range(12):  # at 0, 5, … 55 seconds
        await rig.retrieve("cse/cae1", "Cae1")
        rig.clock.now += 5
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 2}}
    await rig.update(ri, {"m2m:stcl": {"cp": None}})
    rig.clock.now += 30
    await rig.retrieve("cse/cae1", "Cae1")
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 3}}


@pytest.mark.parametrize("entries", [
    pytest.param(["99 * * * * * *"], id="SSP-3 no such second"),
    pytest.param(["5-1 * * * * * *"], id="SSP-3 backwards"),
    pytest.param(["0 * * * * * *"] * 101, id="SSP-3 too many"),
])
async def test_ssp_3_periods_that_cannot_be(rig: Rig, entries: list[str]) -> None:
    evi = await event(rig)
    ri = await collect(rig, evi)
    refused = await rig.create("cse", 21, {"cei": "Cae1", "srs": 1, "sm": 1, "evi": evi, "cp": {"sce": entries}})
    changed = await rig.update(ri, {"m2m:stcl": {"cp": {"sce": entries}}})
    for response in (refused, changed):
        assert response.status == Status.BAD_REQUEST
        assert "cp" in message(response)


async def test_ssp_3_timer_based_events_are_everything_in_their_time(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, evt=3, evs=rig.at(100), eve=rig.at(200)), cdi=["Cae1"])
    for _ in range(3):  # before, while, after
        await rig.retrieve("cse/cae1", "Cae1")
        await rig.update("cse/cae1", {"m2m:ae": {"lbl": ["x"]}}, "Cae1")
        rig.clock.now += 110
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 1, "UPDATE": 1}}


async def test_ssp_3_timer_based_events_without_an_end(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, evt=3, evs=rig.at(100)))
    await rig.retrieve("cse/cae1", "Cae1")
    rig.clock.now += 10_000
    await rig.retrieve("cse/cae1", "Cae1")
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 1}}


@pytest.mark.usefixtures("box")
async def test_ssp_3_stored_data_reaches_a_size(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "other"}, "Cae1")
    ri = await collect(rig, await event(rig, evt=2, ds=10))
    await rig.made("cse/cae1/other", 4, {"con": "1234"}, "Cae1")  # 9 bytes in all
    await rig.made("cse/cae2/box", 4, {"con": "123456789"}, "Cae2")
    assert counted(rig, ri) == {}
    await rig.made("cse/cae1/other", 4, {"rn": "one", "con": "1"}, "Cae1")
    await rig.made("cse/cae1/other", 4, {"con": "more"}, "Cae1")  # has it already
    assert counted(rig, ri) == {"Cae1": {"CREATE": 1}}
    await rig.delete("cse/cae1/other", "Cae1")
    await rig.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")
    rig.clock.now += 2
    await rig.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")  # 7 bytes
    await rig.made("cse/cae1/box", 4, {"con": "123"}, "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 2}}
    await rig.delete("cse/cae1/box/la", "Cae1")
    await rig.made("cse/cae1/box", 4, {"con": "123"}, "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 3}}


@pytest.mark.usefixtures("box")
async def test_ssp_3_who_has_the_size_already_does_not_reach_it(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, evt=2, ds=5))
    await rig.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")
    assert counted(rig, ri) == {}
    await rig.update(ri, {"m2m:stcl": {"cp": {"sce": ["* * * * * * 2000"]}}})
    await rig.made("cse/cae2/box", 4, {"con": "12345"}, "Cae2")  # reached outside of the period
    await rig.update(ri, {"m2m:stcl": {"cp": None}})
    await rig.made("cse/cae2/box", 4, {"con": "12345"}, "Cae2")
    assert counted(rig, ri) == {}


@pytest.mark.usefixtures("box")
async def test_ssp_3_only_stored_data_that_the_event_is_about(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "other"}, "Cae1")
    here = await collect(rig, await event(rig, evt=2, ds=10, eris=["cse/cae1/other"]))
    instances = await collect(rig, await event(rig, evt=2, ds=10, erts=[4]))
    series = await collect(rig, await event(rig, evt=2, ds=1, erts=[29, 30]))
    await rig.made("cse/cae1/box", 4, {"con": "1234567890"}, "Cae1")
    assert [counted(rig, ri) for ri in (here, instances, series)] == [{}, {"Cae1": {"CREATE": 1}}, {}]
    await rig.made("cse/cae1/other", 4, {"con": "1234567890"}, "Cae1")
    assert counted(rig, here) == {"Cae1": {"CREATE": 1}}


@pytest.mark.usefixtures("box")
async def test_ssp_3_what_expires_is_not_stored(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "other", "et": rig.at(60)}, "Cae1")
    ri = await collect(rig, await event(rig, evt=2, ds=10))
    await rig.made("cse/cae1/other", 4, {"con": "12345"}, "Cae1")
    await rig.clock.advance(400)
    assert rig.cse.core.tree.find("cse/cae1/other") is None
    await rig.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 1}}
    await rig.made("cse/cae1/box", 4, {"con": "12345"}, "Cae1")
    assert counted(rig, ri) == {"Cae1": {"CREATE": 2}}


@pytest.mark.usefixtures("box")
async def test_ssp_3_each_member_of_a_fan_out_counts(rig: Rig) -> None:
    group = {"rn": "g", "mnm": 9, "mid": ["cse/cae1/box", "cse/cae2/box"]}
    await rig.made("cse", 9, group)
    ri = await collect(rig, await event(rig, erts=[3], opt=[RETRIEVE]))
    await rig.retrieve("cse/g/fopt")
    assert counted(rig, ri) == {ADMIN: {"RETRIEVE": 2}}


async def test_ssp_3_strangers_share_a_counter(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ENTITIES >= 100
    monkeypatch.setattr("cse.behaviours.statistics.ENTITIES", 1)
    await rig.register("Cae2")
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]))
    for originator in ("Cae1", "Cae2", ADMIN, "Cae1"):
        await rig.retrieve("cse/cae2" if originator == "Cae2" else "cse/cae1", originator)
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 2}, "*": {"RETRIEVE": 2}}


async def test_ssp_3_counts_survive_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    retrieved = await collect(rig, await event(rig, opt=[RETRIEVE]))
    stored = await collect(rig, await event(rig, evt=2, ds=3))
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.made("cse/cae1/box", 4, {"con": "123"}, "Cae1")
    assert "counts" not in only(await rig.retrieve(retrieved))  # never shown
    before = [counted(rig, ri) for ri in (retrieved, stored)]
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert [counted(rig, ri) for ri in (retrieved, stored)] == before
    assert before[0]["Cae1"] == {"RETRIEVE": 1}
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.made("cse/cae1/box", 4, {"con": "123"}, "Cae1")
    assert counted(rig, retrieved)["Cae1"] == {"RETRIEVE": 2}
    assert counted(rig, stored) == {"Cae1": {"CREATE": 1}}
    await rig.close()


async def test_ssp_3_a_kill_forgets_some_seconds_at_most() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]))
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.clock.advance(6)
    await rig.retrieve("cse/cae1", "Cae1")
    resource = rig.cse.core.tree.find(ri)
    assert resource is not None
    assert resource.state == {"counts": {"Cae1": {"RETRIEVE": 1}}}
    written = {record.ri: record.state for record in await store.load()}
    assert b'"RETRIEVE":1' in bytes(written[ri])
    after_kill = await Rig.open(store=store, clock=rig.clock)  # what the store has while the first one still runs
    assert counted(after_kill, ri) == {"Cae1": {"RETRIEVE": 1}}
    await after_kill.close()
    await rig.close()


async def test_ssp_3_a_store_that_fails_stops_no_request() -> None:
    store = FailingStore()
    rig = await Rig.open(store=store)
    await rig.register()
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]))
    only(await rig.retrieve("cse/cae1", "Cae1"))
    store.fails = True
    await rig.clock.advance(6)
    only(await rig.retrieve("cse/cae1", "Cae1"))
    await rig.clock.advance(6)
    assert counted(rig, ri) == {"Cae1": {"RETRIEVE": 2}}
    await rig.close()


async def test_ssp_3_what_was_deleted_is_not_written(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]))
    await rig.retrieve("cse/cae1", "Cae1")
    await rig.delete(ri)
    await rig.clock.advance(10)
    assert (await rig.retrieve(ri)).status == Status.NOT_FOUND


async def test_ssp_3_one_that_has_expired_counts_no_more(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]), et=rig.at(60))
    rig.clock.now += 61
    await rig.retrieve("cse/cae1", "Cae1")
    await settle()
    assert counted(rig, ri) == {}


async def test_ssp_3_a_trial_of_a_transaction_is_no_event(rig: Rig) -> None:
    ri = await collect(rig, await event(rig, erts=[2], opt=[RETRIEVE]))
    request = {"op": 2, "to": "cse/cae1", "fr": ADMIN, "rqi": "t1", "rvi": "3"}
    made = await rig.made("cse/cae1", 51, {"rn": "t", "tid": "1", "rqp": request})
    assert made["trst"] == 2  # locked
    assert (await rig.update("cse/cae1/t", {"m2m:trac": {"tctl": 3}})).status == Status.UPDATED
    assert counted(rig, ri) == {}
    assert (await rig.update("cse/cae1/t", {"m2m:trac": {"tctl": 4}})).status == Status.UPDATED
    assert counted(rig, ri) == {ADMIN: {"RETRIEVE": 1}}


async def test_ssp_3_operators_see_the_counters() -> None:
    settings = Settings()
    settings.store.kind = "memory"
    settings.http.enabled = False
    settings.cse.administrators = [ADMIN]
    node = Node(settings)
    await node.start()
    rig = Rig(node.cse, None, None)  # type: ignore[arg-type]
    ri = await collect(rig, await event(rig, opt=[RETRIEVE]))
    await rig.request(Operation.RETRIEVE, "cse")
    line = f'banyan_statistics_events_total{{collect="{ri}",entity="{ADMIN}",operation="RETRIEVE"}} 1'
    assert line in node.metrics.exposition()
    assert list(events_by_labels(node.cse.core).values()) == [1]
    await node.stop()


async def test_ssp_3_only_active_rules_of_a_period_in_the_past(rig: Rig) -> None:
    past = await event(rig, evt=3, evs="20200101T000000", eve="20210101T000000")
    ri = await collect(rig, past)
    assert seconds_of("20210101T000000") < rig.clock.now
    await rig.retrieve("cse/cae1", "Cae1")
    assert counted(rig, ri) == {}
