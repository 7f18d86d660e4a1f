"""Subscriptions: what may be subscribed to, and which events match (procedures section 13, SUB-1 … SUB-14)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import Operation
from resources.status import Status
from tests.rig import ADMIN, Rig, message, only

BOX = "cse/cae1/box"
SINK = "http://sink/a"


@pytest.fixture(autouse=True)
async def box(rig: Rig) -> None:
    """The container that is subscribed to."""
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")


async def subscribe(rig: Rig, to: str = BOX, fr: str = "Cae1", **attributes: Any) -> dict[str, Any]:
    """Create a subscription with a URL as target."""
    return await rig.made(to, 23, {"nu": [SINK], **attributes}, fr)


async def refused(rig: Rig, status: Status, to: str = BOX, fr: str = "Cae1", **attributes: Any) -> None:
    """Check that a subscription is refused and leaves nothing behind."""
    answer = await rig.create(to, 23, {"rn": "s", "nu": [SINK], **attributes}, fr)
    assert answer.status == status, answer.content
    assert (await rig.retrieve(f"{to}/s")).status == Status.NOT_FOUND
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["after"]}})
    await rig.made(BOX, 4, {"con": "after"})
    assert rig.sink.contents() == []


def events(rig: Rig, url: str = SINK) -> list[dict[str, Any]]:
    """``nev`` of the notifications that arrived."""
    return [one["m2m:sgn"]["nev"] for one in rig.sink.contents(url)]


async def test_sub_1_what_cannot_be_subscribed_to(rig: Rig) -> None:
    instance = await rig.made(BOX, 4, {"con": "x"}, "Cae1")
    await refused(rig, Status.TARGET_NOT_SUBSCRIBABLE, instance["ri"])
    subscription = await subscribe(rig, enc={"net": [2]})
    await refused(rig, Status.TARGET_NOT_SUBSCRIBABLE, subscription["ri"])


@pytest.mark.parametrize("operations", [1, 1 | 4 | 8 | 16 | 32])
async def test_sub_1_needs_retrieve_on_the_parent(rig: Rig, operations: int) -> None:
    await rig.register("Cae2")
    rule = {"acr": [{"acor": ["Cae2"], "acop": operations}]}
    policy = await rig.made("cse", 1, {"pv": rule, "pvs": {"acr": [{"acor": [ADMIN], "acop": 63}]}})
    await rig.update(BOX, {"m2m:cnt": {"acpi": [policy["ri"]]}})
    await refused(rig, Status.ORIGINATOR_HAS_NO_PRIVILEGE, fr="Cae2")
    await rig.update(policy["ri"], {"m2m:acp": {"pv": {"acr": [{"acor": ["Cae2"], "acop": 3}]}}})
    await subscribe(rig, fr="Cae2")


@pytest.mark.parametrize("targets", [
    pytest.param([], id="SUB-2 none"),
    pytest.param(["ftp://sink/a"], id="SUB-2 unknown scheme"),
    pytest.param(["not an id"], id="SUB-2 neither URL nor ID"),
    pytest.param([BOX], id="SUB-2 a container"),
    pytest.param([SINK, BOX], id="SUB-2 the second one is wrong"),
])
async def test_sub_2_targets(rig: Rig, targets: list[str]) -> None:
    await refused(rig, Status.BAD_REQUEST, nu=targets)
    subscription = await subscribe(rig)
    answer = await rig.update(subscription["ri"], {"m2m:sub": {"nu": targets}}, "Cae1")
    assert answer.status == Status.BAD_REQUEST
    assert only(await rig.retrieve(subscription["ri"]))["nu"] == [SINK]


async def test_sub_2_serialisation_suffix(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/1"]}}, "Cae1")
    await subscribe(rig, nu=["http://sink/a?ct=json", "Cae1?ct=json"])
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert len(events(rig)) == len(events(rig, "http://ae/1")) == 1


@pytest.mark.parametrize("target", [f"{SINK}?ct=xml", "Cae1?ct=cbor"])
async def test_sub_2_serialisations_that_are_not_written_here(rig: Rig, target: str) -> None:
    await refused(rig, Status.NOT_IMPLEMENTED, nu=[target])
    subscription = await subscribe(rig)
    answer = await rig.update(subscription["ri"], {"m2m:sub": {"nu": [target]}}, "Cae1")
    assert answer.status == Status.NOT_IMPLEMENTED


@pytest.mark.parametrize("criteria", [
    pytest.param({"net": [3], "om": [{"or": "Cae1"}]}, id="SUB-3 net and om"),
    pytest.param({"net": [3], "chty": [2]}, id="SUB-3 chty that is no child"),
    pytest.param({"net": [8], "md": {"num": 1, "dur": "PT1S"}}, id="SUB-3 net 8 on a container"),
    pytest.param({"md": {"num": 1, "dur": "PT1S"}}, id="SUB-3 md on a container"),
    pytest.param({"net": [8]}, id="SUB-3 net 8 without md"),
    pytest.param({"net": [0]}, id="SUB-4 net 0"),
    pytest.param({"net": [11]}, id="SUB-4 net unknown"),
    pytest.param({"nett": [1]}, id="SUB-3 unknown member"),
    pytest.param({"net": [6]}, id="SUB-11 net 6 on a container"),
    pytest.param({"net": [7, 1]}, id="SUB-11 net 7 with another"),
    pytest.param({"om": [{"ops": 0}]}, id="SUB-12 no operation"),
    pytest.param({"om": [{"ops": 64}]}, id="SUB-12 unknown operation"),
    pytest.param({"om": [{"op": 1}]}, id="SUB-12 unknown member"),
    pytest.param({"om": {"ops": 2}}, id="SUB-12 not a list"),
])
async def test_sub_3_event_criteria(rig: Rig, criteria: dict[str, Any]) -> None:
    await refused(rig, Status.BAD_REQUEST, enc=criteria)


async def test_sub_3_missing_data_stands_alone_and_needs_its_limits(rig: Rig) -> None:
    await rig.made("cse/cae1", 29, {"rn": "series"}, "Cae1")
    limits = {"num": 1, "dur": "PT1S"}
    for criteria in ({"net": [8]}, {"net": [8, 1], "md": limits}, {"net": [5]}, {"net": [8], "md": {"num": 1}}):
        answer = await rig.create("cse/cae1/series", 23, {"nu": [SINK], "enc": criteria}, "Cae1")
        assert answer.status == Status.BAD_REQUEST, criteria
    assert (await subscribe(rig, "cse/cae1/series", enc={"net": [8], "md": limits}))["nct"] == 5


async def test_sub_4_a_trigger_of_an_ae(rig: Rig) -> None:
    assert (await subscribe(rig, "cse/cae1", enc={"net": [6]}))["nct"] == 4
    await refused(rig, Status.BAD_REQUEST, "cse/cae1", enc={"net": [6]}, nct=1)


@pytest.mark.parametrize("event", [9, 10])
async def test_sub_4_event_types_that_are_no_part_of_the_standard(rig: Rig, event: int) -> None:
    await refused(rig, Status.BAD_REQUEST, enc={"net": [event]})


@pytest.mark.parametrize(("net", "allowed"), [
    (None, [1, 2, 3]), ([1], [1, 2, 3]), ([2], [1, 3]), ([3], [1, 3]), ([4], [1, 3]), ([5], [1, 3]),
    ([1, 2, 3, 4], [1, 3]), ([1, 3], [1, 3]),
])
async def test_sub_4_content_type_by_event(rig: Rig, net: list[int] | None, allowed: list[int]) -> None:
    criteria: dict[str, Any] = {} if net is None else {"enc": {"net": net}}
    assert (await subscribe(rig, **criteria))["nct"] == allowed[0]
    for nct in (1, 2, 3, 4, 5, 6):
        answer = await rig.create(BOX, 23, {"nu": [SINK], "nct": nct, **criteria}, "Cae1")
        assert answer.status == (Status.CREATED if nct in allowed else Status.BAD_REQUEST), nct


async def test_sub_4_update_to_what_does_not_fit(rig: Rig) -> None:
    subscription = await subscribe(rig, enc={"net": [1]}, nct=2)
    for change in ({"enc": {"net": [3]}}, {"nct": 4}):
        answer = await rig.update(subscription["ri"], {"m2m:sub": change}, "Cae1")
        assert answer.status == Status.BAD_REQUEST
    await rig.made(BOX, 4, {"con": "x"}, "Cae1")
    assert events(rig) == []


async def other_ae(rig: Rig) -> str:
    await rig.register("Cae2", poa=["http://ae/2"])
    return "Cae2"


async def test_sub_6_a_target_is_asked_first(rig: Rig) -> None:
    subscription = await subscribe(rig, rn="s", nu=[await other_ae(rig)])
    ((url, request, content),) = rig.sink.received
    assert url == "http://ae/2"
    assert content == {"m2m:sgn": {"vrq": True, "sur": f"/banyan/{BOX}/s", "cr": "/banyan/Cae1"}}
    assert request.originator == "/banyan"
    assert subscription["cr"] == "Cae1"


@pytest.mark.parametrize("answer", [
    None, Status.SUBSCRIPTION_CREATOR_HAS_NO_PRIVILEGE, Status.SUBSCRIPTION_HOST_HAS_NO_PRIVILEGE,
    Status.BAD_REQUEST, Status.INTERNAL_SERVER_ERROR, Status.CREATED,
], ids=str)
async def test_sub_6_refusal_by_the_target(rig: Rig, answer: Status | None) -> None:
    await other_ae(rig)
    rig.sink.answer = lambda url, content: answer if "vrq" in content["m2m:sgn"] else Status.OK
    await refused(rig, Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED, nu=["Cae2"])
    await refused(rig, Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED, nu=["http://sink/b"])
    await refused(rig, Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED, nu=["Cae1", "Cae2"])


async def test_sub_6_own_targets_are_not_asked(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/1"]}}, "Cae1")
    for target in ("Cae1", "/banyan/Cae1", "//banyan.example/banyan/Cae1", "http://ae/1", "http://ae/1/here"):
        await subscribe(rig, nu=[target])
    assert rig.sink.received == []


async def test_sub_6_a_target_added_later_is_asked(rig: Rig) -> None:
    subscription = await subscribe(rig)
    await other_ae(rig)
    rig.sink.answer = lambda url, content: None if "vrq" in content["m2m:sgn"] else Status.OK
    answer = await rig.update(subscription["ri"], {"m2m:sub": {"nu": [SINK, "Cae2"]}}, "Cae1")
    assert answer.status == Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert events(rig, "http://ae/2") == []
    rig.sink.answer = lambda url, content: Status.OK
    assert (await rig.update(subscription["ri"], {"m2m:sub": {"nu": [SINK, "Cae2"]}}, "Cae1")).status == Status.UPDATED
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["y"]}}, "Cae1")
    assert len(events(rig, "http://ae/2")) == 1


@pytest.mark.parametrize(("creator", "host", "answer"), [
    pytest.param(16, 16, Status.OK, id="SUB-6 both may notify"),
    pytest.param(16, 2, Status.SUBSCRIPTION_HOST_HAS_NO_PRIVILEGE, id="SUB-6 the host may not"),
    pytest.param(2, 16, Status.SUBSCRIPTION_CREATOR_HAS_NO_PRIVILEGE, id="SUB-6 the creator may not"),
    pytest.param(2, 2, Status.SUBSCRIPTION_HOST_HAS_NO_PRIVILEGE, id="SUB-6 neither may"),
])
async def test_sub_6_what_a_receiver_answers(rig: Rig, creator: int, host: int, answer: Status) -> None:
    await rig.register("Cae2")
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/1"]}}, "Cae1")
    rules = [{"acor": ["Cae2"], "acop": host}, {"acor": ["/other/Cx"], "acop": creator}]
    policy = await rig.made("cse", 1, {"pv": {"acr": rules}, "pvs": {"acr": [{"acor": [ADMIN], "acop": 63}]}})
    await rig.update("cse/cae1", {"m2m:ae": {"acpi": [policy["ri"]]}})
    content = {"m2m:sgn": {"vrq": True, "sur": "/other/x/s", "cr": "/other/Cx"}}
    assert (await rig.request(Operation.NOTIFY, "cse/cae1", "Cae2", content=content)).status == answer
    assert len(rig.sink.received) == (answer == Status.OK)
    content["m2m:sgn"]["cr"] = 7
    assert not (await rig.request(Operation.NOTIFY, "cse/cae1", "Cae2", content=content)).status.succeeded


async def test_sub_6_the_cse_as_target_is_for_those_who_may_notify_it(rig: Rig) -> None:
    for target in ("cse", "/banyan", "-"):
        await refused(rig, Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED, nu=[target])
        await subscribe(rig, fr=ADMIN, nu=[target])


async def test_sub_6_switched_off_by_the_settings() -> None:
    rig = await Rig.open(verify_subscriptions=False)
    await rig.register()
    rig.sink.answer = lambda url, content: None
    await rig.made("cse/cae1", 23, {"nu": [SINK]}, "Cae1")
    await rig.close()


@pytest.mark.parametrize(("target", "given", "creator"), [
    pytest.param(SINK, {}, "Cae1", id="SUB-7 somebody else"),
    pytest.param("Cae1", {}, None, id="SUB-7 own"),
    pytest.param("Cae1", {"cr": None}, "Cae1", id="SUB-7 asked for"),
])
async def test_sub_7_creator(rig: Rig, target: str, given: dict[str, Any], creator: str | None) -> None:
    assert (await subscribe(rig, nu=[target], **given)).get("cr") == creator


@pytest.mark.parametrize("batch", [{}, {"num": 3}, {"dur": "PT5S"}, {"num": 2, "dur": "PT1M"}])
async def test_sub_8_batch_members_are_optional(rig: Rig, batch: dict[str, Any]) -> None:
    assert (await subscribe(rig, bn=batch))["bn"] == batch


@pytest.mark.parametrize("batch", [{"num": -1}, {"dur": "5"}, {"dur": 5}, {"number": 3}, 3])
async def test_sub_8_malformed_batch(rig: Rig, batch: Any) -> None:
    await refused(rig, Status.BAD_REQUEST, bn=batch)


async def provoke(rig: Rig) -> None:
    """One event of each type 1, 3, 4, 5, 2 of the box, in this order."""
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    await rig.made(BOX, 3, {"rn": "child"}, "Cae1")
    await rig.delete(f"{BOX}/child", "Cae1")
    await rig.retrieve(BOX, "Cae1", rcn=4)
    await rig.delete(BOX, "Cae1")


@pytest.mark.parametrize(("criteria", "expected"), [
    pytest.param(None, [1], id="SUB-10 no enc"),
    pytest.param({"fo": 1}, [1], id="SUB-10 no net"),
    pytest.param({"net": [1]}, [1], id="SUB-10 update"),
    pytest.param({"net": [2]}, [2], id="SUB-10 delete"),
    pytest.param({"net": [3]}, [3], id="SUB-10 child created"),
    pytest.param({"net": [4]}, [4], id="SUB-10 child deleted"),
    pytest.param({"net": [5]}, [5], id="SUB-10 no child"),
    pytest.param({"net": [1, 2, 3, 4]}, [1, 3, 4, 2], id="SUB-10 several"),
])
async def test_sub_10_event_types(rig: Rig, criteria: dict[str, Any] | None, expected: list[int]) -> None:
    given: dict[str, Any] = {} if criteria is None else {"enc": criteria}
    await subscribe(rig, **given)
    await provoke(rig)
    assert [one["net"] for one in events(rig)] == expected


async def test_sub_10_failed_requests_are_no_events(rig: Rig) -> None:
    await rig.register("Cae2")
    await subscribe(rig, enc={"net": [1, 2, 3, 4]})
    await rig.update(BOX, {"m2m:cnt": {"mni": -1}}, "Cae1")
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae2")
    await rig.create(BOX, 4, {}, "Cae1")
    await rig.create(BOX, 4, {"con": "x"}, "Cae2")
    await rig.delete(BOX, "Cae2")
    await rig.delete(f"{BOX}/nothing", "Cae1")
    assert events(rig) == []


@pytest.mark.parametrize(("change", "fires"), [
    pytest.param({"mni": 5}, True, id="SUB-11 named"),
    pytest.param({"mni": 5, "lbl": ["x"]}, True, id="SUB-11 named among others"),
    pytest.param({"mni": None}, True, id="SUB-11 removed"),
    pytest.param({"lbl": ["x"]}, False, id="SUB-11 other"),
])
async def test_sub_11_attributes(rig: Rig, change: dict[str, Any], *, fires: bool) -> None:
    await rig.update(BOX, {"m2m:cnt": {"mni": 7}}, "Cae1")
    await subscribe(rig, enc={"net": [1], "atr": ["mni", "mbs"]})
    await rig.update(BOX, {"m2m:cnt": change}, "Cae1")
    assert len(events(rig)) == fires


@pytest.mark.parametrize(("types", "expected"), [([3], ["m2m:cnt"]), ([4], ["m2m:cin"]), ([23], ["m2m:sub"]),
                                                 ([3, 4], ["m2m:cnt", "m2m:cin"])])
@pytest.mark.parametrize("net", [3, 4])
async def test_sub_11_child_types(rig: Rig, net: int, types: list[int], expected: list[str]) -> None:
    await subscribe(rig, rn="s", enc={"net": [net], "chty": types})
    for ty, content in ((3, {"rn": "c"}), (4, {"rn": "i", "con": "x"}), (23, {"rn": "t", "nu": ["http://sink/b"]})):
        await rig.made(BOX, ty, content, "Cae1")
    for name in "cit":
        await rig.delete(f"{BOX}/{name}", "Cae1")
    assert [next(iter(one["rep"])) for one in events(rig)] == expected


async def test_sub_11_only_direct_children(rig: Rig) -> None:
    await rig.made(BOX, 3, {"rn": "inner"}, "Cae1")
    await subscribe(rig, enc={"net": [3, 4]})
    await rig.made(f"{BOX}/inner", 4, {"con": "x", "rn": "i"}, "Cae1")
    await rig.delete(f"{BOX}/inner/i", "Cae1")
    assert events(rig) == []


@pytest.mark.parametrize(("conditions", "fires"), [
    pytest.param({"sza": 3}, [3, 5], id="SUB-11 sza"),
    pytest.param({"szb": 3}, [1], id="SUB-11 szb"),
    pytest.param({"sza": 2, "szb": 5}, [3], id="SUB-11 and"),
    pytest.param({"sza": 5, "szb": 3, "fo": 2}, [1, 5], id="SUB-11 or"),
    pytest.param({"sza": 3, "szb": 5, "fo": 3}, [1, 5], id="SUB-11 xor"),
    pytest.param({"cra": "20200101T000000"}, [1, 3, 5], id="SUB-11 cra"),
    pytest.param({"crb": "20200101T000000"}, [], id="SUB-11 crb"),
    pytest.param({"exb": "20990101T000000"}, [1, 3, 5], id="SUB-11 exb"),
    pytest.param({"exa": "20990101T000000"}, [], id="SUB-11 exa"),
    pytest.param({"stb": 2}, [3, 5], id="SUB-11 stb of the child"),
    pytest.param({"sts": 2}, [1], id="SUB-11 sts of the child"),
    pytest.param({"ms": "20200101T000000", "us": "20990101T000000"}, [1, 3, 5], id="SUB-11 ms us"),
])
async def test_sub_11_conditions_on_the_child(rig: Rig, conditions: dict[str, Any], fires: list[int]) -> None:
    await subscribe(rig, enc={"net": [3], **conditions})
    for size in (1, 3, 5):
        await rig.made(BOX, 4, {"con": "x" * size}, "Cae1")
    assert [one["rep"]["m2m:cin"]["cs"] for one in events(rig)] == fires


@pytest.mark.parametrize(("ty", "condition"), [(3, {"stb": 1}), (4, {"sza": 3})])
async def test_sub_11_conditions_on_a_child_that_goes(rig: Rig, ty: int, condition: dict[str, Any]) -> None:
    await subscribe(rig, enc={"net": [4], **condition})
    for name in ("a", "bbb"):
        await rig.made(BOX, ty, {"rn": name, **({"con": name} if ty == 4 else {})}, "Cae1")
    if ty == 3:
        await rig.update(f"{BOX}/bbb", {"m2m:cnt": {"mni": 9}}, "Cae1")
    for name in ("a", "bbb"):
        await rig.delete(f"{BOX}/{name}", "Cae1")
    assert [next(iter(one["rep"].values()))["rn"] for one in events(rig)] == ["bbb"]


async def test_sub_11_conditions_on_the_resource_itself(rig: Rig) -> None:
    await subscribe(rig, enc={"net": [1, 2], "stb": 2, "sts": 4})
    for value in "abcd":
        await rig.update(BOX, {"m2m:cnt": {"lbl": [value]}}, "Cae1")
    await rig.delete(BOX, "Cae1")
    assert [one["rep"]["m2m:cnt"]["st"] for one in events(rig)] == [2, 3]


async def test_sub_13_an_old_value_set_again(rig: Rig) -> None:
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    await subscribe(rig, enc={"net": [1], "atr": ["lbl"]}, nct=2)
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert [one["rep"]["m2m:cnt"]["lbl"] for one in events(rig)] == [["x"]]


async def test_sub_14_counters_of_the_host_are_no_update(rig: Rig) -> None:
    await subscribe(rig, enc={"net": [1]})
    await rig.made(BOX, 4, {"con": "x"}, "Cae1")
    await rig.delete(f"{BOX}/la", "Cae1")
    assert events(rig) == []


async def test_sub_14_points_of_access_of_the_host_are_no_update(rig: Rig) -> None:
    await rig.made("cse", 23, {"nu": [SINK]})
    await rig.cse.reachable_at(["http://here"])
    assert events(rig) == []


@pytest.mark.parametrize("policy", [
    pytest.param({"rl": {"mnn": 0, "tww": "PT1S"}}, id="SUB-22 nothing would pass"),
    pytest.param({"rl": {"mnn": 1, "tww": "PT0S"}}, id="SUB-22 a window of nothing"),
    pytest.param({"rl": {"mnn": 1}}, id="SUB-22 no window"),
    pytest.param({"rl": {"mnn": 1.5, "tww": "PT1S"}}, id="SUB-22 half a notification"),
    pytest.param({"rl": {"mnn": -1, "tww": "PT1S"}}, id="SUB-22 less than none"),
    pytest.param({"rl": {"mnn": 1, "tww": "1 s"}}, id="SUB-22 no duration"),
    pytest.param({"pn": 0}, id="SUB-23 pn 0"),
    pytest.param({"pn": 3}, id="SUB-23 pn 3"),
    pytest.param({"pn": True}, id="SUB-23 pn true"),
    pytest.param({"nsp": 0}, id="SUB-25 nsp 0"),
    pytest.param({"psn": 0}, id="SUB-25 psn 0"),
    pytest.param({"nec": 1}, id="SUB-22 nec 1"),
    pytest.param({"nse": "yes"}, id="SUB-31 nse"),
    pytest.param({"nsi": []}, id="SUB-31 nsi is the host's"),
    pytest.param({"eeno": 1}, id="SUB-32 eeno"),
    pytest.param({"acrs": "x"}, id="SUB-26 acrs"),
])
async def test_malformed_policies(rig: Rig, policy: dict[str, Any]) -> None:
    await refused(rig, Status.BAD_REQUEST, **policy)


async def test_an_update_to_a_malformed_policy_changes_nothing(rig: Rig) -> None:
    subscription = await subscribe(rig, rl={"mnn": 1, "tww": "PT1S"})
    wrong: tuple[dict[str, Any], ...] = ({"rl": {"mnn": 0, "tww": "PT1S"}}, {"pn": 7}, {"psn": 3}, {"nsi": []})
    for policy in wrong:
        answer = await rig.update(subscription["ri"], {"m2m:sub": policy}, "Cae1")
        assert answer.status == Status.BAD_REQUEST, policy
    assert only(await rig.retrieve(subscription["ri"]))["rl"] == {"mnn": 1, "tww": "PT1S"}


async def test_an_attribute_of_no_standard_is_refused(rig: Rig) -> None:
    await refused(rig, Status.NOT_IMPLEMENTED, ma="PT1S")


async def test_subscriptions_to_other_types(rig: Rig) -> None:
    await rig.made("cse", 23, {"nu": ["http://sink/base"], "enc": {"net": [3], "chty": [2]}})
    await subscribe(rig, "cse/cae1", nu=["http://sink/ae"], enc={"net": [1, 2, 3]})
    await rig.register("Cae2")
    await rig.update("cse/cae1", {"m2m:ae": {"apn": "x"}}, "Cae1")
    await rig.made("cse/cae1", 3, {}, "Cae1")
    await rig.delete("cse/cae1", "Cae1")
    assert [one["net"] for one in events(rig, "http://sink/base")] == [3]
    assert [one["net"] for one in events(rig, "http://sink/ae")] == [1, 3, 2]


@pytest.mark.parametrize("number", [100, 101, 5000])
async def test_sub_2_so_many_targets(rig: Rig, number: int) -> None:
    targets = [f"http://sink/{one}" for one in range(number)]
    if number > 100:
        await refused(rig, Status.BAD_REQUEST, nu=targets)
        targets = targets[:100] * 3
    subscription = await subscribe(rig, nu=targets)
    assert subscription["nu"] == targets[:100]
    more = await rig.update(subscription["ri"], {"m2m:sub": {"nu": [*targets, "http://sink/more"]}}, "Cae1")
    assert more.status == Status.BAD_REQUEST
    assert "101" in message(more)


async def test_sub_2_a_target_that_is_named_twice_is_told_once(rig: Rig) -> None:
    subscription = await subscribe(rig, nu=[SINK, "http://sink/b", SINK])
    assert subscription["nu"] == [SINK, "http://sink/b"]
    updated = await rig.update(subscription["ri"], {"m2m:sub": {"nu": ["http://sink/c", SINK, SINK]}}, "Cae1")
    assert only(updated)["nu"] == only(await rig.retrieve(subscription["ri"]))["nu"] == ["http://sink/c", SINK]
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert len(events(rig)) == 1
