"""Announced variants of resource types, derived from their tables (TS-0001 9.6.26, ANN-3, ANN-6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from resources.common import ACPI, ET, LBL, MANDATORY, NA, NP, OPTIONAL, UNIVERSAL
from resources.model import Attribute, ResourceType, row
from resources.simple_types import any_uri

NUMBER_OFFSET = 10000
SUFFIX = "Annc"

#: The identifier of the original. Another CSE gives it, once.
LINK = row("lnk", "link", any_uri, create=MANDATORY, update=NP, single=True)
#: That of an AE changes when the AE deregisters, and when it comes back through another CSE (AE-4).
LINK_OF_AE = replace(LINK, update=OPTIONAL)

#: Rows of every announced resource; ``acpi`` is never absent, its host fills it in.
COMMON = (*UNIVERSAL, ET, replace(ACPI, single=True), LBL)

_SHARED = """
container containerAnnc flexContainer flexContainerAnnc group groupAnnc accessControlPolicy accessControlPolicyAnnc
subscription timeSeries timeSeriesAnnc semanticDescriptorAnnc
"""
_OF_CSE = f"""
{_SHARED} actionAnnc AEAnnc locationPolicyAnnc mgmtObjAnnc nodeAnnc processManagementAnnc remoteCSEAnnc scheduleAnnc
semanticMashupJobProfileAnnc timeSyncBeaconAnnc
"""
_OF_DATA = "subscription semanticDescriptor semanticDescriptorAnnc"

#: What may stand under announced resources, and which announced ones under ordinary resources.
CHILDREN: Mapping[str, frozenset[str]] = {
    parent: frozenset(children.split())
    for parent, children in {
        "CSEBase": "AEAnnc CSEBaseAnnc remoteCSEAnnc",
        "remoteCSE": "accessControlPolicyAnnc actionAnnc AEAnnc containerAnnc contentInstanceAnnc flexContainerAnnc "
        "groupAnnc locationPolicyAnnc mgmtObjAnnc nodeAnnc ontologyRepositoryAnnc processManagementAnnc remoteCSEAnnc "
        "semanticDescriptorAnnc semanticMashupInstanceAnnc semanticMashupJobProfileAnnc timeSeriesAnnc",
        "accessControlPolicyAnnc": "subscription",
        "AEAnnc": f"{_SHARED} semanticDescriptor action actionAnnc locationPolicyAnnc processManagementAnnc",
        "containerAnnc": f"{_OF_DATA} container containerAnnc flexContainer flexContainerAnnc contentInstanceAnnc "
        "timeSeries timeSeriesAnnc action actionAnnc",
        "contentInstanceAnnc": "semanticDescriptor semanticDescriptorAnnc",
        "CSEBaseAnnc": _OF_CSE,
        "groupAnnc": f"{_OF_DATA} action actionAnnc",
        "mgmtObjAnnc": "subscription",
        "nodeAnnc": f"{_OF_DATA} mgmtObjAnnc scheduleAnnc action actionAnnc",
        "remoteCSEAnnc": f"{_OF_CSE} action contentInstanceAnnc processManagement timeSyncBeacon",
        "scheduleAnnc": "subscription",
        "semanticDescriptorAnnc": "subscription",
        "flexContainerAnnc": f"{_OF_DATA} container containerAnnc flexContainer flexContainerAnnc timeSeries "
        "timeSeriesAnnc action actionAnnc contentInstanceAnnc",
        "timeSeriesAnnc": f"{_OF_DATA} timeSeriesInstanceAnnc actionAnnc",
        "timeSyncBeaconAnnc": "subscription",
        "processManagementAnnc": "state subscription",
        "stateAnnc": "actionAnnc subscription",
        "actionAnnc": "subscription dependencyAnnc",
        "dependencyAnnc": "subscription",
    }.items()
}


def announced(type_: ResourceType) -> ResourceType | None:
    """The announced variant of a type; None when it has none.

    Its own rows are the MA and OA rows of the original: each is there or not as the original has it and as the
    announcing CSE sends it.
    """
    if type_.announced_as is None:
        return None
    name = type_.name + SUFFIX
    of_base = name if type_.base is None else type_.base + SUFFIX
    return ResourceType(
        number=type_.number + NUMBER_OFFSET,
        short=type_.announced_as,
        name=name,
        parents=tuple(parent for parent, children in CHILDREN.items() if of_base in children),
        attributes=(*COMMON, LINK_OF_AE if type_.name == "AE" else LINK, *_copied(type_)),
        prefix=type_.prefix,
        subscribable="subscription" in CHILDREN.get(of_base, ()),
        in_only=type_.in_only,
        base=None if type_.base is None else of_base,
        discriminator=_discriminator(type_),
        release=type_.release,
    )


def may_stand_under(child: ResourceType, parent: ResourceType) -> bool:
    """True when a resource may be created under another: by its table, or by that of the announced variants."""
    of_child, of_parent = child.base or child.name, parent.base or parent.name
    return of_parent in child.parents or of_child in CHILDREN.get(of_parent, ())


def _copied(type_: ResourceType) -> Iterator[Attribute]:
    common = {attribute.short for attribute in (*COMMON, LINK)}
    for attribute in type_.attributes:
        if attribute.short not in common and (attribute.announce is not NA or attribute.short == "st"):
            kind = any_uri if attribute.short == "cnd" else attribute.type
            yield replace(attribute, type=kind, create=OPTIONAL, update=OPTIONAL, single=False, default=None)


def _discriminator(type_: ResourceType) -> tuple[str, object] | None:
    """The value of a management object stays; that of a device model gets the suffix (TS-0023)."""
    if type_.discriminator is None:
        return None
    short, value = type_.discriminator
    return short, value + SUFFIX if isinstance(value, str) else value
