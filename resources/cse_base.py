"""CSEBase: the root of the tree; the CSE makes it at start, requests only read it (TS-0001 9.6.3)."""

from dataclasses import replace

from resources.common import ACPI, CSTN, DACI, LBL, LOC, MA, OA, PI, UNIVERSAL, internal, unannounced
from resources.complex_types import e2e_sec_info
from resources.enumerations import cse_type_id
from resources.model import ResourceType, row
from resources.simple_types import (
    any_uri,
    boolean_type,
    identifier,
    list_of_resource_type,
    poa_list,
    serializations,
    sp_id,
    supported_release_versions,
    timestamp,
)

_ROWS = (
    *(replace(common, default="") if common is PI else common for common in UNIVERSAL),
    LBL,
    ACPI,
    unannounced(DACI),
    row("cst", "cseType", cse_type_id),
    row("csi", "CSE-ID", identifier, single=True),
    row("srt", "supportedResourceType", list_of_resource_type, single=True),
    row("poa", "pointOfAccess", poa_list, single=True),
    row("nl", "nodeLink", any_uri),
    row("csz", "contentSerialization", serializations, release=3),
    row("esi", "e2eSecInfo", e2e_sec_info, announce=MA, release=2),
    row("srv", "supportedReleaseVersions", supported_release_versions, announce=MA, release=3),
    row("ncp", "notificationCongestionPolicy", boolean_type, release=3),
    row("ctm", "currentTime", timestamp, release=3),
    CSTN,
    LOC,
    row("spi", "SP-ID", sp_id, announce=OA, single=True, release=4),
    row("ici", "IN-CSE-ID", identifier, announce=OA, release=4),
)

CSE_BASE = ResourceType(
    number=5,
    short="cb",
    name="CSEBase",
    parents=(),
    attributes=tuple(internal(attribute) for attribute in _ROWS),
    creatable=False,
    updatable=False,
    deletable=False,
    announced_as="cbA",
)
