"""Access control: rules, their contexts, and conditions on values (TS-0004 6.3.5)."""

from typing import Any

from resources.datatypes import Invalid, Member, complex_type, expected, list_of
from resources.enumerations import access_control_operations, eval_criteria_operator, mgmt_definition, resource_type
from resources.simple_types import (
    any_type,
    any_uri,
    boolean_type,
    country_code,
    float_type,
    ipv4,
    ipv6,
    list_of_any_uri,
    list_of_nc_name,
    list_of_resource_type,
    list_of_string,
    nc_name,
    non_negative_integer,
    schedule_entry,
)

#: Operators that ask for a smaller and a bigger: 3 and more of m2m:evalCriteriaOperator.
FIRST_ORDERED_OPERATOR = 3


def _orderable(value: dict[str, Any]) -> None:
    if value["optr"] >= FIRST_ORDERED_OPERATOR and isinstance(value["thld"], bool | list | dict):
        raise expected("a number or text where the operator asks for bigger or smaller", value["thld"]).within("thld")


def _radius(value: list[float]) -> None:
    if value[2] < 0:
        raise Invalid(f"expected a radius >= 0 metres after the centre, got {value[2]}")


eval_criteria = complex_type(
    "m2m:evalCriteria",
    Member("optr", "operator", eval_criteria_operator, "1"),
    Member("sbjt", "subject", nc_name, "1"),
    Member("thld", "threshold", any_type, "1"),
    also=_orderable,
)
specialization_type = complex_type(
    "m2m:specializationType",
    Member("cnd", "containerDefinition", any_uri),
    Member("mgd", "mgmtDefinition", mgmt_definition),
    one_of=True,
)
location_region = complex_type(
    "m2m:locationRegion",
    Member("accr", "circRegion", list_of(float_type, "list of 3 xs:float", least=3, most=3, also=_radius)),
    Member("accc", "countryCode", list_of(country_code)),
    one_of=True,
)
access_control_ip_addresses = complex_type(
    "accessControlIpAddresses",
    Member("ipv4", "ipv4Addresses", list_of(ipv4)),
    Member("ipv6", "ipv6Addresses", list_of(ipv6)),
)
access_control_contexts = complex_type(
    "accessControlContexts",
    Member("actw", "accessControlWindow", schedule_entry, "0..n"),
    Member("acip", "accessControlIpAddresses", access_control_ip_addresses),
    Member("aclr", "accessControlLocationRegion", location_region),
    Member("acui", "accessControlUserIDs", list_of_string),
    Member("acec", "accessControlEvalCriteria", eval_criteria),
    Member("acl", "accessControlLimit", non_negative_integer),
)
access_control_object_details = complex_type(
    "accessControlObjectDetails",
    Member("ty", "resourceType", resource_type),
    Member("spty", "specializationType", specialization_type),
    Member("chty", "childResourceType", list_of_resource_type, "1"),
)
access_control_rule = complex_type(
    "m2m:accessControlRule",
    Member("acor", "accessControlOriginators", list_of_any_uri, "1"),
    Member("acop", "accessControlOperations", access_control_operations, "1"),
    Member("acco", "accessControlContexts", access_control_contexts, "0..n"),
    Member("acaf", "accessControlAuthenticationFlag", boolean_type),
    Member("acod", "accessControlObjectDetails", access_control_object_details, "0..n"),
    Member("aca", "accessControlAttributes", list_of_nc_name),
)
set_of_acrs = complex_type("m2m:setOfAcrs", Member("acr", "accessControlRules", access_control_rule, "0..n"))
set_of_permissions = complex_type("m2m:setOfPermissions", Member("pv", "privileges", set_of_acrs, "0..n"))
ip_address = complex_type("m2m:ipAddress", Member("ip4", "ipv4Address", ipv4), Member("ip6", "ipv6Address", ipv6))
