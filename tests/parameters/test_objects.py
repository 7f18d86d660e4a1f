"""Whole primitives as JSON objects, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from cse.parameters import (
    object_from_request,
    object_from_response,
    request_from_object,
    response_from_object,
)
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest
from resources.status import Status

LEAST: dict[str, Any] = {"op": 2, "to": "cse", "rqi": "r1"}

FULL_OBJECT: dict[str, Any] = {
    "op": 1,
    "to": "/in-cse/cse",
    "fr": "Cae1",
    "rqi": "r1",
    "rvi": "3",
    "ty": 3,
    "ot": "20260131T120000",
    "rqet": "20260131T120100",
    "rset": "3600000",
    "oet": "20260131T120030",
    "rp": "60000",
    "rcn": 1,
    "ec": 2,
    "da": True,
    "gid": "g1",
    "drt": 2,
    "grtm": ["cse/a"],
    "vsi": "v",
    "rt": {"rtv": 2, "nu": ["http://h/p"]},
    "pc": {"m2m:cnt": {"rn": "c1"}},
    "fc": {
        "lbl": ["a"],
        "ty": [2, 3],
        "crb": "20260131T120000",
        "atr": [{"nm": "rn", "val": "x"}],
        "fu": 1,
        "fo": 2,
        "lim": 5,
    },
}
FULL = RequestPrimitive(
    Operation.CREATE,
    "/in-cse/cse",
    originator="Cae1",
    request_id="r1",
    release_version="3",
    resource_type=3,
    originating_timestamp="20260131T120000",
    request_expiration="20260131T120100",
    result_expiration="3600000",
    operation_execution="20260131T120030",
    result_persistence="60000",
    result_content=1,
    event_category=2,
    delivery_aggregation=True,
    group_request_id="g1",
    result_type=2,
    group_targets=["cse/a"],
    vendor_information="v",
    response_type=2,
    notification_targets=["http://h/p"],
    content={"m2m:cnt": {"rn": "c1"}},
    filter_criteria=FilterCriteria(
        {"lbl": ["a"], "ty": [2, 3], "crb": ["20260131T120000"], "atr": [("rn", "x")]}, usage=1, operation=2, limit=5
    ),
)


def test_full_request_in_both_directions() -> None:
    assert request_from_object(FULL_OBJECT) == FULL
    assert object_from_request(FULL) == FULL_OBJECT


def test_least_request_in_both_directions() -> None:
    request = request_from_object(LEAST)
    assert request == RequestPrimitive(Operation.RETRIEVE, "cse", request_id="r1")
    assert object_from_request(request) == LEAST


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"tkns": ["t"], "msu": "u"}, ["tkns", "msu"]),
        ({"tqi": True, "sqi": False}, ["tqi"]),
        ({"fc": {"aq": "x"}}, ["aq"]),
    ],
)
def test_unsupported_parameters_are_reported(more: dict[str, Any], names: list[str]) -> None:
    assert request_from_object({**LEAST, **more}).unsupported == names


@pytest.mark.parametrize("more", [{"to": "cse#lbl"}, {"pc": {"m2m:atrl": ["lbl"]}}])
def test_partial_retrieve(more: dict[str, Any]) -> None:
    request = request_from_object({**LEAST, **more})
    assert (request.to, request.attribute_list, request.content) == ("cse", ["lbl"], None)
    assert object_from_request(request)["pc"] == {"m2m:atrl": ["lbl"]}


def test_other_content_of_a_retrieve_stays() -> None:
    assert request_from_object({**LEAST, "pc": {"m2m:cnt": {}}}).content == {"m2m:cnt": {}}


def test_relative_time_may_be_a_number() -> None:
    assert request_from_object({**LEAST, "rqet": 5000}).request_expiration == "5000"


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ([], "expected an object"),
        ({"op": 2, "to": "cse"}, "rqi"),
        ({"op": 2, "rqi": "r"}, "to (to): missing"),
        ({"to": "cse", "rqi": "r"}, "op (operation): missing"),
        ({**LEAST, "op": 6}, "1 to 5"),
        ({**LEAST, "op": "2"}, "op (operation)"),
        ({**LEAST, "op": True}, "op (operation)"),
        ({**LEAST, "to": 5}, "to (to)"),
        ({**LEAST, "rqi": "a b"}, "without blanks"),
        ({**LEAST, "fn": "x"}, "'fn' is no request parameter"),
        ({**LEAST, "rcn": "1"}, "rcn (resultContent)"),
        ({**LEAST, "da": 1}, "true or false"),
        ({**LEAST, "ec": 5}, "100 to 999"),
        ({**LEAST, "ec": 0}, "4 (latest)"),
        ({**LEAST, "ec": "2"}, "ec (eventCategory)"),
        ({**LEAST, "rqet": "soon"}, "milliseconds"),
        ({**LEAST, "rqet": 1.5}, "milliseconds"),
        ({**LEAST, "ot": "20260231T120000"}, "YYYYMMDDTHHMMSS"),
        ({**LEAST, "grtm": []}, "at least one"),
        ({**LEAST, "grtm": "a"}, "at least one"),
        ({**LEAST, "grtm": [1]}, "grtm"),
        ({**LEAST, "pc": {}}, "exactly one member"),
        ({**LEAST, "pc": {"a": 1, "b": 1}}, "exactly one member"),
        ({**LEAST, "pc": {"m2m:atrl": []}}, "attributeList"),
        ({**LEAST, "pc": {"m2m:atrl": "rn"}}, "attributeList"),
        ({**LEAST, "rt": 3}, "rt (responseType)"),
        ({**LEAST, "rt": {}}, "rtv is missing"),
        ({**LEAST, "rt": {"rtv": 9}}, "1 to 5"),
        ({**LEAST, "rt": {"rtv": 3, "no": 1}}, "'no' is no member"),
        ({**LEAST, "rt": {"rtv": 3, "nu": [""]}}, "notificationURI"),
        ({**LEAST, "fc": []}, "fc (filterCriteria)"),
        ({**LEAST, "fc": {"lbls": ["a"]}}, "nearest is"),
        ({**LEAST, "fc": {"ty": 3}}, "at least one"),
        ({**LEAST, "fc": {"crb": ["20260131T120000"]}}, "createdBefore"),
        ({**LEAST, "fc": {"atr": []}}, "nm"),
        ({**LEAST, "fc": {"atr": {"nm": "a", "val": 1}}}, "nm"),
        ({**LEAST, "fc": {"atr": [{"nm": "a"}]}}, "nm"),
        ({**LEAST, "fc": {"atr": [{"nm": 1, "val": 1}]}}, "nm"),
    ],
)
def test_bad_requests_say_what_is_right(value: Any, part: str) -> None:
    with pytest.raises(BadRequest) as caught:
        request_from_object(value)
    assert part in caught.value.message


def test_tokens_are_not_repeated_in_messages() -> None:
    with pytest.raises(BadRequest) as caught:
        request_from_object({**LEAST, "tkns": "secret-token"})
    assert "secret" not in caught.value.message


RESPONSE_OBJECT = {
    "rsc": 2000,
    "rqi": "r1",
    "rvi": "3",
    "to": "Cae1",
    "fr": "/in-cse",
    "cnst": 1,
    "cnot": 5,
    "pc": {"m2m:cnt": {}},
}
RESPONSE = ResponsePrimitive(Status.OK, "r1", {"m2m:cnt": {}}, "3", "Cae1", "/in-cse", 1, 5)


def test_response_in_both_directions() -> None:
    assert response_from_object(RESPONSE_OBJECT) == RESPONSE
    assert object_from_response(RESPONSE) == RESPONSE_OBJECT
    assert object_from_response(ResponsePrimitive(Status.DELETED)) == {"rsc": 2002}


def test_unknown_status_is_read_as_its_class() -> None:
    assert response_from_object({"rsc": 4999}).status is Status.BAD_REQUEST


@pytest.mark.parametrize("value", [None, {}, {"rsc": "2000"}, {"rsc": 2000, "pc": []}, {"rsc": 2000, "cnst": 7}])
def test_bad_responses(value: Any) -> None:
    with pytest.raises(BadRequest):
        response_from_object(value)
