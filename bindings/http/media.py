"""Media types of bodies: what a Content-Type says and what an Accept allows (TS-0009 6.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from cse.codecs import JSON, JSON_ONLY, Codec, Codecs
from resources.errors import BadRequest, CseError, OriginatorError, ReceiverError
from resources.status import Status

_UTF_8 = {"utf-8", "utf8", "us-ascii"}
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_KEPT = 256


class Form(NamedTuple):
    """How an answer is written: its media type and what writes it."""

    media_type: str
    codec: Codec


AS_JSON = Form(JSON.media_type, JSON)
#: The form of an answer by the short name of the serialisation that its request was in, '' for none.
Forms = Mapping[str, Form]


class MediaTypes:
    """Reads Content-Type and Accept for a server that has these serialisations; what was read is remembered."""

    def __init__(self, codecs: Codecs = JSON_ONLY) -> None:
        self._codecs = codecs
        #: The codec and the resource type (None if it has none) of a Content-Type. Raises OriginatorError 4015 for
        #: another serialisation or character set, BadRequest for a malformed ``ty``.
        self.content_type = lru_cache(maxsize=_KEPT)(self._content_type)
        #: The forms that an Accept header allows; raises ReceiverError 5207 if it allows none.
        self.answer_forms = lru_cache(maxsize=_KEPT)(self._answer_forms)

    def form_of_refusal(self, headers: Iterable[tuple[str, str]]) -> Form:
        """The form of the answer to a request that could not be read: what it asks for as far as it can be told."""
        given = {name.lower(): value for name, value in headers}
        try:
            forms = self.answer_forms(given.get("accept", ""))
        except CseError:
            return Form(self._codecs.preferred.media_type, self._codecs.preferred)
        try:
            return forms[self.content_type(given["content-type"])[0].name]
        except (CseError, KeyError):
            return forms[""]

    def _content_type(self, declared: str) -> tuple[Codec, int | None]:
        media_type, *parameters = declared.split(";")
        codec = self._codecs.by_media_type.get(media_type.strip().lower())
        if codec is None:
            raise OriginatorError(
                f"Content-Type: {media_type.strip()[:80] or 'missing'}; this CSE reads {self._known()}",
                Status.UNSUPPORTED_MEDIA_TYPE,
            )
        resource_type: int | None = None
        for parameter in parameters:
            name, _, value = (part.strip() for part in parameter.partition("="))
            value = value.strip('"')
            if name.lower() == "charset" and value.lower() not in _UTF_8:
                raise OriginatorError(
                    f"Content-Type: charset {value[:40]}; {codec.name.upper()} is UTF-8", Status.UNSUPPORTED_MEDIA_TYPE
                )
            if name.lower() == "ty":
                if resource_type is not None:
                    raise BadRequest("Content-Type: ty given twice; one is allowed")
                if not (value.isascii() and value.isdecimal() and len(value) < 9):
                    raise BadRequest(f"Content-Type: ty={value[:40]}; expected the number of a resource type")
                resource_type = int(value)
        return codec, resource_type

    def _answer_forms(self, accept: str) -> Forms:
        wishes = _wishes(accept)
        options = [
            (quality, Form(media_type, codec))
            for codec in self._codecs.by_name.values()
            for media_type in codec.media_types
            if (quality := wishes.get(media_type, wishes.get("application/*", wishes.get("*/*", 0.0))))
        ]
        if not options:
            raise ReceiverError(f"Accept: {accept[:80]}; this CSE answers in {self._known()}", Status.NOT_ACCEPTABLE)
        return {name: _best(options, name) for name in ("", *self._codecs.names)}

    def _known(self) -> str:
        return ", ".join(codec.media_type for codec in self._codecs.by_name.values())


def _best(options: list[tuple[float, Form]], name: str) -> Form:
    """The form that is wanted most; of several the serialisation of the request, else the one that is first."""
    return max(options, key=lambda option: (option[0], option[1].codec.name == name))[1]


def _wishes(accept: str) -> Mapping[str, float]:
    """Quality by media type or range; what is not there is not wanted. No wish at all is every wish."""
    wishes: dict[str, float] = {}
    for entry in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        if media_type:
            wishes[media_type] = min(wishes.get(media_type, 1.0), *map(_quality, parameters), 1.0)
    if not any(wishes.values()) and not accept.strip(" ,\t"):
        return {"*/*": 1.0}
    return wishes


def _quality(parameter: str) -> float:
    name, _, value = map(str.strip, parameter.partition("="))
    return float(value) if name == "q" and _QUALITY.fullmatch(value) else 1.0
