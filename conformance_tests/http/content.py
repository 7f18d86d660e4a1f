"""Content of a primitive as bytes and back: JSON and CBOR by the letter, XML as texts (TS-0004 8)."""

from __future__ import annotations

import json
import re
from typing import Any

from conformance_tests.http import cbor, xml

JSON = "application/json"
_MEDIA_TYPE = re.compile(r"application/(?:vnd\.onem2m-(?:res|ntfy|preq|prsp)\+)?(json|xml|cbor)")
_TY = re.compile(r"\s*ty\s*=\s*\"?([^\";\s]*)\"?\s*", re.IGNORECASE)


class Undecodable(Exception):
    """Content that is not what its media type promises; the text says why."""


def encode(content: Any, media_type: str = JSON) -> bytes:
    """Write content by its media type, JSON where that has no other; ``bytes`` stay as they are.

    XML is given as text, which stays as it is; so a case can send what is wrong.
    """
    if isinstance(content, bytes):
        return content
    serialization = serialization_of(media_type)
    if serialization == "xml" and isinstance(content, str):
        return content.encode()
    if serialization == "cbor":
        return cbor.encode(content)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def decode(body: bytes, media_type: str) -> Any:
    """Read content; values of XML are texts. Raises Undecodable for what its media type does not allow."""
    serialization = serialization_of(media_type)
    if serialization is None:
        raise Undecodable(f"Content-Type {media_type!r:.100} is none of oneM2M")
    if serialization != "json":
        try:
            return cbor.decode(body) if serialization == "cbor" else xml.decode(body)
        except ValueError as error:
            raise Undecodable(f"no {serialization.upper()}: {error}") from None
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Undecodable(f"no UTF-8: {error.reason} at byte {error.start}") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"no JSON: {error}") from None


def serialization_of(media_type: str) -> str | None:
    """Return ``json``, ``xml`` or ``cbor``; None when oneM2M does not know the media type."""
    found = _MEDIA_TYPE.fullmatch(media_type.partition(";")[0].strip().lower())
    return found.group(1) if found else None


def resource_type_of(content_type: str) -> int | None:
    """Return the ``ty`` of a Content-Type. Raises ValueError when there is one that is no number."""
    for parameter in content_type.split(";")[1:]:
        if found := _TY.fullmatch(parameter):
            return int(found.group(1))
    return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} occurs twice in an object")
    return members
