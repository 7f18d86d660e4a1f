"""The table of serialisations: names, media types, whole primitives."""

from __future__ import annotations

import pytest

from cse.codecs import JSON, JSON_ONLY, REQUEST_ROOT, Limits
from resources.errors import OriginatorError
from resources.status import Status


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
