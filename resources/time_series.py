"""timeSeries: periodic data, with detection of the points that are missing (TS-0001 9.6.36)."""

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, LOC, NP, OA, ONTOLOGY_REF, UNIVERSAL
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, content_info, missing_data_list, non_negative_integer, positive_integer

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
    announced_as="tsA",
    release=2,
)
