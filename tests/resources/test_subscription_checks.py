"""subscription: rules SUB-1 to SUB-7."""

from __future__ import annotations

from typing import Any

import pytest

from resources.errors import BadRequest, CseError
from resources.model import Resource
from resources.status import Status
from tests.resources.fake import REGISTRY, FakeChange, resource

SUB = REGISTRY.by_short["sub"]
BLOCKING = {"net": [7]}


def parent() -> Resource:
    return resource("cnt", "cnt1")


def parent_for(enc: dict[str, Any]) -> Resource:
    """A resource that has such events."""
    return resource("ae", "Cae9") if 6 in enc.get("net", ()) else parent()


def create(enc: dict[str, Any] | None = None, nu: list[str] | None = None, **more: Any) -> FakeChange:
    """A CREATE below a container by Cowner, whose own AE is the target."""
    options = {key: more.pop(key) for key in list(more) if key in FakeChange.__dataclass_fields__}
    given: dict[str, Any] = {"nu": ["Cowner"] if nu is None else nu, **more}
    if enc is not None:
        given["enc"] = enc
    options.setdefault("parent", parent())
    return FakeChange(SUB, given, **options)


def update(stored: dict[str, Any], given: dict[str, Any], **options: Any) -> FakeChange:
    above = parent()
    current = resource("sub", "sub1", above, **{"nu": ["Cowner"], "nct": 1, **stored})
    above.children["sub1"] = current
    return FakeChange(SUB, given, current=current, parent=above, **options)


async def status_of(change: FakeChange) -> tuple[Status, str]:
    with pytest.raises(CseError) as problem:
        await change.run()
    return problem.value.status, problem.value.message


async def test_sub_1_the_originator_must_be_able_to_retrieve_the_parent() -> None:
    status, message = await status_of(create(denied=True))
    assert status is Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert "RETRIEVE permission on cnt1" in message


async def test_sub_2_there_must_be_a_target() -> None:
    with pytest.raises(BadRequest, match="nu: is empty"):
        await create(nu=[]).run()
    with pytest.raises(BadRequest, match="nu: is empty"):
        await update({}, {"nu": []}).run()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("ftp://host/x", r"nu\[1\]: scheme 'ftp' is unknown; expected one of http"),
        ("a//b", r"nu\[1\]: expected an identifier"),
        ("cnt9", r"nu\[1\]: 'cnt9' is a container; expected one of AE, CSEBase"),
    ],
)
async def test_sub_2_a_target_is_an_entity_or_a_url(target: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        await create(nu=["Cowner", target], local={"cnt9": resource("cnt", "cnt9")}).run()


@pytest.mark.parametrize("target", ["http://10.0.0.1/x?ct=json", "mqtt://b:1883/t", "Cae2?ct=cbor", "/other/Cae3"])
async def test_sub_2_targets_of_all_kinds_are_accepted(target: str) -> None:
    change = create(nu=[target], local={"Cae2": resource("ae", "Cae2")})
    await change.run()
    assert [sent for sent, _ in change.sent] == [target]


@pytest.mark.parametrize(
    ("enc", "message"),
    [
        ({"net": [1], "om": [{"ops": 2}]}, "enc: has net and om"),
        ({"net": [3], "chty": [2]}, "enc.chty: type 2 cannot be a child of container; possible are 3, 4, 23"),
        ({"md": {"num": 1, "dur": "PT1S"}}, "enc: md and net 8 are for a timeSeries; the parent is a container"),
        ({"net": [8]}, "enc: md and net 8 are for a timeSeries"),
    ],
)
async def test_sub_3_criteria_that_cannot_be_together_or_here(enc: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        await create(enc).run()


async def test_sub_3_child_types_of_the_parent_are_accepted() -> None:
    assert (await create({"net": [3, 4], "chty": [4, 3]}).run())["nct"] == 1


async def test_sub_3_missing_data_needs_its_numbers() -> None:
    above = resource("ts", "ts1")
    with pytest.raises(BadRequest, match="enc: net 8 needs md"):
        await create({"net": [8]}, parent=above).run()
    change = create({"net": [8], "md": {"num": 1, "dur": "PT1S"}}, parent=above)
    assert (await change.run())["nct"] == 5


@pytest.mark.parametrize(
    ("enc", "nct"),
    [
        (None, 1),
        ({}, 1),
        ({"net": [1]}, 1),
        ({"net": [2]}, 1),
        ({"net": [3]}, 1),
        ({"net": [4, 1]}, 1),
        ({"net": [5]}, 1),
        ({"net": [6]}, 4),
        ({"net": [7]}, 2),
        ({"om": [{"ops": 2}]}, 1),
    ],
)
async def test_sub_4_the_default_content_type_follows_the_events(enc: dict[str, Any] | None, nct: int) -> None:
    assert (await create(enc, parent=parent_for(enc or {})).run())["nct"] == nct


@pytest.mark.parametrize(
    ("net", "allowed"),
    [([1], {1, 2, 3}), ([2], {1, 3}), ([3], {1, 3}), ([4], {1, 3}), ([5], {1, 3}), ([6], {4}), ([7], {2})],
)
async def test_sub_4_the_table_of_content_types(net: list[int], allowed: set[int]) -> None:
    for nct in range(1, 6):
        change = create({"net": net}, nct=nct, parent=parent_for({"net": net}))
        if nct in allowed:
            assert (await change.run())["nct"] == nct
        else:
            with pytest.raises(BadRequest, match=rf"nct: {nct} does not suit net \[{net[0]}\]; expected "):
                await change.run()


async def test_sub_4_several_events_need_a_content_type_that_suits_all() -> None:
    with pytest.raises(BadRequest, match=r"nct: 2 does not suit net \[1, 3\]; expected 1 or 3"):
        await create({"net": [1, 3]}, nct=2).run()
    with pytest.raises(BadRequest, match="these event types share none"):
        await create({"net": [1, 6]}).run()


async def test_sub_4_holds_after_an_update_too() -> None:
    with pytest.raises(BadRequest, match="nct: 2 does not suit"):
        await update({"nct": 2}, {"enc": {"net": [3]}}).run()
    assert (await update({"nct": 2}, {"enc": {"net": [3]}, "nct": 3}).run())["nct"] == 3
    assert (await update({"nct": 1, "enc": {"net": [3]}}, {"enc": None}).run())["nct"] == 1


async def test_sub_5_a_blocking_subscription() -> None:
    assert (await create(BLOCKING | {"atr": ["mni"]}, nu=["Cae2"]).run())["nct"] == 2


async def test_sub_5_only_one_blocks_a_resource() -> None:
    above = parent()
    above.children["other"] = resource("sub", "other", above, enc=BLOCKING)
    above.children["plain"] = resource("sub", "plain", above)
    status, message = await status_of(create(BLOCKING, parent=above))
    assert status is Status.BLOCKING_SUBSCRIPTION_ALREADY_EXISTS
    assert "other already is the blocking subscription" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (create(BLOCKING, nu=["Cowner", "Cae2"]), "nu: net 7 needs exactly one target"),
        (create(BLOCKING, nu=["http://a/b"]), "nu: net 7 needs exactly one target, a resource ID"),
        (create(BLOCKING, exc=3), "exc: is not possible with net 7"),
        (create(BLOCKING, bn={}), "bn: is not possible with net 7"),
        (create(BLOCKING, su="http://a"), "su: is not possible with net 7"),
        (create({"net": [7], "sza": 3}), r"enc: net 7 goes with atr only, not with other events or \['sza'\]"),
        (create({"net": [7, 1]}, nct=2), "enc: net 7 goes with atr only"),
        (update({}, {"enc": BLOCKING, "nct": 2}), r"enc.net: 7 \(blocking update\) cannot be set by an UPDATE"),
        (update({"enc": BLOCKING, "nct": 2}, {"ln": True}), "ln: is not possible with net 7"),
    ],
)
async def test_sub_5_what_a_blocking_subscription_cannot_be(change: FakeChange, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        await change.run()


async def test_sub_5_an_existing_blocking_subscription_can_get_another_target() -> None:
    change = update({"enc": BLOCKING, "nct": 2}, {"nu": ["Cae2"]})
    assert (await change.run())["nu"] == ["Cae2"]


async def test_sub_6_every_foreign_target_is_verified() -> None:
    change = create(nu=["Cowner", "/csi/Cowner", "Cae2", "http://10.0.0.1/n"])
    await change.run()
    expected = {"m2m:sgn": {"vrq": True, "sur": "new1", "cr": "Cowner"}}
    assert change.sent == [("Cae2", expected), ("http://10.0.0.1/n", expected)]


@pytest.mark.parametrize(
    ("target", "own"),
    [
        ("http://10.0.0.1:90", True),
        ("http://10.0.0.1:90/n", True),
        ("http://10.0.0.1:90?ct=json", True),
        ("http://10.0.0.1:9000/n", False),
        ("http://10.0.0.1:90@evil/", False),
    ],
)
async def test_sub_6_a_point_of_access_of_the_originator_is_its_own(target: str, own: bool) -> None:
    owner = resource("ae", "Cowner", poa=["http://10.0.0.1:90"])
    change = create(nu=[target], local={"Cowner": owner})
    attributes = await change.run()
    assert bool(change.sent) is not own
    assert ("cr" in attributes) is not own


@pytest.mark.parametrize("answer", [Status.TARGET_NOT_REACHABLE, Status.ORIGINATOR_HAS_NO_PRIVILEGE, Status.CREATED])
async def test_sub_6_a_target_that_does_not_agree_prevents_the_subscription(answer: Status) -> None:
    change = create(nu=["Cae2", "Cae3", "Cae4"], answers={"Cae3": answer})
    status, message = await status_of(change)
    assert [target for target, _ in change.sent] == ["Cae2", "Cae3"]
    assert status is Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED
    assert message.startswith(f"nu: 'Cae3' did not accept the verification request, it answered {answer.value}")


async def test_sub_6_an_update_verifies_only_new_targets() -> None:
    change = update({"nu": ["Cae2"]}, {"nu": ["Cae2", "Cae3"]}, originator="Cadmin")
    await change.run()
    assert change.sent == [("Cae3", {"m2m:sgn": {"vrq": True, "sur": "sub1", "cr": "Cowner"}})]


async def test_sub_6_comes_last() -> None:
    change = create(BLOCKING, nu=["Cae2"], exc=1)
    with pytest.raises(BadRequest):
        await change.run()
    assert change.sent == []


async def test_sub_6_can_be_switched_off() -> None:
    change = create(nu=["Cae2"], answers={"Cae2": Status.TARGET_NOT_REACHABLE}, verify=False)
    await change.run()
    assert change.sent == []


async def test_sub_7_the_creator_is_named_where_a_target_is_another() -> None:
    assert (await create(nu=["Cowner", "Cae2"]).run())["cr"] == "Cowner"
    assert "cr" not in await create(nu=["Cowner"]).run()


async def test_sub_8_a_batch_may_leave_its_numbers_to_the_provider() -> None:
    assert (await create(bn={}).run())["bn"] == {}


async def test_an_update_of_other_attributes_is_not_checked_again() -> None:
    change = update({"nu": ["gone"]}, {"lbl": ["a"]}, answers={"gone": Status.TARGET_NOT_REACHABLE})
    assert (await change.run())["lbl"] == ["a"]
    assert change.sent == []
