"""m2mServiceSubscriptionProfile: what a subscriber of M2M services may use (TS-0001 9.6.19)."""

from resources.common import UNANNOUNCED, UNIVERSAL
from resources.model import ResourceType

M2M_SERVICE_SUBSCRIPTION_PROFILE = ResourceType(
    number=11,
    short="mssp",
    name="m2mServiceSubscriptionProfile",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
    ),
    in_only=True,
)
