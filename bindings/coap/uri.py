"""Uri-Path and Uri-Query: segments to ``to`` and back, fields to pairs and back (TS-0008 6.2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cse.parameters import Pair
from resources.errors import BadRequest

#: The only escapes in a value: a plus, which else parts the values of a list, and the percent sign before one of these.
_ESCAPES = {"%2B": "+", "%2b": "+", "%25": "%"}
_ESCAPED = re.compile("|".join(_ESCAPES))
_TO_ESCAPE = re.compile(r"\+|%(?=2[Bb5])")


def to_of(segments: Sequence[str]) -> str:
    """Return ``to`` of the segments of a path, '' for none; raises BadRequest."""
    if segments and not segments[-1]:
        segments = segments[:-1]
    for segment in segments:
        if not segment or not segment.isprintable() or "/" in segment or "#" in segment:
            raise BadRequest(
                f"Uri-Path: {segment!r:.80} is empty or has a character that no identifier has; "
                "ask for single attributes with atrl="
            )
    if segments and segments[0] in {"~", "_"}:
        if len(segments) == 1:
            raise BadRequest("Uri-Path: names no CSE; expected <cse-relative>, ~/<csi>/… or _/<sp>/<csi>/…")
        return ("/" if segments[0] == "~" else "//") + "/".join(segments[1:])
    return "/".join(segments)


def segments_of(to: str) -> list[str]:
    """Return the path segments of ``to``."""
    if to.startswith("//"):
        return ["_", *to[2:].split("/")]
    if to.startswith("/"):
        return ["~", *to[1:].split("/")]
    return to.split("/") if to else []


def pairs_of(fields: Iterable[str]) -> tuple[list[Pair], str | None]:
    """Read ``name=value`` fields; return the pairs and the value of ``op``. Raises BadRequest."""
    pairs: list[Pair] = []
    operation: str | None = None
    for field in fields:
        name, mark, value = field.partition("=")
        if not mark:
            raise BadRequest(f"Uri-Query: {field!r:.80} has no value; expected <field>=<value>")
        if name == "op":
            if operation is not None:
                raise BadRequest("op (operation): given more than once; at most one is allowed")
            operation = value
        else:
            pairs.append((name, [_plain(one) for one in value.split("+")]))
    return pairs, operation


def fields_of(pairs: Iterable[Pair]) -> list[str]:
    """Write pairs as ``name=value`` fields, the values of a list in one field."""
    return [f"{name}={'+'.join(_TO_ESCAPE.sub(_escape, value) for value in values)}" for name, values in pairs]


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], value) if "%" in value else value


def _escape(found: re.Match[str]) -> str:
    return "%2B" if found[0] == "+" else "%25"
