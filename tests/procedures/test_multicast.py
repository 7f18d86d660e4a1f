"""localMulticastGroup: members that are asked together, by requests that came to a multicast group (SSP-3)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import ResponsePrimitive
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.fans import codes
from tests.rig import Rig, only

GROUPS = ("239.0.0.1", "ff02::fd%lo")
GROUP = {"rn": "lmg", "mad": {"ip4": "239.0.0.1"}, "mgft": "/host/lights", "mli": ["cse/a", "cse/b"], "rstt": "/host"}
CONTAINER, INSTANCE, LMG = 3, 4, 45


async def opened(store: MemoryStore | None = None) -> Rig:
    return await Rig.open(store=store, multicast_groups=GROUPS)


async def lit(rig: Rig) -> None:
    """Two containers that belong to a group."""
    for name in "ab":
        await rig.made("cse", CONTAINER, {"rn": name})
    await rig.made("cse", LMG, GROUP)


async def switch(rig: Rig, to: str = "/host/lights", *, by_multicast: bool = True, **more: Any) -> ResponsePrimitive:
    return await rig.create(to, INSTANCE, {"con": "on"}, by_multicast=by_multicast, **more)


async def test_ssp_3_a_request_to_the_group_is_for_its_members() -> None:
    rig = await opened()
    await lit(rig)
    response = await switch(rig)
    assert codes(response) == [Status.CREATED, Status.CREATED]
    assert [only(await rig.retrieve(f"cse/{name}/la"))["con"] for name in "ab"] == ["on", "on"]
    latest = await rig.retrieve("/host/lights/la", by_multicast=True)
    assert codes(latest) == [Status.OK, Status.OK]
    await rig.delete("cse/b")
    assert codes(await switch(rig)) == [Status.CREATED, Status.NOT_FOUND]
    await rig.close()


async def test_ssp_3_the_same_request_of_a_group_is_done_once() -> None:
    rig = await opened()
    await lit(rig)
    assert codes(await switch(rig, group_request_id="g1")) == [Status.CREATED] * 2
    assert codes(await switch(rig, group_request_id="g1")) == [Status.GROUP_REQUEST_IDENTIFIER_EXISTS] * 2
    await rig.close()


async def test_ssp_3_each_member_decides_who_may_do_what() -> None:
    rig = await opened()
    await lit(rig)
    await rig.register("Cae1")
    assert codes(await switch(rig, fr="Cae1")) == [Status.ORIGINATOR_HAS_NO_PRIVILEGE] * 2
    await rig.close()


async def test_ssp_3_what_came_to_this_cse_alone_goes_to_the_host() -> None:
    rig = await opened()
    await lit(rig)
    assert (await switch(rig, by_multicast=False)).status == Status.NOT_FOUND
    assert (await switch(rig, "/host/other")).status == Status.NOT_FOUND
    assert (await switch(rig, "/host")).status == Status.NOT_FOUND
    await rig.close()


async def test_ssp_3_a_group_lives_over_a_restart_and_ends_with_its_resource() -> None:
    store = MemoryStore()
    rig = await opened(store)
    await lit(rig)
    await rig.close()
    rig = await opened(store)
    assert codes(await switch(rig)) == [Status.CREATED] * 2
    await rig.update("cse/lmg", {"m2m:lmg": {"mli": ["cse/b"]}})
    assert codes(await switch(rig)) == [Status.CREATED]
    await rig.delete("cse/lmg")
    assert (await switch(rig)).status == Status.NOT_FOUND
    await rig.close()


@pytest.mark.parametrize(("given", "status"), [
    pytest.param({"mad": {"ip4": "239.0.0.2"}}, Status.JOIN_MULTICAST_GROUP_FAILED, id="not joined"),
    pytest.param({"mad": {"ip4": "239.0.0.1/32"}}, Status.JOIN_MULTICAST_GROUP_FAILED, id="a block"),
    pytest.param({"mad": {}}, Status.JOIN_MULTICAST_GROUP_FAILED, id="nothing"),
    pytest.param({"mad": {"ip4": "239.0.0.1", "ip6": "ff02::1"}}, Status.JOIN_MULTICAST_GROUP_FAILED, id="one joined"),
    pytest.param({"mad": {"ip6": "ff02:0::fd"}, "mgft": "/host/b"}, Status.CREATED, id="IPv6"),
    pytest.param({"mgft": "/host/lights"}, Status.CONFLICT, id="taken"),
    pytest.param({"mgft": "/host"}, Status.BAD_REQUEST, id="no name"),
    pytest.param({"mgft": "/banyan/x"}, Status.BAD_REQUEST, id="of this CSE"),
    pytest.param({"mgft": "/host/a/b"}, Status.BAD_REQUEST, id="too long"),
])
async def test_ssp_3_what_a_group_may_be(given: dict[str, Any], status: Status) -> None:
    rig = await opened()
    await lit(rig)
    assert (await rig.create("cse", LMG, {**GROUP, "rn": "other", **given})).status == status
    await rig.close()
