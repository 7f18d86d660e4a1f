"""Media types of bodies: what a Content-Type says and what an Accept allows (TS-0009 6.4)."""

from __future__ import annotations

from functools import lru_cache

from resources.errors import BadRequest, OriginatorError, ReceiverError
from resources.status import Status

JSON = "application/json"
_VENDOR = tuple(f"application/vnd.onem2m-{use}+json" for use in ("res", "ntfy", "prsp", "preq"))
_READABLE = frozenset((JSON, *_VENDOR))
_UTF_8 = {"utf-8", "utf8", "us-ascii"}


@lru_cache(maxsize=256)
def content_type(declared: str) -> int | None:
    """Return the resource type in a Content-Type, None if it has none.

    Raises OriginatorError 4015 for another serialisation or character set, BadRequest for a malformed ``ty``.
    """
    media, *parameters = declared.split(";")
    media = media.strip().lower()
    if media not in _READABLE:
        raise OriginatorError(
            f"Content-Type: {media[:80] or 'missing'}; this CSE reads {JSON}", Status.UNSUPPORTED_MEDIA_TYPE
        )
    resource_type: int | None = None
    for parameter in parameters:
        name, _, value = (part.strip() for part in parameter.partition("="))
        value = value.strip('"')
        if name.lower() == "charset" and value.lower() not in _UTF_8:
            raise OriginatorError(f"Content-Type: charset {value[:40]}; JSON is UTF-8", Status.UNSUPPORTED_MEDIA_TYPE)
        if name.lower() == "ty":
            if resource_type is not None:
                raise BadRequest("Content-Type: ty given twice; one is allowed")
            if not (value.isascii() and value.isdecimal() and len(value) < 9):
                raise BadRequest(f"Content-Type: ty={value[:40]}; expected the number of a resource type")
            resource_type = int(value)
    return resource_type


@lru_cache(maxsize=256)
def answer_type(accept: str) -> str:
    """Return the media type of the answer that an Accept header allows; raises ReceiverError 5207 if none."""
    refused: set[str] = set()
    allowed: set[str] = set()
    for entry in accept.split(","):
        media, *parameters = (part.strip().lower() for part in entry.split(";"))
        if media:
            (refused if any(_is_zero(parameter) for parameter in parameters) else allowed).add(media)
    if not allowed and not refused:
        return JSON
    for media in (JSON, *_VENDOR):
        if media not in refused and not allowed.isdisjoint((media, "application/*", "*/*")):
            return media
    raise ReceiverError(f"Accept: {accept[:80]}; this CSE answers in {JSON}", Status.NOT_ACCEPTABLE)


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip() in {"0", "0.0", "0.00", "0.000"}
