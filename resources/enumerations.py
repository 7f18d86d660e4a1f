"""Enumerations of the standard (TS-0004 6.3.4): tables of numbers and what they mean.

A number means the same in every release that has it. Where the texts name no value, the name says what it is for.
"""

from resources.datatypes import DataType, bit_mask, enumeration, integer
from resources.status import Status

#: Resource types of the standard by number, whether this CSE has them or not (TS-0004 6.3.4.2.1). 33 is void.
STANDARD_TYPES: dict[int, str] = {
    1: "accessControlPolicy", 2: "AE", 3: "container", 4: "contentInstance", 5: "CSEBase", 6: "delivery",
    7: "eventConfig", 8: "execInstance", 9: "group", 10: "locationPolicy", 11: "m2mServiceSubscriptionProfile",
    12: "mgmtCmd", 13: "mgmtObj", 14: "node", 15: "pollingChannel", 16: "remoteCSE", 17: "request", 18: "schedule",
    19: "serviceSubscribedAppRule", 20: "serviceSubscribedNode", 21: "statsCollect", 22: "statsConfig",
    23: "subscription", 24: "semanticDescriptor", 25: "notificationTargetMgmtPolicyRef",
    26: "notificationTargetPolicy", 27: "policyDeletionRules", 28: "flexContainer", 29: "timeSeries",
    30: "timeSeriesInstance", 31: "role", 32: "token", 34: "dynamicAuthorizationConsultation",
    35: "authorizationDecision", 36: "authorizationPolicy", 37: "authorizationInformation", 38: "ontologyRepository",
    39: "ontology", 40: "semanticMashupJobProfile", 41: "semanticMashupInstance", 42: "semanticMashupResult",
    43: "AEContactList", 44: "AEContactListPerCSE", 45: "localMulticastGroup", 46: "multimediaSession",
    47: "triggerRequest", 48: "crossResourceSubscription", 49: "backgroundDataTransfer", 50: "transactionMgmt",
    51: "transaction", 58: "flexContainerInstance", 60: "timeSyncBeacon", 62: "primitiveProfile",
    63: "processManagement", 64: "state", 65: "action", 66: "dependency",
}

#: Types that have an announced variant; its number is 10000 higher and its name ends in ``Annc``.
ANNOUNCEABLE_TYPES = (
    *(1, 2, 3, 4, 5, 9, 10, 13, 14, 16, 18, 24, 28, 29, 30, 38, 39, 40, 41, 42, 46, 58, 60, 62, 63, 64, 65, 66),
)
STANDARD_TYPES |= {10000 + number: f"{STANDARD_TYPES[number]}Annc" for number in ANNOUNCEABLE_TYPES}

#: Numbers that release 4 gave to types of which no more than the names are known, and not which is whose.
UNSPECIFIED_TYPES = frozenset({52, 53, 54, 55, 56, 57, 59, 61})

#: Virtual resources as members of a group.
VIRTUAL_MEMBERS = {20001: "oldest", 20002: "latest", 20003: "mashup"}

MIXED = 0

resource_type: DataType = enumeration("m2m:resourceType", STANDARD_TYPES)
member_type = enumeration("m2m:memberType", {MIXED: "mixed", **STANDARD_TYPES, **VIRTUAL_MEMBERS})

# Requests

operation = enumeration("m2m:operation", {1: "Create", 2: "Retrieve", 3: "Update", 4: "Delete", 5: "Notify"})
response_type = enumeration(
    "m2m:responseType",
    {
        1: "nonBlockingRequestSynch", 2: "nonBlockingRequestAsynch", 3: "blockingRequest", 4: "flexBlocking",
        5: "noResponse",
    },
)
result_content = enumeration(
    "m2m:resultContent",
    {
        0: "nothing", 1: "attributes", 2: "hierarchical address", 3: "hierarchical address and attributes",
        4: "attributes and child resources", 5: "attributes and child resource references",
        6: "child resource references", 7: "original resource", 8: "child resources", 9: "modified attributes",
        10: "semantic content", 11: "semantic content and child resources", 12: "permissions",
    },
)
des_id_res_type = enumeration("m2m:desIdResType", {1: "structured", 2: "unstructured"})
request_status = enumeration(
    "m2m:requestStatus", {1: "COMPLETED", 2: "FAILED", 3: "PENDING", 4: "FORWARDED", 5: "PARTIALLY_COMPLETED"}
)
response_status_code = enumeration("m2m:responseStatusCode", {code.value: code.name for code in Status})
content_status = enumeration("m2m:contentStatus", {1: "PARTIAL_CONTENT", 2: "FULL_CONTENT"})
std_event_cats = enumeration("m2m:stdEventCats", {2: "Immediate", 3: "BestEffort", 4: "Latest"})
filter_usage = enumeration(
    "m2m:filterUsage",
    {
        1: "Discovery Criteria", 2: "Conditional Retrieval", 3: "IPE On-demand Discovery",
        4: "Discovery-based operation",
    },
)
filter_operation = enumeration("m2m:filterOperation", {1: "Logical AND", 2: "Logical OR", 3: "Logical XOR"})
logical_operator = enumeration("m2m:logicalOperator", {1: "AND operation", 2: "OR operation"})
content_filter_syntax = enumeration("m2m:contentFilterSyntax", {1: "JSON_PATH_SYNTAX"})
geometry_type = enumeration(
    "m2m:geometryType",
    {
        1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon",
    },
)
geo_spatial_function_type = enumeration("m2m:geoSpatialFunctionType", {1: "Within", 2: "Contains", 3: "Intersects"})
eval_criteria_operator = enumeration(
    "m2m:evalCriteriaOperator",
    {
        1: "equal", 2: "notEqual", 3: "greaterThan", 4: "lessThan", 5: "greaterThanOrEqual", 6: "lessThanOrEqual",
    },
)

# Content

encoding_type = enumeration("m2m:encodingType", {0: "PLAIN", 1: "BASE64_OF_STRING", 2: "BASE64_OF_BINARY"})
content_security = enumeration(
    "m2m:contentSecurity",
    {
        0: "NONE", 1: "JWE_JWS_COMPACT", 2: "JWE_JWS_JSON", 3: "JWE_JWS_JSON_THEN_BASE64", 4: "XML_ENC_SIG",
        5: "XML_ENC_SIG_THEN_BASE64",
    },
)
semantic_format = enumeration(
    "m2m:semanticFormat",
    {
        1: "IRI", 2: "File format: Functional-style", 3: "File format: OWL/XML", 4: "File format: RDF/XML",
        5: "File format: RDF/Turtle", 6: "File format: Manchester", 7: "File format: JSON-LD",
    },
)

# Registration, announcement and groups

cse_type_id = enumeration("m2m:cseTypeID", {1: "IN_CSE", 2: "MN_CSE", 3: "ASN_CSE"})
node_type = integer("m2m:nodeType", 1)
ae_registration_status = enumeration("m2m:AERegistrationStatus", {1: "ACTIVE", 2: "INACTIVE"})
announce_sync_type = enumeration("m2m:announceSyncType", {1: "UNI_DIRECTIONAL", 2: "BI_DIRECTIONAL"})
stationary_indication = enumeration("m2m:stationaryIndication", {1: "Stationary", 2: "Mobile (Moving)"})
consistency_strategy = enumeration(
    "m2m:consistencyStrategy", {1: "ABANDON_MEMBER", 2: "ABANDON_GROUP", 3: "SET_MIXED"}
)
multicast_capability = enumeration("m2m:multicastCapability", {1: "MBMS", 2: "IP"})

# Subscriptions

notification_event_type = enumeration(
    "m2m:notificationEventType",
    {
        1: "Update_of_Resource", 2: "Delete_of_Resource", 3: "Create_of_Direct_Child_Resource",
        4: "Delete_of_Direct_Child_Resource", 5: "Retrieve_of_Container_Resource_With_No_Child_Resource",
        6: "Trigger_Received_For_AE_Resource", 7: "Blocking_Update", 8: "Report_on_missing_data_points",
    },
)
notification_content_type = enumeration(
    "m2m:notificationContentType",
    {
        1: "All Attributes", 2: "Modified Attributes", 3: "ResourceID", 4: "Trigger Payload",
        5: "TimeSeries notification",
    },
)
pending_notification = enumeration("m2m:pendingNotification", {1: "sendLatest", 2: "sendAllPending"})
event_evaluation_mode = enumeration(
    "m2m:eventEvaluationMode",
    {
        1: "ALL_EVENTS_PRESENT", 2: "ALL_OR_SOME_EVENTS_PRESENT", 3: "ALL_OR_SOME_EVENTS_MISSING",
        4: "ALL_EVENTS_MISSING", 5: "SOME_EVENTS_MISSING",
    },
)
time_window_type = enumeration("m2m:timeWindowType", {1: "PERIODICWINDOW", 2: "SLIDINGWINDOW"})
notification_target_policy_action = enumeration(
    "m2m:notificationTargetPolicyAction",
    {
        1: "ACCEPT", 2: "REJECT", 3: "ASK_SUBSCRIPTION_CREATOR_FIRST", 4: "INFORM_SUBSCRIPTION_CREATOR_ONLY",
    },
)

# Actions, processes and time

eval_mode = enumeration("m2m:evalMode", {0: "off", 1: "once", 2: "periodic", 3: "continuous"})
process_control = enumeration("m2m:processControl", {1: "Enable", 2: "Disable", 3: "Pause", 4: "Reactivate"})
process_status = enumeration(
    "m2m:processStatus", {1: "Disabled", 2: "Enabled", 3: "Activated", 4: "Paused", 5: "Completed", 6: "Aborted"}
)
beacon_criteria = enumeration("m2m:beaconCriteria", {1: "PERIODIC", 2: "LOSS_OF_SYNCHRONIZATION"})
primitive_profile_applicability = bit_mask(
    "m2m:primitiveProfileApplicability", {1: "REQUESTS_TO_CSE", 2: "RESPONSES_FROM_CSE", 4: "NOTIFICATIONS_FROM_CSE"}
)

# Transactions

transaction_mode = enumeration("m2m:transactionMode", {1: "CSE_CONTROLLED", 2: "CREATOR_CONTROLLED"})
transaction_control = enumeration(
    "m2m:transactionControl", {1: "INITIAL", 2: "LOCK", 3: "EXECUTE", 4: "COMMIT", 5: "ABORT"}
)
transaction_state = enumeration(
    "m2m:transactionState", {1: "INITIAL", 2: "LOCKED", 3: "EXECUTED", 4: "COMMITTED", 5: "ERROR", 6: "ABORTED"}
)
transaction_lock_type = enumeration("m2m:transactionLockType", {1: "BLOCK_ALL", 2: "ALLOW_RETRIEVES"})
transaction_mgmt_handling = enumeration("m2m:transactionMgmtHandling", {1: "DELETE", 2: "PERSIST"})

# Locations

location_source = enumeration("m2m:locationSource", {1: "Network_based", 2: "Device_based", 3: "Sharing_based"})
location_information_type = enumeration("m2m:locationInformationType", {1: "Position fix", 2: "Geofence event"})
location_update_event_criteria = enumeration("m2m:locationUpdateEventCriteria", {0: "Location_Change"})
geofence_event_criteria = enumeration(
    "m2m:geofenceEventCriteria", {1: "Entering", 2: "Leaving", 3: "Inside", 4: "Outside"}
)

# Statistics

event_type = enumeration("m2m:eventType", {1: "DATAOPERATION", 2: "STORAGEBASED", 3: "TIMERBASED"})
stats_rule_status_type = enumeration("m2m:statsRuleStatusType", {1: "ACTIVE", 2: "INACTIVE"})
stat_model_type = enumeration("m2m:statModelType", {1: "EVENTBASED"})

# Management

mgmt_definition = enumeration(
    "m2m:mgmtDefinition",
    {
        0: "Self-defined", 1001: "firmware", 1002: "software", 1003: "memory", 1004: "areaNwkInfo",
        1005: "areaNwkDeviceInfo", 1006: "battery", 1007: "deviceInfo", 1008: "deviceCapability", 1009: "reboot",
        1010: "eventLog", 1011: "cmdhPolicy", 1012: "activeCmdhPolicy", 1013: "cmdhDefaults", 1014: "cmdhDefEcValue",
        1015: "cmdhEcDefParamValues", 1016: "cmdhLimits", 1017: "cmdhNetworkAccessRules", 1018: "cmdhNwAccessRule",
        1019: "cmdhBuffer", 1020: "registration", 1021: "dataCollection", 1022: "authenticationProfile",
        1023: "myCertFileCred", 1024: "trustAnchorCred", 1025: "MAFClientRegCfg", 1026: "MEFClientRegCfg",
        1027: "OAuth2Authentication", 1028: "wifiClient", 1029: "credentials", 1030: "SIM", 1031: "mobileNetwork",
    },
)
status = enumeration("m2m:status", {0: "Uninitialized", 1: "Successful", 2: "Failure", 3: "In_Process"})
battery_status = enumeration(
    "m2m:batteryStatus",
    {
        1: "NORMAL", 2: "CHARGING", 3: "CHARGING_COMPLETE", 4: "DAMAGED", 5: "LOW_BATTERY", 6: "NOT_INSTALLED",
        7: "UNKNOWN",
    },
)
log_type_id = enumeration("m2m:logTypeId", {1: "System", 2: "Security", 3: "Event", 4: "Trace", 5: "Panic"})
log_status = enumeration("m2m:logStatus", {1: "Started", 2: "Stopped", 3: "Unknown", 4: "NotPresent", 5: "Error"})
cmd_type = enumeration(
    "m2m:cmdType",
    {
        1: "RESET", 2: "REBOOT", 3: "UPLOAD", 4: "DOWNLOAD", 5: "SOFTWAREINSTALL", 6: "SOFTWAREUNINSTALL",
        7: "SOFTWAREUPDATE",
    },
)
exec_mode_type = enumeration(
    "m2m:execModeType", {1: "IMMEDIATEONCE", 2: "IMMEDIATEREPEAT", 3: "RANDOMONCE", 4: "RANDOMREPEAT"}
)
exec_status_type = enumeration(
    "m2m:execStatusType",
    {
        1: "INITIATED", 2: "PENDING", 3: "FINISHED", 4: "CANCELLING", 5: "CANCELLED", 6: "STATUS_NON_CANCELLABLE",
    },
)
exec_result_type = enumeration(
    "m2m:execResultType",
    {
        0: "STATUS_SUCCESS", 1: "STATUS_REQUEST_UNSUPPORTED", 2: "STATUS_REQUEST_DENIED",
        3: "STATUS_CANCELLATION_DENIED", 4: "STATUS_INTERNAL_ERROR", 5: "STATUS_INVALID_ARGUMENTS",
        6: "STATUS_RESOURCES_EXCEEDED", 7: "STATUS_FILE_TRANSFER_FAILED",
        8: "STATUS_FILE_TRANSFER_SERVER_AUTHENTICATION_FAILURE", 9: "STATUS_UNSUPPORTED_PROTOCOL",
        10: "STATUS_UPLOAD_FAILED", 11: "STATUS_FILE_TRANSFER_FAILED_MULTICAST_GROUP_UNABLE_JOIN",
        12: "STATUS_FILE_TRANSFER_FAILED_SERVER_CONTACT_FAILED",
        13: "STATUS_FILE_TRANSFER_FAILED_FILE_ACCESS_FAILED", 14: "STATUS_FILE_TRANSFER_FAILED_DOWNLOAD_INCOMPLETE",
        15: "STATUS_FILE_TRANSFER_FAILED_FILE_CORRUPTED", 16: "STATUS_FILE_TRANSFER_FILE_AUTHENTICATION_FAILURE",
        19: "STATUS_FILE_TRANSFER_WINDOW_EXCEEDED", 20: "STATUS_INVALID_UUID_FORMAT",
        21: "STATUS_UNKNOWN_EXECUTION_ENVIRONMENT", 22: "STATUS_DISABLED_EXECUTION_ENVIRONMENT",
        23: "STATUS_EXECUTION_ENVIRONMENT_MISMATCH", 24: "STATUS_DUPLICATE_DEPLOYMENT_UNIT",
        25: "STATUS_SYSTEM_RESOURCES_EXCEEDED", 26: "STATUS_UNKNOWN_DEPLOYMENT_UNIT",
        27: "STATUS_INVALID_DEPLOYMENT_UNIT_STATE", 28: "STATUS_INVALID_DEPLOYMENT_UNIT_UPDATE_DOWNGRADE_DISALLOWED",
        29: "STATUS_INVALID_DEPLOYMENT_UNIT_UPDATE_UPGRADE_DISALLOWED",
        30: "STATUS_INVALID_DEPLOYMENT_UNIT_UPDATE_VERSION_EXISTS", 31: "STATUS_NOT_FINISHED",
    },
)

# Networks

network_action = enumeration(
    "m2m:networkAction",
    {
        1: "cellular-registration", 2: "cellular-attach", 3: "cellular-pdpctxact", 4: "cellular-sms", 5: "default",
    },
)
trigger_purpose = enumeration(
    "m2m:triggerPurpose",
    {
        1: "establishConnection", 2: "registrationRequest", 3: "executeCRUD", 4: "enrolmentRequest",
    },
)
trigger_status = enumeration(
    "m2m:triggerStatus",
    {
        1: "PROCESSING", 2: "ERROR_NSE_NOT_FOUND", 3: "TRIGGER_TRIGGERED", 4: "TRIGGER_DELIVERED",
        5: "TRIGGER_EXPIRED", 6: "TRIGGER_FAILED", 7: "TRIGGER_REPLACED", 8: "TRIGGER_UNCONFIRMED",
        9: "TRIGGER_TERMINATED",
    },
)
transfer_selection_guidance = enumeration("m2m:transferSelectionGuidance", {1: "lowestCost", 2: "bestDataRates"})
session_state = enumeration("m2m:sessionState", {1: "OFFLINE", 2: "ONLINE"})
all_joyn_direction = enumeration("m2m:allJoynDirection", {1: "AllJoyn_to_oneM2M", 2: "oneM2M_to_AllJoyn"})
cellular_network_bearer = enumeration(
    "dcfg:cellularNetworkBearer",
    {
        0: "GSM", 1: "TD-SCDMA", 2: "WCDMA", 3: "CDMA2000", 4: "WiMAX", 5: "LTE-TDD", 6: "LTE-FDD", 7: "NB-IoT",
    },
)
coverage_enhancement_level = enumeration(
    "dcfg:coverageEnhancementLevel", {0: "NONE", 1: "LEVEL_0", 2: "LEVEL_1", 3: "LEVEL_2", 4: "LEVEL_3"}
)
sim_status = enumeration("dcfg:simStatus", {0: "inactive", 1: "active"})
sim_type = enumeration("dcfg:simType", {0: "UICC_REMOVABLE", 1: "EUICC_REMOVABLE", 2: "EUICC_FIXED", 3: "IUICC"})
wifi_connection_status = enumeration(
    "dcfg:wifiConnectionStatus",
    {
        0: "Disconnected", 1: "Connected", 2: "Idle", 3: "NoSSIDAvailable", 4: "ScanCompleted", 5: "Failed",
        6: "Lost",
    },
)
wifi_encryption_type = enumeration(
    "dcfg:wifiEncryptionType",
    {
        1: "None", 2: "WEP", 3: "WPA_Personal", 4: "WPA2_Personal", 5: "WPA3_Personal", 6: "WPA_Enterprise",
        7: "WPA2_Enterprise", 8: "WPA3_Enterprise",
    },
)

# Semantics

mashup_member_store_type = enumeration("m2m:mashupMemberStoreType", {1: "URI_ONLY", 2: "URI_AND_VALUE"})
mashup_result_gen_type = enumeration(
    "m2m:mashupResultGenType",
    {
        1: "WHEN_SMI_IS_CREATED", 2: "WHEN_MR_REQUESTS", 3: "PERIODICALLY", 4: "WHEN_A_MASHUP_MEMBER_IS_UPDATED",
    },
)

# Security

access_control_operations = bit_mask(
    "m2m:accessControlOperations",
    {
        1: "CREATE", 2: "RETRIEVE", 4: "UPDATE", 8: "DELETE", 16: "NOTIFY", 32: "DISCOVERY",
    },
)
authorization_decision = enumeration("m2m:authorizationDecision", {1: "PERMIT", 2: "DENY"})
authorization_status = enumeration(
    "m2m:authorizationStatus",
    {
        1: "OK", 2: "NOT_APPLICABLE", 3: "MISSING_ATTRIBUTE", 4: "SYNTAX_ERROR", 5: "PROCESSING_ERROR",
    },
)
acp_combining_algorithm = enumeration("m2m:acpCombiningAlgorithm", {1: "PERMIT_OVERRIDES"})
security_info_type = enumeration(
    "m2m:securityInfoType",
    {
        1: "Dynamic Authorization Request", 2: "Dynamic Authorization Response",
        3: "receiverESPrimRandObject Request", 4: "receiverESPrimRandObject Response", 5: "ESPrim Object",
        6: "ESCertKE Message", 7: "Dynamic Authorization Relationship Mapping Request",
        8: "Dynamic Authorization Relationship Mapping Response",
    },
)
suid = enumeration(
    "m2m:suid",
    {
        10: "pre-provisioned symmetric key, MEF", 11: "pre-provisioned symmetric key, MAF",
        12: "pre-provisioned symmetric key, association", 13: "pre-provisioned symmetric key, primitive",
        14: "pre-provisioned symmetric key, data encryption", 15: "pre-provisioned symmetric key, data signature",
        21: "remotely provisioned symmetric key, MAF", 22: "remotely provisioned symmetric key, association",
        23: "remotely provisioned symmetric key, primitive",
        24: "remotely provisioned symmetric key, data encryption",
        25: "remotely provisioned symmetric key, data signature", 32: "MAF symmetric key, association",
        33: "MAF symmetric key, primitive", 34: "MAF symmetric key, data encryption",
        35: "MAF symmetric key, data signature", 40: "certificate, MEF", 41: "certificate, MAF",
        42: "certificate, association", 43: "certificate, primitive", 44: "certificate, data encryption",
        45: "certificate, data signature",
    },
)
esprim_key_gen_alg_id = enumeration("m2m:esprimKeyGenAlgID", {1: "HMAC-SHA256"})
esprim_protocol_and_alg_id = enumeration(
    "m2m:esprimProtocolAndAlgID", {10: "JWE_COMPACT_A128GCM", 11: "JWE_COMPACT_A192GCM", 12: "JWE_COMPACT_A256GCM"}
)
