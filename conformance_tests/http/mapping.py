"""Primitives to HTTP messages and back (TS-0009 6); no socket here.

A tester must be able to send what is wrong: nothing is checked but whether a parameter has a place in HTTP at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from conformance_tests.http.content import JSON, Undecodable, decode, encode
from conformance_tests.primitive import CREATE, DELETE, NOTIFY, RETRIEVE, UPDATE, Request, Response

METHODS: Mapping[int, str] = {CREATE: "POST", RETRIEVE: "GET", UPDATE: "PUT", DELETE: "DELETE", NOTIFY: "POST"}

#: Request parameter -> header, where the value is one text.
HEADERS: Mapping[str, str] = {
    "rvi": "X-M2M-RVI",
    "ot": "X-M2M-OT",
    "rqet": "X-M2M-RET",
    "rset": "X-M2M-RST",
    "oet": "X-M2M-OET",
    "ec": "X-M2M-EC",
    "gid": "X-M2M-GID",
    "vsi": "X-M2M-VSI",
    "accept": "Accept",
}
#: Request parameter -> header and what stands between the values of a list.
LIST_HEADERS: Mapping[str, tuple[str, str]] = {
    "rtu": ("X-M2M-RTU", "&"),
    "aus": ("X-M2M-AS", "+"),
    "tkns": ("Authorization", "+"),
}
#: Request parameters that are query fields of the same name.
QUERY = frozenset(
    {"rt", "rp", "rcn", "da", "drt", "rids", "tids", "ltids", "tqi", "asi", "auri", "sqi", "atrl"}
    | {"gstn", "aq", "prpi", "omr"}
)
#: Filter criteria that are query fields of the same name.
CRITERIA = frozenset(
    {"crb", "cra", "ms", "us", "exb", "exa", "sts", "stb", "sza", "szb", "cty", "cfs", "cfq", "smf", "ops"}
    | {"lbl", "clbl", "palb", "lbq", "ty", "chty", "pty", "fu", "fo", "lim", "lvl", "ofst", "arp"}
    | {"gmty", "geom", "gsf", "aq"}
)
#: Attribute conditions -> what stands before the name of the attribute.
ATTRIBUTES: Mapping[str, str] = {"atr": "", "catr": "c.", "patr": "p."}
#: Fields of which each value is a field of its own: a ``+`` may be part of the value.
_REPEATED = frozenset({"smf", "cty"})
#: Response header (lower case) -> parameter.
_ANSWERED: Mapping[str, str] = {
    "x-m2m-origin": "fr",
    "x-m2m-rvi": "rvi",
    "x-m2m-ot": "ot",
    "x-m2m-rst": "rset",
    "x-m2m-ec": "ec",
    "x-m2m-vsi": "vsi",
    "x-m2m-ati": "ati",
    "x-m2m-cts": "cnst",
    "x-m2m-cto": "cnot",
    "x-m2m-asri": "asri",
}
_NUMBERS = frozenset({"ec", "cnst", "cnot"})
_IN_PATH = "/:@!$&'()*+,;=~-._"
_IN_QUERY = "/:@!$'()*,~-._"

HttpMessage = tuple[str, str, dict[str, str], bytes]


def to_http(request: Request, root: str = "") -> HttpMessage:
    """Return method, path with query, headers and body. ``root`` is the path of the point of access.

    Beside the parameters of the standard: ``lists`` (``joined``, the default, or ``repeated``: how several values of
    a query field are sent), ``query`` (a text that is appended to the query as it is). ``accept`` None sends no
    Accept; without it JSON is asked for. Content as ``bytes`` is the body as it is.

    Raises ValueError for what has no place in HTTP: an error of who wrote the case.
    """
    method = METHODS.get(request.op)
    if method is None:
        raise ValueError(f"op {request.op}: HTTP has a method for 1 to 5 only")
    parameters = dict(request.parameters)
    path, _, attribute = request.to.partition("#")
    fields = [f"atrl={_quoted(attribute)}"] if attribute else []
    fields += _query(parameters)
    headers = _headers(request, parameters)
    body = b"" if request.pc is None else encode(request.pc, _declared(request))
    if body or request.ty is not None:
        headers["Content-Type"] = JSON if request.ty is None else f"{JSON};ty={request.ty}"
    if parameters:
        raise ValueError(f"{', '.join(map(repr, parameters))}: no request parameter that HTTP carries")
    return method, path_of(path, root) + ("?" if fields else "") + "&".join(fields), _overridden(headers, request), body


def from_http(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Response:
    """Read an answer; its headers are kept with names in lower case, those of the same name joined with a comma."""
    collected: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        collected[key] = f"{collected[key]}, {value}" if key in collected else value
    code = collected.get("x-m2m-rsc", "")
    response = Response(
        int(code) if len(code) == 4 and code.isascii() and code.isdigit() else None,
        collected.get("x-m2m-ri"),
        status=status,
        headers=collected,
        parameters=_answered(collected),
    )
    if body:
        _read_body(response, collected.get("content-type"), body)
    return response


def path_of(to: str, root: str = "") -> str:
    """Return the path of an address: ``a/b``, ``/csi/a`` as ``/~/csi/a``, ``//sp/csi/a`` as ``/_/sp/csi/a``."""
    path = quote(to, safe=_IN_PATH)
    prefix = root.rstrip("/")
    if path.startswith("//"):
        return f"{prefix}/_{path[1:]}"
    return f"{prefix}/~{path}" if path.startswith("/") else f"{prefix}/{path}"


def address_of(path: str, root: str = "") -> str:
    """Return the address that a path (or URL) stands for, the reverse of ``path_of``; ``root`` is what precedes it."""
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    prefix = root.rstrip("/")
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        path = path[len(prefix) :]
    path = unquote(path.partition("?")[0])
    if path.startswith("/~/"):
        return path[2:]
    return "/" + path[2:] if path.startswith("/_/") else path.removeprefix("/")


def _headers(request: Request, parameters: dict[str, Any]) -> dict[str, str]:
    """Write headers; what is written leaves ``parameters``."""
    identified = {"X-M2M-Origin": request.fr, "X-M2M-RI": request.rqi}
    headers = {name: value for name, value in identified.items() if value is not None}
    parameters.setdefault("accept", JSON)
    for short, name in HEADERS.items():
        value = parameters.pop(short, None)
        if value is not None:
            headers[name] = _text(value)
    for short, (name, between) in LIST_HEADERS.items():
        value = parameters.pop(short, None)
        if value is not None:
            headers[name] = between.join(map(_text, _listed(value)))
    return headers


def _declared(request: Request) -> str:
    """The media type that the case itself gives, JSON where it gives none."""
    return next((text for name, text in request.headers.items() if name.lower() == "content-type" and text), JSON)


def _overridden(headers: dict[str, str], request: Request) -> dict[str, str]:
    """Apply the headers that the case itself gives; names are compared without case."""
    for name, value in request.headers.items():
        headers = {other: text for other, text in headers.items() if other.lower() != name.lower()}
        if value is not None:
            headers[name] = str(value)
    return headers


def _query(parameters: dict[str, Any]) -> list[str]:
    """Write query fields; what is written leaves ``parameters``."""
    style = parameters.pop("lists", "joined")
    if style not in ("joined", "repeated"):
        raise ValueError(f"lists: {style!r} is neither 'joined' nor 'repeated'")
    _spread_response_type(parameters)
    fields: list[str] = []
    criteria = parameters.pop("fc", None) or {}
    for name in [name for name in parameters if name in QUERY]:
        fields += _fields(name, parameters.pop(name), style == "repeated")
    for name, value in criteria.items():
        if name in ATTRIBUTES:
            fields += [field for key, one in _conditions(value) for field in _fields(ATTRIBUTES[name] + key, one, True)]
        elif name in CRITERIA or name[:2] in ("c.", "p."):
            fields += _fields(name, value, style == "repeated" or name not in CRITERIA or name in _REPEATED)
        else:
            raise ValueError(f"fc: {name!r} is no filter criterion that HTTP carries (attributes belong in 'atr')")
    raw = parameters.pop("query", None)
    return [*fields, raw] if raw else fields


def _spread_response_type(parameters: dict[str, Any]) -> None:
    """Take a responseType that is written as in JSON apart: ``{rtv: 2, nu: [..]}``."""
    response_type = parameters.get("rt")
    if isinstance(response_type, Mapping):
        unknown = response_type.keys() - {"rtv", "nu"}
        if unknown:
            raise ValueError(f"rt: {sorted(unknown)} is unknown; it has rtv and nu")
        parameters["rt"] = response_type.get("rtv")
        parameters.setdefault("rtu", response_type.get("nu"))


def _fields(name: str, value: Any, repeated: bool) -> list[str]:
    """Write one query field, or several for a list of values."""
    if value is None:
        return []
    key = _quoted(name)
    if not isinstance(value, (list, tuple)) or name == "geom":
        return [f"{key}={_quoted(_text(value))}"]
    texts = [_quoted(_text(one)) for one in value]
    return [f"{key}={text}" for text in texts] if repeated else [f"{key}={'+'.join(texts)}"]


def _conditions(value: Any) -> list[tuple[str, Any]]:
    """Return attribute conditions as pairs, from ``{name: value}`` or ``{nm: name, val: value}`` or a list of these."""
    if isinstance(value, (list, tuple)):
        return [pair for one in value for pair in _conditions(one)]
    if isinstance(value, Mapping):
        return [(str(value["nm"]), value["val"])] if value.keys() == {"nm", "val"} else list(value.items())
    raise ValueError(f"fc: attribute conditions are mappings of name to value, not {value!r:.60}")


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple)) else (value,)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, (list, tuple, dict)) else str(value)


def _quoted(text: str) -> str:
    return quote(text, safe=_IN_QUERY)


def _answered(headers: Mapping[str, str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for name, short in _ANSWERED.items():
        if name in headers:
            value = headers[name]
            parameters[short] = int(value) if short in _NUMBERS and value.isascii() and value.isdigit() else value
    return parameters


def _read_body(response: Response, content_type: str | None, body: bytes) -> None:
    """Read the content of an answer; without a Content-Type it is read as JSON, and that is told."""
    try:
        response.pc = decode(body, JSON if content_type is None else content_type)
    except Undecodable as error:
        response.broken = str(error)
    if content_type is None:
        response.broken = response.broken or "content without Content-Type"
