"""Statistics of notifications and who caused an event (SUB-31, SUB-32)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, Gate, put, silent, subscribe, values, with_box
from tests.rig import ADMIN, Rig, RigClock, only, settle

OTHER = "http://sink/b"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await with_box()
    yield rig
    await rig.close()


async def counted(rig: Rig) -> dict[str, tuple[int, int, int]]:
    """``nsi`` by target: requests sent, answered, events."""
    entries = only(await rig.retrieve(f"{BOX}/s", "Cae1")).get("nsi", [])
    return {entry["tg"]: (entry["rqs"], entry["rsr"], entry["noec"]) for entry in entries}


async def set_(rig: Rig, **attributes: Any) -> None:
    """UPDATE the subscription."""
    answer = await rig.update(f"{BOX}/s", {"m2m:sub": attributes}, "Cae1")
    assert answer.status == Status.UPDATED, answer.content


async def test_sub_31_counts_for_each_target(rig: Rig) -> None:
    subscription = await subscribe(rig, nu=[SINK, OTHER], nse=True)
    assert [entry["tg"] for entry in subscription["nsi"]] == [SINK, OTHER]
    rig.sink.answer = lambda url, content: Status.BAD_REQUEST if url == OTHER else Status.OK
    await put(rig, 1, 2, 3)
    assert await counted(rig) == {SINK: (3, 3, 3), OTHER: (3, 3, 3)}


async def test_sub_31_what_is_not_answered(rig: Rig) -> None:
    await subscribe(rig, nse=True, pn=2)
    rig.sink.answer = silent(SINK)
    await put(rig, 1)
    assert await counted(rig) == {SINK: (1, 0, 1)}
    rig.sink.answer = silent()
    await rig.clock.advance(2)
    assert await counted(rig) == {SINK: (2, 1, 1)}


async def test_sub_31_a_batch_is_one_request_of_several_events(rig: Rig) -> None:
    await subscribe(rig, nse=True, bn={"num": 3})
    await put(rig, 1, 2, 3, 4)
    assert await counted(rig) == {SINK: (1, 1, 4)}


async def test_sub_31_off_freezes_on_begins_anew_none_removes(rig: Rig) -> None:
    await subscribe(rig)
    assert await counted(rig) == {}
    await put(rig, 0)
    await set_(rig, nse=True)
    await put(rig, 1, 2)
    await set_(rig, nse=False)
    await put(rig, 3)
    assert await counted(rig) == {SINK: (2, 2, 2)}
    await set_(rig, nse=True)
    assert await counted(rig) == {SINK: (0, 0, 0)}
    await put(rig, 4)
    assert await counted(rig) == {SINK: (1, 1, 1)}
    await set_(rig, nse=None)
    assert "nsi" not in only(await rig.retrieve(f"{BOX}/s", "Cae1"))
    await put(rig, 5)
    assert values(rig) == [0, 1, 2, 3, 4, 5]


async def test_sub_31_other_targets(rig: Rig) -> None:
    await subscribe(rig, nse=True)
    await put(rig, 1)
    await set_(rig, nu=[SINK, OTHER])
    await put(rig, 2)
    assert await counted(rig) == {SINK: (2, 2, 2), OTHER: (1, 1, 1)}
    await set_(rig, nu=[OTHER])
    assert await counted(rig) == {OTHER: (1, 1, 1)}


async def test_sub_31_counting_is_no_event_and_no_change(rig: Rig) -> None:
    before = await subscribe(rig, nse=True, enc={"net": [3, 4]})
    await rig.clock.advance(5)
    await put(rig, 1)
    after = only(await rig.retrieve(f"{BOX}/s", "Cae1"))
    assert {**after, "nsi": before["nsi"]} == before
    assert len(rig.sink.contents(SINK)) == 1


async def test_sub_31_survives_a_restart() -> None:
    store, clock = MemoryStore(), RigClock()
    rig = await with_box(store=store, clock=clock)
    await subscribe(rig, nse=True)
    await put(rig, 1, 2)
    await rig.close()
    rig = await Rig.open(store=store, clock=clock)
    assert await counted(rig) == {SINK: (2, 2, 2)}
    await put(rig, 3)
    assert await counted(rig) == {SINK: (3, 3, 3)}
    await rig.close()


async def test_sub_31_counting_does_not_bring_a_deleted_subscription_back() -> None:
    store = MemoryStore()
    rig = await with_box(store=store)
    subscription = await subscribe(rig, nse=True, rl={"mnn": 5, "tww": "PT1M"}, exc=9)
    gate = Gate(rig.sink)
    await put(rig, 1, 2)
    await rig.delete(f"{BOX}/s", "Cae1")
    gate.open.set()
    await settle()
    assert subscription["ri"] not in {record.ri for record in await store.load()}
    await rig.close()


# SUB-32


async def test_sub_32_every_event_names_who_caused_it(rig: Rig) -> None:
    await rig.made(BOX, 23, {"rn": "s", "nu": [SINK], "enc": {"net": [1, 2, 3, 4]}, "eeno": True}, "Cae1")
    await rig.made(BOX, 4, {"con": "x", "rn": "i"}, ADMIN)
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    await rig.delete(f"{BOX}/i", ADMIN)
    await rig.delete("cse/cae1", "Cae1")
    events = [one["m2m:sgn"] for one in rig.sink.contents(SINK)]
    caused = [("/banyan/CAdmin", 3), ("/banyan/Cae1", 1), ("/banyan/CAdmin", 4), ("/banyan/Cae1", 2)]
    assert [(one["nev"]["om"]["or"], one["nev"]["net"]) for one in events] == caused
    assert [one["nev"]["om"]["op"] for one in events] == [1, 3, 4, 4]
    assert {one["cr"] for one in events} == {"/banyan/Cae1"}  # that of the subscription


async def test_sub_32_no_child(rig: Rig) -> None:
    await rig.made(BOX, 23, {"rn": "s", "nu": [SINK], "enc": {"net": [5]}, "eeno": True}, "Cae1")
    await rig.retrieve(BOX, ADMIN, rcn=4)
    (content,) = rig.sink.contents(SINK)
    assert content["m2m:sgn"]["nev"]["om"] == {"op": 2, "or": f"/banyan/{ADMIN}"}


async def test_sub_32_in_place_of_a_creator(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/1"]}}, "Cae1")
    await subscribe(rig, nu=["Cae1"], eeno=True)
    await rig.made(BOX, 4, {"con": "x"}, ADMIN)
    (content,) = rig.sink.contents("http://ae/1")
    assert content["m2m:sgn"]["cr"] == f"/banyan/{ADMIN}"


async def test_sub_32_what_the_cse_does_by_itself(rig: Rig) -> None:
    await subscribe(rig, enc={"net": [4]}, eeno=True)
    await rig.made(BOX, 4, {"con": "x", "et": rig.at(2)}, "Cae1")
    await rig.clock.advance(10)
    (content,) = rig.sink.contents(SINK)
    assert content["m2m:sgn"]["nev"]["om"] == {"op": 4, "or": "/banyan"}


@pytest.mark.parametrize("eeno", [None, False])
async def test_sub_32_not_unless_asked_for(rig: Rig, eeno: bool | None) -> None:
    await subscribe(rig, **({} if eeno is None else {"eeno": eeno}))
    await put(rig, 1)
    (content,) = rig.sink.contents(SINK)
    assert "om" not in content["m2m:sgn"]["nev"]
