"""action: a request the CSE makes when an attribute meets a condition (TS-0001, release 4)."""

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, MA, MANDATORY, NP, OA, UNIVERSAL
from resources.complex_types import action_input, eval_criteria, request_primitive, response_primitive
from resources.enumerations import eval_mode
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import identifier, list_of_any_uri, positive_integer

#: Evaluation modes that have a control parameter: the period in milliseconds, the number of executions.
PERIODIC, CONTINUOUS = 2, 3


async def check(change: Change) -> None:
    """ACT-2: the control parameter goes with its modes; ACT-5: an input says what goes where."""
    attributes = change.attributes
    if "ecp" in attributes and attributes["evm"] not in (PERIODIC, CONTINUOUS):
        raise BadRequest(f"ecp: evm {attributes['evm']} has no control parameter; leave ecp out, or set it to null")
    given = attributes.get("ipu")
    if given is None:
        return
    for name in ("cstr", "raid"):
        if name not in given:
            raise BadRequest(f"ipu.{name}: missing; an input has what to write (cstr) and what to read (raid)")
    content = attributes["apv"].get("pc")
    if not isinstance(content, dict) or not isinstance(next(iter(content.values()), None), dict):
        raise BadRequest("ipu: apv has no pc whose attribute could be overwritten")


ACTION = ResourceType(
    number=65,
    short="actr",
    name="action",
    parents=("AE", "container", "CSEBase", "flexContainer", "group", "node", "remoteCSE", "state", "timeSeries"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        row("apy", "actionPriority", positive_integer, announce=OA),
        row("sri", "subjectResourceID", identifier, announce=OA),
        row("evc", "evalCriteria", eval_criteria, create=MANDATORY, announce=OA, single=True),
        row("evm", "evalMode", eval_mode, create=MANDATORY, announce=OA, single=True),
        row("ecp", "evalControlParam", positive_integer, announce=OA),
        row("dep", "dependencies", list_of_any_uri, create=NP, announce=OA),
        row("orc", "objectResourceID", identifier, create=MANDATORY, announce=MA, single=True),
        row("apv", "actionPrimitive", request_primitive, create=MANDATORY, announce=MA, single=True),
        row("ipu", "input", action_input, announce=OA),
        row("air", "actionResult", response_primitive, create=NP, update=NP, announce=OA, single=True),
    ),
    announced_as="actrA",
    release=4,
    hooks=Hooks(check=check),
)
