"""HTTP messages to primitives and back (TS-0009 6); pure: no socket, no HTTP library.

The server reads requests with ``request_from`` and writes answers with ``response_to``; the client writes requests
with ``request_to`` and reads answers with ``response_from``. Headers are pairs; names are compared without case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bindings.http.media import AS_JSON, Form, MediaTypes
from bindings.http.uri import pairs_of, path_of, query_text, to_of
from cse.codecs import JSON, JSON_ONLY, Codec, Codecs, Limits
from cse.parameters import REQUEST_PARAMETERS, AttributeTypes, Parameter, content_of, parse, query_of, read_query
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, CseError, OperationNotAllowed, OriginatorError
from resources.status import Status, status_of

Headers = Iterable[tuple[str, str]]

#: Members by a name of their own: the way through their class costs more than a call.
CREATE, RETRIEVE, UPDATE, DELETE, NOTIFY = Operation

_OPERATIONS = {
    "POST": NOTIFY,
    "GET": RETRIEVE,
    "PUT": UPDATE,
    "DELETE": DELETE,
}
_METHODS = {operation: method for method, operation in _OPERATIONS.items()} | {CREATE: "POST"}
ALLOW = ", ".join(_OPERATIONS)

#: Header (lower case), header as sent, parameter: what is read by the table of parameters.
_HEADER_PARAMETERS: tuple[tuple[str, Parameter], ...] = tuple(
    (name, REQUEST_PARAMETERS[short])
    for name, short in (
        ("X-M2M-OT", "ot"),
        ("X-M2M-RET", "rqet"),
        ("X-M2M-RST", "rset"),
        ("X-M2M-OET", "oet"),
        ("X-M2M-EC", "ec"),
        ("X-M2M-GID", "gid"),
        ("X-M2M-VSI", "vsi"),
    )
)
_PARAMETER_OF = {name.lower(): parameter for name, parameter in _HEADER_PARAMETERS}
_SINGLE = frozenset(_PARAMETER_OF) | {
    *("x-m2m-origin", "x-m2m-ri", "x-m2m-rvi", "x-m2m-rtu", "x-m2m-as"),
    *("x-m2m-rsc", "x-m2m-ati", "x-m2m-cts", "x-m2m-cto", "x-m2m-asri"),
    *("content-type", "content-encoding", "authorization"),
}
_KNOWN = _SINGLE | {"accept"}


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping needs to know of its CSE: root path of the point of access, limits, attributes, serialisations."""

    root_path: str = ""
    limits: Limits = field(default_factory=Limits)
    attributes: AttributeTypes = field(default_factory=dict)
    media: MediaTypes = field(default_factory=MediaTypes)


def request_from(
    context: Context, method: str, target: str, headers: Headers, body: bytes
) -> tuple[RequestPrimitive, Form]:
    """Read a request; return it and the form of its answer. Raises CseError (4000, 4004, 4005, 4015, 5207)."""
    operation = _OPERATIONS.get(method)
    if operation is None:
        raise OperationNotAllowed(f"method {method[:32]}: not used by oneM2M; expected one of {ALLOW}")
    given = _collect(headers)
    path, _, query = target.partition("?")
    request = RequestPrimitive(
        operation,
        to_of(path, context.root_path),
        given.pop("x-m2m-origin", ""),
        _request_id(given.pop("x-m2m-ri", "")),
        given.pop("x-m2m-rvi", None),
    )
    forms = context.media.answer_forms(given.pop("accept", ""))
    declared = given.pop("content-type", "")
    if given:
        _read_headers(request, given)
    serialisation = _read_body(context, request, declared, body)
    if query:
        read_query(request, pairs_of(query), context.attributes)
    return request, forms[serialisation]


def response_to(
    response: ResponsePrimitive, form: Form = AS_JSON, root_path: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """Write an answer: HTTP status, headers without Content-Length, body.

    Raises ReceiverError 5207 for content that its form cannot say.
    """
    status = response.status
    headers = {"X-M2M-RSC": _RSC[status]}
    if response.request_id:
        headers["X-M2M-RI"] = response.request_id
    if response.release_version is not None:
        headers["X-M2M-RVI"] = response.release_version
    if response.originator is not None:
        headers["X-M2M-Origin"] = response.originator
    if response.content_status is not None:
        headers["X-M2M-CTS"] = str(response.content_status)
    if response.content_offset is not None:
        headers["X-M2M-CTO"] = str(response.content_offset)
    if response.created_address is not None:
        headers["Content-Location"] = path_of(response.created_address, root_path)
    if response.content is None:
        return status.http, headers, b""
    headers["Content-Type"] = form.media_type
    return status.http, headers, form.codec.encode(response.content)


def refusal(error: CseError, headers: Headers = ()) -> ResponsePrimitive:
    """The answer to a request that could not be read; its identifier is echoed as far as it can be."""
    echoed = {name.lower(): value for name, value in headers if value.isascii() and value.isprintable()}
    return ResponsePrimitive(
        error.status,
        echoed.get("x-m2m-ri", ""),
        {"m2m:dbg": error.message},
        echoed.get("x-m2m-rvi"),
    )


def request_to(
    request: RequestPrimitive, base: str = "", codec: Codec = JSON
) -> tuple[str, str, dict[str, str], bytes]:
    """Write a request: method, target, headers, body. Raises CseError for a value that cannot be sent.

    ``base`` is the URL or root path that stands before the path of ``to``. A ``to`` that is empty or a URL itself
    means ``base`` as it is: a notification target may be any URL.
    """
    headers = {"X-M2M-RI": request.request_id, "Accept": codec.media_type}
    if request.originator:
        headers["X-M2M-Origin"] = request.originator
    if request.release_version is not None:
        headers["X-M2M-RVI"] = request.release_version
    if request.notification_targets is not None:
        headers["X-M2M-RTU"] = "&".join(request.notification_targets)
    for name, parameter in _HEADER_PARAMETERS:
        value = getattr(request, parameter.field)
        if value is not None:
            headers[name] = str(value)
    body = b""
    if request.content is not None:
        creates = request.operation is CREATE
        headers["Content-Type"] = f"{codec.media_type};ty={request.resource_type}" if creates else codec.media_type
        body = codec.encode(request.content)
    for name, value in headers.items():
        if not value.isprintable():
            raise BadRequest(f"{name}: {value!r:.80} cannot travel in a header")
    target = path_of(request.to, base) if request.to and "://" not in request.to else base or "/"
    query = query_text(query_of(request))
    if query:
        target += f"&{query}" if "?" in target else f"?{query}"
    return _METHODS[request.operation], target, headers, body


def response_from(
    http_status: int, headers: Mapping[str, str], body: bytes, limits: Limits, codecs: Codecs = JSON_ONLY
) -> ResponsePrimitive:
    """Read an answer; ``headers`` finds names without case. Without X-M2M-RSC the HTTP status decides.

    Raises BadRequest when a body of one of these serialisations is malformed; a body of another type is left out.
    """
    number = headers.get("X-M2M-RSC", "")
    status = status_of(int(number)) if number.isdecimal() and number.isascii() else status_of_http(http_status)
    response = ResponsePrimitive(status, headers.get("X-M2M-RI", ""))
    response.release_version = headers.get("X-M2M-RVI")
    response.originator = headers.get("X-M2M-Origin")
    response.content_status = _number(headers.get("X-M2M-CTS"))
    response.content_offset = _number(headers.get("X-M2M-CTO"))
    codec = _codec_of(headers.get("Content-Type", ""), codecs) if body else None
    if codec is not None:
        response.content = content_of(codec.decode(body, limits))
    return response


def _codec_of(declared: str, codecs: Codecs) -> Codec | None:
    media_type = declared.partition(";")[0].strip().lower()
    return codecs.by_media_type.get(media_type) or (JSON if "json" in media_type else None)


_FROM_HTTP = {
    201: Status.CREATED,
    202: Status.ACCEPTED,
    403: Status.ORIGINATOR_HAS_NO_PRIVILEGE,
    404: Status.NOT_FOUND,
    405: Status.OPERATION_NOT_ALLOWED,
    406: Status.NOT_ACCEPTABLE,
    409: Status.CONFLICT,
    415: Status.UNSUPPORTED_MEDIA_TYPE,
    501: Status.NOT_IMPLEMENTED,
    504: Status.REQUEST_TIMEOUT,
}
_RSC = {status: str(int(status)) for status in Status}


def status_of_http(http_status: int) -> Status:
    """The nearest status for an answer without X-M2M-RSC, as from a plain web server behind a ``nu``."""
    known = _FROM_HTTP.get(http_status)
    if known is not None:
        return known
    if http_status < 300:
        return Status.OK
    return Status.BAD_REQUEST if http_status < 500 else Status.INTERNAL_SERVER_ERROR


def _collect(headers: Headers) -> dict[str, str]:
    """The headers that matter, by lower-case name; raises BadRequest for one given twice or not in UTF-8."""
    given: dict[str, str] = {}
    for name, value in headers:
        low = name.lower()
        if low in _KNOWN:
            if low in given:
                if low in _SINGLE:
                    raise BadRequest(f"{name}: given twice; one is allowed")
                given[low] += f",{value}"
            else:
                given[low] = value
            if not value.isascii() and not value.isprintable():
                raise BadRequest(f"{name}: not printable UTF-8 text")
    return given


def _request_id(value: str) -> str:
    if not value:
        raise BadRequest("X-M2M-RI (requestIdentifier): missing; every request needs one")
    if " " in value or "\t" in value:
        raise BadRequest("X-M2M-RI (requestIdentifier): holds blanks; expected a text without blanks")
    return value


def _read_body(context: Context, request: RequestPrimitive, declared: str, body: bytes) -> str:
    """Read content and what comes with it; return the short name of its serialisation, '' if there is none."""
    operation = request.operation
    if operation is RETRIEVE or operation is DELETE:
        if body:
            raise BadRequest(f"{_METHODS[operation]}: carries no body; ask for single attributes with ?atrl=")
        return ""
    if not body and not declared:
        return ""
    codec, resource_type = context.media.content_type(declared)
    if resource_type is not None:
        if operation is UPDATE:
            raise BadRequest("Content-Type: ty belongs to a CREATE (POST) only; a PUT changes what exists")
        request.operation = CREATE
        request.resource_type = resource_type
    if body:
        request.content = content_of(codec.decode(body, context.limits))
    return codec.name


def _read_headers(request: RequestPrimitive, given: Mapping[str, str]) -> None:
    for name, value in given.items():
        parameter = _PARAMETER_OF.get(name)
        if parameter is not None:
            setattr(request, parameter.field, parse(parameter, value))
        elif name == "x-m2m-rtu":
            request.notification_targets = [target for target in value.split("&") if target]
        elif name == "x-m2m-as":
            request.unsupported.append("aus")
        elif name == "authorization" and " " not in value:
            # Tokens have no blank; "Basic …" and "Bearer …" are credentials for whatever stands before this CSE.
            request.unsupported.append("tkns")
        elif name == "content-encoding" and value.lower() != "identity":
            raise OriginatorError("Content-Encoding: send the body unencoded", Status.UNSUPPORTED_MEDIA_TYPE)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None
