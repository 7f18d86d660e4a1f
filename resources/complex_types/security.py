"""Tokens, dynamic authorization and end-to-end security (TS-0004 6.3.5)."""

from typing import Any

from resources.complex_types.access import location_region, set_of_acrs
from resources.datatypes import Invalid, Member, complex_type, list_of
from resources.enumerations import (
    esprim_key_gen_alg_id,
    esprim_protocol_and_alg_id,
    operation,
    resource_type,
    security_info_type,
    suid,
)
from resources.simple_types import (
    abs_rel_timestamp,
    any_uri,
    base64_binary,
    boolean_type,
    dyn_auth_jwt,
    e2e_compact_jwe,
    identifier,
    ipv4,
    ipv6,
    nc_name,
    role_id,
    signature_list,
    string,
    timestamp,
    token_id,
)

#: The member that each securityInfoType brings.
SECURITY_MEMBERS = {
    1: "dreq", 2: "dres", 3: "ero", 4: "ero", 5: "epo", 6: "eckm", 7: "darq", 8: "dars",
}


def _validity(value: dict[str, Any]) -> None:
    if not value["tknb"] < value["tkna"]:
        raise Invalid(f"expected tknb before tkna, got {value['tknb']} and {value['tkna']}")


def _security_member(value: dict[str, Any]) -> None:
    kind = value["sit"]
    fitting = SECURITY_MEMBERS[kind]
    strange = value.keys() - {"sit", fitting}
    if strange:
        raise Invalid(f"sit {kind} goes with {fitting} only, got {', '.join(sorted(strange))}")


token_permission = complex_type(
    "m2m:tokenPermission",
    Member("ris", "resourceIDs", list_of(identifier)),
    Member("pv", "privileges", set_of_acrs),
    Member("rids", "roleIDs", list_of(role_id)),
)
token_permissions = complex_type("m2m:tokenPermissions", Member("pm", "permission", token_permission, "0..n"))
token_claim_set = complex_type(
    "m2m:tokenClaimSet",
    Member("vr", "version", string, "1"),
    Member("tkid", "tokenID", token_id, "1"),
    Member("tkhd", "holder", identifier, "1"),
    Member("tkis", "issuer", identifier, "1"),
    Member("tknb", "notBefore", timestamp, "1"),
    Member("tkna", "notAfter", timestamp, "1"),
    Member("tknm", "tokenName", string),
    Member("tkau", "audience", list_of(identifier)),
    Member("tkps", "permissions", token_permissions),
    Member("tkex", "extension", string),
    also=_validity,
)
local_token_id_assignment = complex_type(
    "localTokenIdAssignment", Member("lti", "localTokenID", nc_name, "1"), Member("tkid", "tokenID", token_id, "1")
)
dyn_auth_local_token_id_assignments = complex_type(
    "m2m:dynAuthLocalTokenIdAssignments", Member("ltia", "localTokenIdAssignment", local_token_id_assignment, "1..n")
)
dyn_auth_token_summary = complex_type(
    "m2m:dynAuthTokenSummary",
    Member("tkid", "tokenID", token_id, "1"),
    Member("tknb", "notBefore", timestamp, "1"),
    Member("tkna", "notAfter", timestamp, "1"),
    Member("tknm", "tokenName", string),
    Member("tkau", "audience", list_of(identifier)),
    also=_validity,
)
originator_ip = complex_type("originatorIP", Member("ip4", "ipv4Address", ipv4), Member("ip6", "ipv6Address", ipv6))
dyn_auth_das_request = complex_type(
    "m2m:dynAuthDasRequest",
    Member("or", "originator", identifier, "1"),
    Member("trt", "targetedResourceType", resource_type),
    Member("op", "operation", operation, "1"),
    Member("oip", "originatorIP", originator_ip),
    Member("olo", "originatorLocation", location_region),
    Member("orid", "originatorRoleIDs", list_of(role_id)),
    Member("rts", "requestTimestamp", abs_rel_timestamp),
    Member("trid", "targetedResourceID", any_uri, "1"),
    Member("ppl", "proposedPrivilegesLifetime", abs_rel_timestamp),
    Member("rfa", "roleIDsFromACPs", list_of(role_id)),
    Member("tids", "tokenIDs", list_of(token_id)),
    Member("asi", "authorSignIndicator", boolean_type),
)
das_info = complex_type(
    "dasInfo",
    Member("uri", "URI", any_uri, "1"),
    Member("dreq", "dasRequest", dyn_auth_das_request),
    Member("sdr", "securedDasRequest", dyn_auth_jwt),
)
dyn_auth_token_req_info = complex_type("m2m:dynAuthTokenReqInfo", Member("dasi", "dasInfo", das_info, "1..n"))
dynamic_acp_info = complex_type(
    "dynamicACPInfo",
    Member("gp", "grantedPrivileges", set_of_acrs),
    Member("pl", "privilegesLifetime", abs_rel_timestamp),
)
dyn_auth_das_response = complex_type(
    "m2m:dynAuthDasResponse",
    Member("dai", "dynamicACPInfo", dynamic_acp_info),
    Member("tkns", "tokens", list_of(dyn_auth_jwt)),
    Member("asri", "authorSignReqInfo", boolean_type),
)
dyn_auth_rel_map_request = complex_type(
    "m2m:dynAuthRelMapRequest",
    Member("or", "originator", identifier),
    Member("tids", "tokenIDs", list_of(token_id)),
    Member("tkns", "tokens", list_of(dyn_auth_jwt)),
    Member("aus", "authorSigns", signature_list),
    Member("asri", "authorSignReqInfo", boolean_type),
)
dyn_auth_rel_map_response = complex_type(
    "m2m:dynAuthRelMapResponse",
    Member("tids", "tokenIDs", list_of(token_id)),
    Member("tkns", "tokens", list_of(dyn_auth_jwt)),
    Member("asri", "authorSignReqInfo", boolean_type),
    Member("signature", "signature", signature_list),
)
originator_esprim_rand_object = complex_type(
    "m2m:originatorESPrimRandObject",
    Member("esri", "esprimRandID", nc_name, "1"),
    Member("esrv", "esprimRandValue", nc_name, "1"),
    Member("esrx", "esprimRandExpiry", abs_rel_timestamp, "1"),
    Member("esk", "esprimKeyGenAlgID", esprim_key_gen_alg_id, "1"),
    Member("espa", "esprimProtocolAndAlgIDs", list_of(esprim_protocol_and_alg_id), "1"),
)
receiver_esprim_rand_object = complex_type(
    "m2m:receiverESPrimRandObject",
    Member("esri", "esprimRandID", nc_name, "1"),
    Member("esrv", "esprimRandValue", nc_name, "1"),
    Member("esrx", "esprimRandExpiry", abs_rel_timestamp, "1"),
    Member("esks", "esprimKeyGenAlgIDs", list_of(esprim_key_gen_alg_id), "1"),
    Member("espa", "esprimProtocolAndAlgIDs", list_of(esprim_protocol_and_alg_id), "1"),
)
e2e_sec_info = complex_type(
    "m2m:e2eSecInfo",
    Member("esf", "supportedE2ESecFeatures", list_of(suid), "1"),
    Member("escert", "certificates", list_of(base64_binary)),
    Member("esro", "sharedReceiverESPrimRandObject", receiver_esprim_rand_object),
)
security_info = complex_type(
    "m2m:securityInfo",
    Member("sit", "securityInfoType", security_info_type, "1"),
    Member("dreq", "dasRequest", dyn_auth_das_request),
    Member("dres", "dasResponse", dyn_auth_das_response),
    Member("ero", "esprimRandObject", receiver_esprim_rand_object),
    Member("epo", "esprimObject", e2e_compact_jwe),
    Member("eckm", "escertkeMessage", base64_binary),
    Member("darq", "dynAuthRelMapRequest", dyn_auth_rel_map_request),
    Member("dars", "dynAuthRelMapResponse", dyn_auth_rel_map_response),
    also=_security_member,
)
