"""crossResourceSubscription: one notification when events of several resources coincide (TS-0001 9.6.58)."""

from dataclasses import replace

from resources.common import CR, CSTN, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import event_notification_criteria_set, set_of_notification_stats_info
from resources.datatypes import list_of
from resources.enumerations import event_evaluation_mode, time_window_type
from resources.model import ResourceType, row
from resources.simple_types import (
    any_uri,
    boolean_type,
    duration,
    event_cat,
    list_of_any_uri,
    list_of_uris,
    positive_integer,
)

CROSS_RESOURCE_SUBSCRIPTION = ResourceType(
    number=48,
    short="crs",
    name="crossResourceSubscription",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        replace(CR, single=True),
        CSTN,
        row("rrat", "regularResourcesAsTarget", list_of_uris, update=NP),
        row("srat", "subscriptionResourcesAsTarget", list_of_uris, update=NP),
        row("rrats", "regularResourcesAsTargetSubscriptions", list_of_uris, create=NP, update=NP),
        row("twt", "timeWindowType", time_window_type, create=MANDATORY, single=True),
        row("tws", "timeWindowSize", duration, create=MANDATORY, single=True),
        row("encs", "eventNotificationCriteriaSet", event_notification_criteria_set, update=NP),
        row("nec", "notificationEventCat", event_cat, update=NP),
        row("exc", "expirationCounter", positive_integer),
        row("nu", "notificationURI", list_of_any_uri, create=MANDATORY, single=True),
        row("su", "subscriberURI", any_uri, update=NP),
        row("eem", "eventEvaluationMode", event_evaluation_mode, release=4),
        row("nse", "notificationStatsEnable", boolean_type, release=4),
        row("nsi", "notificationStatsInfo", list_of(set_of_notification_stats_info), create=NP, update=NP, release=4),
    ),
    virtual=("ntsr",),
    subscribable=False,
    release=3,
)
