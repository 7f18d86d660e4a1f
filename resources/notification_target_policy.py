"""notificationTargetPolicy: what happens when a target wants to leave a subscription (TS-0001 9.6.32)."""

from resources.common import CR, CSTN, NP, UNANNOUNCED, UNIVERSAL
from resources.enumerations import logical_operator, notification_target_policy_action
from resources.model import ResourceType, row
from resources.simple_types import token

NOTIFICATION_TARGET_POLICY = ResourceType(
    number=26,
    short="ntp",
    name="notificationTargetPolicy",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CR,
        CSTN,
        row("acn", "action", notification_target_policy_action, update=NP, single=True),
        row("plbl", "policyLabel", token, single=True),
        row("rrs", "rulesRelationship", logical_operator),
    ),
    release=2,
)
