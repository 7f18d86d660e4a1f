"""Complex types: what members must be to each other, and values deep inside with their path."""

from __future__ import annotations

from typing import Any

import pytest

from resources import complex_types as c
from resources.datatypes import DataType, Invalid

REQUEST = {"op": 1, "to": "/cse", "fr": "Cae", "rqi": "r1", "rvi": "3"}
RESPONSE = {"rsc": 2000, "rqi": "r1", "rvi": "3"}
NOTIFICATION = {"sur": "cse/sub"}
DAS = {"or": "Cae", "op": 2, "trid": "cnt1"}
WIFI = {"enct": 1}

VALID: list[tuple[DataType, Any]] = [
    (c.wifi_credentials, {"enct": 1}),
    (c.wifi_credentials, {"enct": 2, "wepk": "k"}),
    (c.wifi_credentials, {"enct": 4, "wpap": "k"}),
    (c.wifi_credentials, {"enct": 8, "unm": "u", "pwd": "p"}),
    (c.security_info, {"sit": 3}),
    (c.security_info, {"sit": 1, "dreq": DAS}),
    (c.filter_criteria, {}),
    (c.filter_criteria, {"gmty": 1, "geom": "[0,0]", "gsf": 1}),
    (c.filter_criteria, {"atr": [{"nm": "cr", "val": "Cae"}], "ty": [3], "cty": ["a/b"], "smf": ["ASK {}"]}),
    (c.eval_criteria, {"optr": 2, "sbjt": "disr", "thld": True}),
    (c.eval_criteria, {"optr": 3, "sbjt": "cbs", "thld": 5}),
    (c.batch_notify, {}),
    (c.batch_notify, {"dur": "PT5S"}),
    (c.primitive_content, {"cod:color": {"red": 1}}),
    (c.primitive_content, {"m2m:uril": ["a", "b"]}),
    (c.primitive_content, {"m2m:agr": {"m2m:rsp": [{**RESPONSE, "pc": {"m2m:dbg": "x"}}]}}),
    (c.primitive_content, {"m2m:rqp": {**REQUEST, "ty": 3, "pc": {"m2m:cnt": {"rn": "a"}}, "rt": {"rtv": 3}}}),
    (c.primitive_content, {"m2m:rce": {"m2m:cin": {}, "uri": "cse/a"}}),
    (c.notification, {**NOTIFICATION, "nev": {"rep": {"m2m:uri": "cse/a"}, "net": 3}}),
    (c.notification, {**NOTIFICATION, "nev": {"rep": {"m2m:tsn": {"mdlt": ["PT5S"], "mdc": 1}}, "net": 8}}),
    (c.notification, {**NOTIFICATION, "idr": {"or": "Cae", "fc": {"fu": 3}}}),
    (c.aggregated_notification, {"m2m:sgn": [NOTIFICATION]}),
    (c.exec_req_args_list_type, {"rst": [{"any": [{"nm": "a", "val": [1]}]}, {}], "rbo": []}),
    (c.mgmt_link_ref, {"val": "cse/x", "nm": "limits", "typ": 1016}),
    (c.aggregated_request, {"req": [{"op": 1, "to": "a", "fr": "Cae", "rqi": "1", "mi": {"rvi": "3"}}]}),
]

INVALID: list[tuple[DataType, Any, str]] = [
    (c.wifi_credentials, {"enct": 1, "pwd": "p"}, "enct 1 goes with nothing else; got pwd"),
    (c.wifi_credentials, {"enct": 2}, "enct 2 goes with wepk; got nothing else"),
    (c.wifi_credentials, {"enct": 3, "wepk": "k"}, "enct 3 goes with wpap; got wepk"),
    (c.wifi_credentials, {"enct": 6, "wpap": "k"}, "enct 6 goes with pwd, unm; got wpap"),
    (c.wifi_credentials, {"enct": True}, "enct: expected one of 1 None"),
    (c.security_info, {"sit": 1, "dres": {}}, "sit 1 goes with dreq only, got dres"),
    (c.filter_criteria, {"gmty": 1}, "gmty, geom and gsf come together; geom and gsf missing"),
    (c.filter_criteria, {"gmty": 1, "gsf": 2}, "gmty, geom and gsf come together; geom missing"),
    (c.filter_criteria, {"atr": [{"nm": "cr"}]}, "atr[0]: val is missing"),
    (c.filter_criteria, {"ty": 3}, "ty: expected an array of m2m:resourceType, got 3"),
    (c.eval_criteria, {"optr": 3, "sbjt": "a", "thld": True}, "thld: expected a number or text where the operator"),
    (c.eval_criteria, {"optr": 6, "sbjt": "a", "thld": [1]}, "thld: expected a number or text where the operator"),
    (c.location_region, {"accr": [8.5, 47.4, -1]}, "accr: expected a radius >= 0 metres"),
    (c.location_region, {"accr": [8.5, 47.4, float("nan")]}, "accr[2]: expected a number, got nan"),
    (
        c.token_claim_set,
        {
            "vr": "1", "tkid": "a@b", "tkhd": "Cae", "tkis": "/cse", "tknb": "20270101T000000",
            "tkna": "20270101T000000",
        },
        "expected tknb before tkna, got 20270101T000000 and 20270101T000000",
    ),
    (c.primitive_content, {}, "expected an object with one member"),
    (c.primitive_content, {"m2m:cnt": {}, "m2m:ae": {}}, "expected an object with one member"),
    (c.primitive_content, {"cnt": {}}, "'cnt' is no root of a resource; expected prefix:name"),
    (c.primitive_content, {"m2m:cnt": []}, "m2m:cnt: expected an object (the resource m2m:cnt), got an array of 0"),
    (c.primitive_content, {"m2m:uri": "a b"}, "m2m:uri: expected a URI"),
    (
        c.primitive_content,
        {"m2m:rsp": {**RESPONSE, "pc": {"m2m:rqp": {**REQUEST, "op": 6}}}},
        "m2m:rsp.pc.m2m:rqp.op: expected one of 1 Create",
    ),
    (c.request_primitive, {**REQUEST, "rt": {"rtv": 9}}, "rt.rtv: expected one of 1 nonBlockingRequestSynch"),
    (c.request_primitive, {**REQUEST, "fc": {"lvl": 0}}, "fc.lvl: expected a whole number >= 1, got 0"),
    (c.request_primitive, {"op": 1}, "to is missing; m2m:requestPrimitive must have it"),
    (c.response_primitive, {**RESPONSE, "rsc": 200}, "rsc: expected a number of m2m:responseStatusCode, got 200"),
    (c.resource_wrapper, {"uri": "a"}, "expected an object with uri and one resource"),
    (c.resource_wrapper, {"uri": "a b", "m2m:cnt": {}}, "uri: expected a URI"),
    (c.resource_wrapper, {"uri": "a", "m2m:cnt": 1}, "m2m:cnt: expected an object"),
    (c.notification, {**NOTIFICATION, "nev": {"rep": {"m2m:cin": {}}}}, "nev: net is missing; notificationEvent"),
    (c.notification, {**NOTIFICATION, "nev": {"net": 3, "rep": {}}}, "nev.rep: expected an object with one member"),
    (
        c.aggregated_notification,
        {"m2m:sgn": [NOTIFICATION, {"sur": "a", "nev": {"net": 3, "rep": {"m2m:uri": 1}}}]},
        "m2m:sgn[1].nev.rep.m2m:uri: expected a URI",
    ),
    (
        c.exec_req_args_list_type,
        {"rst": [{}, {"any": [{"nm": "a", "val": 1}, {"nm": "1", "val": 1}]}]},
        "rst[1].any[1].nm: expected a name that starts with a letter",
    ),
    (c.schedule_entries, {"sce": []}, "sce: expected an array of m2m:scheduleEntry with 1..n entries"),
    (c.schedule_entries, {"sce": ["* * * * * * *", "* * 24 * * * *"]}, "sce[1]: expected 0..23 in the hour field"),
    (c.back_off_parameters, {"bops": [{"ibt": 1, "abt": 1}]}, "bops[0]: mbt is missing; backOffParametersSet"),
    (c.token_permissions, {"pm": [{"pv": {"acr": [{"acor": [], "acop": 0}]}}]}, "pm[0].pv.acr[0].acop: expected a"),
]


@pytest.mark.parametrize(("type_", "value"), VALID)
def test_members_that_go_together_are_accepted(type_: DataType, value: object) -> None:
    type_.check(value)


@pytest.mark.parametrize(("type_", "value", "message"), INVALID)
def test_members_that_do_not_are_refused_with_the_place(type_: DataType, value: object, message: str) -> None:
    with pytest.raises(Invalid) as problem:
        type_.check(value)
    assert str(problem.value).startswith(message)


def test_primitives_in_primitives_end_in_a_refusal() -> None:
    value: dict[str, Any] = {"m2m:dbg": "x"}
    for _ in range(2000):
        value = {"m2m:rqp": {**REQUEST, "pc": value}}
    with pytest.raises(Invalid, match="nested too deep in primitives"):
        c.primitive_content.check(value)


def test_a_secret_is_not_repeated() -> None:
    with pytest.raises(Invalid) as problem:
        c.wifi_credentials.check({"enct": 1, "pwd": "do-not-show"})
    assert "do-not-show" not in str(problem.value)
