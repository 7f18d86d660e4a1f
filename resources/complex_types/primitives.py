"""Requests, responses and what they may carry (TS-0004 6.3.5, 6.4, 7.2.1)."""

from collections.abc import Mapping

from resources.complex_types.criteria import filter_criteria
from resources.complex_types.elements import element, resource_wrapper
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
from resources.datatypes import DataType, Member, complex_type, list_of
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

primitive_content = element("m2m:primitiveContent", lambda: CONTENT_ELEMENTS)
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
