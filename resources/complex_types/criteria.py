"""Conditions of requests and of subscriptions (TS-0004 6.3.5)."""

from typing import Any

from resources.datatypes import Invalid, Member, complex_type
from resources.enumerations import (
    access_control_operations,
    content_filter_syntax,
    filter_operation,
    filter_usage,
    geo_spatial_function_type,
    geometry_type,
    notification_event_type,
)
from resources.simple_types import (
    any_type,
    any_uri,
    attribute_list,
    duration,
    identifier,
    labels,
    list_of_resource_type,
    nc_name,
    non_negative_integer,
    positive_integer,
    sparql,
    string,
    timestamp,
    type_of_content,
)

#: Members of a geographic condition: all of them or none.
GEO_QUERY = ("gmty", "geom", "gsf")


def _geo_query(value: dict[str, Any]) -> None:
    missing = [short for short in GEO_QUERY if short not in value]
    if 0 < len(missing) < len(GEO_QUERY):
        raise Invalid(f"gmty, geom and gsf come together; {' and '.join(missing)} missing")


attribute = complex_type("m2m:attribute", Member("nm", "name", nc_name, "1"), Member("val", "value", any_type, "1"))
filter_criteria = complex_type(
    "m2m:filterCriteria",
    Member("crb", "createdBefore", timestamp),
    Member("cra", "createdAfter", timestamp),
    Member("ms", "modifiedSince", timestamp),
    Member("us", "unmodifiedSince", timestamp),
    Member("sts", "stateTagSmaller", positive_integer),
    Member("stb", "stateTagBigger", non_negative_integer),
    Member("exb", "expireBefore", timestamp),
    Member("exa", "expireAfter", timestamp),
    Member("lbl", "labels", labels),
    Member("clbl", "childLabels", labels),
    Member("palb", "parentLabels", labels),
    Member("lbq", "labelsQuery", string),
    Member("ty", "resourceType", list_of_resource_type),
    Member("chty", "childResourceType", list_of_resource_type),
    Member("pty", "parentResourceType", list_of_resource_type),
    Member("sza", "sizeAbove", non_negative_integer),
    Member("szb", "sizeBelow", positive_integer),
    Member("cty", "contentType", type_of_content, "0..n"),
    Member("atr", "attribute", attribute, "0..n"),
    Member("catr", "childAttribute", attribute, "0..n"),
    Member("patr", "parentAttribute", attribute, "0..n"),
    Member("fu", "filterUsage", filter_usage),
    Member("lim", "limit", non_negative_integer),
    Member("smf", "semanticsFilter", sparql, "0..n"),
    Member("fo", "filterOperation", filter_operation),
    Member("cfs", "contentFilterSyntax", content_filter_syntax),
    Member("cfq", "contentFilterQuery", string),
    Member("lvl", "level", positive_integer),
    Member("ofst", "offset", positive_integer),
    Member("arp", "applyRelativePath", any_uri),
    Member("ops", "operations", access_control_operations),
    Member("gmty", "geometryType", geometry_type),
    Member("geom", "geometry", string),
    Member("gsf", "geoSpatialFunction", geo_spatial_function_type),
    Member("aq", "advancedQuery", string),
    also=_geo_query,
)
missing_data = complex_type(
    "m2m:missingData", Member("num", "number", positive_integer, "1"), Member("dur", "duration", duration, "1")
)
operation_monitor = complex_type(
    "m2m:operationMonitor",
    Member("ops", "operations", access_control_operations),
    Member("or", "originator", identifier),
)
event_notification_criteria = complex_type(
    "m2m:eventNotificationCriteria",
    Member("crb", "createdBefore", timestamp),
    Member("cra", "createdAfter", timestamp),
    Member("ms", "modifiedSince", timestamp),
    Member("us", "unmodifiedSince", timestamp),
    Member("sts", "stateTagSmaller", positive_integer),
    Member("stb", "stateTagBigger", non_negative_integer),
    Member("exb", "expireBefore", timestamp),
    Member("exa", "expireAfter", timestamp),
    Member("sza", "sizeAbove", non_negative_integer),
    Member("szb", "sizeBelow", positive_integer),
    Member("om", "operationMonitor", operation_monitor, "0..n"),
    Member("atr", "attribute", attribute_list),
    Member("net", "notificationEventType", notification_event_type, "0..5"),
    Member("chty", "childResourceType", list_of_resource_type),
    Member("md", "missingData", missing_data),
    Member("fo", "filterOperation", filter_operation),
    Member("aq", "advancedQuery", string),
)
event_notification_criteria_set = complex_type(
    "m2m:eventNotificationCriteriaSet",
    Member("encn", "eventNotificationCriteriaEntry", event_notification_criteria, "1..n"),
)
