"""Simple types: what fits, what does not, and how text of a query is read."""

from __future__ import annotations

from typing import Any

import pytest

from resources import enumerations as e
from resources import simple_types as t
from resources.datatypes import DataType, Invalid, shown
from resources.duration import seconds_of_duration

VALID: list[tuple[DataType, list[Any]]] = [
    (t.string, ["", "a b", "ü"]),
    (t.boolean_type, [True, False]),
    (t.integer_type, [-3, 0, 10**30]),
    (t.non_negative_integer, [0, 7]),
    (t.positive_integer, [1]),
    (t.unsigned_int, [0, 4294967295]),
    (t.long, [-(2**63), 2**63 - 1]),
    (t.float_type, [1, 1.5, -3.4e38]),
    (t.double, [1e300]),
    (t.any_type, [0, "", False, [], {"a": None}]),
    (t.any_simple_type, [0, "", False]),
    (t.duration, ["PT1H30M", "P1Y2M3DT4H5M6.7S", "-P1D", "PT0S"]),
    (t.any_uri, ["http://a/b?ct=json", "Cae1", "all", "*"]),
    (t.token, ["a", "room:101", "a b"]),
    (t.nc_name, ["lbl", "_a.b-c"]),
    (t.base64_binary, ["", "QUJD", "QUI=", "QQ=="]),
    (t.resource_name, ["cnt1", "-a", "_x", "a.b-c_d", "9"]),
    (t.identifier, ["Cae1", "cse/a/b", "-/a", "/csi", "/csi/a", "//sp", "//sp/csi/a"]),
    (t.timestamp, ["20260131T235959", "20260131T235959,1", "20240229T000000,123456"]),
    (t.abs_rel_timestamp, ["20260131T235959", 3600000, "-5", "5"]),
    (t.ipv4, ["10.0.0.1", "10.0.0.0/8"]),
    (t.ipv6, ["::1", "fd00::/32", "::ffff:10.0.0.1"]),
    (t.country_code, ["CH"]),
    (t.point_of_access, ["http://10.0.0.1:8080/x", "coap://[::1]:5683"]),
    (t.content_info, ["text/plain", "text/plain:0", "application/json:1:5", "application/vnd.a+json:2"]),
    (t.schedule_entry, ["* * * * * * *", "* 0-5 2,6,10 * * * *", "*/10 * 8-18/2 1,3-5 * 1-5 2026"]),
    (t.release_version, ["1", "2a", "5"]),
    (t.event_cat, [2, 4, 100, 999]),
    (t.external_id, ["123@domain.com"]),
    (t.sp_id, ["//sp.example"]),
    (t.labels, [["a"], ["k:v", "k"]]),
    (t.acp_type, [["acp1"]]),
    (t.poa_list, [["http://a"]]),
    (t.list_of_any_uri, [[], ["a"]]),
    (t.serializations, [["json", "application/cbor"]]),
    (t.supported_release_versions, [["2a", "3"]]),
    (t.double, [-1.7976931348623157e308]),
    (t.decimal, [10**400, -0.5]),
    (t.normalized_string, ["", " a  b "]),
    (t.hex_binary, ["", "0aFF"]),
    (t.date, ["20240229", "20260131"]),
    (t.time, ["000000", "235959"]),
    (t.unsigned_long, [0, 2**64 - 1]),
    (t.unsigned_short, [65535]),
    (t.trigger_recipient_id, [0, 65535]),
    (t.device_id, ["urn:dev:ops:012345-box-0123", "urn:gsma:imei:90420156-025763-0"]),
    (t.location_target_id, ["urn:gsma:imei:9", "12@operator.com", "+41791234567"]),
    (t.event_cat_with_def, [0, 2, 999]),
    (t.role_id, ["1234abcd@role-issuer.com"]),
    (t.token_id, ["1234abcd@token-issuer.com"]),
    (t.sparql, ["SELECT * WHERE { ?s ?p ?o }\n"]),
    (t.session_description, ["v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n", "v=0"]),
    (t.e2e_compact_jws, ["YWJj.ZGVm.Z2hp", "YWJj..Z2hp"]),
    (t.e2e_compact_jwe, ["YWJj.ZGVm.Z2hp.amts.bW5v", "YWJj...amts."]),
    (t.dyn_auth_jwt, ["YWJj.ZGVm.Z2hp", "YWJj.ZGVm.Z2hp.amts.bW5v"]),
    (t.signature_list, [["YWJj_-"]]),
    (t.list_of_duration, [["PT1S", "P1D"]]),
    (t.list_of_min_max, [[10, 2560], [0, -1], [-1, -1], [5, 5]]),
    (t.list_of_event_cat, [[2, 100]]),
    (t.list_of_event_cat_with_def, [[0]]),
    (t.missing_data_list, [["20260131T235959"], ["PT5S", "PT10S"]]),
    (t.restricted_list_of_boolean, [[True], [False, True]]),
    (t.protocol_list, [[], ["audio/L16", "video/mp4; codecs=avc1"]]),
    (t.session_capabilities, [[], ["audio:RTP/AVP"]]),
    (t.resource_type_list, [[3, 4]]),
    (t.ontology_format, [1, 7]),
]

INVALID: list[tuple[DataType, list[Any]]] = [
    (t.string, [1, None, ["a"]]),
    (t.boolean_type, [1, 0, "true"]),
    (t.integer_type, [True, 3.0, "3", None]),
    (t.non_negative_integer, [-1, True, 0.0]),
    (t.positive_integer, [0, -(10**5000)]),
    (t.unsigned_int, [4294967296]),
    (t.float_type, [True, "1", 3.5e38, float("nan"), 10**400]),
    (t.double, [float("inf"), float("-inf")]),
    (t.any_type, [None]),
    (t.any_simple_type, [[], {}, None]),
    (t.duration, ["P", "PT", "1H", "P1H", "", 60]),
    (t.any_uri, ["", "a b", "a\n", "a\x00"]),
    (t.token, ["", " a", "a ", "a  b", "a\tb"]),
    (t.nc_name, ["", "1a", "a:b"]),
    (t.base64_binary, ["QUJ", "Q=", "QU J"]),
    (t.resource_name, ["", "-", ".", "..", "a/b", "a b", "ü", "a\n"]),
    (t.identifier, ["", "/", "//", "a//b", "a/", "a b", "http://a", "///a"]),
    (t.timestamp, ["2026-01-31T23:59:59", "20260231T000000", "20260131T240000", "20260131T235959.5", "20260131", 5]),
    (t.timestamp, ["\u0662\u0660260131T235959", "20260131T235959,1234567", "00000101T000000"]),
    (t.abs_rel_timestamp, ["soon", 1.5, True, None, str(2**63)]),
    (t.ipv4, ["10.0.0", "256.0.0.1", "10.0.0.0/33", "10.0.0.0/255.0.0.0"]),
    (t.ipv6, ["10.0.0.1", "::/129", "fd00::%eth0"]),
    (t.country_code, ["ch", "CHE"]),
    (t.point_of_access, ["10.0.0.1", "http://"]),
    (t.content_info, ["text", "text/plain:3", "text/plain:0:6", "text/plain:", ":0", "a/b c"]),
    (t.schedule_entry, ["* * * * * *", "60 * * * * * *", "* * 5-2 * * * *", "*/0 * * * * * *", "* * * 0 * * *"]),
    (t.schedule_entry, ["* * * * * * 1999", "* * * * * 7 *", "a * * * * * *", "* * * * * * * *"]),
    (t.release_version, ["2b", "6", 3]),
    (t.event_cat, [0, 1, 5, 99, 1000, True]),
    (t.labels, [[], [""], "a", [1]]),
    (t.acp_type, [[], [""]]),
    (t.poa_list, [[], ["x"]]),
    (t.double, [10**400, True, "1"]),
    (t.normalized_string, ["a\tb", "a\n", 1]),
    (t.hex_binary, ["0", "0g", "0x0a"]),
    (t.date, ["20260229", "20261301", "2026-01-31", "00000101", 20260131]),
    (t.time, ["240000", "126000", "12:00", 120000]),
    (t.unsigned_long, [2**64, -1]),
    (t.unsigned_short, [65536, 1.0]),
    (t.device_id, ["", "urn:uuid:", "urn:isbn:1", "9042"]),
    (t.location_target_id, ["", "a b"]),
    (t.event_cat_with_def, [1, 5, 1000, False, "0"]),
    (t.role_id, ["a", "a@", "a@Issuer.com", "a b@i.com"]),
    (t.sparql, ["", " \n"]),
    (t.session_description, ["", "hello", "v=0\r\n\r\n"]),
    (t.e2e_compact_jws, ["a.b", "a.b.c.d", "a.b.", "a+.b.c"]),
    (t.e2e_compact_jwe, ["a.b.c", "a.b.c..e"]),
    (t.dyn_auth_jwt, ["a.b", "a.b.c.d", ""]),
    (t.signature_list, [[], [""], ["a="], "YWJj"]),
    (t.list_of_min_max, [[10], [1, 2, 3], [True, 2]]),
    (t.list_of_min_max, [[-2, 5], [5, -2]]),
    (t.list_of_duration, [[], ["1S"]]),
    (t.missing_data_list, [[], ["PT5S", "20260131T235959"], ["20260131T235959", "PT5S"], [5], "PT5S"]),
    (t.restricted_list_of_boolean, [[], [True, False, True], [1]]),
    (t.protocol_list, [["audio"], "audio/L16"]),
    (t.session_capabilities, [["audio"], ["audio:"]]),
    (t.ontology_format, [0, 8, True]),
]


def case(value: object) -> str:
    return value.name if isinstance(value, DataType) else shown(value)


@pytest.mark.parametrize(("type_", "value"), [(type_, value) for type_, some in VALID for value in some], ids=case)
def test_a_fitting_value_is_accepted(type_: DataType, value: object) -> None:
    type_.check(value)


@pytest.mark.parametrize(("type_", "value"), [(type_, value) for type_, some in INVALID for value in some], ids=case)
def test_another_value_is_refused_with_what_was_expected_and_what_came(type_: DataType, value: object) -> None:
    with pytest.raises(Invalid, match=r"expected .*, got "):
        type_.check(value)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (t.non_negative_integer, "3", 3),
        (t.integer_type, "-3", -3),
        (t.boolean_type, "true", True),
        (t.boolean_type, "1", True),
        (t.boolean_type, "false", False),
        (t.boolean_type, "0", False),
        (t.double, "2.5", 2.5),
        (t.double, "1e3", 1000.0),
        (t.double, "-7", -7),
        (t.string, "3", "3"),
        (t.timestamp, "20260131T235959", "20260131T235959"),
        (t.abs_rel_timestamp, "-500", "-500"),
        (t.event_cat, "3", 3),
        (t.labels, "a b", ["a", "b"]),
        (t.list_of_resource_type, "3 4", [3, 4]),
        (t.event_cat_with_def, "0", 0),
        (t.event_cat_with_def, "100", 100),
        (t.list_of_min_max, "10 -1", [10, -1]),
        (t.missing_data_list, "PT1S PT2S", ["PT1S", "PT2S"]),
        (e.access_control_operations, "63", 63),
        (e.resource_type, "23", 23),
    ],
)
def test_query_text_becomes_a_value_of_the_type(type_: DataType, text: str, value: object) -> None:
    result = type_.parse_text(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (t.non_negative_integer, "-3"),
        (t.non_negative_integer, "3.0"),
        (t.non_negative_integer, "1" * 5000),
        (t.non_negative_integer, "٣"),
        (t.boolean_type, "yes"),
        (t.double, "nan"),
        (t.double, "1e999"),
        (t.double, "--"),
        (t.double, "+-1"),
        (t.timestamp, "now"),
        (t.event_cat, "1"),
        (t.event_cat_with_def, "00"),
        (t.missing_data_list, ""),
        (t.list_of_min_max, "5"),
        (e.access_control_operations, "64"),
        (e.resource_type, "cnt"),
        (e.resource_type, "99"),
    ],
)
def test_text_that_is_no_value_is_refused(type_: DataType, text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        type_.parse_text(text)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (12, "12"),
        (1 << 20000, "a number of 20001 bits"),
        ("a\nb", "'a\\nb'"),
        ({"pwd": "secret"}, "an object of 1"),
        (["secret"], "an array of 1"),
    ],
    ids=case,
)
def test_a_wrong_value_is_shown_short_and_without_what_it_holds(value: object, words: str) -> None:
    assert shown(value) == words


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        (t.list_of_min_max, [20, 10], "expected [least, most] with least <= most (-1: no limit), got [20, 10]"),
        (t.list_of_min_max, [-1, 10], "expected [least, most] with least <= most (-1: no limit), got [-1, 10]"),
        (t.restricted_list_of_boolean, [True, True], "expected each of true and false at most once"),
        (t.missing_data_list, ["PT5S", 5], "[1]: expected a duration, for example PT1H30M, got 5"),
        (t.list_of_min_max, [1], "expected an array of xs:long with 2 entries, got an array of 1"),
    ],
)
def test_what_a_list_must_be_is_said(type_: DataType, value: object, message: str) -> None:
    with pytest.raises(Invalid) as problem:
        type_.check(value)
    assert str(problem.value) == message


def test_long_text_is_cut() -> None:
    assert len(shown("x" * 10_000)) < 70


def test_numbers_and_times_are_ordered_and_text_is_not() -> None:
    ordered = [t.non_negative_integer, t.double, t.timestamp]
    assert [type_.ordered for type_ in ordered] == [True, True, True]
    assert [type_.ordered for type_ in (t.string, t.boolean_type, t.labels, e.resource_type)] == [False] * 4


def test_json_schema_says_the_same_as_the_check() -> None:
    limits = {key: e.access_control_operations.schema[key] for key in ("type", "minimum", "maximum")}
    assert limits == {"type": "integer", "minimum": 1, "maximum": 63}
    assert t.labels.schema == {"type": "array", "items": t.token.schema, "minItems": 1}
    assert t.country_code.schema == {"type": "string", "pattern": "^(?:[A-Z]{2})$"}
    assert {"const": 3, "title": "container"} in e.resource_type.schema["oneOf"]


@pytest.mark.parametrize("text", ["P999999Y", "P" + 500 * "9" + "Y", "PT" + 400 * "9" + "S"])
def test_no_duration_is_longer_than_a_timer_can_be(text: str) -> None:
    assert seconds_of_duration(text) == 1e10
