"""execInstance: one run of a mgmtCmd on one node; the CSE makes it (TS-0001 9.6.17)."""

from resources.common import ACPI, DACI, ET, LBL, NP, UNIVERSAL, internal, unannounced, update_only
from resources.complex_types import exec_req_args_list_type
from resources.enumerations import exec_mode_type, exec_result_type, exec_status_type
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, duration, node_id, non_negative_integer

EXEC_INSTANCE = ResourceType(
    number=8,
    short="exin",
    name="execInstance",
    parents=("mgmtCmd",),
    attributes=(
        *map(internal, UNIVERSAL),
        unannounced(update_only(ET)),
        unannounced(update_only(ACPI)),
        unannounced(update_only(LBL)),
        unannounced(update_only(DACI)),
        row("exs", "execStatus", exec_status_type, create=NP, update=NP, single=True, default=1),
        row("exr", "execResult", exec_result_type, create=NP, update=NP, single=True),
        row("exd", "execDisable", boolean_type, create=NP),
        row("ext", "execTarget", node_id, create=NP, update=NP, single=True),
        row("exm", "execMode", exec_mode_type, create=NP, update=NP, default=1),
        row("exf", "execFrequency", duration, create=NP, update=NP),
        row("exy", "execDelay", duration, create=NP, update=NP, default="PT0S"),
        row("exn", "execNumber", non_negative_integer, create=NP, update=NP, default=1),
        row("exra", "execReqArgs", exec_req_args_list_type, create=NP, update=NP),
    ),
    creatable=False,
)
