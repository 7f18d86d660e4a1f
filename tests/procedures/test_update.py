"""Section 3, update: what changes, what does not, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import FilterCriteria
from resources.status import Status
from tests.rig import Rig, message, only

RULE = {"acr": [{"acor": ["Cae1"], "acop": 63}]}
#: Address and root of one resource of each type that can be updated, and a change of it.
CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("cse/cae1", "m2m:ae", {"apn": "name"}),
    ("cse/cae1/box", "m2m:cnt", {"mni": 5}),
    ("cse/cae1/g", "m2m:grp", {"gn": "name"}),
    ("cse/cae1/p", "m2m:acp", {"lbl": ["new"]}),
    ("cse/cae1/s", "m2m:sub", {"exc": 5}),
]
EACH = [pytest.param(to, root, id=root) for to, root, _ in CHANGES]


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """One resource of each type under ``cse/cae1``."""
    await rig.made("cse/cae1", 3, {"rn": "box", "lbl": ["a", "b"], "mbs": 100}, "Cae1")
    await rig.made("cse/cae1", 9, {"rn": "g", "mid": [], "mnm": 1}, "Cae1")
    await rig.made("cse/cae1", 1, {"rn": "p", "pv": RULE, "pvs": RULE}, "Cae1")
    await rig.made("cse/cae1", 23, {"rn": "s", "nu": ["http://sink/a"]}, "Cae1")
    return rig


async def refused(rig: Rig, to: str, content: dict[str, Any], status: Status = Status.BAD_REQUEST,
                  fr: str = "Cae1") -> str:
    """Send an UPDATE that must be refused and change nothing; returns the message."""
    before = only(await rig.retrieve(to))
    answer = await rig.update(to, content, fr)
    assert answer.status == status, answer.content
    assert only(await rig.retrieve(to)) == before
    return message(answer)


@pytest.mark.parametrize(("to", "root", "change"), CHANGES)
async def test_upd_1_only_what_is_given_changes(tree: Rig, to: str, root: str, change: dict[str, Any]) -> None:
    before = only(await tree.retrieve(to))
    after = only(await tree.update(to, {root: change}, "Cae1"))
    assert after == only(await tree.retrieve(to))
    expected = {**before, **change, "lt": after["lt"]}
    if "st" in before:
        expected["st"] = before["st"] + 1
    assert after == expected


@pytest.mark.parametrize(("to", "root"), EACH)
async def test_upd_1_null_removes(tree: Rig, to: str, root: str) -> None:
    await tree.update(to, {root: {"lbl": ["x"]}}, "Cae1")
    assert "lbl" not in only(await tree.update(to, {root: {"lbl": None}}, "Cae1"))
    assert "lbl" not in only(await tree.retrieve(to))
    assert (await tree.update(to, {root: {"lbl": None}}, "Cae1")).status == Status.UPDATED


@pytest.mark.parametrize(("to", "root", "name"), [
    ("cse/cae1", "m2m:ae", "rr"), ("cse/cae1/g", "m2m:grp", "mnm"), ("cse/cae1/g", "m2m:grp", "mid"),
    ("cse/cae1/p", "m2m:acp", "pv"), ("cse/cae1/p", "m2m:acp", "pvs"), ("cse/cae1/s", "m2m:sub", "nu"),
])
async def test_upd_1_what_must_be_there_stays(tree: Rig, to: str, root: str, name: str) -> None:
    assert name in await refused(tree, to, {root: {name: None}})


@pytest.mark.parametrize(("to", "root"), EACH)
async def test_upd_1_expiration_without_a_wish(tree: Rig, to: str, root: str) -> None:
    await tree.update(to, {root: {"et": tree.at(100)}}, "Cae1")
    assert only(await tree.update(to, {root: {"et": None}}, "Cae1"))["et"] > tree.at(1000)


@pytest.mark.parametrize(("to", "root"), EACH)
@pytest.mark.parametrize("name", ["rn", "ty", "ri", "pi", "ct", "lt"])
async def test_upd_2_attributes_that_never_change(tree: Rig, to: str, root: str, name: str) -> None:
    value = only(await tree.retrieve(to))[name]
    for given in (value, None, "20260101T000000"):
        assert name in await refused(tree, to, {root: {name: given}})


@pytest.mark.parametrize(("to", "root", "name", "value"), [
    ("cse/cae1", "m2m:ae", "aei", "Cae1"), ("cse/cae1", "m2m:ae", "api", "N1"),
    ("cse/cae1/box", "m2m:cnt", "cni", 0),
    ("cse/cae1/box", "m2m:cnt", "cbs", 0), ("cse/cae1/box", "m2m:cnt", "st", 0),
    ("cse/cae1/box", "m2m:cnt", "cr", None),
    ("cse/cae1/g", "m2m:grp", "mt", 0), ("cse/cae1/g", "m2m:grp", "cnm", 0), ("cse/cae1/g", "m2m:grp", "csy", 1),
    ("cse/cae1/g", "m2m:grp", "mtv", True), ("cse/cae1/s", "m2m:sub", "cr", None),
    ("cse/cae1/p", "m2m:acp", "acpi", []),
])
async def test_upd_2_attributes_that_this_type_never_changes(tree: Rig, to: str, root: str, name: str,
                                                             value: Any) -> None:
    assert name in await refused(tree, to, {root: {name: value}})


@pytest.mark.parametrize(("to", "root"), EACH)
@pytest.mark.parametrize("change", [{"nonsense": 1}, {"nonsense": None}, {"": 1}, {"lbl": "a"}, {"lbl": []},
                                    {"et": "soon"}, {"et": "20200101T000000"}, {"lbl": ["good"], "nonsense": 1}])
async def test_upd_2_wrong_attributes_and_values(tree: Rig, to: str, root: str, change: dict[str, Any]) -> None:
    await refused(tree, to, {root: change})


@pytest.mark.parametrize("content", [{}, {"m2m:ae": {}}, {"m2m:nonsense": {}}, {"m2m:cnt": None}, {"m2m:cnt": []},
                                     {"m2m:cnt": {}, "m2m:ae": {}}])
async def test_upd_2_wrong_roots(tree: Rig, content: dict[str, Any]) -> None:
    await refused(tree, "cse/cae1/box", content)


async def test_upd_2_expiration_and_children(tree: Rig) -> None:
    child = await tree.made("cse/cae1/box", 3, {"rn": "in", "et": tree.at(1000)}, "Cae1")
    assert "et" in await refused(tree, "cse/cae1/box", {"m2m:cnt": {"et": tree.at(500)}})
    assert only(await tree.retrieve("cse/cae1/box/in")) == child
    wanted = tree.at(2000)
    assert only(await tree.update("cse/cae1/box", {"m2m:cnt": {"et": wanted}}, "Cae1"))["et"] == wanted


async def test_upd_2_instances_do_not_keep_their_container_alive(tree: Rig) -> None:
    made = await tree.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")
    wanted = tree.at(500)
    assert only(await tree.update("cse/cae1/box", {"m2m:cnt": {"et": wanted}}, "Cae1"))["et"] == wanted
    assert made["et"] > wanted
    await tree.clock.advance(501)
    for to in ("cse/cae1/box", made["ri"]):
        assert (await tree.retrieve(to)).status == Status.NOT_FOUND


async def test_upd_2_expiration_never_after_the_parent(tree: Rig) -> None:
    ae = only(await tree.retrieve("cse/cae1"))
    after = only(await tree.update("cse/cae1/box", {"m2m:cnt": {"et": "99991231T000000"}}, "Cae1"))
    assert after["et"] == ae["et"]


@pytest.mark.parametrize(("to", "root"), [one for one in EACH if one.id != "m2m:acp"])
async def test_upd_3_policies_change_alone(tree: Rig, to: str, root: str) -> None:
    assert "acpi" in await refused(tree, to, {root: {"acpi": ["cse/cae1/p"], "lbl": ["x"]}})
    await refused(tree, to, {root: {"acpi": []}})
    assert only(await tree.update(to, {root: {"acpi": ["cse/cae1/p"]}}, "Cae1"))["acpi"]
    assert "acpi" not in only(await tree.update(to, {root: {"acpi": None}}, "Cae1"))


async def test_upd_3_the_right_comes_from_the_self_privileges(tree: Rig) -> None:
    await tree.register("Cae2")
    await tree.register("Cae3")
    everything, selves = ({"acr": [{"acor": [who], "acop": 63}]} for who in ("Cae2", "Cae3"))
    await tree.made("cse", 1, {"rn": "q", "pv": everything, "pvs": selves})
    await tree.update("cse/cae1/box", {"m2m:cnt": {"acpi": ["cse/q"]}}, "Cae1")
    assert (await tree.update("cse/cae1/box", {"m2m:cnt": {"lbl": ["x"]}}, "Cae2")).status == Status.UPDATED
    for fr in ("Cae1", "Cae2"):
        await refused(tree, "cse/cae1/box", {"m2m:cnt": {"acpi": None}}, Status.ORIGINATOR_HAS_NO_PRIVILEGE, fr)
    await refused(tree, "cse/cae1/box", {"m2m:cnt": {"lbl": ["y"]}}, Status.ORIGINATOR_HAS_NO_PRIVILEGE, "Cae3")
    assert (await tree.update("cse/cae1/box", {"m2m:cnt": {"acpi": None}}, "Cae3")).status == Status.UPDATED


@pytest.mark.parametrize(("to", "root"), EACH)
async def test_upd_4_an_empty_update_still_counts(tree: Rig, to: str, root: str) -> None:
    before = only(await tree.retrieve(to))
    after = only(await tree.update(to, {root: {}}, "Cae1"))
    assert after["lt"] > before["lt"]
    assert after["ct"] == before["ct"]
    assert after.get("st", 0) == before["st"] + 1 if "st" in before else "st" not in after


async def test_upd_4_subscribers_of_updates_are_told(tree: Rig) -> None:
    await tree.made("cse/cae1/box", 23, {"nu": ["http://sink/box"], "enc": {"net": [1]}}, "Cae1")
    after = only(await tree.update("cse/cae1/box", {"m2m:cnt": {"mni": 3}}, "Cae1"))
    (content,) = tree.sink.contents("http://sink/box")
    assert content["m2m:sgn"]["nev"] == {"rep": {"m2m:cnt": after}, "net": 1}
    await tree.update("cse/cae1/box", {"m2m:cnt": {"mni": -3}}, "Cae1")
    assert len(tree.sink.contents("http://sink/box")) == 1


async def test_upd_5_a_blocking_update_asks_before_it_is_done(tree: Rig) -> None:
    await tree.register("Casked", poa=["http://asked/"])
    await tree.made("cse/cae1/box", 23, {"nu": ["Casked"], "enc": {"net": [7]}}, "Cae1")
    for reply, status in ((Status.OPERATION_NOT_ALLOWED, Status.OPERATION_DENIED_BY_REMOTE_ENTITY),
                          (None, Status.REMOTE_ENTITY_NOT_REACHABLE), (Status.OK, Status.UPDATED)):
        tree.sink.answer = lambda url, content, reply=reply: reply  # type: ignore[misc]
        assert (await tree.update("cse/cae1/box", {"m2m:cnt": {"mni": 7}}, "Cae1")).status == status
        assert only(await tree.retrieve("cse/cae1/box")).get("mni") == (7 if status == Status.UPDATED else None)


async def test_upd_1_an_update_under_a_condition(tree: Rig) -> None:
    for label, status in (("no", Status.NOT_FOUND), ("a", Status.UPDATED)):
        answer = await tree.update("cse/cae1/box", {"m2m:cnt": {"mni": 7}}, "Cae1",
                                   filter_criteria=FilterCriteria({"lbl": [label]}))
        assert answer.status == status
        assert only(await tree.retrieve("cse/cae1/box")).get("mni") == (7 if status == Status.UPDATED else None)


@pytest.mark.parametrize(("to", "root"), EACH)
async def test_upd_1_nothing_changes_without_the_right(tree: Rig, to: str, root: str) -> None:
    await tree.register("Cae2")
    await refused(tree, to, {root: {"lbl": ["x"]}}, Status.ORIGINATOR_HAS_NO_PRIVILEGE, "Cae2")


async def test_upd_2_a_named_gap_behind_a_removal(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "gap"}, "Cae1")
    answer = await rig.update("cse/cae1/gap", {"m2m:cnt": {"daci": None, "aa": ["lbl"]}}, "Cae1")
    assert answer.status == Status.NOT_IMPLEMENTED
