"""Query strings to parameters and filter criteria, and back."""

from __future__ import annotations

from typing import Any

import pytest

from bindings.http.uri import pairs_of, query_text
from cse.parameters import query_of, read_query
from cse.primitive import FilterCriteria, Operation, RequestPrimitive
from resources.datatypes import DataType, Invalid
from resources.errors import BadRequest


def _check_number(value: Any) -> None:
    if type(value) is not int:
        raise Invalid("expected a number")


def _parse_number(text: str) -> int:
    return int(text)


NUMBER = DataType("xs:integer", "number", _check_number, {"type": "integer"}, _parse_number)
ATTRIBUTES = {"rn": None, "mni": NUMBER, "api": None, "aei": None}


def read(query: str) -> RequestPrimitive:
    request = RequestPrimitive(Operation.RETRIEVE, "cse")
    read_query(request, pairs_of(query), ATTRIBUTES)
    return request


def conditions(query: str) -> dict[str, list[Any]]:
    criteria = read(query).filter_criteria
    assert criteria is not None
    return criteria.conditions


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("rt=2", "response_type", 2),
        ("rp=3600000", "result_persistence", "3600000"),
        ("rp=20260131T120000", "result_persistence", "20260131T120000"),
        ("rcn=4", "result_content", 4),
        ("rcn=0", "result_content", 0),
        ("da=true", "delivery_aggregation", True),
        ("da=0", "delivery_aggregation", False),
        ("drt=2", "result_type", 2),
        ("atrl=ri+lbl+rr", "attribute_list", ["ri", "lbl", "rr"]),
        ("atrl=ri&atrl=lbl", "attribute_list", ["ri", "lbl"]),
        ("tids=a+b&tqi=true", "unsupported", ["tids", "tqi"]),
        ("tqi=false&asi=0", "unsupported", []),
        ("aq=x", "unsupported", ["aq"]),
        ("sqi=true", "semantic_query", True),
        ("prpi=p", "primitive_profile", "p"),
        ("&&rcn=1&", "result_content", 1),
    ],
)
def test_request_parameters(query: str, field: str, value: object) -> None:
    request = read(query)
    assert getattr(request, field) == value


def test_no_filter_field_no_filter_criteria() -> None:
    assert read("rcn=4&atrl=rn").filter_criteria is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ty=2+3+4", {"ty": [2, 3, 4]}),
        ("ty=2&ty=3", {"ty": [2, 3]}),
        ("lbl=a+b", {"lbl": ["a", "b"]}),
        ("lbl=a%2Bb", {"lbl": ["a+b"]}),
        ("lbl=room%3A101", {"lbl": ["room:101"]}),
        ("clbl=a&palb=b&chty=3&pty=2", {"clbl": ["a"], "palb": ["b"], "chty": [3], "pty": [2]}),
        ("crb=20260131T120000,5&cra=20250101T000000", {"crb": ["20260131T120000,5"], "cra": ["20250101T000000"]}),
        ("ms=20260131T120000&us=20260131T120000", {"ms": ["20260131T120000"], "us": ["20260131T120000"]}),
        ("sts=4&stb=0&sza=0&szb=9", {"sts": [4], "stb": [0], "sza": [0], "szb": [9]}),
        ("cty=application/json+text/plain", {"cty": ["application/json", "text/plain"]}),
        ("lbq=room+EQ+1%2B1", {"lbq": ["room EQ 1+1"]}),
        ("cfq=$.a[?@.b%3E1]", {"cfq": ["$.a[?@.b>1]"]}),
        ("gmty=1&geom=[7.1,50.9]&gsf=3", {"gmty": [1], "geom": ["[7.1,50.9]"], "gsf": [3]}),
        ("smf=ASK%20%7B%3Fs%20%3Fp%20%3Fo%7D+ASK%20%7B%7D", {"smf": ["ASK {?s ?p ?o}", "ASK {}"]}),
        ("rn=a", {"atr": [("rn", "a")]}),
        ("rn=a*+b&api=Nx", {"atr": [("rn", "a*"), ("rn", "b"), ("api", "Nx")]}),
        ("mni=5", {"atr": [("mni", 5)]}),
        ("mni=5*", {"atr": [("mni", "5*")]}),
        ("c.rn=a&p.mni=1", {"catr": [("rn", "a")], "patr": [("mni", 1)]}),
    ],
)
def test_filter_conditions(query: str, expected: dict[str, list[Any]]) -> None:
    assert conditions(query) == expected


def test_handling_conditions() -> None:
    assert read("fu=1&fo=2&lim=10&lvl=2&ofst=3&arp=la&cfs=1&ops=34").filter_criteria == FilterCriteria(
        {}, usage=1, operation=2, limit=10, level=2, offset=3, relative_path="la", content_syntax=1, permissions=34
    )


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("rcnn=1", "nearest is 'rcn'"),
        ("x.rn=1", "'x.rn'"),
        ("c.nothing=1", "'c.nothing'"),
        ("atr=1", "'atr' is no"),
        ("rcn", "no value"),
        ("rcn=", "resultContent"),
        ("rcn=13", "0 to 12"),
        ("rcn=1&rcn=1", "more than once"),
        ("rcn=1+2", "resultContent"),
        ("lim=-1", "from 0"),
        ("lvl=0", "from 1"),
        ("fu=5", "1 to 4"),
        ("cfs=2", "1 to 1"),
        ("ops=64", "1 to 63"),
        ("gmty=7", "1 to 6"),
        ("gsf=0", "1 to 3"),
        ("geom=", "geometry"),
        ("sqi=2", "true or false"),
        ("fo=0", "1 to 3"),
        ("crb=2026-01-31", "YYYYMMDDTHHMMSS"),
        ("crb=20261331T120000", "YYYYMMDDTHHMMSS"),
        ("ty=2+x", "resourceType"),
        ("ty=", "resourceType"),
        ("lbl=", "labels"),
        ("lbl=a++b", "labels"),
        ("cty=json", "media type"),
        ("da=yes", "true or false"),
        ("mni=five", "xs:integer"),
        ("atrl=", "attributeList"),
        ("rt=6", "1 to 5"),
        ("lbl=%z", "percent"),
        ("%ff=1", "UTF-8"),
        ("tids=", "tokenIDs"),
    ],
)
def test_bad_fields_say_what_is_right(query: str, part: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(query)
    assert part in caught.value.message


def test_written_and_read_again() -> None:
    request = RequestPrimitive(
        Operation.RETRIEVE,
        "cse",
        response_type=2,
        result_content=6,
        result_type=2,
        delivery_aggregation=False,
        attribute_list=["rn", "ri"],
        filter_criteria=FilterCriteria(
            {
                "lbl": ["a+b", "c d", "전력&=#"],
                "ty": [2, 3],
                "crb": ["20260131T120000"],
                "atr": [("mni", 5), ("rn", "*")],
                "catr": [("rn", "x")],
            },
            usage=1,
            operation=2,
            limit=0,
        ),
    )
    query = query_text(query_of(request))
    assert query.isascii()
    assert read(query) == request


def test_defaults_are_not_written() -> None:
    assert query_of(RequestPrimitive(Operation.RETRIEVE, "cse", filter_criteria=FilterCriteria())) == []
