"""Rows that most types share: universal and common attributes (TS-0001 9.6.1.3)."""

from dataclasses import replace

from resources.complex_types import geo_coordinates
from resources.enumerations import announce_sync_type, resource_type
from resources.model import Announce, Attribute, Optionality, row
from resources.simple_types import (
    acp_type,
    any_uri,
    identifier,
    labels,
    list_of_any_uri,
    list_of_nc_name,
    nh_uri,
    non_negative_integer,
    resource_name,
    timestamp,
)

MANDATORY = Optionality.MANDATORY
OPTIONAL = Optionality.OPTIONAL
NP = Optionality.FORBIDDEN
MA = Announce.MA
OA = Announce.OA
NA = Announce.NA

RN = row("rn", "resourceName", resource_name, update=NP, single=True)
TY = row("ty", "resourceType", resource_type, create=NP, update=NP, single=True)
RI = row("ri", "resourceID", identifier, create=NP, update=NP, single=True)
PI = row("pi", "parentID", nh_uri, create=NP, update=NP, single=True)
CT = row("ct", "creationTime", timestamp, create=NP, update=NP, single=True)
LT = row("lt", "lastModifiedTime", timestamp, create=NP, update=NP, single=True)
ET = row("et", "expirationTime", timestamp, announce=MA, single=True)
LBL = row("lbl", "labels", labels, announce=MA)
ACPI = row("acpi", "accessControlPolicyIDs", acp_type, announce=MA)
DACI = row("daci", "dynamicAuthorizationConsultationIDs", list_of_any_uri, announce=OA, release=2)
AT = row("at", "announceTo", list_of_any_uri)
AA = row("aa", "announcedAttribute", list_of_nc_name)
AST = row("ast", "announceSyncType", announce_sync_type, announce=MA, release=4)
CR = row("cr", "creator", identifier, update=NP)
ST = row("st", "stateTag", non_negative_integer, create=NP, update=NP, single=True, default=0)
CSTN = row("cstn", "custodian", identifier, release=4)
LOC = row("loc", "location", geo_coordinates, announce=OA, release=4)
ONTOLOGY_REF = row("or", "ontologyRef", any_uri, announce=OA)

#: Set by the CSE, on every resource.
UNIVERSAL = (RN, TY, RI, PI, CT, LT)
#: What a resource that can be announced has.
ANNOUNCEABLE = (AT, AA, AST)


def frozen(attribute: Attribute) -> Attribute:
    """The row without update."""
    return replace(attribute, update=NP)


def internal(attribute: Attribute) -> Attribute:
    """The row as only the CSE itself may set it."""
    return replace(attribute, create=NP, update=NP)


def unannounced(attribute: Attribute) -> Attribute:
    """The row without a place in an announced resource."""
    return replace(attribute, announce=NA)


def update_only(attribute: Attribute) -> Attribute:
    """The row of a resource that the CSE makes: a request may set it later."""
    return replace(attribute, create=NP)


#: What most resources that cannot be announced have.
UNANNOUNCED = tuple(unannounced(attribute) for attribute in (ET, ACPI, LBL, DACI))
