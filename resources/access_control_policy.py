"""accessControlPolicy: who may do what; its own ``pvs`` decides who may change it (TS-0001 9.6.2)."""

from resources.common import ANNOUNCEABLE, ET, LBL, MA, MANDATORY, UNIVERSAL
from resources.complex_types import set_of_acrs
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import list_of_uris


async def _check(change: Change) -> None:
    """ACP-1: a policy without a rule in ``pvs`` could never be changed or deleted again."""
    if not change.attributes["pvs"].get("acr"):
        raise BadRequest("pvs: holds no rule; at least one accessControlRule is needed in acr at all times")


ACCESS_CONTROL_POLICY = ResourceType(
    number=1,
    short="acp",
    name="accessControlPolicy",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        LBL,
        *ANNOUNCEABLE,
        row("pv", "privileges", set_of_acrs, create=MANDATORY, announce=MA, single=True),
        row("pvs", "selfPrivileges", set_of_acrs, create=MANDATORY, announce=MA, single=True),
        row("adri", "authorizationDecisionResourceIDs", list_of_uris, announce=MA, release=3),
        row("apri", "authorizationPolicyResourceIDs", list_of_uris, announce=MA, release=3),
        row("airi", "authorizationInformationResourceIDs", list_of_uris, announce=MA, release=3),
    ),
    announced_as="acpA",
    hooks=Hooks(check=_check),
)
