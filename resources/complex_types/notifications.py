"""Notifications, what limits them and what is counted about them (TS-0004 6.3.5)."""

from collections.abc import Mapping

from resources.complex_types.criteria import filter_criteria
from resources.complex_types.elements import element
from resources.datatypes import DataType, Member, complex_type
from resources.enumerations import notification_event_type, operation, resource_type, trigger_purpose
from resources.simple_types import (
    any_uri,
    boolean_type,
    duration,
    identifier,
    missing_data_list,
    non_negative_integer,
    poa_list,
    serializations,
)

batch_notify = complex_type(
    "m2m:batchNotify",
    Member("num", "number", non_negative_integer),
    Member("dur", "duration", duration),
)
rate_limit = complex_type(
    "m2m:rateLimit",
    Member("mnn", "maxNrOfNotify", non_negative_integer, "1"),
    Member("tww", "timeWindow", duration, "1"),
)
set_of_notification_stats_info = complex_type(
    "m2m:setOfNotificationStatsInfo",
    Member("tg", "target", identifier, "1"),
    Member("rqs", "requestsSent", non_negative_integer, "1"),
    Member("rsr", "responsesReceived", non_negative_integer, "1"),
    Member("noec", "notificationEventCount", non_negative_integer, "1"),
)
trigger_payload = complex_type(
    "m2m:triggerPayload",
    Member("tpe", "triggerPurpose", trigger_purpose, "1"),
    Member("tia", "triggerInfoAddress", any_uri),
    Member("tio", "triggerInfoOperation", operation),
    Member("tirt", "triggerInfoResourceType", resource_type),
    Member("tiae", "triggerInfoAE-ID", identifier),
    Member("tipa", "triggerInfoPoA", poa_list),
    Member("tist", "triggerInfoSerializationTypes", serializations),
)
time_series_notification_type = complex_type(
    "m2m:timeSeriesNotificationType",
    Member("mdlt", "missingDataList", missing_data_list, "1"),
    Member("mdc", "missingDataCurrentNr", non_negative_integer, "1"),
)
#: Besides resources, what a notification shows of one: notification content types 3, 4 and 5.
REPRESENTATIONS: Mapping[str, DataType] = {
    "m2m:uri": any_uri,
    "m2m:tgp": trigger_payload,
    "m2m:tsn": time_series_notification_type,
}
representation = element("m2m:representation", lambda: REPRESENTATIONS)
monitored_operation = complex_type(
    "operationMonitor", Member("op", "operation", operation, "1"), Member("or", "originator", identifier, "1")
)
notification_event = complex_type(
    "notificationEvent",
    Member("rep", "representation", representation),
    Member("om", "operationMonitor", monitored_operation),
    Member("net", "notificationEventType", notification_event_type, "1"),
)
ipe_discovery_request = complex_type(
    "IPEDiscoveryRequest",
    Member("or", "originator", identifier, "1"),
    Member("fc", "filterCriteria", filter_criteria, "1"),
)
notification = complex_type(
    "m2m:notification",
    Member("nev", "notificationEvent", notification_event),
    Member("vrq", "verificationRequest", boolean_type),
    Member("sud", "subscriptionDeletion", boolean_type),
    Member("sur", "subscriptionReference", any_uri, "1"),
    Member("cr", "creator", identifier),
    Member("nfu", "notificationForwardingURI", any_uri),
    Member("ntt", "notificationTarget", identifier),
    Member("trr", "targetRemovalRequest", boolean_type),
    Member("tra", "targetRemovalAllowance", boolean_type),
    Member("idr", "IPEDiscoveryRequest", ipe_discovery_request),
    Member("aerp", "AERegistrationPointChange", boolean_type),
    Member("aerid", "AEReferenceIDChange", boolean_type),
    Member("tid1", "trackingID1", identifier),
    Member("tid2", "trackingID2", identifier),
)
aggregated_notification = complex_type(
    "m2m:aggregatedNotification", Member("m2m:sgn", "notification", notification, "1..n")
)
