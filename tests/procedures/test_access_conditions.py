"""Access control: contexts, object details and attributes (ACP-3, ACP-6 … ACP-8)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from resources.status import Status
from tests.procedures.governed import (
    BOX,
    CREATE,
    DENIED,
    RETRIEVE,
    UPDATE,
    govern,
    reads,
    rule,
)
from tests.rig import Rig, only

pytestmark = pytest.mark.usefixtures("others")

# ACP-6: contexts

NOON = 1_800_014_400.0
assert time.gmtime(NOON)[3:6] == (12, 0, 0)


@pytest.mark.parametrize(("context", "address", "allowed"), [
    pytest.param({"actw": ["* * 12 * * * *"]}, None, True, id="ACP-6 actw"),
    pytest.param({"actw": ["* * 13-15 * * * *"]}, None, False, id="ACP-6 actw other hours"),
    pytest.param({"actw": ["* * 3 * * * *", "* 0-5 * * * * *"]}, None, True, id="ACP-6 actw any entry"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, "10.1.2.3", True, id="ACP-6 acip network"),
    pytest.param({"acip": {"ipv4": ["10.1.2.3"]}}, "10.1.2.3", True, id="ACP-6 acip address"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, "11.1.2.3", False, id="ACP-6 acip other network"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, "::ffff:10.1.2.3", True, id="ACP-6 acip mapped"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, None, False, id="ACP-6 acip unknown address"),
    pytest.param({"acip": {"ipv6": ["2001:db8::/32"]}}, "2001:db8::7", True, id="ACP-6 acip v6"),
    pytest.param({"acip": {"ipv6": ["2001:db8::/32"]}}, "2001:db9::7", False, id="ACP-6 acip other v6"),
    pytest.param({"aclr": {"accr": [48.1, 11.5, 5000.0]}}, None, True, id="ACP-6 aclr circle by loc of the AE"),
    pytest.param({"aclr": {"accr": [48.1, 11.9, 5000.0]}}, None, False, id="ACP-6 aclr other circle"),
    pytest.param({"aclr": {"accc": ["DE"]}}, None, False, id="ACP-6 aclr country is not known"),
    pytest.param({"actw": ["* * 12 * * * *"], "acip": {"ipv4": ["10.0.0.0/8"]}}, "10.9.9.9", True, id="ACP-6 both"),
    pytest.param({"actw": ["* * 13 * * * *"], "acip": {"ipv4": ["10.0.0.0/8"]}}, "10.9.9.9", False, id="ACP-6 all"),
    pytest.param({"acui": ["x"]}, None, False, id="ACP-6 R4 member that is not evaluated denies"),
    pytest.param({"acl": 1}, None, False, id="ACP-6 R4 level that is not evaluated denies"),
])
async def test_acp_6_contexts(rig: Rig, context: dict[str, Any], address: str | None, *, allowed: bool) -> None:
    await rig.update("cse/cae2", {"m2m:ae": {"loc": {"typ": 1, "crd": "[11.51, 48.11]"}}}, "Cae2")
    await govern(rig, rule(RETRIEVE, acco=[context]))
    rig.clock.now = NOON
    assert await reads(rig, source_address=address) == allowed
    assert not await reads(rig, "Cae3", source_address=address)


async def test_acp_6_alternatives(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acco=[{"acip": {"ipv4": ["10.0.0.0/8"]}}, {"acip": {"ipv4": ["11.0.0.0/8"]}}]))
    found = [await reads(rig, source_address=f"{first}.0.0.1") for first in (9, 10, 11, 12)]
    assert found == [False, True, True, False]


async def test_acp_6_time_passes(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acco=[{"actw": ["* 0-29 12 * * * *"]}]))
    rig.clock.now = NOON - 1
    assert not await reads(rig)
    rig.clock.now = NOON
    assert await reads(rig)
    rig.clock.now = NOON + 30 * 60
    assert not await reads(rig)


async def test_acp_6_the_place_is_where_the_ae_says_now(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acco=[{"aclr": {"accr": [48.1, 11.5, 5000.0]}}]))
    assert not await reads(rig)
    await rig.update("cse/cae2", {"m2m:ae": {"loc": {"typ": 1, "crd": "[11.5, 48.1]"}}}, "Cae2")
    assert await reads(rig)
    await rig.update("cse/cae2", {"m2m:ae": {"loc": None}}, "Cae2")
    assert not await reads(rig)


async def test_acp_3_authenticated_originators(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acaf=True))
    assert not await reads(rig)
    assert await reads(rig, authenticated="Cae2")


# ACP-7: object details


@pytest.mark.parametrize(("details", "container", "instance"), [
    pytest.param([{"chty": [4]}], False, True, id="ACP-7 chty"),
    pytest.param([{"chty": [3, 4]}], True, True, id="ACP-7 several"),
    pytest.param([{"ty": 3, "chty": [3]}], True, False, id="ACP-7 type of the parent"),
    pytest.param([{"ty": 2, "chty": [3, 4]}], False, False, id="ACP-7 another parent"),
    pytest.param([{"ty": 2, "chty": [3]}, {"chty": [4]}], False, True, id="ACP-7 alternatives"),
])
async def test_acp_7_what_may_be_created(rig: Rig, details: list[Any], *, container: bool, instance: bool) -> None:
    await govern(rig, rule(CREATE, acod=details))
    found = [(await rig.create(BOX, ty, given, "Cae2")).status == Status.CREATED
             for ty, given in ((3, {}), (4, {"con": "x"}))]
    assert found == [container, instance]


@pytest.mark.parametrize(("details", "box", "instance"), [
    pytest.param([{"ty": 3, "chty": []}], True, False, id="ACP-7 container"),
    pytest.param([{"ty": 4, "chty": []}], False, True, id="ACP-7 instance"),
    pytest.param([{"ty": 3, "chty": []}, {"ty": 4, "chty": []}], True, True, id="ACP-7 either"),
])
async def test_acp_7_what_may_be_read(rig: Rig, details: list[Any], *, box: bool, instance: bool) -> None:
    await rig.made(BOX, 4, {"con": "x"}, "Cae1")
    await govern(rig, rule(RETRIEVE, acod=details))
    assert [await reads(rig, to=to) for to in (BOX, f"{BOX}/la")] == [box, instance]


# ACP-8: attributes


async def test_acp_8_only_listed_attributes(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, aca=["lbl", "cni"]), rule(UPDATE, aca=["lbl"]), rule(UPDATE, aca=["mni"]))
    assert not await reads(rig)
    shown = await rig.retrieve(BOX, "Cae2", attribute_list=["cni"])
    assert only(shown) == {"cni": 0}
    assert (await rig.retrieve(BOX, "Cae2", attribute_list=["cni", "ct"])).status == DENIED
    assert (await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"], "mni": 3}}, "Cae2")).status == Status.UPDATED
    assert (await rig.update(BOX, {"m2m:cnt": {"lbl": ["y"], "mbs": 3}}, "Cae2")).status == DENIED
    assert only(await rig.retrieve(BOX))["lbl"] == ["x"]
