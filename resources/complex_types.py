"""Complex types as tables of members (TS-0004 6.3.5): short name, type, cardinality."""

from typing import Any

from resources.datatypes import DataType, Invalid, Member, complex_type, expected, list_of, parse_json
from resources.enumerations import (
    esprim_key_gen_alg_id,
    esprim_protocol_and_alg_id,
    eval_criteria_operator,
    filter_operation,
    geometry_type,
    mgmt_definition,
    notification_event_type,
    resource_type,
    stationary_indication,
    suid,
)
from resources.simple_types import (
    abs_rel_timestamp,
    access_control_operations,
    any_type,
    any_uri,
    attribute_list,
    base64_binary,
    boolean_type,
    country_code,
    double,
    duration,
    float_type,
    identifier,
    ipv4,
    ipv6,
    list_of_any_uri,
    list_of_nc_name,
    list_of_resource_type,
    list_of_string,
    nc_name,
    non_negative_integer,
    positive_integer,
    schedule_entry,
    string,
    timestamp,
)

# Batches, rates and missing data of a subscription

batch_notify = complex_type("m2m:batchNotify", Member("num", non_negative_integer), Member("dur", duration))
rate_limit = complex_type("m2m:rateLimit", Member("mnn", non_negative_integer, "1"), Member("tww", duration, "1"))
missing_data = complex_type("m2m:missingData", Member("num", positive_integer, "1"), Member("dur", duration, "1"))
operation_monitor = complex_type(
    "m2m:operationMonitor", Member("ops", access_control_operations), Member("or", identifier)
)
event_notification_criteria = complex_type(
    "m2m:eventNotificationCriteria",
    Member("crb", timestamp),
    Member("cra", timestamp),
    Member("ms", timestamp),
    Member("us", timestamp),
    Member("sts", positive_integer),
    Member("stb", non_negative_integer),
    Member("exb", timestamp),
    Member("exa", timestamp),
    Member("sza", non_negative_integer),
    Member("szb", positive_integer),
    Member("om", operation_monitor, "0..n"),
    Member("atr", attribute_list),
    Member("net", notification_event_type, "0..5"),
    Member("chty", list_of_resource_type),
    Member("md", missing_data),
    Member("fo", filter_operation),
    Member("aq", string),
)
notification_stats_info = complex_type(
    "m2m:setOfNotificationStatsInfo",
    Member("tg", identifier, "1"),
    Member("rqs", non_negative_integer, "1"),
    Member("rsr", non_negative_integer, "1"),
    Member("noec", non_negative_integer, "1"),
)

# Access control

location_region = complex_type(
    "m2m:locationRegion",
    Member("accr", list_of(float_type, least=3, most=3)),
    Member("accc", list_of(country_code)),
    one_of=True,
)
eval_criteria = complex_type(
    "m2m:evalCriteria",
    Member("optr", eval_criteria_operator, "1"),
    Member("sbjt", nc_name, "1"),
    Member("thld", any_type, "1"),
)
specialization_type = complex_type(
    "m2m:specializationType", Member("cnd", any_uri), Member("mgd", mgmt_definition), one_of=True
)
ip_addresses = complex_type(
    "accessControlIpAddresses", Member("ipv4", list_of(ipv4)), Member("ipv6", list_of(ipv6))
)
access_control_contexts = complex_type(
    "accessControlContexts",
    Member("actw", schedule_entry, "0..n"),
    Member("acip", ip_addresses),
    Member("aclr", location_region),
    Member("acui", list_of_string),
    Member("acec", eval_criteria),
    Member("acl", non_negative_integer),
)
access_control_object_details = complex_type(
    "accessControlObjectDetails",
    Member("ty", resource_type),
    Member("spty", specialization_type),
    Member("chty", list_of_resource_type, "1"),
)
access_control_rule = complex_type(
    "m2m:accessControlRule",
    Member("acor", list_of_any_uri, "1"),
    Member("acop", access_control_operations, "1"),
    Member("acco", access_control_contexts, "0..n"),
    Member("acaf", boolean_type),
    Member("acod", access_control_object_details, "0..n"),
    Member("aca", list_of_nc_name),
)
set_of_acrs = complex_type("m2m:setOfAcrs", Member("acr", access_control_rule, "0..n"))

# Registration

receiver_esprim_rand_object = complex_type(
    "m2m:receiverESPrimRandObject",
    Member("esri", nc_name, "1"),
    Member("esrv", nc_name, "1"),
    Member("esrx", abs_rel_timestamp, "1"),
    Member("esks", list_of(esprim_key_gen_alg_id), "1"),
    Member("espa", list_of(esprim_protocol_and_alg_id), "1"),
)
e2e_sec_info = complex_type(
    "m2m:e2eSecInfo",
    Member("esf", list_of(suid), "1"),
    Member("escert", list_of(base64_binary)),
    Member("esro", receiver_esprim_rand_object),
)
schedule_entries = complex_type("m2m:scheduleEntries", Member("sce", schedule_entry, "1..n"))
activity_pattern = complex_type(
    "m2m:activityPattern",
    Member("se", schedule_entries, "1..n"),
    Member("sti", stationary_indication),
    Member("dsi", positive_integer),
)
activity_pattern_elements = list_of(activity_pattern, "m2m:activityPatternElements")

# Content

uri_reference = complex_type("URIReference", Member("nm", nc_name, "1"), Member("uri", any_uri, "1"))
content_ref = complex_type("m2m:contentRef", Member("urir", uri_reference, "1..n"))

# Places

#: Depth of the coordinate arrays and least number of positions in the innermost one, by geometry type.
GEOMETRIES = {1: (0, 1), 2: (1, 2), 3: (2, 4), 4: (1, 1), 5: (2, 2), 6: (3, 4)}
RINGS = (3, 6)


def _position(value: Any) -> None:
    if type(value) is not list or len(value) not in (2, 3):
        raise expected("a position [longitude, latitude] or [longitude, latitude, altitude]", value)
    for number in value:
        double.check(number)
    if not (-180 <= value[0] <= 180 and -90 <= value[1] <= 90):
        raise Invalid("expected a longitude in -180..180 and a latitude in -90..90 (longitude first)")


def _coordinates(value: Any, depth: int, least: int, *, ring: bool) -> None:
    if depth == 0:
        _position(value)
        return
    enough = least if depth == 1 else 1
    if type(value) is not list or len(value) < enough:
        raise expected(f"an array of at least {enough} {'positions' if depth == 1 else 'parts'}", value)
    for index, part in enumerate(value):
        try:
            _coordinates(part, depth - 1, least, ring=ring)
        except Invalid as problem:
            raise problem.within(f"[{index}]") from None
    if ring and depth == 1 and value[0] != value[-1]:
        raise Invalid("expected a closed ring: its last position equal to its first")


def _geometry(value: dict[str, Any]) -> None:
    kind, coordinates = value["typ"], value["crd"]
    depth, least = GEOMETRIES[kind]
    try:
        if type(coordinates) is str:
            coordinates = parse_json(coordinates)
        _coordinates(coordinates, depth, least, ring=kind in RINGS)
    except Invalid as problem:
        raise problem.within("crd") from None


geo_coordinates: DataType = complex_type(
    "m2m:geoCoordinates", Member("typ", geometry_type, "1"), Member("crd", any_type, "1"), also=_geometry
)
