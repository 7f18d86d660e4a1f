"""AE: a registered application entity (TS-0001 9.6.5)."""

from resources.common import (
    ACPI,
    ANNOUNCEABLE,
    CSTN,
    DACI,
    ET,
    LBL,
    LOC,
    MA,
    MANDATORY,
    NP,
    OA,
    ONTOLOGY_REF,
    UNIVERSAL,
)
from resources.complex_types import activity_pattern_elements, e2e_sec_info
from resources.enumerations import ae_registration_status
from resources.model import ResourceType, row
from resources.simple_types import (
    any_uri,
    app_id,
    boolean_type,
    external_id,
    identifier,
    poa_list,
    serializations,
    session_capabilities,
    string,
    supported_release_versions,
    trigger_recipient_id,
    unsigned_int,
)

AE = ResourceType(
    number=2,
    short="ae",
    name="AE",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CSTN,
        LOC,
        ONTOLOGY_REF,
        row("apn", "appName", string, announce=OA),
        row("api", "App-ID", app_id, create=MANDATORY, update=NP, announce=OA, single=True),
        row("aei", "AE-ID", identifier, create=NP, update=NP, announce=OA, single=True),
        row("poa", "pointOfAccess", poa_list, announce=OA),
        row("nl", "nodeLink", any_uri, announce=OA),
        row("rr", "requestReachability", boolean_type, create=MANDATORY, announce=OA, single=True),
        row("csz", "contentSerialization", serializations, announce=OA),
        row("esi", "e2eSecInfo", e2e_sec_info, announce=MA, release=2),
        row("mei", "M2M-Ext-ID", external_id, release=3),
        row(
            "srv", "supportedReleaseVersions", supported_release_versions, create=MANDATORY, announce=MA, release=3
        ),
        row("regs", "registrationStatus", ae_registration_status, announce=OA, default=1, release=3),
        row("trps", "trackRegistrationPoints", boolean_type, announce=OA, release=3),
        row("scp", "sessionCapabilities", session_capabilities, announce=OA, release=3),
        row("tren", "triggerEnable", boolean_type, announce=OA, default=False, release=3),
        row("ape", "activityPatternElements", activity_pattern_elements, announce=OA, release=3),
        row("tri", "Trigger-Recipient-ID", trigger_recipient_id, release=3),
        row("trn", "triggerReferenceNumber", unsigned_int, release=3),
    ),
    announced_as="aeA",
)
