"""What has expired holds no name and no AE-ID, before the next sweep takes it out of the tree (DEL-2, ADR-5, AE-3)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError
from resources.status import Status
from tests.procedures.boxed import SINK
from tests.rig import Rig, only
from tests.storage.gated import GatedStore

NEVER_S = 86400.0


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE that hardly ever looks for what has expired, with a container that lives for ten seconds."""
    rig = await Rig.open(expiry_check_s=NEVER_S)
    await rig.register()
    await rig.made("cse/cae1", 3, {"rn": "box", "et": rig.at(10)}, "Cae1")
    await rig.made("cse/cae1/box", 3, {"rn": "inner"}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"rn": "old", "con": "old"}, "Cae1")
    yield rig
    await rig.close()


async def test_del_2_a_name_is_free_when_its_holder_has_expired(rig: Rig) -> None:
    again = {"rn": "box"}
    assert (await rig.create("cse/cae1", 3, again, "Cae1")).status == Status.CONFLICT
    before = only(await rig.retrieve("cse/cae1/box", "Cae1"))["ri"]
    await rig.clock.advance(11)
    made = await rig.made("cse/cae1", 3, again, "Cae1")
    assert (await rig.retrieve(before, "Cae1")).status == Status.NOT_FOUND
    assert (await rig.retrieve("cse/cae1/box/inner", "Cae1")).status == Status.NOT_FOUND
    assert (await rig.retrieve("cse/cae1/box/old", "Cae1")).status == Status.NOT_FOUND
    assert only(await rig.retrieve("cse/cae1/box", "Cae1"))["ri"] == made["ri"]
    assert made["cni"] == 0
    await rig.clock.advance(2 * NEVER_S)
    assert only(await rig.retrieve("cse/cae1/box", "Cae1"))["ri"] == made["ri"]


async def test_del_2_an_instance_takes_the_name_of_an_expired_container(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "outer"}, "Cae1")
    await rig.made("cse/cae1/outer", 3, {"rn": "x", "et": rig.at(10)}, "Cae1")
    assert (await rig.create("cse/cae1/outer", 4, {"rn": "x", "con": 1}, "Cae1")).status == Status.CONFLICT
    await rig.clock.advance(11)
    await rig.made("cse/cae1/outer", 4, {"rn": "x", "con": 1}, "Cae1")
    assert only(await rig.retrieve("cse/cae1/outer/x", "Cae1"))["con"] == 1
    assert only(await rig.retrieve("cse/cae1/outer", "Cae1"))["cni"] == 1


@pytest.mark.parametrize("name", ["cae2", "other"])
async def test_ae_3_an_ae_id_is_free_when_its_registration_has_expired(rig: Rig, name: str) -> None:
    await rig.register("Cae2", et=rig.at(10))
    await rig.made("cse/cae2", 3, {"rn": "of-the-first"}, "Cae2")
    given = {"api": "N2", "rr": True, "srv": ["3"], "rn": name}
    refused = await rig.create("cse", 2, given, "Cae2")
    assert refused.status in {Status.ORIGINATOR_HAS_ALREADY_REGISTERED, Status.CONFLICT}
    await rig.clock.advance(11)
    assert (await rig.made("cse", 2, given, "Cae2"))["aei"] == "Cae2"
    assert only(await rig.retrieve("Cae2", "Cae2"))["api"] == "N2"
    assert (await rig.retrieve("cse/cae2/of-the-first", "Cae2")).status == Status.NOT_FOUND
    assert (await rig.create("cse", 2, {**given, "rn": "third"}, "Cae2")).status == \
        Status.ORIGINATOR_HAS_ALREADY_REGISTERED


async def test_del_2_who_subscribed_is_told_of_the_end_before_the_new_beginning(rig: Rig) -> None:
    await rig.made("cse/cae1", 23, {"rn": "s", "nu": [SINK], "enc": {"net": [3, 4], "chty": [3]}}, "Cae1")
    await rig.clock.advance(11)
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    assert [one["m2m:sgn"]["nev"]["net"] for one in rig.sink.contents(SINK)] == [4, 3]


async def test_del_2_a_create_that_is_not_written_leaves_the_expired_where_it_was() -> None:
    store = GatedStore()
    rig = await Rig.open(store=store, expiry_check_s=NEVER_S)
    await rig.register("Cae2", et=rig.at(10))
    await rig.clock.advance(11)
    store.failure = StoreError("disk full")
    given = {"api": "N2", "rr": True, "srv": ["3"], "rn": "cae2"}
    assert (await rig.create("cse", 2, given, "Cae2")).status == Status.INTERNAL_SERVER_ERROR
    assert rig.cse.core.tree.by_id["Cae2"].attributes["api"] == "N1"
    await rig.close()


async def test_del_2_the_new_one_is_there_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store, expiry_check_s=NEVER_S)
    await rig.register("Cae2", et=rig.at(10))
    await rig.made("cse/cae2", 3, {"rn": "box"}, "Cae2")
    await rig.clock.advance(11)
    await rig.made("cse", 2, {"api": "N2", "rr": True, "srv": ["3"], "rn": "cae2"}, "Cae2")
    await rig.close()
    again = await Rig.open(store=store, clock=rig.clock, expiry_check_s=NEVER_S)
    assert only(await again.retrieve("cse/cae2", "Cae2"))["api"] == "N2"
    assert (await again.retrieve("cse/cae2/box", "Cae2")).status == Status.NOT_FOUND
    await again.close()
