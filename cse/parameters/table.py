"""Request and response parameters and filter criteria as tables (TS-0004 7.3.2, 8.2), shared by every binding.

A binding finds a parameter by its short name and gets the kind of its value. Query strings are read and written by
``query``, whole primitives as JSON objects by ``objects``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cse.clock import seconds_of
from cse.primitive import Content
from resources.datatypes import DataType
from resources.errors import BadRequest
from resources.model import Operation
from resources.simple_types import TIMESTAMP as TIMESTAMP_PATTERN
from resources.simple_types import event_cat

_ABS_REL = re.compile(r"\d{8}T\d{6}(,\d{1,6})?|-?\d{1,18}")
_DECIMAL = re.compile(r"-?\d{1,19}")
_MEDIA_TYPE = re.compile(r"[^\s/:]+/[^\s:]+")
_REQUEST_ID = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is read: ``read`` from JSON, ``parse`` from text; both raise ValueError if it is not ``expected``.

    ``schema`` is the JSON Schema of the text form, for descriptions.
    """

    expected: str
    read: Callable[[Any], Any]
    parse: Callable[[str], Any]
    schema: Mapping[str, Any]


def _integer(least: int, greatest: int = 10**18) -> Kind:
    expected = f"a whole number from {least}" + ("" if greatest == 10**18 else f" to {greatest}")

    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= greatest:
            raise ValueError(expected)
        return value

    def parse(text: str) -> int:
        if not (text.isascii() and _DECIMAL.fullmatch(text)):
            raise ValueError(expected)
        return read(int(text))

    schema = {"type": "integer", "minimum": least, "maximum": greatest}
    return Kind(expected, read, parse, schema)


def _typed(expected: str, type_: DataType) -> Kind:
    """Values of a simple type of attributes."""

    def read(value: Any) -> Any:
        type_.check(value)
        return value

    return Kind(expected, read, type_.parse_text, type_.schema)


def _text(expected: str, accepts: Callable[[str], object] = bool, pattern: str = ".") -> Kind:
    def read(value: Any) -> str:
        if type(value) is not str or not accepts(value):
            raise ValueError(expected)
        return value

    return Kind(expected, read, read, {"type": "string", "pattern": pattern})


def _is_timestamp(text: str) -> bool:
    seconds_of(text)
    return text.isascii()


def _read_boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _parse_boolean(text: str) -> bool:
    if text in {"true", "1"}:
        return True
    if text in {"false", "0"}:
        return False
    raise ValueError


def _read_abs_rel(value: Any) -> str:
    text = str(value) if type(value) is int else value
    if type(text) is not str or not (text.isascii() and _ABS_REL.fullmatch(text)):
        raise ValueError
    return text


NON_NEGATIVE = _integer(0)
POSITIVE = _integer(1)
EVENT_CATEGORY = _typed("2 (immediate), 3 (best effort), 4 (latest) or 100 to 999", event_cat)
TEXT = _text("a text that is not empty")
BOOLEAN = Kind("true or false", _read_boolean, _parse_boolean, {"type": "boolean"})
TIMESTAMP = _text("a time in UTC as YYYYMMDDTHHMMSS", _is_timestamp, f"^{TIMESTAMP_PATTERN}$")
ABS_REL_TIMESTAMP = Kind("a time in UTC as YYYYMMDDTHHMMSS or milliseconds from now", _read_abs_rel, _read_abs_rel,
                         {"type": "string", "pattern": f"^({_ABS_REL.pattern})$"})
REQUEST_ID = _text("a text without blanks", _REQUEST_ID.fullmatch, r"^\S+$")
MEDIA_TYPE = _text("a media type such as application/json", _MEDIA_TYPE.fullmatch, f"^{_MEDIA_TYPE.pattern}$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row. ``field`` is the field of the primitive (or of FilterCriteria) that holds it; '' is a filter condition.

    ``many`` is True for lists. A parameter that is not ``supported`` is reported in ``RequestPrimitive.unsupported``.
    """

    short: str
    name: str
    kind: Kind
    field: str = ""
    many: bool = False
    supported: bool = True


def _unsupported(short: str, name: str, kind: Kind = TEXT, *, many: bool = False) -> Parameter:
    return Parameter(short, name, kind, many=many, supported=False)


def _table(*rows: Parameter) -> Mapping[str, Parameter]:
    return {row.short: row for row in rows}


#: ``rt`` (an object), ``pc`` and ``fc`` have their own readers.
REQUEST_PARAMETERS = _table(
    Parameter("op", "operation", _integer(1, 5), "operation"),
    Parameter("to", "to", _text("a text", lambda _: True), "to"),
    Parameter("fr", "from", _text("a text", lambda _: True), "originator"),
    Parameter("rqi", "requestIdentifier", REQUEST_ID, "request_id"),
    Parameter("ty", "resourceType", NON_NEGATIVE, "resource_type"),
    Parameter("ot", "originatingTimestamp", TIMESTAMP, "originating_timestamp"),
    Parameter("rqet", "requestExpirationTimestamp", ABS_REL_TIMESTAMP, "request_expiration"),
    Parameter("rset", "resultExpirationTimestamp", ABS_REL_TIMESTAMP, "result_expiration"),
    Parameter("oet", "operationExecutionTime", ABS_REL_TIMESTAMP, "operation_execution"),
    Parameter("rp", "resultPersistence", ABS_REL_TIMESTAMP, "result_persistence"),
    Parameter("rcn", "resultContent", _integer(0, 12), "result_content"),
    Parameter("ec", "eventCategory", EVENT_CATEGORY, "event_category"),
    Parameter("da", "deliveryAggregation", BOOLEAN, "delivery_aggregation"),
    Parameter("gid", "groupRequestIdentifier", TEXT, "group_request_id"),
    Parameter("drt", "desiredIdentifierResultType", _integer(1, 2), "result_type"),
    Parameter("grtm", "groupRequestTargetMembers", TEXT, "group_targets", many=True),
    Parameter("rvi", "releaseVersionIndicator", TEXT, "release_version"),
    Parameter("vsi", "vendorInformation", TEXT, "vendor_information"),
    Parameter("sqi", "semanticQueryIndicator", BOOLEAN, "semantic_query"),
    _unsupported("rids", "roleIDs", many=True),
    _unsupported("tkns", "tokens", many=True),
    _unsupported("tids", "tokenIDs", many=True),
    _unsupported("ltids", "localTokenIDs", many=True),
    _unsupported("tqi", "tokenRequestIndicator", BOOLEAN),
    _unsupported("asi", "authorSignIndicator", BOOLEAN),
    _unsupported("aus", "authorSigns", many=True),
    _unsupported("auri", "authorRelIndicator", BOOLEAN),
    _unsupported("gstn", "groupSomecastTargetNumber", POSITIVE),
    _unsupported("omr", "ontologyMappingResources", many=True),
    Parameter("prpi", "primitiveProfileIdentifier", TEXT, "primitive_profile"),
    _unsupported("msu", "m2mServiceUser"),
)

RESPONSE_TYPE = Parameter("rt", "responseType", _integer(1, 5), "response_type")
NOTIFICATION_TARGETS = Parameter("nu", "notificationURI", TEXT, "notification_targets", many=True)

#: The members of ``rsp`` that a ResponsePrimitive holds; ``rsc`` and ``pc`` have their own readers.
RESPONSE_PARAMETERS = _table(
    Parameter("rqi", "requestIdentifier", REQUEST_ID, "request_id"),
    Parameter("rvi", "releaseVersionIndicator", TEXT, "release_version"),
    Parameter("to", "to", TEXT, "to"),
    Parameter("fr", "from", TEXT, "originator"),
    Parameter("cnst", "contentStatus", _integer(1, 2), "content_status"),
    Parameter("cnot", "contentOffset", NON_NEGATIVE, "content_offset"),
)

#: Conditions have no field; ``atr``, ``catr`` and ``patr`` are pairs and have their own readers.
FILTER_CRITERIA = _table(
    Parameter("crb", "createdBefore", TIMESTAMP),
    Parameter("cra", "createdAfter", TIMESTAMP),
    Parameter("ms", "modifiedSince", TIMESTAMP),
    Parameter("us", "unmodifiedSince", TIMESTAMP),
    Parameter("sts", "stateTagSmaller", POSITIVE),
    Parameter("stb", "stateTagBigger", NON_NEGATIVE),
    Parameter("exb", "expireBefore", TIMESTAMP),
    Parameter("exa", "expireAfter", TIMESTAMP),
    Parameter("lbl", "labels", TEXT, many=True),
    Parameter("clbl", "childLabels", TEXT, many=True),
    Parameter("palb", "parentLabels", TEXT, many=True),
    Parameter("lbq", "labelsQuery", TEXT),
    Parameter("ty", "resourceType", NON_NEGATIVE, many=True),
    Parameter("chty", "childResourceType", NON_NEGATIVE, many=True),
    Parameter("pty", "parentResourceType", NON_NEGATIVE, many=True),
    Parameter("sza", "sizeAbove", NON_NEGATIVE),
    Parameter("szb", "sizeBelow", POSITIVE),
    Parameter("cty", "contentType", MEDIA_TYPE, many=True),
    Parameter("fu", "filterUsage", _integer(1, 4), "usage"),
    Parameter("fo", "filterOperation", _integer(1, 3), "operation"),
    Parameter("lim", "limit", NON_NEGATIVE, "limit"),
    Parameter("lvl", "level", POSITIVE, "level"),
    Parameter("ofst", "offset", POSITIVE, "offset"),
    Parameter("arp", "applyRelativePath", TEXT, "relative_path"),
    Parameter("cfs", "contentFilterSyntax", _integer(1, 1), "content_syntax"),
    Parameter("ops", "operations", _integer(1, 63), "permissions"),
    Parameter("cfq", "contentFilterQuery", TEXT),
    Parameter("smf", "semanticsFilter", TEXT, many=True),
    Parameter("gmty", "geometryType", _integer(1, 6)),
    Parameter("geom", "geometry", TEXT),
    Parameter("gsf", "geoSpatialFunction", _integer(1, 3)),
    _unsupported("aq", "advancedQuery"),
)

#: Result contents by operation (RCN-1).
RESULT_CONTENTS: dict[Operation, frozenset[int | None]] = {
    Operation.CREATE: frozenset({None, 0, 1, 2, 3, 9}),
    Operation.RETRIEVE: frozenset({None, 1, 4, 5, 6, 7, 8, 10, 11, 12}),
    Operation.UPDATE: frozenset({None, 0, 1, 9}),
    Operation.DELETE: frozenset({None, 0, 1, 4, 5, 6, 8}),
    Operation.NOTIFY: frozenset({None}),
}

#: Query prefix to the tag of the pair: an attribute of the target, of a child, of the parent.
ATTRIBUTE_TAGS = {"": "atr", "c.": "catr", "p.": "patr"}


def read(parameter: Parameter, value: Any) -> Any:
    """Check a JSON value against a row and return it; raises BadRequest."""
    try:
        if not parameter.many:
            return parameter.kind.read(value)
        if type(value) is not list or not value:
            raise bad_value(parameter, value, f"a list of at least one: {parameter.kind.expected}")
        return [parameter.kind.read(one) for one in value]
    except ValueError:
        raise bad_value(parameter, value, parameter.kind.expected) from None


def parse(parameter: Parameter, text: str) -> Any:
    """Read one value of a row from text; raises BadRequest."""
    try:
        return parameter.kind.parse(text)
    except ValueError:
        raise bad_value(parameter, text, parameter.kind.expected) from None


def bad_value(parameter: Parameter, value: Any, expected: str) -> BadRequest:
    """Say what a row expects; the value of a token or signature is not repeated."""
    shown = "" if parameter.short in {"tkns", "aus"} else f" {value!r:.80}"
    return BadRequest(f"{parameter.short} ({parameter.name}): got{shown}; expected {expected}")


def unknown(what: str, name: str, known: Collection[str]) -> BadRequest:
    """Say that a name is unknown and which known one is nearest."""
    nearest = get_close_matches(name, known, n=1, cutoff=0.5)
    return BadRequest(f"{name[:64]!r} is no {what}" + (f"; the nearest is {nearest[0]!r}" if nearest else ""))


def content_of(value: Any) -> Content:
    """Check that a decoded body is primitive content: an object with exactly one root element."""
    if type(value) is not dict or len(value) != 1:
        raise BadRequest("pc (primitiveContent): expected an object with exactly one member, for example m2m:cnt")
    return value


def attribute_list_of(content: Content) -> list[str] | None:
    """Return the names of a partial RETRIEVE (``m2m:atrl``); None for any other content."""
    if "m2m:atrl" not in content:
        return None
    names = content["m2m:atrl"]
    if type(names) is not list or not names or not all(type(name) is str and name for name in names):
        raise BadRequest("m2m:atrl (attributeList): expected a list of short names of attributes")
    return names
