"""Who asks in the name of this CSE, and what it asks in the name of others: trust comes from inside alone."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import Operation
from resources.status import Status
from tests.rig import ADMIN, Rig, message, only

pytestmark = pytest.mark.usefixtures("boxes")
OWN = ["/banyan", "//banyan.example/banyan", "/banyan//banyan", "/banyan//banyan//banyan"]


@pytest.mark.parametrize("fr", OWN)
async def test_acp_11_nobody_outside_is_this_cse(rig: Rig, fr: str) -> None:
    everybody = {"m2m:acp": {"pv": {"acr": [{"acor": ["all"], "acop": 63}]}}}
    kept = await rig.retrieve("cse/cae1", "Cae1", response_type=1)
    assert kept.created_address is not None
    for answer in (
        await rig.retrieve("cse/base-access", fr), await rig.update("cse/base-access", everybody, fr),
        await rig.retrieve(kept.created_address, fr), await rig.delete(kept.created_address, fr),
        await rig.create("cse", 3, {"rn": "mine"}, fr), await rig.retrieve("cse/cae1", fr, response_type=1),
        await rig.request(Operation.NOTIFY, "cse", fr, content={"m2m:sgn": {"sur": "x"}}),
    ):
        assert answer.status == Status.ORIGINATOR_NOT_AUTHENTICATED, message(answer)
    assert only(await rig.retrieve("cse/base-access"))["pv"] != everybody["m2m:acp"]["pv"]


@pytest.mark.parametrize("fr", OWN)
async def test_sch_2_nobody_outside_is_served_as_this_cse_when_it_is_closed(rig: Rig, fr: str) -> None:
    await rig.made("cse", 18, {"se": {"sce": ["* * * * * * 2020"]}})
    assert (await rig.retrieve("cse/cae1", fr)).status == Status.ORIGINATOR_NOT_AUTHENTICATED


async def profile(rig: Rig, *dels: str) -> None:
    await rig.made("cse/cae1", 62, {"idl": ["Cae1"], "dels": list(dels)}, "Cae1")


async def circle(rig: Rig) -> str:
    """A group that is its own member."""
    await rig.made("cse/cae1", 9, {"rn": "g", "mnm": 5, "mid": ["cse/cae1/b1"]}, "Cae1")
    members = ["cse/cae1/b1", "cse/cae1/g/fopt"]
    assert (await rig.update("cse/cae1/g", {"m2m:grp": {"mid": members}}, "Cae1")).status == Status.UPDATED
    return "cse/cae1/g/fopt"


@pytest.mark.parametrize("how", [{"dels": ["gid"]}, {"adds": [{"nm": "gid", "val": "x"}]}, {"dels": ["grtm"]}])
async def test_prp_1_a_profile_has_no_group_request_go_round(rig: Rig, how: dict[str, Any]) -> None:
    answer = await rig.create("cse/cae1", 62, {"idl": ["Cae1"], **how}, "Cae1")
    assert (answer.status, "essential" in message(answer)) == (Status.BAD_REQUEST, True)


async def test_grp_13_a_circle_ends_with_a_profile_as_well(rig: Rig) -> None:
    to = await circle(rig)
    await profile(rig, "gpi", "rqet", "rset")
    answers = only(await rig.retrieve(to, "Cae1"))["m2m:rsp"]
    inner = answers[1]["pc"]["m2m:agr"]["m2m:rsp"] if "m2m:agr" in answers[1]["pc"] else []
    assert answers[1]["rsc"] == Status.GROUP_REQUEST_IDENTIFIER_EXISTS or inner


@pytest.mark.parametrize("name", ["trst", "ri", "rcn", "rsp"])
async def test_prp_1_what_the_cse_asks_in_the_name_of_others_has_no_profile(rig: Rig, name: str) -> None:
    await profile(rig, name)
    await rig.made("cse/cae1", 3, {"rn": "c"}, "Cae1")
    request = {"op": 3, "to": "cse/cae1/c", "fr": "Cae1", "rqi": "r1", "pc": {"m2m:cnt": {"lbl": ["done"]}}}
    await rig.made("cse/cae1", 50, {"rqps": {"req": [request]}, "tmd": 1, "tmh": 2}, "Cae1")
    assert only(await rig.retrieve("cse/cae1/c"))["lbl"] == ["done"]
    assert rig.cse.core.locks == {}
    crs = {"rn": "x", "nu": ["http://a/b"], "rrat": ["cse/cae1/c"], "encs": {"encn": [{"net": [3]}]}, "twt": 1,
           "tws": "PT60S"}
    await rig.made("cse/cae1", 48, crs, "Cae1")
    assert len(only(await rig.retrieve("cse/cae1/x"))["rrats"]) == 1


async def test_prp_1_an_aggregated_answer_stays_as_it_is(rig: Rig) -> None:
    await rig.made("cse/cae1", 62, {"idl": ["Cae1"], "adds": [{"nm": "lbl", "val": ["x"]}], "dels": ["ct"]}, "Cae1")
    await rig.made("cse/cae1", 9, {"rn": "g", "mnm": 5, "mid": ["cse/cae1/b1"]}, "Cae1")
    assert only(await rig.retrieve("cse/cae1/g/fopt", "Cae1")).keys() == {"m2m:rsp"}


async def test_act_3_the_input_of_an_action_has_no_profile(rig: Rig) -> None:
    await profile(rig, "rcn", "lbl", "mni")
    await rig.update("cse/cae1/b2", {"m2m:cnt": {"lbl": ["input"]}})
    request = {"op": 3, "fr": "Cae1", "to": "cse/cae1/b1", "rqi": "r1", "rvi": "3", "pc": {"m2m:cnt": {}}}
    await rig.made("cse/cae1", 65, {
        "rn": "a", "sri": "cse/cae1/b2", "evc": {"sbjt": "mni", "optr": 1, "thld": 5}, "evm": 1, "orc": "cse/cae1/b1",
        "apv": request, "ipu": {"rsid": "cse/cae1/b2", "raid": "lbl", "cstr": "lbl"},
    }, "Cae1")
    await rig.update("cse/cae1/b2", {"m2m:cnt": {"mni": 5}}, ADMIN)
    assert only(await rig.retrieve("cse/cae1/b1"))["lbl"] == ["input"]


EVERYBODY = {"acr": [{"acor": ["all"], "acop": 63}]}


@pytest.mark.parametrize("target", ["cse/theirs", "n-theirs", "cse/all"])
async def test_mgc_1_nobody_commands_a_node_that_is_not_his(target: str) -> None:
    rig = await Rig.open()
    rig.cse.core.settings.registration.child_types.append("mgmtCmd")
    await rig.register("Cae1")
    await rig.update("cse/base-access", {"m2m:acp": {"pv": EVERYBODY}})
    await rig.made("cse", 1, {"rn": "open", "pv": EVERYBODY, "pvs": EVERYBODY})
    await rig.made("cse", 14, {"rn": "theirs", "ni": "n-theirs"})
    await rig.made("cse", 14, {"rn": "ours", "ni": "n-ours", "acpi": ["cse/open"]})
    await rig.made("cse", 9, {"rn": "all", "mnm": 5, "mid": ["cse/ours", "cse/theirs"]})
    refused = await rig.create("cse", 12, {"cmt": 2, "ext": target}, "Cae1")
    assert refused.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE, message(refused)
    await rig.made("cse", 12, {"rn": "command", "cmt": 2, "ext": "cse/ours", "acpi": ["cse/open"]}, "Cae1")
    changed = await rig.update("cse/command", {"m2m:mgc": {"ext": target}}, "Cae1")
    assert changed.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE, message(changed)
    await rig.close()


async def test_mgc_1_a_command_is_given_for_who_made_it() -> None:
    rig = await Rig.open()
    await rig.register("Cae1")
    await rig.made("cse", 1, {"rn": "open", "pv": EVERYBODY, "pvs": EVERYBODY})
    await rig.made("cse", 14, {"rn": "theirs", "ni": "n-theirs"})
    await rig.made("cse", 14, {"rn": "ours", "ni": "n-ours", "acpi": ["cse/open"]})
    await rig.made("cse", 9, {"rn": "all", "mnm": 5, "mid": ["cse/ours"], "acpi": ["cse/open"]})
    given = {"m2m:mgc": {"exe": True}}
    await rig.update("cse/base-access", {"m2m:acp": {"pv": EVERYBODY}})
    for maker, expected in ((ADMIN, Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED),
                            ("Cae1", Status.ORIGINATOR_HAS_NO_PRIVILEGE)):
        await rig.update("cse/all", {"m2m:grp": {"mid": ["cse/ours"]}})
        made = await rig.made("cse", 12, {"cmt": 2, "ext": "cse/all", "acpi": ["cse/open"]}, maker)
        await rig.update("cse/all", {"m2m:grp": {"mid": ["cse/ours", "cse/theirs"]}}, "Cae1")
        assert (await rig.update(made["ri"], given, "Cae1")).status == expected
    await rig.close()


async def test_sub_21_an_address_that_is_none_is_not_reached(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    answer = await rig.create("cse/cae1/b1", 23, {"nu": ["http://[::1"]}, "Cae1")
    assert answer.status == Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_sub_12_a_child_is_shown_to_those_who_may_read_it(rig: Rig) -> None:
    await rig.register("Cae2")
    await rig.made("cse", 1, {"rn": "open", "pv": EVERYBODY, "pvs": EVERYBODY})
    for name, fr in (("theirs", "Cae2"), ("own", "Cae1")):
        await rig.made("cse", 23, {"rn": name, "nu": [f"http://sink/{name}"], "enc": {"net": [3, 4]}}, fr)
    for given in ({"rn": "secret"}, {"rn": "shared", "acpi": ["cse/open"]}):
        made = await rig.made("cse", 3, {"lbl": ["x"], **given}, "Cae1")
        assert (await rig.delete(made["ri"], "Cae1")).status == Status.DELETED

    def shown(name: str) -> list[str]:
        return [root for one in rig.sink.contents(f"http://sink/{name}") for root in one["m2m:sgn"]["nev"]["rep"]]

    assert shown("own") == ["m2m:cnt"] * 4
    assert shown("theirs") == ["m2m:uri"] * 3 + ["m2m:cnt"] * 2  # the first is the other subscription
