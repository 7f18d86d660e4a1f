"""Request and response parameters: tables, query strings, whole primitives as JSON objects; for every binding."""

from cse.parameters.objects import (
    filter_from_object,
    object_from_filter,
    object_from_request,
    object_from_response,
    refusal,
    request_from_object,
    response_from_object,
)
from cse.parameters.query import AttributeTypes, Pair, query_of, read_query
from cse.parameters.table import (
    FILTER_CRITERIA,
    REQUEST_PARAMETERS,
    RESPONSE_PARAMETERS,
    Parameter,
    content_of,
    parse,
    read,
)

__all__ = [
    "FILTER_CRITERIA",
    "REQUEST_PARAMETERS",
    "RESPONSE_PARAMETERS",
    "AttributeTypes",
    "Pair",
    "Parameter",
    "content_of",
    "filter_from_object",
    "object_from_filter",
    "object_from_request",
    "object_from_response",
    "parse",
    "query_of",
    "read",
    "read_query",
    "refusal",
    "request_from_object",
    "response_from_object",
]
