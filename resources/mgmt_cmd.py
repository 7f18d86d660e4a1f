"""mgmtCmd: a device management command with its arguments; ``exe`` set by an UPDATE runs it (TS-0001 9.6.16)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import exec_req_args_list_type
from resources.datatypes import text
from resources.enumerations import cmd_type, exec_mode_type
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, duration, node_id, non_negative_integer

DESCRIPTION = text("xs:string", r".{0,256}", "a text of at most 256 characters")

MGMT_CMD = ResourceType(
    number=12,
    short="mgc",
    name="mgmtCmd",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("dc", "description", DESCRIPTION),
        row("cmt", "cmdType", cmd_type, create=MANDATORY, update=NP, single=True),
        row("exra", "execReqArgs", exec_req_args_list_type),
        row("exe", "execEnable", boolean_type, single=True, default=False),
        row("ext", "execTarget", node_id, create=MANDATORY, single=True),
        row("exm", "execMode", exec_mode_type, default=1),
        row("exf", "execFrequency", duration),
        row("exy", "execDelay", duration, default="PT0S"),
        row("exn", "execNumber", non_negative_integer, default=1),
    ),
)
