"""CoAP messages to primitives and back (TS-0008 6); pure: no socket, no CoAP library.

The server reads requests with ``request_from`` and writes answers with ``response_to``; the client writes requests
with ``request_to`` and reads answers with ``response_from``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bindings.coap.content import answer_codec, codec_of, number_of
from bindings.coap.options import (
    ACCEPT,
    CONTENT_FORMAT,
    LOCATION_PATH,
    NEW,
    ONEM2M,
    PROXY_SCHEME,
    PROXY_URI,
    URI_PATH,
    URI_QUERY,
    Form,
    Numbering,
    Options,
    numbering_of,
    uint,
    uint_bytes,
)
from bindings.coap.uri import fields_of, pairs_of, segments_of, to_of
from cse.codecs import JSON, JSON_ONLY, Codec, Codecs, Limits
from cse.parameters import REQUEST_PARAMETERS, AttributeTypes, Parameter, content_of, parse, query_of, read, read_query
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, CseError, OperationNotAllowed
from resources.status import Status, status_of

CREATE, RETRIEVE, UPDATE, DELETE, NOTIFY = Operation

_GET, _POST, _PUT, _DELETE = 1, 2, 3, 4
_OPERATIONS = {_GET: RETRIEVE, _POST: NOTIFY, _PUT: UPDATE, _DELETE: DELETE}
_METHODS = {CREATE: _POST, RETRIEVE: _GET, UPDATE: _PUT, DELETE: _DELETE, NOTIFY: _POST}
_CHANGED = 0x44
_PROXYING_NOT_SUPPORTED = 0xA5
_BLOCKING = 3

#: Options that are read and written by the table of parameters; lists are joined as the second member says.
_OPTION_PARAMETERS: Mapping[str, tuple[Parameter, str]] = {
    short: (REQUEST_PARAMETERS[short], "+" if REQUEST_PARAMETERS[short].many else "")
    for short in ("ot", "rqet", "rset", "oet", "ec", "gid", "vsi", "grtm", "prpi", "aus", "omr", "msu")
}


@dataclass(slots=True)
class Message:
    """A CoAP message without what only the wire needs. ``options`` are sorted by number."""

    code: int
    options: Options
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping needs to know of its CSE: serialisations, limits, attribute names."""

    codecs: Codecs = JSON_ONLY
    limits: Limits = field(default_factory=Limits)
    attributes: AttributeTypes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answering:
    """How a request wants to be answered. ``accept`` is the Content-Format it asked for, if any."""

    numbering: Numbering = NEW
    codec: Codec = JSON
    accept: int | None = None
    notified: bool = False


def request_from(context: Context, message: Message) -> tuple[RequestPrimitive, Answering]:
    """Read a request and how to answer it. Raises CseError (4000, 4005, 4015, 5207)."""
    operation = _OPERATIONS.get(message.code)
    if operation is None:
        raise OperationNotAllowed(f"method 0.{message.code:02}: not used by oneM2M; expected GET, POST, PUT or DELETE")
    segments: list[str] = []
    fields: list[str] = []
    single: dict[int, bytes] = {}
    for number, value in message.options:
        if number == URI_PATH:
            segments.append(value.decode())
        elif number == URI_QUERY:
            fields.append(value.decode())
        else:
            single[number] = value
    answering = _answering(context, message.options, single)
    given = {short: single[number] for short, number in answering.numbering.of.items() if number in single}
    request = RequestPrimitive(operation, to_of(segments), _text(given, "fr") or "", _request_id(_text(given, "rqi")),
                               _text(given, "rvi"))  # fmt: skip
    pairs, asked = pairs_of(fields)
    _read_operation(request, message.code, asked, given)
    _read_options(request, given)
    _read_payload(context, request, single.get(CONTENT_FORMAT), message.payload)
    read_query(request, pairs, context.attributes)
    if answering.accept is None and CONTENT_FORMAT in single:
        answering = replace(answering, codec=codec_of(context.codecs, uint(single[CONTENT_FORMAT])))
    return request, replace(answering, notified=request.operation is NOTIFY)


def answering_of(context: Context, message: Message) -> Answering:
    """How to answer a request that cannot be read."""
    return Answering(numbering_of(message.options), context.codecs.preferred)


def response_to(response: ResponsePrimitive, answering: Answering) -> Message:
    """Write an answer; oneM2M-RSC is always in it. Raises ReceiverError for content the serialisation cannot say."""
    status, of = response.status, answering.numbering.of
    options: Options = [(of["rsc"], uint_bytes(status))]
    for short, value in (("rqi", response.request_id or None), ("rvi", response.release_version),
                         ("fr", response.originator)):  # fmt: skip
        if value is not None:
            options.append((of[short], _sendable(short, value)))
    if response.content_status is not None:
        options.append((of["cnst"], uint_bytes(response.content_status)))
    if response.content_offset is not None:
        options.append((of["cnot"], uint_bytes(response.content_offset)))
    if response.created_address is not None:
        options.extend((LOCATION_PATH, part.encode()) for part in segments_of(response.created_address))
    payload = b""
    if response.content is not None:
        payload = answering.codec.encode(response.content)
        number = number_of(answering.codec) if answering.accept is None else answering.accept
        options.append((CONTENT_FORMAT, uint_bytes(number)))
    return Message(_code_of(response, answering), _sorted(options), payload)


_ECHOED = frozenset(("rqi", "rvi"))


def refusal(error: CseError, message: Message) -> ResponsePrimitive:
    """The answer to a request that could not be read; its identifier is echoed as far as it can be."""
    names = numbering_of(message.options).names
    texts = ((names[number], value.decode()) for number, value in message.options if names.get(number) in _ECHOED)
    given = {short: text for short, text in texts if text.isprintable()}
    return ResponsePrimitive(error.status, given.get("rqi", ""), {"m2m:dbg": error.message}, given.get("rvi"))


def proxying(message: Message) -> Message | None:
    """The answer to a request that takes this CSE for a forward proxy, None for any other (RFC 7252 5.10.2)."""
    if any(number in (PROXY_URI, PROXY_SCHEME) for number, _ in message.options):
        return Message(_PROXYING_NOT_SUPPORTED, [])
    return None


def request_to(
    request: RequestPrimitive, base: Sequence[str] = (), query: Sequence[str] = (),
    *, numbering: Numbering = NEW, codec: Codec = JSON,
) -> Message:  # fmt: skip
    """Write a request. Raises BadRequest for a value that cannot be sent.

    ``base`` and ``query`` are the path segments and fields of the point of access. A ``to`` that is empty or a URL
    itself means ``base`` as it is: a notification target may be any URL.
    """
    of, operation = numbering.of, request.operation
    options: Options = [(of["rqi"], _sendable("rqi", request.request_id)), (ACCEPT, uint_bytes(number_of(codec)))]
    if request.originator:
        options.append((of["fr"], _sendable("fr", request.originator)))
    if request.release_version is not None:
        options.append((of["rvi"], _sendable("rvi", request.release_version)))
    if request.notification_targets is not None:
        options.append((of["nu"], _sendable("nu", "&".join(request.notification_targets))))
    for short, (parameter, joint) in _OPTION_PARAMETERS.items():
        value = getattr(request, parameter.field) if parameter.field and short != "prpi" else None
        if value is not None:
            options.append((of[short], _option_value(short, joint.join(value) if joint else value)))
    payload = b""
    if request.content is not None:
        payload = codec.encode(request.content)
        options.append((CONTENT_FORMAT, uint_bytes(number_of(codec))))
    if operation is CREATE and request.resource_type is not None:
        options.append((of["ty"], uint_bytes(request.resource_type)))
    fields = [*query, *fields_of(query_of(request))]
    code = _METHODS[operation]
    if request.response_type != _BLOCKING or (operation is CREATE and request.resource_type is None):
        code = _POST
        fields.append(f"op={operation.value}")
    path = [*base, *(segments_of(request.to) if request.to and "://" not in request.to else ())]
    options.extend((URI_PATH, _short("Uri-Path", segment)) for segment in path)
    options.extend((URI_QUERY, _short("Uri-Query", part)) for part in fields)
    return Message(code, _sorted(options), payload)


def response_from(message: Message, context: Context) -> ResponsePrimitive:
    """Read an answer; without oneM2M-RSC its code decides.

    Raises BadRequest when a payload is malformed; one of a serialisation that is not read here is left out.
    """
    of = numbering_of(message.options).of
    single = dict(message.options)
    given = {short: single[number] for short, number in of.items() if number in single}
    status = status_of(uint(given["rsc"])) if "rsc" in given else status_of_code(message.code)
    response = ResponsePrimitive(status, _text(given, "rqi") or "")
    response.release_version = _text(given, "rvi")
    response.originator = _text(given, "fr")
    response.content_status = uint(given["cnst"]) if "cnst" in given else None
    response.content_offset = uint(given["cnot"]) if "cnot" in given else None
    if message.payload and CONTENT_FORMAT in single:
        try:
            codec = codec_of(context.codecs, uint(single[CONTENT_FORMAT]))
        except CseError:
            return response
        response.content = content_of(codec.decode(message.payload, context.limits))
    return response


_FROM_CODE = {
    0x41: Status.CREATED,
    0x42: Status.DELETED,
    0x44: Status.UPDATED,
    0x83: Status.ORIGINATOR_HAS_NO_PRIVILEGE,
    0x84: Status.NOT_FOUND,
    0x85: Status.OPERATION_NOT_ALLOWED,
    0x86: Status.NOT_ACCEPTABLE,
    0x8D: Status.NOT_ACCEPTABLE,
    0x8F: Status.UNSUPPORTED_MEDIA_TYPE,
    0xA1: Status.NOT_IMPLEMENTED,
    0xA4: Status.REQUEST_TIMEOUT,
}


def status_of_code(code: int) -> Status:
    """The nearest status for an answer without oneM2M-RSC, as from a plain CoAP server behind a ``nu``."""
    known = _FROM_CODE.get(code)
    if known is not None:
        return known
    if code >> 5 == 2:
        return Status.OK
    return Status.BAD_REQUEST if code >> 5 == 4 else Status.INTERNAL_SERVER_ERROR


def _number_of_code(dotted: str) -> int:
    family, _, detail = dotted.partition(".")
    return int(family) << 5 | int(detail)


_CODES = {status: _number_of_code(status.coap) for status in Status}


def _code_of(response: ResponsePrimitive, answering: Answering) -> int:
    status = response.status
    if status is Status.OK and answering.notified:
        return _CHANGED
    referred = response.content is not None or response.created_address is not None
    if status is Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH and not referred:
        return _CHANGED
    return _CODES[status]


def _answering(context: Context, options: Options, single: Mapping[int, bytes]) -> Answering:
    numbering = numbering_of(options)
    if ACCEPT not in single:
        return Answering(numbering, context.codecs.preferred)
    accept = uint(single[ACCEPT])
    return Answering(numbering, answer_codec(context.codecs, accept), accept)


def _text(given: Mapping[str, bytes], short: str) -> str | None:
    value = given.get(short)
    if value is None:
        return None
    text = value.decode()
    if not text.isprintable():
        raise BadRequest(f"{ONEM2M[short].name}: not printable text")
    return text


def _request_id(value: str | None) -> str:
    if not value:
        raise BadRequest("oneM2M-RQI (requestIdentifier): missing; every request needs one")
    if " " in value:
        raise BadRequest("oneM2M-RQI (requestIdentifier): holds blanks; expected a text without blanks")
    return value


def _read_operation(request: RequestPrimitive, code: int, asked: str | None, given: Mapping[str, bytes]) -> None:
    """Find the operation: ``op`` decides a POST, else oneM2M-TY makes it a CREATE."""
    if asked is not None:
        operation = Operation(parse(REQUEST_PARAMETERS["op"], asked))
        if code != _POST and operation is not request.operation:
            raise BadRequest(f"op (operation): {asked} in a request of another method; op belongs to a POST")
        request.operation = operation
    elif code == _POST and "ty" in given:
        request.operation = CREATE
    if "ty" in given:
        if request.operation is not CREATE:
            raise BadRequest("oneM2M-TY: belongs to a CREATE only")
        request.resource_type = uint(given["ty"])


def _read_options(request: RequestPrimitive, given: Mapping[str, bytes]) -> None:
    for short in given:
        if short == "nu":
            request.notification_targets = [target for target in (_text(given, "nu") or "").split("&") if target]
        elif short in _OPTION_PARAMETERS:
            parameter, joint = _OPTION_PARAMETERS[short]
            if not parameter.supported:
                request.unsupported.append(short)
            elif ONEM2M[short].form is Form.UINT:
                setattr(request, parameter.field, read(parameter, uint(given[short])))
            else:
                text = _text(given, short) or ""
                values = [parse(parameter, one) for one in text.split(joint)] if joint else parse(parameter, text)
                setattr(request, parameter.field, values)


def _read_payload(context: Context, request: RequestPrimitive, declared: bytes | None, payload: bytes) -> None:
    if not payload:
        return
    if request.operation in (RETRIEVE, DELETE):
        raise BadRequest(f"{request.operation.name}: carries no payload; ask for single attributes with atrl=")
    codec = codec_of(context.codecs, None if declared is None else uint(declared))
    request.content = content_of(codec.decode(payload, context.limits))


def _option_value(short: str, value: object) -> bytes:
    return uint_bytes(value) if isinstance(value, int) else _sendable(short, str(value))


def _sendable(short: str, value: str) -> bytes:
    row = ONEM2M[short]
    written = value.encode(errors="replace")
    if not value.isprintable() or len(written) > row.most:
        raise BadRequest(f"{row.name}: {value!r:.80} cannot travel in an option of at most {row.most} bytes")
    return written


def _short(name: str, value: str) -> bytes:
    written = value.encode(errors="replace")
    if len(written) > 255:
        raise BadRequest(f"{name}: {value!r:.80} is longer than an option may be (255 bytes)")
    return written


def _sorted(options: Options) -> Options:
    options.sort(key=_number)
    return options


def _number(option: tuple[int, bytes]) -> int:
    return option[0]
