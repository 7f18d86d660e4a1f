"""Whole primitives as JSON objects (TS-0004 8.2): ``m2m:rqp``, ``m2m:rsp`` and the payload of MQTT and WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cse.parameters.table import (
    ATTRIBUTE_TAGS,
    FILTER_CRITERIA,
    NOTIFICATION_TARGETS,
    REQUEST_PARAMETERS,
    RESPONSE_PARAMETERS,
    RESPONSE_TYPE,
    Parameter,
    attribute_list_of,
    content_of,
    read,
    unknown,
)
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, CseError
from resources.status import status_of

_MANDATORY = ("op", "to", "rqi")
_DEFAULTS: dict[str, Any] = {"fr": "", "drt": 1, "fo": 1}
_ATTRIBUTE_TAGS = frozenset(ATTRIBUTE_TAGS.values())


def request_from_object(value: Any) -> RequestPrimitive:
    """Read a request primitive; raises BadRequest for a missing, unknown or malformed member."""
    members = _object("request primitive", value)
    for short in _MANDATORY:
        if short not in members:
            raise BadRequest(f"{short} ({REQUEST_PARAMETERS[short].name}): missing in the request primitive")
    request = RequestPrimitive(Operation(read(REQUEST_PARAMETERS["op"], members["op"])), "")
    for short, member in members.items():
        parameter = REQUEST_PARAMETERS.get(short)
        if parameter is not None:
            _put(request, request.unsupported, parameter, member)
        elif short == "pc":
            request.content = content_of(member)
        elif short == "fc":
            request.filter_criteria = filter_from_object(member, request.unsupported)
        elif short == "rt":
            _read_response_type(request, member)
        else:
            raise unknown("request parameter", short, [*REQUEST_PARAMETERS, "pc", "fc", "rt"])
    request.operation = Operation(request.operation)
    _take_attribute_list(request)
    return request


def object_from_request(request: RequestPrimitive) -> dict[str, Any]:
    """Write a request primitive; defaults are left out."""
    members: dict[str, Any] = {"op": int(request.operation.value)}
    for short, parameter in REQUEST_PARAMETERS.items():
        if parameter.field and short != "op":
            value = getattr(request, parameter.field)
            if value is not None and value != _DEFAULTS.get(short):
                members[short] = value
    if request.response_type != 3 or request.notification_targets is not None:
        members["rt"] = {"rtv": request.response_type}
        if request.notification_targets is not None:
            members["rt"]["nu"] = request.notification_targets
    if request.filter_criteria is not None:
        members["fc"] = object_from_filter(request.filter_criteria)
    if request.content is not None:
        members["pc"] = request.content
    elif request.attribute_list is not None:
        members["pc"] = {"m2m:atrl": request.attribute_list}
    return members


def response_from_object(value: Any) -> ResponsePrimitive:
    """Read a response primitive; unknown members are ignored. Raises BadRequest."""
    members = _object("response primitive", value)
    number = members.get("rsc")
    if type(number) is not int:
        raise BadRequest("rsc (responseStatusCode): missing or no number in the response primitive")
    response = ResponsePrimitive(status_of(number))
    for short, parameter in RESPONSE_PARAMETERS.items():
        if short in members:
            setattr(response, parameter.field, read(parameter, members[short]))
    if "pc" in members:
        response.content = content_of(members["pc"])
    return response


def object_from_response(response: ResponsePrimitive) -> dict[str, Any]:
    """Write a response primitive."""
    members: dict[str, Any] = {"rsc": int(response.status)}
    for short, parameter in RESPONSE_PARAMETERS.items():
        value = getattr(response, parameter.field)
        if value is not None and value != "":
            members[short] = value
    if response.content is not None:
        members["pc"] = response.content
    return members


def filter_from_object(value: Any, unsupported: list[str]) -> FilterCriteria:
    """Read ``fc``; tags that this CSE cannot evaluate are added to ``unsupported``. Raises BadRequest."""
    criteria = FilterCriteria()
    for short, member in _object("fc (filterCriteria)", value).items():
        parameter = FILTER_CRITERIA.get(short)
        if short in _ATTRIBUTE_TAGS:
            criteria.conditions[short] = _attribute_pairs(short, member)
        elif parameter is None:
            raise unknown("filter criterion", short, [*FILTER_CRITERIA, *_ATTRIBUTE_TAGS])
        elif parameter.field or not parameter.supported:
            _put(criteria, unsupported, parameter, member)
        else:
            condition = read(parameter, member)
            criteria.conditions[short] = condition if parameter.many else [condition]
    return criteria


def object_from_filter(criteria: FilterCriteria) -> dict[str, Any]:
    """Write ``fc``; defaults are left out."""
    members: dict[str, Any] = {}
    for short, parameter in FILTER_CRITERIA.items():
        if parameter.field:
            value = getattr(criteria, parameter.field)
            if value is not None and value != _DEFAULTS.get(short):
                members[short] = value
        elif short in criteria.conditions:
            values = criteria.conditions[short]
            members[short] = values if parameter.many else values[0]
    for tag in sorted(_ATTRIBUTE_TAGS & criteria.conditions.keys()):
        members[tag] = [{"nm": name, "val": value} for name, value in criteria.conditions[tag]]
    return members


def _object(what: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise BadRequest(f"{what}: expected an object")
    return value


def _put(target: RequestPrimitive | FilterCriteria, unsupported: list[str], parameter: Parameter, member: Any) -> None:
    value = read(parameter, member)
    if parameter.supported:
        setattr(target, parameter.field, value)
    elif value is not False:
        unsupported.append(parameter.short)


def _read_response_type(request: RequestPrimitive, member: Any) -> None:
    members = _object("rt (responseType)", member)
    for short, value in members.items():
        if short == "rtv":
            request.response_type = read(RESPONSE_TYPE, value)
        elif short == "nu":
            request.notification_targets = [] if value == [] else read(NOTIFICATION_TARGETS, value)
        else:
            raise unknown("member of rt (responseType)", short, ("rtv", "nu"))
    if "rtv" not in members:
        raise BadRequest("rt (responseType): rtv is missing")


def _attribute_pairs(tag: str, member: Any) -> list[tuple[str, Any]]:
    pairs = [
        (pair["nm"], pair["val"])
        for pair in (member if type(member) is list else ())
        if type(pair) is dict and pair.keys() == {"nm", "val"} and type(pair["nm"]) is str
    ]
    if not pairs or len(pairs) != len(member):
        raise BadRequest(f'{tag}: expected a list of at least one {{"nm": <short name>, "val": <value>}}')
    return pairs


def _take_attribute_list(request: RequestPrimitive) -> None:
    """Recognise a partial RETRIEVE: ``<id>#<attr>`` or content ``m2m:atrl`` (RET-1)."""
    if request.operation is not Operation.RETRIEVE:
        return
    to, mark, name = request.to.partition("#")
    if mark:
        request.to, request.attribute_list = to, [name]
    if request.content is not None:
        names = attribute_list_of(request.content)
        if names is not None:
            request.attribute_list, request.content = names, None


def refusal(error: CseError, members: Mapping[str, Any] = MappingProxyType({})) -> ResponsePrimitive:
    """The answer to a request that cannot be done; its identifier is echoed if it could be read.

    ``members`` are those of the request, as far as they were read.
    """
    request_id, release = members.get("rqi"), members.get("rvi")
    return ResponsePrimitive(
        error.status,
        request_id if isinstance(request_id, str) else "",
        {"m2m:dbg": error.message},
        release if isinstance(release, str) else None,
    )
