"""Complex types: members, cardinality, and where in a value the problem is."""

from __future__ import annotations

from typing import Any

import pytest

from resources import complex_types as c
from resources.datatypes import DataType, Invalid, Member, complex_type, list_of
from resources.simple_types import string

RULE = {"acor": ["all"], "acop": 63}


def rules(**more: Any) -> dict[str, Any]:
    return {"acr": [{**RULE, **more}]}


VALID: list[tuple[DataType, Any]] = [
    (c.set_of_acrs, {}),
    (c.set_of_acrs, {"acr": []}),
    (c.set_of_acrs, rules()),
    (c.set_of_acrs, rules(acco=[{"actw": ["* * 8-18 * * 1-5 *"], "acip": {"ipv4": ["10.0.0.0/8"], "ipv6": []}}])),
    (c.set_of_acrs, rules(acco=[{"aclr": {"accc": ["CH"]}}, {"aclr": {"accr": [8.5, 47.4, 100]}}])),
    (c.set_of_acrs, rules(acco=[{"acui": ["u"], "acec": {"optr": 1, "sbjt": "mni", "thld": 3}, "acl": 5}])),
    (c.set_of_acrs, rules(acod=[{"ty": 3, "chty": [4], "spty": {"mgd": 1001}}, {"chty": []}])),
    (c.set_of_acrs, rules(acaf=True, aca=["lbl"])),
    (c.event_notification_criteria, {}),
    (c.event_notification_criteria, {"net": [1, 2, 3, 4, 5], "atr": ["lbl"], "chty": [3], "fo": 2}),
    (c.event_notification_criteria, {"om": [{"ops": 2, "or": "Cae"}, {}], "crb": "20260101T000000", "szb": 1}),
    (c.batch_notify, {"num": 0, "dur": "PT10S"}),
    (c.rate_limit, {"mnn": 1, "tww": "PT1S"}),
    (c.content_ref, {"urir": [{"nm": "a", "uri": "cse/x"}]}),
    (c.specialization_type, {"cnd": "org.x"}),
    (c.e2e_sec_info, {"esf": [10, 45], "escert": ["QUJD"]}),
    (c.activity_pattern_elements, [{"se": [{"sce": ["* * * * * * *"]}], "sti": 1, "dsi": 5}]),
    (c.geo_coordinates, {"typ": 1, "crd": [8.54, 47.37]}),
    (c.geo_coordinates, {"typ": 1, "crd": "[8.54, 47.37, 408]"}),
    (c.geo_coordinates, {"typ": 2, "crd": [[0, 0], [1, 1]]}),
    (c.geo_coordinates, {"typ": 3, "crd": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}),
    (c.geo_coordinates, {"typ": 4, "crd": [[0, 0]]}),
    (c.geo_coordinates, {"typ": 5, "crd": [[[0, 0], [1, 1]]]}),
    (c.geo_coordinates, {"typ": 6, "crd": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]}),
]

INVALID: list[tuple[DataType, Any, str]] = [
    (c.set_of_acrs, [], "expected an object (m2m:setOfAcrs), got an array of 0"),
    (c.set_of_acrs, {"acr": {}}, "acr: expected an array of m2m:accessControlRule, got an object of 0"),
    (c.set_of_acrs, rules(acop=99), "acr[0].acop: expected a whole number 1..63 (1 CREATE, 2 RETRIEVE, 4 UPDATE, "),
    (c.set_of_acrs, rules(acop=True), "acr[0].acop: expected a whole number 1..63 ("),
    (c.set_of_acrs, rules(acor="all"), "acr[0].acor: expected an array of xs:anyURI, got 'all'"),
    (c.set_of_acrs, {"acr": [RULE, {"acop": 1}]}, "acr[1]: acor is missing; m2m:accessControlRule must have it"),
    (
        c.set_of_acrs,
        rules(accco=[]),
        "acr[0]: 'accco' is no member of m2m:accessControlRule; did you mean acco",
    ),
    (c.set_of_acrs, rules(acco={}), "acr[0].acco: expected an array of accessControlContexts, got an object of 0"),
    (c.set_of_acrs, rules(acco=[{"xyz": 1}]), "acr[0].acco[0]: 'xyz' is no member of accessControlContexts; known are"),
    (
        c.set_of_acrs,
        rules(acco=[{"acip": {"ipv4": ["10.0.0.300"]}}]),
        "acr[0].acco[0].acip.ipv4[0]: expected an IPv4 address",
    ),
    (c.set_of_acrs, rules(acco=[{"aclr": {}}]), "acr[0].acco[0].aclr: expected exactly one of accr, accc, got 0"),
    (
        c.set_of_acrs,
        rules(acco=[{"aclr": {"accr": [1, 2]}}]),
        "acr[0].acco[0].aclr.accr: expected an array of xs:float with 3 entries, got an array of 2",
    ),
    (c.set_of_acrs, rules(acod=[{"ty": 3}]), "acr[0].acod[0]: chty is missing"),
    (c.event_notification_criteria, {"net": 1}, "net: expected an array of m2m:notificationEventType"),
    (c.event_notification_criteria, {"net": [9]}, "net[0]: expected one of 1 Update_of_Resource"),
    (c.event_notification_criteria, {"net": [1] * 6}, "net: expected an array"),
    (c.event_notification_criteria, {"atr": []}, "atr: expected an array of xs:NCName with 1..n entries"),
    (c.event_notification_criteria, {"md": {"num": 1}}, "md: dur is missing"),
    (c.event_notification_criteria, {"om": {"ops": 1}}, "om: expected an array of m2m:operationMonitor"),
    (c.rate_limit, {"mnn": 1}, "tww is missing"),
    (c.content_ref, {"urir": []}, "urir: expected an array of URIReference with 1..n entries"),
    (c.specialization_type, {"cnd": "a", "mgd": 1001}, "expected exactly one of cnd, mgd, got 2 members"),
    (c.geo_coordinates, {"typ": 1}, "crd is missing"),
    (c.geo_coordinates, {"typ": 1, "crd": [[0, 0]]}, "crd: expected a position"),
    (c.geo_coordinates, {"typ": 1, "crd": [8, 47, 1, 2]}, "crd: expected a position"),
    (c.geo_coordinates, {"typ": 1, "crd": ["8", 47]}, "crd: expected a number"),
    (c.geo_coordinates, {"typ": 1, "crd": [47, 91]}, "crd: expected a longitude in -180..180"),
    (c.geo_coordinates, {"typ": 1, "crd": "8, 47"}, "crd: expected JSON text"),
    (c.geo_coordinates, {"typ": 1, "crd": "[" * 100_000}, "crd: expected JSON text"),
    (c.geo_coordinates, {"typ": 1, "crd": f"[{'1' * 5000}, 1]"}, "crd: expected JSON text"),
    (c.geo_coordinates, {"typ": 2, "crd": [[0, 0]]}, "crd: expected an array of at least 2 positions"),
    (c.geo_coordinates, {"typ": 3, "crd": []}, "crd: expected an array of at least 1 parts"),
    (
        c.geo_coordinates,
        {"typ": 3, "crd": [[[0, 0], [1, 0], [1, 1], [0, 1]]]},
        "crd[0]: expected a closed ring",
    ),
    (c.geo_coordinates, {"typ": 6, "crd": [[[[0, 0], [1, 0], [0, 0]]]]}, "crd[0][0]: expected an array of at least 4"),
    (c.geo_coordinates, {"typ": 7, "crd": [0, 0]}, "typ: expected one of 1 Point"),
]


@pytest.mark.parametrize(("type_", "value"), VALID)
def test_a_fitting_value_is_accepted(type_: DataType, value: object) -> None:
    type_.check(value)


@pytest.mark.parametrize(("type_", "value", "message"), INVALID)
def test_a_wrong_value_is_refused_with_its_place(type_: DataType, value: object, message: str) -> None:
    with pytest.raises(Invalid) as problem:
        type_.check(value)
    assert str(problem.value).startswith(message)


def test_text_of_a_complex_type_is_json() -> None:
    assert c.batch_notify.parse_text('{"num": 3}') == {"num": 3}
    with pytest.raises(ValueError, match="num: expected a whole number >= 0"):
        c.batch_notify.parse_text('{"num": "3"}')


def test_schema_of_a_complex_type() -> None:
    assert c.rate_limit.schema["required"] == ["mnn", "tww"]
    assert c.rate_limit.schema["additionalProperties"] is False
    assert c.location_region.schema["maxProperties"] == 1
    assert c.set_of_acrs.schema["properties"]["acr"]["items"] == c.access_control_rule.schema
    net = c.event_notification_criteria.schema["properties"]["net"]
    assert net["maxItems"] == 5
    assert "minItems" not in net


def test_cardinality_makes_the_array() -> None:
    several, one = Member("a", "x", string, "1..n"), Member("c", "z", string, "1")
    type_ = complex_type("t", several, Member("b", "y", list_of(string)), one)
    type_.check({"a": ["x"], "c": "y"})
    with pytest.raises(Invalid, match=r"^a: expected an array of xs:string with 1\.\.n entries, got an array of 0$"):
        type_.check({"a": [], "c": "y"})
