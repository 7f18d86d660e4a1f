"""Enumerations of the standard (TS-0004 6.3.4): tables of numbers and what they mean."""

from resources.datatypes import DataType, enumeration

#: Resource types of the standard by number, whether this CSE has them or not (TS-0004 6.3.4.2.1). 33 is void.
STANDARD_TYPES: dict[int, str] = {
    1: "accessControlPolicy",
    2: "AE",
    3: "container",
    4: "contentInstance",
    5: "CSEBase",
    6: "delivery",
    7: "eventConfig",
    8: "execInstance",
    9: "group",
    10: "locationPolicy",
    11: "m2mServiceSubscriptionProfile",
    12: "mgmtCmd",
    13: "mgmtObj",
    14: "node",
    15: "pollingChannel",
    16: "remoteCSE",
    17: "request",
    18: "schedule",
    19: "serviceSubscribedAppRule",
    20: "serviceSubscribedNode",
    21: "statsCollect",
    22: "statsConfig",
    23: "subscription",
    24: "semanticDescriptor",
    25: "notificationTargetMgmtPolicyRef",
    26: "notificationTargetPolicy",
    27: "policyDeletionRules",
    28: "flexContainer",
    29: "timeSeries",
    30: "timeSeriesInstance",
    31: "role",
    32: "token",
    34: "dynamicAuthorizationConsultation",
    35: "authorizationDecision",
    36: "authorizationPolicy",
    37: "authorizationInformation",
    38: "ontologyRepository",
    39: "ontology",
    40: "semanticMashupJobProfile",
    41: "semanticMashupInstance",
    42: "semanticMashupResult",
    43: "AEContactList",
    44: "AEContactListPerCSE",
    45: "localMulticastGroup",
    46: "multimediaSession",
    47: "triggerRequest",
    48: "crossResourceSubscription",
    49: "backgroundDataTransfer",
    50: "transactionMgmt",
    51: "transaction",
    58: "flexContainerInstance",
    60: "timeSyncBeacon",
    62: "primitiveProfile",
    63: "processManagement",
    64: "state",
    65: "action",
    66: "dependency",
}

#: Types that have an announced variant; its number is 10000 higher and its name ends in ``Annc``.
ANNOUNCEABLE_TYPES = (
    *(1, 2, 3, 4, 5, 9, 10, 13, 14, 16, 18, 24, 28, 29, 30, 38, 39, 40, 41, 42, 46, 58, 60, 62, 63, 64, 65, 66),
)
STANDARD_TYPES |= {10000 + number: f"{STANDARD_TYPES[number]}Annc" for number in ANNOUNCEABLE_TYPES}

#: Virtual resources as members of a group.
VIRTUAL_MEMBERS = {20001: "oldest", 20002: "latest", 20003: "mashup"}

MIXED = 0

resource_type: DataType = enumeration("m2m:resourceType", STANDARD_TYPES)
member_type = enumeration("m2m:memberType", {MIXED: "mixed", **STANDARD_TYPES, **VIRTUAL_MEMBERS})
cse_type_id = enumeration("m2m:cseTypeID", {1: "IN_CSE", 2: "MN_CSE", 3: "ASN_CSE"})
consistency_strategy = enumeration(
    "m2m:consistencyStrategy", {1: "ABANDON_MEMBER", 2: "ABANDON_GROUP", 3: "SET_MIXED"}
)
notification_content_type = enumeration(
    "m2m:notificationContentType",
    {
        1: "All Attributes",
        2: "Modified Attributes",
        3: "ResourceID",
        4: "Trigger Payload",
        5: "TimeSeries notification",
    },
)
notification_event_type = enumeration(
    "m2m:notificationEventType",
    {
        1: "Update_of_Resource",
        2: "Delete_of_Resource",
        3: "Create_of_Direct_Child_Resource",
        4: "Delete_of_Direct_Child_Resource",
        5: "Retrieve_of_Container_Resource_With_No_Child_Resource",
        6: "Trigger_Received_For_AE_Resource",
        7: "Blocking_Update",
        8: "Report_on_missing_data_points",
    },
)
pending_notification = enumeration("m2m:pendingNotification", {1: "sendLatest", 2: "sendAllPending"})
operation = enumeration("m2m:operation", {1: "Create", 2: "Retrieve", 3: "Update", 4: "Delete", 5: "Notify"})
filter_usage = enumeration(
    "m2m:filterUsage",
    {
        1: "Discovery Criteria",
        2: "Conditional Retrieval",
        3: "IPE On-demand Discovery",
        4: "Discovery-based operation",
    },
)
filter_operation = enumeration("m2m:filterOperation", {1: "Logical AND", 2: "Logical OR", 3: "Logical XOR"})
stationary_indication = enumeration("m2m:stationaryIndication", {1: "Stationary", 2: "Mobile (Moving)"})
ae_registration_status = enumeration("m2m:AERegistrationStatus", {1: "ACTIVE", 2: "INACTIVE"})
announce_sync_type = enumeration("m2m:announceSyncType", {1: "UNI_DIRECTIONAL", 2: "BI_DIRECTIONAL"})
geometry_type = enumeration(
    "m2m:geometryType",
    {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"},
)
eval_criteria_operator = enumeration(
    "m2m:evalCriteriaOperator",
    {
        1: "equal",
        2: "notEqual",
        3: "greaterThan",
        4: "lessThan",
        5: "greaterThanOrEqual",
        6: "lessThanOrEqual",
    },
)
esprim_key_gen_alg_id = enumeration("m2m:esprimKeyGenAlgID", {1: "HMAC-SHA256"})
esprim_protocol_and_alg_id = enumeration(
    "m2m:esprimProtocolAndAlgID",
    {10: "JWE_COMPACT_A128GCM", 11: "JWE_COMPACT_A192GCM", 12: "JWE_COMPACT_A256GCM"},
)
mgmt_definition = enumeration(
    "m2m:mgmtDefinition",
    {
        0: "Self-defined",
        1001: "firmware",
        1002: "software",
        1003: "memory",
        1004: "areaNwkInfo",
        1005: "areaNwkDeviceInfo",
        1006: "battery",
        1007: "deviceInfo",
        1008: "deviceCapability",
        1009: "reboot",
        1010: "eventLog",
        1011: "cmdhPolicy",
        1012: "activeCmdhPolicy",
        1013: "cmdhDefaults",
        1014: "cmdhDefEcValue",
        1015: "cmdhEcDefParamValues",
        1016: "cmdhLimits",
        1017: "cmdhNetworkAccessRules",
        1018: "cmdhNwAccessRule",
        1019: "cmdhBuffer",
        1020: "registration",
        1021: "dataCollection",
        1022: "authenticationProfile",
        1023: "myCertFileCred",
        1024: "trustAnchorCred",
        1025: "MAFClientRegCfg",
        1026: "MEFClientRegCfg",
        1027: "OAuth2Authentication",
        1028: "wifiClient",
        1029: "credentials",
        1030: "SIM",
        1031: "mobileNetwork",
    },
)
suid = enumeration(
    "m2m:suid",
    {
        10: "pre-provisioned symmetric key, MEF",
        11: "pre-provisioned symmetric key, MAF",
        12: "pre-provisioned symmetric key, association",
        13: "pre-provisioned symmetric key, primitive",
        14: "pre-provisioned symmetric key, data encryption",
        15: "pre-provisioned symmetric key, data signature",
        21: "remotely provisioned symmetric key, MAF",
        22: "remotely provisioned symmetric key, association",
        23: "remotely provisioned symmetric key, primitive",
        24: "remotely provisioned symmetric key, data encryption",
        25: "remotely provisioned symmetric key, data signature",
        32: "MAF symmetric key, association",
        33: "MAF symmetric key, primitive",
        34: "MAF symmetric key, data encryption",
        35: "MAF symmetric key, data signature",
        40: "certificate, MEF",
        41: "certificate, MAF",
        42: "certificate, association",
        43: "certificate, primitive",
        44: "certificate, data encryption",
        45: "certificate, data signature",
    },
)
