"""timeSeries: periodic data, with detection of the points that are missing (TS-0001 9.6.36)."""

from __future__ import annotations

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, LOC, NP, OA, ONTOLOGY_REF, UNIVERSAL
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import boolean_type, content_info, missing_data_list, non_negative_integer, positive_integer

#: What the detection of missing data goes by.
PARAMETERS = ("pei", "peid", "mdt", "mdn")


def _check_paused(change: Change) -> None:
    """TS-4: while data is monitored, and when that changes, its parameters stay as they are."""
    assert change.current is not None
    given = [name for name in PARAMETERS if name in change.given]
    if given and "mdd" in change.given:
        raise BadRequest(f"{given[0]}: cannot be given together with mdd; use two UPDATEs")
    if given and change.current.attributes.get("mdd"):
        raise BadRequest(f"{given[0]}: cannot change while mdd is true; set mdd to false before")


def _check_interval(change: Change) -> None:
    """TS-2: a delta fits into half of the interval, which is what it is unless given."""
    attributes, current = change.attributes, change.current.attributes if change.current is not None else {}
    interval = attributes.get("pei")
    if interval is None:
        return
    own = current.get("peid") == current["pei"] // 2 if "pei" in current else False
    if "peid" not in attributes or (own and "pei" in change.given and "peid" not in change.given):
        attributes["peid"] = interval // 2
    if 2 * attributes["peid"] > interval:
        raise BadRequest(f"peid: {attributes['peid']} is more than half of pei ({interval})")


def _check_detection(change: Change) -> None:
    """TS-3: nothing can be missing without an interval, nor be told missing before it may come."""
    attributes = change.attributes
    if not attributes.get("mdd"):
        return
    if "pei" not in attributes:
        raise BadRequest("mdd: needs pei, the interval at which data is expected")
    if attributes.get("mdt", 0) <= attributes["peid"]:
        raise BadRequest(f"mdd: needs mdt, and more than peid ({attributes['peid']})")


async def _check(change: Change) -> None:
    current, attributes = change.current, change.attributes
    if current is not None:
        _check_paused(change)
    _check_interval(change)
    _check_detection(change)
    if current is None:
        return
    started = attributes.get("mdd", False) and not current.attributes.get("mdd")
    if started or any(name in change.given for name in PARAMETERS):
        attributes.pop("mdlt", None)
        attributes["mdc"] = 0


TIME_SERIES = ResourceType(
    number=29,
    short="ts",
    name="timeSeries",
    parents=("AE", "container", "CSEBase", "flexContainer", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        LOC,
        ONTOLOGY_REF,
        row("mni", "maxNrOfInstances", non_negative_integer, announce=OA),
        row("mbs", "maxByteSize", non_negative_integer, announce=OA),
        row("mia", "maxInstanceAge", non_negative_integer, announce=OA),
        row("cni", "currentNrOfInstances", non_negative_integer, create=NP, update=NP, single=True, default=0),
        row("cbs", "currentByteSize", non_negative_integer, create=NP, update=NP, single=True, default=0),
        row("pei", "periodicInterval", positive_integer, announce=OA),
        row("peid", "periodicIntervalDelta", non_negative_integer, announce=OA, release=3),
        row("mdd", "missingDataDetect", boolean_type, default=False),
        row("mdn", "missingDataMaxNr", positive_integer, announce=OA),
        row("mdlt", "missingDataList", missing_data_list, create=NP, update=NP),
        row("mdc", "missingDataCurrentNr", non_negative_integer, create=NP, update=NP, single=True, default=0),
        row("mdt", "missingDataDetectTimer", positive_integer, announce=OA),
        row("cnf", "contentInfo", content_info, update=NP, announce=OA, release=3),
    ),
    virtual=("la", "ol"),
    instance="timeSeriesInstance",
    hooks=Hooks(check=_check),
    announced_as="tsA",
    release=2,
)
