"""Service subscription and other types of an IN-CSE (procedures section 22, SSP-1, SSP-2, SSP-3, SSP-5)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.behaviours.service_subscription import matches
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.governed import policy, rule
from tests.rig import Rig, message, only

AE, PROFILE, RULE, NODE = 2, 11, 19, 20


async def subscribed(rig: Rig, *rules: dict[str, Any], csi: str = "/banyan") -> None:
    """A profile with a node that has these rules."""
    await rig.made("cse", PROFILE, {"rn": "p"})
    links = [(await rig.made("cse", RULE, {"rn": f"rule{number}", **rule}))["ri"] for number, rule in enumerate(rules)]
    await rig.made("cse/p", NODE, {"rn": "n", "ni": "urn:1", "csi": csi, **({"rlk": links} if links else {})})


async def registers(rig: Rig, stem: str = "Cnew", app_id: str = "Napp", *, proved: str | None = None) -> Status:
    """Try a registration; what succeeds is undone."""
    content = {"api": app_id, "rr": True, "srv": ["3"], "rn": "tried"}
    response = await rig.create("cse", AE, content, stem, authenticated=proved)
    if response.status == Status.CREATED:
        await rig.delete("cse/tried")
    return response.status


@pytest.mark.parametrize(("number", "given", "word"), [
    pytest.param(RULE, {"aai": ["Napp", "xapp"]}, "aai[1]", id="SSP-1 App-ID"),
    pytest.param(RULE, {"aai": ["?"]}, "aai", id="SSP-1 pattern"),
    pytest.param(RULE, {"aae": [1]}, "aae", id="SSP-1 AE-ID"),
    pytest.param(NODE, {"ni": "urn:1", "rlk": ["cse/rule"]}, "csi", id="SSP-1 rules without a CSE"),
    pytest.param(NODE, {"rlk": ["cse/rule"], "csi": "/banyan"}, "ni", id="SSP-1 no node"),
])
async def test_ssp_1_what_is_refused(rig: Rig, number: int, given: dict[str, Any], word: str) -> None:
    await rig.made("cse", PROFILE, {"rn": "p"})
    response = await rig.create("cse" if number == RULE else "cse/p", number, given)
    assert response.status == Status.BAD_REQUEST
    assert word in message(response)


@pytest.mark.parametrize("patterns", [["*"], ["R*", "Napp"], ["*.ch"]], ids=["SSP-1 all", "SSP-1 start", "SSP-1 end"])
async def test_ssp_1_patterns(rig: Rig, patterns: list[str]) -> None:
    assert (await rig.made("cse", RULE, {"rn": "rule", "aai": patterns}))["aai"] == patterns
    response = await rig.update("cse/rule", {"m2m:asar": {"aai": ["bad"]}})
    assert response.status == Status.BAD_REQUEST


async def test_ssp_2_without_profiles_everybody_registers(rig: Rig) -> None:
    assert await registers(rig) == Status.CREATED
    await rig.made("cse", RULE, {"rn": "rule", "aai": ["Rnone"]})
    assert await registers(rig) == Status.CREATED


async def test_ssp_2_a_profile_needs_a_node_for_this_cse(rig: Rig) -> None:
    await rig.made("cse", PROFILE, {"rn": "p"})
    assert await registers(rig) == Status.SERVICE_SUBSCRIPTION_NOT_ESTABLISHED
    await rig.made("cse/p", NODE, {"rn": "other", "ni": "urn:1", "csi": "/other"})
    assert await registers(rig) == Status.SERVICE_SUBSCRIPTION_NOT_ESTABLISHED
    await rig.made("cse/p", NODE, {"rn": "this", "ni": "urn:2", "csi": "//banyan.example/banyan"})
    assert await registers(rig) == Status.APP_RULE_VALIDATION_FAILED


@pytest.mark.parametrize(("rule", "stem", "app_id", "proved", "allowed"), [
    pytest.param({}, "Cnew", "Napp", None, True, id="SSP-2 nothing is asked"),
    pytest.param({"aai": ["Napp"]}, "Cnew", "Napp", None, True, id="SSP-2 App-ID"),
    pytest.param({"aai": ["Napp"]}, "Cnew", "Napp2", None, False, id="SSP-2 App-ID is whole"),
    pytest.param({"aai": ["N*p"]}, "Cnew", "Napp", None, True, id="SSP-2 App-ID with wildcard"),
    pytest.param({"aai": ["Na.p", "N.*", "Nap"]}, "Cnew", "Napp", None, False, id="SSP-2 only * is a wildcard"),
    pytest.param({"aae": ["Cnew", "Cold"]}, "Cnew", "Napp", None, True, id="SSP-2 AE-ID"),
    pytest.param({"aae": ["Cold"]}, "Cnew", "Napp", None, False, id="SSP-2 AE-ID of another"),
    pytest.param({"aae": ["C*"]}, "C", "Napp", None, True, id="SSP-2 AE-ID that is assigned"),
    pytest.param({"aae": ["S*"]}, "C", "Napp", None, False, id="SSP-2 AE-ID of another kind"),
    pytest.param({"aai": ["Napp"], "aae": ["Cold"]}, "Cnew", "Napp", None, False, id="SSP-2 both"),
    pytest.param({"apci": ["Cnew"]}, "Cnew", "Napp", "Cnew", True, id="SSP-2 credential"),
    pytest.param({"apci": ["Cnew"]}, "Cnew", "Napp", None, False, id="SSP-2 no credential"),
    pytest.param({"apci": ["None"]}, "Cnew", "Napp", None, True, id="SSP-2 for those without a credential"),
    pytest.param({"apci": ["None"]}, "Cnew", "Napp", "Cnew", False, id="SSP-2 not for those with one"),
    pytest.param({"apci": ["*"]}, "Cnew", "Napp", None, True, id="SSP-2 whatever credential"),
])
async def test_ssp_2_rules(rig: Rig, rule: dict[str, Any], stem: str, app_id: str, proved: str | None,
                           allowed: bool) -> None:
    await subscribed(rig, rule)
    expected = Status.CREATED if allowed else Status.APP_RULE_VALIDATION_FAILED
    assert await registers(rig, stem, app_id, proved=proved) == expected
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK  # who is registered stays


async def test_ssp_2_one_rule_is_enough_and_changes_count_at_once(rig: Rig) -> None:
    await subscribed(rig, {"aai": ["Rone"]}, {"aai": ["Napp"]})
    assert await registers(rig) == Status.CREATED
    await rig.update("cse/rule1", {"m2m:asar": {"aai": ["Ntwo"]}})
    assert await registers(rig) == Status.APP_RULE_VALIDATION_FAILED
    await rig.update("cse/rule1", {"m2m:asar": {"aai": None}})
    assert await registers(rig) == Status.CREATED
    await rig.delete("cse/rule1")
    assert await registers(rig) == Status.APP_RULE_VALIDATION_FAILED
    await rig.delete("cse/p/n")
    assert await registers(rig) == Status.SERVICE_SUBSCRIPTION_NOT_ESTABLISHED
    await rig.delete("cse/p")
    assert await registers(rig) == Status.CREATED


async def test_ssp_2_profiles_count_after_a_restart_until_they_expire() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.made("cse", PROFILE, {"rn": "p", "et": rig.at(60)})
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert await registers(rig) == Status.SERVICE_SUBSCRIPTION_NOT_ESTABLISHED
    rig.clock.now += 61
    assert await registers(rig) == Status.CREATED
    await rig.close()


@pytest.mark.parametrize("number", [7, 11, 19, 20, 21, 22, 43, 44, 47, 49])
async def test_ssp_3_only_on_an_in_cse(number: int) -> None:
    rig = await Rig.open(cse_type="MN")
    response = await rig.create("cse", number, {})
    assert response.status == Status.OPERATION_NOT_ALLOWED
    assert "IN-CSE" in message(response)
    assert number not in only(await rig.retrieve("cse"))["srt"]
    await rig.close()


@pytest.mark.parametrize("number", [43, 44])
async def test_ssp_3_contact_lists_are_the_business_of_the_cse(rig: Rig, number: int) -> None:
    assert (await rig.create("cse", number, {"rn": "x"})).status == Status.OPERATION_NOT_ALLOWED


@pytest.mark.parametrize(("given", "word"), [
    pytest.param({"evt": 1, "ds": 5}, "ds", id="SSP-3 size of an operation"),
    pytest.param({"evt": 2, "opt": [1]}, "opt", id="SSP-3 operation of a size"),
    pytest.param({"evt": 1, "evs": "20300101T000000"}, "evs", id="SSP-3 time of an operation"),
    pytest.param({"evt": 2, "eve": "20300101T000000"}, "eve", id="SSP-3 time of a size"),
    pytest.param({"evt": 1, "erts": [3], "eris": ["cse/c"]}, "eris", id="SSP-3 types and resources"),
    pytest.param({"evt": 4}, "evt", id="SSP-3 event type"),
    pytest.param({"evt": 1, "evi": "x"}, "evi", id="SSP-3 identifier"),
])
async def test_ssp_3_events_that_cannot_be(rig: Rig, given: dict[str, Any], word: str) -> None:
    await rig.made("cse", 22, {"rn": "stats"})
    response = await rig.create("cse/stats", 7, given)
    assert response.status == Status.BAD_REQUEST
    assert word in message(response)


async def test_ssp_3_statistics_have_identifiers(rig: Rig) -> None:
    await rig.made("cse", 22, {"rn": "stats"})
    events = [await rig.made("cse/stats", 7, {"evt": 1, "opt": [2]}) for _ in range(2)]
    rules = [await rig.made("cse", 21, {"cei": "Cae1", "srs": 1, "sm": 1, "evi": event["evi"]}) for event in events]
    assert len({*(one["evi"] for one in events), *(one["sci"] for one in rules)}) == 4
    response = await rig.create("cse", 21, {"cei": "Cae1", "srs": 1, "sm": 1})
    assert response.status == Status.BAD_REQUEST
    assert "evi" in message(response)


TRIGGER = {"rn": "t", "mei": "123@example.com", "tri": 7, "tvt": "PT60S"}


async def test_ssp_3_a_trigger_has_nowhere_to_go(rig: Rig) -> None:
    shown = await rig.made("cse/cae1", 47, TRIGGER, "Cae1")
    assert (shown["tst"], shown["tpe"]) == (2, 1)  # no underlying network
    response = await rig.update("cse/cae1/t", {"m2m:tgr": {"tvt": "PT5S"}}, "Cae1")
    assert response.status == Status.UNABLE_TO_REPLACE_REQUEST
    assert (await rig.update("cse/cae1/t", {"m2m:tgr": {"lbl": ["x"]}}, "Cae1")).status == Status.UPDATED
    assert (await rig.delete("cse/cae1/t", "Cae1")).status == Status.DELETED


@pytest.mark.parametrize("enabled", [None, True, False])
async def test_ssp_3_who_does_not_want_triggers_gets_none(rig: Rig, enabled: bool | None) -> None:
    given: dict[str, Any] = {} if enabled is None else {"tren": enabled}
    await rig.register("Cae2", mei="123@example.com", tri=7, **given)
    response = await rig.create("cse/cae1", 47, TRIGGER, "Cae1")
    assert response.status == (Status.TRIGGERING_DISABLED_FOR_RECIPIENT if enabled is False else Status.CREATED)
    assert (await rig.create("cse/cae1", 47, {**TRIGGER, "rn": "other", "tri": 8}, "Cae1")).status == Status.CREATED


async def test_ssp_3_a_purpose_needs_what_it_is_about(rig: Rig) -> None:
    response = await rig.create("cse/cae1", 47, {**TRIGGER, "tpe": 3}, "Cae1")
    assert response.status == Status.INVALID_TRIGGER_PURPOSE
    assert "tio" in message(response)
    await rig.made("cse/cae1", 47, {**TRIGGER, "tpe": 3, "tio": 2, "tia": "cse/box"}, "Cae1")


async def test_ssp_3_sessions_are_for_those_who_can(rig: Rig) -> None:
    offer = {"rn": "m", "soi": "Cae1", "osd": {"sdc": ["v=0\r\n"]}}
    response = await rig.create("cse/cae1", 46, offer, "Cae1")
    assert response.status == Status.TARGET_HAS_NO_SESSION_CAPABILITY
    await rig.update("cse/cae1", {"m2m:ae": {"scp": ["audio:RTP/AVP"]}}, "Cae1")
    assert (await rig.made("cse/cae1", 46, offer, "Cae1"))["sst"] == 1
    answer = {"asd": {"sdc": ["v=0\r\ns=x\r\n"]}}
    for given, status in (({**answer, "sst": 2}, Status.UPDATED), (answer, Status.SESSION_IS_ONLINE),
                          ({"lbl": ["x"]}, Status.UPDATED), ({**answer, "sst": 2}, Status.SESSION_IS_ONLINE),
                          ({**answer, "sst": 1}, Status.UPDATED), (answer, Status.UPDATED)):
        assert (await rig.update("cse/cae1/m", {"m2m:mms": given}, "Cae1")).status == status


async def test_ssp_3_no_multicast_group_can_be_joined(rig: Rig) -> None:
    given = {"mad": {"ip4": "239.0.0.1"}, "mgft": "/other/seg", "mli": ["cse/cae1"], "rstt": "/other"}
    assert (await rig.create("cse", 45, given)).status == Status.JOIN_MULTICAST_GROUP_FAILED


ROLE = {"rlid": "r1@issuer.com", "tkis": "/banyan", "tkhd": "Cae1", "tknb": "20260101T000000",
        "tkna": "20991231T000000"}


async def test_ssp_5_a_role_gives_nobody_rights(rig: Rig) -> None:
    await rig.made("cse", 31, {**ROLE, "rn": "role"})
    await rig.made("cse", 3, {"rn": "box", "acpi": [await policy(rig, rule(63, "r1@issuer.com"))]})
    assert (await rig.retrieve("cse/box", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    for parameter in ("rids", "tkns", "tids"):
        response = await rig.retrieve("cse/box", "Cae1", unsupported=[parameter])
        assert response.status == Status.NOT_IMPLEMENTED


async def test_ssp_5_a_token_gives_nobody_rights(rig: Rig) -> None:
    token = {"tkid": "t1@issuer.com", "tkob": "YWJj.ZGVm.Z2hp.amts.bW5v", "tkhd": "Cae1", "tkps": {"pm": [
        {"ris": ["cse/box"], "pv": {"acr": [{"acor": ["Cae1"], "acop": 63}]}}]}}
    await rig.made("cse", 32, token)
    await rig.made("cse", 3, {"rn": "box"})
    assert (await rig.retrieve("cse/box", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_ssp_5_nobody_is_asked_for_authorization(rig: Rig) -> None:
    consultation = {"rn": "dac", "dae": True, "dap": ["http://sink/das"]}
    shown = await rig.made("cse", 34, consultation)
    assert (await rig.create("cse", 3, {"rn": "box", "daci": ["cse/dac"]})).status == Status.NOT_IMPLEMENTED
    await rig.made("cse", 3, {"rn": "box"})
    assert (await rig.retrieve("cse/box", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert rig.sink.received == []
    assert only(await rig.retrieve("cse/dac")) == shown


async def test_ssp_5_a_validity_ends_after_its_beginning(rig: Rig) -> None:
    response = await rig.create("cse", 31, {**ROLE, "tkna": "20251231T000000"})
    assert response.status == Status.BAD_REQUEST
    token = {"tkid": "t1@issuer.com", "tkob": "YWJj.ZGVm.Z2hp.amts.bW5v", "tknb": "20260101T000000",
             "tkna": "20250101T000000"}
    assert (await rig.create("cse", 32, token)).status == Status.BAD_REQUEST


async def test_ssp_5_decisions_are_not_made_here(rig: Rig) -> None:
    shown = await rig.made("cse", 35, {"to": "cse/cae1", "fr": "Cae1", "op": 2})
    assert "dec" not in shown
    assert (await rig.create("cse", 35, {"dec": 1})).status == Status.BAD_REQUEST
    assert "ps" not in await rig.made("cse", 36, {"to": "cse/cae1"})
    information = await rig.made("cse", 37, {"rn": "i", "fr": "Cae1"})
    assert (await rig.made("cse/i", 31, ROLE))["pi"] == information["ri"]


@pytest.mark.parametrize(("pattern", "value", "expected"), [
    ("*", "", True), ("a*", "a", True), ("a*a", "a", False), ("a*a", "aa", True), ("*a*b*", "xaxbx", True),
    ("*a*b*", "xbxa", False), ("a**b", "ab", True), ("ab*bc", "abc", False), ("*" * 50 + "b", "a" * 5000, False),
    ("*a" * 50 + "b", "a" * 5000, False),
])
def test_ssp_2_wildcards(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected
