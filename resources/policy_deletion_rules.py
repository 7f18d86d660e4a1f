"""policyDeletionRules: under which conditions a notification target may be removed (TS-0001 9.6.33)."""

from resources.common import CSTN, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import deletion_contexts
from resources.enumerations import logical_operator
from resources.model import ResourceType, row

POLICY_DELETION_RULES = ResourceType(
    number=27,
    short="pdr",
    name="policyDeletionRules",
    parents=("notificationTargetPolicy",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CSTN,
        row("dr", "deletionRules", deletion_contexts, update=NP),
        row("drr", "deletionRulesRelation", logical_operator, default=2),
    ),
    release=2,
)
