"""group: rules GRP-1 to GRP-4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from resources.errors import CseError, NotFound, OriginatorError, ReceiverError
from resources.model import MemberKind, Resource
from resources.status import Status
from tests.resources.fake import REGISTRY, FakeChange, resource

GRP = REGISTRY.by_short["grp"]
CONTAINER = 3


def local() -> dict[str, Resource]:
    one, two, ae = resource("cnt", "c1"), resource("cnt", "c2"), resource("ae", "Cae1")
    return {"c1": one, "cse/c1": one, "c2": two, "Cae1": ae}


def create(mid: list[str], mnm: int = 10, remote: dict[str, int | None] | None = None, **more: Any) -> FakeChange:
    return FakeChange(GRP, {"mid": mid, "mnm": mnm, **more}, local=local(), remote=remote or {})


def update(stored: dict[str, Any], given: dict[str, Any], remote: dict[str, int | None] | None = None) -> FakeChange:
    base = {"mid": [], "mnm": 10, "mt": 0, "csy": 1, "cnm": 0, "mtv": True}
    current = resource("grp", "g1", **{**base, **stored})
    return FakeChange(GRP, given, current=current, local=local(), remote=remote or {})


async def test_grp_1_duplicates_go_also_in_another_form() -> None:
    attributes = await create(["c1", "c2", "c1", "cse/c1", "/far/x", "/far/x"], remote={"/far/x": 3}).run()
    assert attributes["mid"] == ["c1", "c2", "/far/x"]
    assert attributes["cnm"] == 3


async def test_grp_1_an_empty_group_is_complete() -> None:
    attributes = await create([]).run()
    assert (attributes["cnm"], attributes["mtv"]) == (0, True)


@pytest.mark.parametrize(
    "change",
    [create(["c1", "c2"], mnm=1), update({"mid": ["c1", "c2"]}, {"mnm": 1}), update({"mnm": 1}, {"mid": ["c1", "c2"]})],
)
async def test_grp_1_no_more_members_than_allowed(change: FakeChange) -> None:
    with pytest.raises(OriginatorError, match="mid: 2 members are more than mnm 1") as problem:
        await change.run()
    assert problem.value.status is Status.MAX_NUMBER_OF_MEMBER_EXCEEDED


async def test_grp_1_duplicates_do_not_count() -> None:
    assert (await create(["c1", "cse/c1"], mnm=1).run())["cnm"] == 1


async def test_grp_2_members_of_the_type_are_kept() -> None:
    attributes = await create(["c1", "/far/x"], mt=CONTAINER, remote={"/far/x": CONTAINER}).run()
    assert (attributes["mid"], attributes["mtv"]) == (["c1", "/far/x"], True)


@pytest.mark.parametrize(
    ("mt", "kind", "kept"), [(20002, 20002, True), (CONTAINER, 20002, True), (20001, 20002, False), (2, 20002, False)]
)
async def test_grp_2_a_virtual_member_counts_by_itself_or_by_its_parent(mt: int, kind: int, kept: bool) -> None:
    attributes = await create(["c1/la"], mt=mt, remote={"c1/la": kind}).run()
    assert attributes["mid"] == (["c1/la"] if kept else [])


async def test_grp_2_a_remote_member_that_may_not_be_read_refuses_the_group() -> None:
    class Unreadable(FakeChange):
        async def member_kinds(self, identifiers: Sequence[str]) -> Mapping[str, MemberKind | CseError | None]:
            return {one: ReceiverError("no", Status.RECEIVER_HAS_NO_PRIVILEGE) for one in identifiers}

    with pytest.raises(CseError) as problem:
        await Unreadable(GRP, {"mid": ["/far/x"], "mnm": 1, "mt": 3}).run()
    assert problem.value.status is Status.RECEIVER_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("mt", "spty", "kind", "more"), [
    (13, {"mgd": 1006}, "mgo", {"mgd": 1006}), (28, {"cnd": "org.x"}, "fcnt", {"cnd": "org.x"}),
])
async def test_grp_2_the_specialization_of_a_member(mt: int, spty: dict[str, Any], kind: str,
                                                    more: dict[str, Any]) -> None:
    change = create(["a", "b", "c1"], mt=mt, spty=spty)
    other: dict[str, Any] = dict.fromkeys(more, 0)
    change.local |= {"a": resource(kind, "a", **more), "b": resource(kind, "b", **other)}
    attributes = await change.run()
    assert (attributes["mid"], attributes["mtv"]) == (["a"], True)


@pytest.mark.parametrize(("mt", "spty"), [(3, {"cnd": "org.x"}), (13, {"cnd": "org.x"}), (28, {"mgd": 1001}),
                                          (0, {"mgd": 1001})])
async def test_grp_2_a_specialization_goes_with_its_member_type(mt: int, spty: dict[str, Any]) -> None:
    with pytest.raises(CseError, match=r"spty: .* goes with mt") as problem:
        await create([], mt=mt, spty=spty).run()
    assert problem.value.status is Status.BAD_REQUEST


async def test_grp_3_a_member_that_cannot_be_reached_waits_for_its_check() -> None:
    attributes = await create(["c1", "/far/x"], mt=CONTAINER, remote={"/far/x": None}).run()
    assert (attributes["mid"], attributes["mtv"]) == (["c1", "/far/x"], False)


async def test_grp_3_a_mixed_group_asks_nobody_else() -> None:
    attributes = await create(["c1", "/far/unknown"]).run()
    assert (attributes["mid"], attributes["mtv"]) == (["c1", "/far/unknown"], True)


@pytest.mark.parametrize("mt", [0, CONTAINER])
async def test_grp_3_a_local_member_must_exist(mt: int) -> None:
    with pytest.raises(NotFound, match="c9"):
        await create(["c9"], mt=mt).run()


async def test_grp_4_by_default_a_member_of_another_type_is_dropped() -> None:
    attributes = await create(["c1", "Cae1"], mt=CONTAINER).run()
    assert (attributes["mid"], attributes["cnm"], attributes["mt"]) == (["c1"], 1, CONTAINER)


async def test_grp_4_or_the_group_is_refused() -> None:
    with pytest.raises(OriginatorError, match="mid: 'Cae1' has not the member type mt 3") as problem:
        await create(["c1", "Cae1"], mt=CONTAINER, csy=2).run()
    assert problem.value.status is Status.GROUP_MEMBER_TYPE_INCONSISTENT


async def test_grp_4_or_it_becomes_mixed() -> None:
    attributes = await create(["Cae1", "c1", "/far/x"], mt=CONTAINER, csy=3, remote={"/far/x": None}).run()
    assert attributes["mid"] == ["Cae1", "c1", "/far/x"]
    assert (attributes["mt"], attributes["mtv"], attributes["cnm"]) == (0, True, 3)


async def test_an_update_of_members_is_checked_like_a_create() -> None:
    attributes = await update({"mt": CONTAINER, "mid": ["c1"]}, {"mid": ["c1", "c2", "c2", "Cae1"]}).run()
    assert (attributes["mid"], attributes["cnm"], attributes["mtv"]) == (["c1", "c2"], 2, True)


async def test_an_update_does_not_ask_again_for_members_that_were_checked() -> None:
    stored = {"mt": CONTAINER, "mid": ["/far/x"]}
    attributes = await update(stored, {"mid": ["/far/x", "c1"]}, remote={"/far/x": 2}).run()
    assert attributes["mid"] == ["/far/x", "c1"]
    attributes = await update(stored | {"mtv": False}, {"mid": ["/far/x", "c1"]}, remote={"/far/x": 2}).run()
    assert attributes["mid"] == ["c1"]


async def test_an_update_of_other_attributes_leaves_the_members() -> None:
    attributes = await update({"mt": CONTAINER, "mid": ["gone"], "cnm": 1}, {"gn": "name"}).run()
    assert (attributes["mid"], attributes["cnm"], attributes["gn"]) == (["gone"], 1, "name")
