"""The table of serialisations: names, media types, whole primitives."""

from __future__ import annotations

import sys

import pytest

from cse.codecs import JSON, JSON_ONLY, REQUEST_ROOT, Limits, target_codec
from cse.codecs.offered import codecs_of
from resources.errors import OriginatorError
from resources.status import Status
from tests.codecs.serialisations import CODECS, REGISTRY


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON ; charset=utf-8", "application/vnd.onem2m-res+json;ty=3",
     "application/vnd.onem2m-preq+json"],
)
def test_a_media_type_finds_its_codec(media_type: str) -> None:
    assert JSON_ONLY.of_media_type(media_type) is JSON


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/vnd.onem2m-foo+json", "json", "application/*"])
def test_another_media_type_is_4015(media_type: str) -> None:
    with pytest.raises(OriginatorError) as caught:
        JSON_ONLY.of_media_type(media_type)
    assert caught.value.status is Status.UNSUPPORTED_MEDIA_TYPE
    assert "this CSE reads application/json" in caught.value.message


def test_names_are_short_or_media_types() -> None:
    assert JSON_ONLY.names == ("json",)
    assert JSON_ONLY.of_name("json") is JSON_ONLY.of_name("application/json") is JSON
    assert JSON_ONLY.of_name("yaml") is None
    assert JSON_ONLY.first_of(["yaml", "application/json"]) is JSON
    assert JSON_ONLY.first_of(["yaml"]) is None


def test_a_primitive_stands_bare_in_json() -> None:
    data = JSON.encode_primitive({"op": 2, "to": "cse", "rqi": "1"}, REQUEST_ROOT)
    assert data == b'{"op":2,"to":"cse","rqi":"1"}'
    assert JSON.decode_primitive(data, REQUEST_ROOT, Limits()) == {"op": 2, "to": "cse", "rqi": "1"}


@pytest.mark.parametrize(
    ("url", "address", "name"),
    [
        ("http://h/p", "http://h/p", "json"),
        ("http://h/p?ct=json", "http://h/p", "json"),
        ("http://h/p?ct=xml", "http://h/p", "xml"),
        ("mqtt://h/t?a=1&ct=cbor&b", "mqtt://h/t?a=1&b", "cbor"),
        ("http://h/p?ct=application/xml", "http://h/p", "xml"),
        ("http://h/ct=p?act=1", "http://h/ct=p?act=1", "json"),
        ("Cae1?ct=cbor", "Cae1", "cbor"),
    ],
)
def test_a_target_picks_its_serialisation(url: str, address: str, name: str) -> None:
    assert target_codec(url, CODECS) == (address, CODECS.by_name[name])


def test_a_target_that_asks_for_what_is_not_there_is_4015() -> None:
    for codecs, url in ((JSON_ONLY, "http://h?ct=xml"), (CODECS, "http://h?ct=yaml")):
        with pytest.raises(OriginatorError, match="expected one of json"):
            target_codec(url, codecs)


def test_what_is_offered_follows_the_settings_and_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codecs_of(["xml", "cbor"], REGISTRY).names == ("json", "cbor", "xml")
    assert codecs_of(["xml"], REGISTRY).names == ("json", "xml")
    assert codecs_of([], REGISTRY).names == ("json",)
    monkeypatch.delitem(sys.modules, "cse.codecs.cbor")
    monkeypatch.setitem(sys.modules, "cbor2", None)
    assert codecs_of(["cbor"], REGISTRY).names == ("json",)
