"""Request targets: path to ``to`` and back, query to fields and back (TS-0009 6.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

from cse.identifiers import KNOWN, KNOWN_LENGTH
from cse.parameters import Pair
from resources.errors import BadRequest, NotFound

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE_IN_PATH = "/~-._:@"
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/~\-._:@]+")
_SAFE_IN_QUERY = "/~-._:@*,"


def to_of(path: str, root_path: str = "") -> str:
    """Return ``to`` of a request path, '' for the root itself; raises BadRequest, NotFound outside of the root path."""
    return (_known_to if len(path) <= KNOWN_LENGTH else _to)(path, root_path)


def _to(path: str, root_path: str) -> str:
    if not path.startswith("/"):
        path = _path_of_absolute_form(path)
    if root_path:
        if not path.startswith(root_path) or path[len(root_path) : len(root_path) + 1] not in {"", "/"}:
            raise NotFound(f"path: this CSE is below {root_path}/")
        path = path[len(root_path) :] or "/"
    if "%" in path:
        path = _decoded(path)
    path = path.removesuffix("/")
    if not path.isprintable() or "//" in path or "#" in path:
        raise BadRequest(
            f"path: {path!r:.80} has an empty segment or a character that no identifier has; "
            "ask for single attributes with ?atrl="
        )
    if path.startswith("/~/"):
        return path[2:]
    if path.startswith("/_/"):
        return "/" + path[2:]
    if path in {"/~", "/_"}:
        raise BadRequest("path: names no CSE; expected /<cse-relative>, /~/<csi>/… or /_/<sp>/<csi>/…")
    return path[1:]


_known_to = lru_cache(maxsize=KNOWN)(_to)


def path_of(to: str, root_path: str = "") -> str:
    """Return the request path of ``to``, percent-encoded."""
    if to.startswith("//"):
        path = "/_" + to[1:]
    elif to.startswith("/"):
        path = "/~" + to
    else:
        path = "/" + to
    return root_path + (path if _PLAIN_PATH.fullmatch(path) else quote(path, safe=_SAFE_IN_PATH))


def pairs_of(query: str) -> Iterator[Pair]:
    """Split a query string into fields; ``+`` separates values, ``%2B`` is a plus. Raises BadRequest."""
    for part in query.split("&"):
        if not part:
            continue
        name, mark, value = part.partition("=")
        if not mark:
            raise BadRequest(f"query: {part!r:.80} has no value; expected <field>=<value>")
        if "%" in part:
            yield _decoded_field(name), [_decoded_field(one) for one in value.split("+")]
        else:
            yield name, value.split("+")


def query_text(pairs: Iterable[Pair]) -> str:
    """Join fields to a query string, percent-encoded."""
    return "&".join(
        f"{quote(name, safe=_SAFE_IN_QUERY)}={'+'.join(quote(value, safe=_SAFE_IN_QUERY) for value in values)}"
        for name, values in pairs
    )


def _path_of_absolute_form(target: str) -> str:
    scheme, mark, rest = target.partition("://")
    if not mark or scheme.lower() not in {"http", "https"}:
        raise BadRequest(f"path: {target!r:.80} does not start with /")
    return "/" + rest.partition("/")[2]


def _decoded(path: str) -> str:
    if "%2f" in path.lower():
        raise BadRequest("path: holds %2F; no identifier has a slash inside a segment")
    return _decoded_field(path)


def _decoded_field(text: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise BadRequest(f"URI: {text!r:.80} has a percent sign without two hexadecimal digits; a percent sign is %25")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest(f"URI: {text!r:.80} is not UTF-8 after percent-decoding") from None
