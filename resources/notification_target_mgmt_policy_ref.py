"""notificationTargetMgmtPolicyRef: the policy for removing certain targets of its subscription (TS-0001 9.6.31)."""

from resources.common import CSTN, MANDATORY, UNANNOUNCED, UNIVERSAL
from resources.model import ResourceType, row
from resources.simple_types import any_uri, list_of_any_uri

NOTIFICATION_TARGET_MGMT_POLICY_REF = ResourceType(
    number=25,
    short="ntpr",
    name="notificationTargetMgmtPolicyRef",
    parents=("crossResourceSubscription", "subscription"),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CSTN,
        row("ntu", "notificationTargetURI", list_of_any_uri, create=MANDATORY, single=True),
        row("npi", "notificationPolicyID", any_uri, release=3),
    ),
    release=2,
)
