"""remoteCSE: a CSE that is registered here, or where this CSE is registered (TS-0001 9.6.4)."""

from dataclasses import replace

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, LOC, MA, MANDATORY, NP, OA, UNIVERSAL
from resources.complex_types import activity_pattern_elements, e2e_sec_info
from resources.enumerations import cse_type_id, multicast_capability
from resources.model import ResourceType, row
from resources.simple_types import (
    any_uri,
    boolean_type,
    external_id,
    identifier,
    list_of_m2m_id,
    poa_list,
    serializations,
    sp_id,
    supported_release_versions,
    trigger_recipient_id,
    unsigned_int,
)

REMOTE_CSE = ResourceType(
    number=16,
    short="csr",
    name="remoteCSE",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        replace(CR, release=4),
        CSTN,
        LOC,
        row("cst", "cseType", cse_type_id, update=NP, announce=OA),
        row("poa", "pointOfAccess", poa_list, announce=OA),
        row("cb", "CSEBase", any_uri, create=MANDATORY, update=NP, announce=OA, single=True),
        row("csi", "CSE-ID", identifier, update=NP, announce=OA, single=True),
        row("mei", "M2M-Ext-ID", external_id),
        row("tri", "Trigger-Recipient-ID", trigger_recipient_id),
        row("rr", "requestReachability", boolean_type, create=MANDATORY, announce=OA, single=True),
        row("nl", "nodeLink", any_uri, announce=OA),
        row("trn", "triggerReferenceNumber", unsigned_int, release=2),
        row("csz", "contentSerialization", serializations, announce=OA, release=3),
        row("esi", "e2eSecInfo", e2e_sec_info, announce=MA, release=2),
        row("dcse", "descendantCSEs", list_of_m2m_id, announce=OA, release=3),
        row("srv", "supportedReleaseVersions", supported_release_versions, create=MANDATORY, announce=MA, release=3),
        row("mtcc", "multicastCapability", multicast_capability, announce=OA, release=3),
        row("egid", "externalGroupID", external_id, announce=OA, release=3),
        row("tren", "triggerEnable", boolean_type, announce=OA, default=False, release=3),
        row("ape", "activityPatternElements", activity_pattern_elements, announce=OA, release=3),
        row("spi", "SP-ID", sp_id, announce=OA, single=True, release=4),
        row("ici", "IN-CSE-ID", identifier, announce=OA, release=4),
    ),
    announced_as="csrA",
)
