"""What resources hold: links, schedules, patterns, conditions of processes (TS-0004 6.3.5)."""

from resources.complex_types.access import eval_criteria, location_region
from resources.datatypes import Member, complex_type, list_of
from resources.enumerations import stationary_indication
from resources.simple_types import (
    any_uri,
    double,
    identifier,
    nc_name,
    positive_integer,
    schedule_entry,
    session_description,
)

uri_reference = complex_type("URIReference", Member("nm", "name", nc_name, "1"), Member("uri", "URI", any_uri, "1"))
content_ref = complex_type("m2m:contentRef", Member("urir", "URIReference", uri_reference, "1..n"))
data_link = complex_type(
    "m2m:dataLink",
    Member("nm", "name", any_uri, "1"),
    Member("dcid", "dataContainerID", identifier, "1"),
    Member("atn", "attributeName", nc_name),
)
list_of_data_links = complex_type("m2m:listOfDataLinks", Member("dle", "dataLinkEntry", data_link, "1..n"))
mashup_member = complex_type(
    "mashupMember", Member("muri", "memberURI", any_uri, "1"), Member("mvl", "memberValue", double)
)
mashup_members = complex_type("m2m:mashupMembers", Member("msm", "mashupMember", mashup_member, "1..n"))
session_descriptions = complex_type(
    "m2m:sessionDescriptions", Member("sdc", "sessionDescription", session_description, "1..n")
)
schedule_entries = complex_type("m2m:scheduleEntries", Member("sce", "scheduleEntry", schedule_entry, "1..n"))
activity_pattern = complex_type(
    "m2m:activityPattern",
    Member("se", "scheduleElement", schedule_entries, "1..n"),
    Member("sti", "stationaryIndication", stationary_indication),
    Member("dsi", "dataSizeIndicator", positive_integer),
)
activity_pattern_elements = list_of(activity_pattern, "m2m:activityPatternElements")
deletion_contexts = complex_type(
    "m2m:deletionContexts",
    Member("tod", "timeOfDay", schedule_entry, "0..n"),
    Member("lr", "locationRegions", location_region, "0..n"),
)
process_conditions = complex_type(
    "m2m:processConditions",
    Member("sri", "subjectResourceID", identifier, "1"),
    Member("evc", "evalCriteria", eval_criteria, "1"),
)
state_transition = complex_type(
    "m2m:stateTransition",
    Member("evc", "evalCriteria", eval_criteria, "1"),
    Member("nxst", "nextState", identifier, "1"),
)
action_input = complex_type(
    "m2m:actionInput",
    Member("cstr", "contentString", nc_name),
    Member("rsid", "resourceID", identifier),
    Member("raid", "resourceAttributeID", identifier),
)
