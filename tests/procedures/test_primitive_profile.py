"""Primitive profiles (procedures section 21, PRP-1)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import FilterCriteria
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.rig import ADMIN, Rig, message, only

BOX = "cse/cae1/b1"
pytestmark = pytest.mark.usefixtures("boxes")


async def profile(rig: Rig, fr: str = "Cae1", **attributes: Any) -> dict[str, Any]:
    """Create a profile for Cae1."""
    return await rig.made("cse/cae1", 62, {"rn": "p", "idl": ["Cae1"], **attributes}, fr)


def adds(**values: Any) -> dict[str, Any]:
    return {"adds": [{"nm": name, "val": value} for name, value in values.items()]}


async def test_prp_1_parameters_and_attributes_are_added(rig: Rig) -> None:
    await profile(rig, **adds(rcn=9, lbl=["added"], mni=5), ops=[1], rtys=[3], appl=["1"])
    response = await rig.create("cse/cae1", 3, {"rn": "made", "mni": 3}, "Cae1")
    assert "rn" not in only(response)  # rcn 9
    shown = only(await rig.retrieve("cse/cae1/made"))
    assert (shown["lbl"], shown["mni"]) == (["added"], 3)  # what the request says stays
    assert "rn" in only(await rig.create("cse/cae1", 3, {"rn": "own"}, "Cae1", result_content=1))


async def test_prp_1_attributes_are_added_to_answers(rig: Rig) -> None:
    await profile(rig, **adds(lbl=["added"], mni=5), appl=["2"])
    made = await rig.create("cse/cae1", 3, {"rn": "made", "mni": 3}, "Cae1")
    assert (only(made)["lbl"], only(made)["mni"]) == (["added"], 3)
    shown = only(await rig.retrieve("cse/cae1/made", "Cae1"))
    assert (shown["lbl"], shown["mni"]) == (["added"], 3)
    assert "lbl" not in only(await rig.retrieve("cse/cae1/made"))  # of another, and not stored


async def test_prp_1_attributes_are_removed(rig: Rig) -> None:
    await profile(rig, dels=["mbs", "ri", "pi"], rtys=[3])
    shown = only(await rig.create("cse/cae1", 3, {"rn": "made", "mbs": 5, "mni": 2}, "Cae1"))
    assert "mbs" not in only(await rig.retrieve("cse/cae1/made"))
    assert {"ri", "pi"}.isdisjoint(shown)
    assert {"ri", "pi"}.isdisjoint(only(await rig.retrieve("cse/cae1/made", "Cae1")))
    assert {"ri", "pi"} <= only(await rig.retrieve("cse/cae1/made")).keys()


@pytest.mark.parametrize(("condition", "expected"), [
    pytest.param({}, {"b1": True, "b2": True, "cae1": True}, id="PRP-1 everything"),
    pytest.param({"rtys": [2]}, {"b1": False, "b2": False, "cae1": True}, id="PRP-1 types"),
    pytest.param({"ops": [1, 3]}, {"b1": False, "b2": False, "cae1": False}, id="PRP-1 operations"),
    pytest.param({"rsds": [BOX]}, {"b1": True, "b2": False, "cae1": False}, id="PRP-1 resources"),
    pytest.param({"rvs": ["4"]}, {"b1": False, "b2": False, "cae1": False}, id="PRP-1 another release"),
    pytest.param({"rvs": ["3"], "rtys": [3], "ops": [2]}, {"b1": True, "b2": True, "cae1": False}, id="PRP-1 all"),
])
async def test_prp_1_which_primitives_match(rig: Rig, condition: dict[str, Any], expected: dict[str, bool]) -> None:
    await profile(rig, dels=["ct"], **condition)
    places = {"b1": BOX, "b2": "cse/cae1/b2", "cae1": "cse/cae1"}
    assert {name: "ct" not in only(await rig.retrieve(to, "Cae1")) for name, to in places.items()} == expected


async def test_prp_1_only_those_that_are_named(rig: Rig) -> None:
    await rig.register("Cae2")
    await rig.made("cse/cae1", 62, {"idl": ["/banyan/Cae2"], "dels": ["ct"]})
    assert "ct" in only(await rig.retrieve(BOX, "Cae1"))
    assert "ct" not in only(await rig.retrieve("cse/cae2", "Cae2"))
    response = await rig.create("cse/cae1", 62, {"idl": ["Cae1", "Cae2"], "dels": ["ct"]}, "Cae1")
    assert response.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("applicability", "request_", "response"), [
    pytest.param(["1"], True, False, id="PRP-1 requests"),
    pytest.param(["2"], False, True, id="PRP-1 responses"),
    pytest.param(["1", "2"], True, True, id="PRP-1 both"),
    pytest.param(["3"], True, True, id="PRP-1 sum"),
    pytest.param(None, True, True, id="PRP-1 not said"),
])
async def test_prp_1_applicability(rig: Rig, applicability: list[str] | None, request_: bool, response: bool) -> None:
    given: dict[str, Any] = {} if applicability is None else {"appl": applicability}
    await profile(rig, dels=["mbs"], **given)
    await rig.create("cse/cae1", 3, {"rn": "made", "mbs": 5}, "Cae1")
    assert ("mbs" not in only(await rig.retrieve("cse/cae1/made"))) is request_
    await rig.update("cse/cae1/made", {"m2m:cnt": {"mbs": 5}})
    assert ("mbs" not in only(await rig.retrieve("cse/cae1/made", "Cae1"))) is response


async def test_prp_1_a_named_profile(rig: Rig) -> None:
    await rig.register("Cae2")
    await profile(rig, dels=["ct"])
    await rig.made("cse/cae1", 62, {"rn": "q", "idl": ["Cae1"], "dels": ["lt"], "rtys": [9]}, "Cae1")
    shown = only(await rig.retrieve(BOX, "Cae1", primitive_profile="cse/cae1/q"))
    assert "lt" not in shown  # because it is named
    assert "ct" in shown
    for fr, name in (("Cae1", "cse/none"), ("Cae1", BOX), ("Cae2", "cse/cae1/p"), (ADMIN, "cse/cae1/p")):
        response = await rig.retrieve("cse", fr, primitive_profile=name)
        assert response.status == Status.PRIMITIVE_PROFILE_NOT_ACCESSIBLE
    await rig.made("cse", 62, {"rn": "r", "idl": ["Cae1"]})
    response = await rig.retrieve(BOX, "Cae1", primitive_profile="cse/r")  # of the administrator, not readable
    assert response.status == Status.PRIMITIVE_PROFILE_NOT_ACCESSIBLE


async def test_prp_1_a_name_where_there_are_no_profiles(rig: Rig) -> None:
    response = await rig.retrieve(BOX, "Cae1", primitive_profile="cse/none")
    assert response.status == Status.PRIMITIVE_PROFILE_NOT_ACCESSIBLE


async def test_prp_1_what_a_profile_makes_wrong(rig: Rig) -> None:
    await profile(rig, **adds(nonsense=1), ops=[1])
    response = await rig.create("cse/cae1", 3, {"rn": "made"}, "Cae1")
    assert response.status == Status.PRIMITIVE_PROFILE_BAD_REQUEST
    assert "nonsense" in message(response)
    assert (await rig.create("cse/cae1", 3, {"rn": "made"})).status == Status.CREATED


@pytest.mark.parametrize(("given", "status"), [
    pytest.param(adds(fr=ADMIN), Status.BAD_REQUEST, id="PRP-1 originator"),
    pytest.param(adds(to="cse"), Status.BAD_REQUEST, id="PRP-1 target"),
    pytest.param({"dels": ["op"]}, Status.BAD_REQUEST, id="PRP-1 operation"),
    pytest.param({"dels": ["rvi"]}, Status.BAD_REQUEST, id="PRP-1 release"),
    pytest.param(adds(rcn="x"), Status.BAD_REQUEST, id="PRP-1 value"),
    pytest.param(adds(rids=["r"]), Status.NOT_IMPLEMENTED, id="PRP-1 parameter without effect"),
    pytest.param({"appl": ["8"]}, Status.BAD_REQUEST, id="PRP-1 unknown applicability"),
    pytest.param({"appl": ["x"]}, Status.BAD_REQUEST, id="PRP-1 no applicability"),
    pytest.param({"appl": ["4"]}, Status.NOT_IMPLEMENTED, id="PRP-1 notifications"),
    pytest.param({"idl": []}, Status.ORIGINATOR_HAS_NO_PRIVILEGE, id="PRP-1 for others"),
])
async def test_prp_1_profiles_that_cannot_be(rig: Rig, given: dict[str, Any], status: Status) -> None:
    await rig.register("Cae2")
    whole = {"rn": "p", "idl": ["Cae1"], **({"idl": ["Cae2"]} if "idl" in given else given)}
    assert (await rig.create("cse/cae1", 62, whole, "Cae1")).status == status
    assert not rig.cse.core.profiled


async def test_prp_1_a_release_that_is_left_out(rig: Rig) -> None:
    await profile(rig, **adds(rvi="3", rcn=1))
    response = await rig.retrieve(BOX, "Cae1", release_version=None, fc=FilterCriteria())
    assert (response.status, response.release_version) == (Status.OK, None)


async def test_prp_1_profiles_change_and_go() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await profile(rig, dels=["ct"])
    only(await rig.update("cse/cae1/p", {"m2m:prp": {"dels": ["lt"]}}, "Cae1"))
    assert "lt" not in only(await rig.retrieve("cse/cae1", "Cae1"))
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert {"ct", "lt"} & only(await rig.retrieve("cse/cae1", "Cae1")).keys() == {"ct"}
    await rig.delete("cse/cae1/p", "Cae1")
    assert {"ct", "lt"} <= only(await rig.retrieve("cse/cae1", "Cae1")).keys()
    assert not rig.cse.core.profiled
    await rig.close()
