"""node (procedures section 19, NOD-1): links with AEs and CSEs, kept in step from both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.devices import NODE_ID, node
from tests.rig import ADMIN, Rig, message, only

REMOTE = {"rn": "far", "cb": "/far/cse", "csi": "/far", "rr": True, "srv": ["3"]}


@pytest.fixture
async def joined() -> AsyncIterator[Rig]:
    """A CSE where the CSE ``/far`` may register, and an AE has."""
    rig = await Rig.open(administrators=[ADMIN, "/far"])
    await rig.register()
    yield rig
    await rig.close()


async def hosted(rig: Rig, name: str = "device") -> dict[str, Any]:
    """The links of a node."""
    shown = only(await rig.retrieve(f"cse/{name}"))
    return {short: shown[short] for short in ("hael", "hcl") if short in shown}


async def link(rig: Rig, entity: str = "cse/cae1") -> str | None:
    """The link of an entity."""
    found: str | None = only(await rig.retrieve(entity)).get("nl")
    return found


async def to_node(rig: Rig, root: str, entity: str, target: Any) -> None:
    """Have an entity say where it is."""
    assert (await rig.update(entity, {root: {"nl": target}})).status == Status.UPDATED


async def test_nod_1_a_node_needs_an_id(rig: Rig) -> None:
    response = await rig.create("cse", 14, {"rn": "device"})
    assert response.status == Status.BAD_REQUEST
    assert "ni" in message(response)


async def test_nod_1_an_ae_that_moves(rig: Rig) -> None:
    one, other = await node(rig), await node(rig, "other")
    await to_node(rig, "m2m:ae", "cse/cae1", one["ri"])
    assert await hosted(rig) == {"hael": ["Cae1"]}
    await to_node(rig, "m2m:ae", "cse/cae1", "cse/other")
    assert (await hosted(rig), await hosted(rig, "other")) == ({}, {"hael": ["Cae1"]})
    await to_node(rig, "m2m:ae", "cse/cae1", None)
    assert await hosted(rig, "other") == {}
    assert other["ri"] != one["ri"]


async def test_nod_1_an_ae_that_registers_and_leaves(rig: Rig) -> None:
    await node(rig)
    await rig.register("Cae2", nl="cse/device")
    await rig.register("Cae3", nl="cse/device")
    assert await hosted(rig) == {"hael": ["Cae2", "Cae3"]}
    await rig.delete("cse/cae2", "Cae2")
    assert await hosted(rig) == {"hael": ["Cae3"]}
    await rig.delete("cse/cae3", "Cae3")
    assert await hosted(rig) == {}


async def test_nod_1_an_ae_that_expires(rig: Rig) -> None:
    await node(rig)
    await rig.register("Cae2", nl="cse/device", et=rig.at(60))
    await rig.clock.advance(70)
    assert await hosted(rig) == {}


@pytest.mark.parametrize("name", ["Cae1", "/banyan/Cae1", "//banyan.example/banyan/Cae1", "cse/cae1"])
async def test_nod_1_a_node_that_names_its_aes(rig: Rig, name: str) -> None:
    made = await node(rig, hael=[name, "/far/Cae9", "Cunknown"])
    assert await link(rig) == made["ri"]
    other = await node(rig, "other", hael=["Cae1"])
    assert await link(rig) == other["ri"]
    assert (await hosted(rig))["hael"] == ["/far/Cae9", "Cunknown"]
    await rig.update("cse/other", {"m2m:nod": {"hael": ["Cunknown"]}})
    assert await link(rig) is None


async def test_nod_1_an_ae_that_its_node_has_named_before(rig: Rig) -> None:
    made = await node(rig, hael=["Cae2"])
    assert (await rig.register("Cae2"))["nl"] == made["ri"]
    assert await hosted(rig) == {"hael": ["Cae2"]}


async def test_nod_1_an_ae_that_has_waited_for_its_node(rig: Rig) -> None:
    await rig.register("Cae2", nl="cse/device")
    await node(rig)
    assert await hosted(rig) == {"hael": ["Cae2"]}


async def test_nod_1_deletion_of_a_node(joined: Rig) -> None:
    rig = joined
    await node(rig, hael=["Cae1"], hcl="/banyan")
    await rig.made("cse", 16, {**REMOTE, "nl": "cse/device"}, "/far")
    await node(rig, "other", hcl="/banyan")
    assert await hosted(rig) == {"hael": ["Cae1"], "hcl": "/far"}
    await rig.delete("cse/device")
    assert (await link(rig), await link(rig, "cse/far")) == (None, None)
    assert await link(rig, "cse") is not None
    await rig.delete("cse/other")
    assert await link(rig, "cse") is None


async def test_nod_1_the_node_of_the_cse(rig: Rig) -> None:
    made = await node(rig, hcl="/banyan")
    assert await link(rig, "cse") == made["ri"]
    other = await node(rig, "other", hcl="//banyan.example/banyan")
    assert await link(rig, "cse") == other["ri"]
    assert await hosted(rig) == {}
    await rig.update("cse/other", {"m2m:nod": {"hcl": None}})
    assert await link(rig, "cse") is None


async def test_nod_1_the_node_of_another_cse(joined: Rig) -> None:
    rig = joined
    await node(rig)
    await rig.made("cse", 16, {**REMOTE, "nl": "cse/device"}, "/far")
    assert await hosted(rig) == {"hcl": "/far"}
    await rig.delete("cse/far")
    assert await hosted(rig) == {}


async def test_nod_1_a_link_to_something_else(rig: Rig) -> None:
    response = await rig.update("cse/cae1", {"m2m:ae": {"nl": "cse"}}, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert "expected a node" in message(response)


@pytest.mark.parametrize("target", ["nowhere", "/far/node", "//sp/far/node", "http://example.org/node", "a b", "//"])
async def test_nod_1_links_that_lead_nowhere_are_kept(rig: Rig, target: str) -> None:
    response = await rig.update("cse/cae1", {"m2m:ae": {"nl": target}}, "Cae1")
    assert response.status in (Status.UPDATED, Status.BAD_REQUEST)
    if response.status.succeeded:
        assert await link(rig) == target
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.DELETED


@pytest.mark.parametrize("value", ["", " ", "//", "/", "x" * 10_000, "/banyan/", "-"])
async def test_nod_1_hostile_links_of_a_node(rig: Rig, value: str) -> None:
    for content in ({"hcl": value}, {"hael": [value]}):
        response = await rig.create("cse", 14, {"ni": NODE_ID, **content})
        assert response.status in (Status.CREATED, Status.BAD_REQUEST)


async def test_nod_1_links_survive_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    made = await node(rig, hael=["Cae1"], hcl="/banyan")
    await rig.close()
    rig = await Rig.open(store=store)
    assert (await link(rig), await link(rig, "cse")) == (made["ri"], made["ri"])
    await rig.delete("cse/cae1", "Cae1")
    assert await hosted(rig) == {"hcl": "/banyan"}
    await rig.close()


async def test_nod_1_subscribers_see_the_other_side_follow(rig: Rig) -> None:
    await node(rig)
    await rig.made("cse/device", 23, {"nu": ["http://watch/"], "nct": 1})
    await to_node(rig, "m2m:ae", "cse/cae1", "cse/device")
    (content,) = rig.sink.contents("http://watch/")
    assert content["m2m:sgn"]["nev"]["rep"]["m2m:nod"]["hael"] == ["Cae1"]
