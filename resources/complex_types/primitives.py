"""Requests, responses and what they may carry (TS-0004 6.3.5, 6.4, 7.2.1)."""

import re
from collections.abc import Mapping
from typing import Any

from resources.complex_types.criteria import filter_criteria
from resources.complex_types.notifications import (
    aggregated_notification,
    notification,
    time_series_notification_type,
    trigger_payload,
)
from resources.complex_types.security import (
    dyn_auth_local_token_id_assignments,
    dyn_auth_token_req_info,
    security_info,
)
from resources.datatypes import DataType, Invalid, Member, complex_type, expected, list_of, parse_json, shown
from resources.enumerations import (
    content_status,
    des_id_res_type,
    operation,
    resource_type,
    response_status_code,
    response_type,
    result_content,
)
from resources.simple_types import (
    abs_rel_timestamp,
    any_uri,
    attribute_list,
    boolean_type,
    dyn_auth_jwt,
    event_cat,
    identifier,
    list_of_any_uri,
    list_of_m2m_id,
    list_of_nc_name,
    positive_integer,
    release_version,
    request_id,
    resource_name,
    role_id,
    signature_list,
    string,
    timestamp,
    token_id,
)

_ROOT = re.compile(r"[A-Za-z][A-Za-z0-9]*:[A-Za-z][A-Za-z0-9_\\-]*").fullmatch


def _resource(root: str, value: Any) -> None:
    if _ROOT(root) is None:
        raise Invalid(f"{shown(root)} is no root of a resource; expected prefix:name, for example m2m:cnt")
    if type(value) is not dict:
        raise expected(f"an object (the resource {root})", value).within(root)


def _content(value: Any) -> None:
    if type(value) is not dict or len(value) != 1:
        raise expected("an object with one member, named as the root of a resource or of a content", value)
    [(root, element)] = value.items()
    type_ = CONTENT_ELEMENTS.get(root)
    if type_ is None:
        _resource(root, element)
        return
    try:
        type_.check(element)
    except Invalid as problem:
        raise problem.within(root) from None
    except RecursionError:
        raise Invalid("primitives within primitives are nested too deep", root) from None


def _content_text(source: str) -> Any:
    value = parse_json(source)
    _content(value)
    return value


def _wrapper(value: Any) -> None:
    if type(value) is not dict or len(value) != 2 or "uri" not in value:
        raise expected("an object with uri and the resource under its root", value)
    for root, part in value.items():
        if root == "uri":
            try:
                any_uri.check(part)
            except Invalid as problem:
                raise problem.within("uri") from None
        else:
            _resource(root, part)


def _wrapper_text(source: str) -> Any:
    value = parse_json(source)
    _wrapper(value)
    return value


#: One element: a resource under its root, or one of CONTENT_ELEMENTS.
primitive_content = DataType(
    "m2m:primitiveContent",
    "object",
    _content,
    {"type": "object", "minProperties": 1, "maxProperties": 1},
    _content_text,
)
#: A resource under its root, and where it is.
resource_wrapper = DataType(
    "m2m:resourceWrapper",
    "object",
    _wrapper,
    {"type": "object", "properties": {"uri": any_uri.schema}, "minProperties": 2, "maxProperties": 2},
    _wrapper_text,
)
response_type_info = complex_type(
    "m2m:responseTypeInfo",
    Member("rtv", "responseTypeValue", response_type, "1"),
    Member("nu", "notificationURI", list_of_any_uri),
)
meta_information = complex_type(
    "m2m:metaInformation",
    Member("ty", "resourceType", resource_type),
    Member("ot", "originatingTimestamp", timestamp),
    Member("rqet", "requestExpirationTimestamp", abs_rel_timestamp),
    Member("rset", "resultExpirationTimestamp", abs_rel_timestamp),
    Member("oet", "operationExecutionTime", abs_rel_timestamp),
    Member("rt", "responseType", response_type_info),
    Member("rp", "resultPersistence", abs_rel_timestamp),
    Member("rcn", "resultContent", result_content),
    Member("ec", "eventCategory", event_cat),
    Member("da", "deliveryAggregation", boolean_type),
    Member("gid", "groupRequestIdentifier", string),
    Member("fc", "filterCriteria", filter_criteria),
    Member("drt", "desiredIdentifierResultType", des_id_res_type),
    Member("rids", "roleIDs", list_of(role_id)),
    Member("tqi", "tokenRequestIndicator", boolean_type),
    Member("tkns", "tokens", list_of(dyn_auth_jwt)),
    Member("tids", "tokenIDs", list_of(token_id)),
    Member("ltids", "localTokenIDs", list_of_nc_name),
    Member("grtm", "groupRequestTargetMembers", list_of_any_uri),
    Member("asi", "authorSignIndicator", boolean_type),
    Member("aus", "authorSigns", signature_list),
    Member("auri", "authorRelIndicator", boolean_type),
    Member("sqi", "semanticQueryIndicator", boolean_type),
    Member("rvi", "ReleaseVersionIndicator", release_version, "1"),
    Member("vsi", "vendorInformation", string),
    Member("msu", "m2mServiceUser", identifier),
    Member("omr", "ontologyMappingResources", list_of(identifier)),
    Member("gstn", "groupSomecastTargetNumber", positive_integer),
)
operation_result = complex_type(
    "m2m:operationResult",
    Member("rsc", "responseStatusCode", response_status_code, "1"),
    Member("rqi", "requestIdentifier", request_id, "1"),
    Member("pc", "primitiveContent", primitive_content),
    Member("to", "to", any_uri),
    Member("fr", "from", identifier),
    Member("ot", "originatingTimestamp", timestamp),
    Member("rset", "resultExpirationTimestamp", abs_rel_timestamp),
    Member("ec", "eventCategory", event_cat),
    Member("cnst", "contentStatus", content_status),
    Member("cnot", "contentOffset", positive_integer),
)
child_resource_ref = complex_type(
    "m2m:childResourceRef",
    Member("val", "(base content)", any_uri, "1"),
    Member("nm", "name", resource_name, "1"),
    Member("typ", "type", resource_type, "1"),
    Member("spty", "specializationID", any_uri),
)
list_of_child_resource_ref = complex_type(
    "m2m:listOfChildResourceRef", Member("rrf", "resourceRef", child_resource_ref, "0..n")
)
request_primitive = complex_type(
    "m2m:requestPrimitive",
    Member("op", "operation", operation, "1"),
    Member("to", "to", any_uri, "1"),
    Member("fr", "from", identifier),
    Member("rqi", "requestIdentifier", request_id, "1"),
    Member("ty", "resourceType", resource_type),
    Member("pc", "primitiveContent", primitive_content),
    Member("rids", "roleIDs", list_of(role_id)),
    Member("ot", "originatingTimestamp", timestamp),
    Member("rqet", "requestExpirationTimestamp", abs_rel_timestamp),
    Member("rset", "resultExpirationTimestamp", abs_rel_timestamp),
    Member("oet", "operationExecutionTime", abs_rel_timestamp),
    Member("rt", "responseType", response_type_info),
    Member("rp", "resultPersistence", abs_rel_timestamp),
    Member("rcn", "resultContent", result_content),
    Member("ec", "eventCategory", event_cat),
    Member("da", "deliveryAggregation", boolean_type),
    Member("gid", "groupRequestIdentifier", string),
    Member("fc", "filterCriteria", filter_criteria),
    Member("drt", "desiredIdentifierResultType", des_id_res_type),
    Member("tkns", "tokens", list_of(dyn_auth_jwt)),
    Member("tids", "tokenIDs", list_of(token_id)),
    Member("ltids", "localTokenIDs", list_of_nc_name),
    Member("tqi", "tokenRequestIndicator", boolean_type),
    Member("grtm", "groupRequestTargetMembers", list_of_any_uri),
    Member("asi", "authorSignIndicator", boolean_type),
    Member("aus", "authorSigns", signature_list),
    Member("auri", "authorRelIndicator", boolean_type),
    Member("sqi", "semanticQueryIndicator", boolean_type),
    Member("rvi", "releaseVersionIndicator", release_version, "1"),
    Member("vsi", "vendorInformation", string),
    Member("gstn", "groupSomecastTargetNumber", positive_integer),
    Member("omr", "ontologyMappingResources", list_of(identifier)),
    Member("prpi", "primitiveProfileIdentifier", identifier),
    Member("msu", "m2mServiceUser", identifier),
)
response_primitive = complex_type(
    "m2m:responsePrimitive",
    Member("rsc", "responseStatusCode", response_status_code, "1"),
    Member("rqi", "requestIdentifier", request_id, "1"),
    Member("pc", "primitiveContent", primitive_content),
    Member("to", "to", identifier),
    Member("fr", "from", identifier),
    Member("ot", "originatingTimestamp", timestamp),
    Member("rset", "resultExpirationTimestamp", abs_rel_timestamp),
    Member("ec", "eventCategory", event_cat),
    Member("cnst", "contentStatus", content_status),
    Member("cnot", "contentOffset", positive_integer),
    Member("ati", "assignedTokenIdentifiers", dyn_auth_local_token_id_assignments),
    Member("tqf", "tokenRequestInformation", dyn_auth_token_req_info),
    Member("asri", "authorSignReqInfo", boolean_type),
    Member("rvi", "releaseVersionIndicator", release_version, "1"),
    Member("vsi", "vendorInformation", string),
)
request_of_many = complex_type(
    "request",
    Member("op", "operation", operation, "1"),
    Member("to", "to", any_uri, "1"),
    Member("fr", "from", identifier, "1"),
    Member("rqi", "requestIdentifier", request_id, "1"),
    Member("pc", "primitiveContent", primitive_content),
    Member("mi", "metaInformation", meta_information),
)
aggregated_request = complex_type("m2m:aggregatedRequest", Member("req", "request", request_of_many, "1..n"))
aggregated_response = complex_type(
    "m2m:aggregatedResponse",
    Member("ri", "resourceID", any_uri),
    Member("m2m:rsp", "responsePrimitive", response_primitive, "0..n"),
)
delivery_meta_data = complex_type(
    "m2m:deliveryMetaData",
    Member("tcop", "tracingOption", boolean_type, "1"),
    Member("tcin", "tracingInfo", list_of_m2m_id),
)

#: Contents that are no resources, by their root (TS-0004 7.2.1).
CONTENT_ELEMENTS: Mapping[str, DataType] = {
    "m2m:uri": any_uri,
    "m2m:uril": list_of_any_uri,
    "m2m:rrl": list_of_child_resource_ref,
    "m2m:rce": resource_wrapper,
    "m2m:agr": aggregated_response,
    "m2m:rsp": response_primitive,
    "m2m:rqp": request_primitive,
    "m2m:sgn": notification,
    "m2m:agn": aggregated_notification,
    "m2m:atrl": attribute_list,
    "m2m:dbg": string,
    "m2m:qres": string,
    "m2m:seci": security_info,
    "m2m:tgp": trigger_payload,
    "m2m:tsn": time_series_notification_type,
}
