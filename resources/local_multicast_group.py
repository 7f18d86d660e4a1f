"""localMulticastGroup: how a member of a group hears requests that are multicast (TS-0001 9.6.44)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import ip_address
from resources.model import ResourceType, row
from resources.simple_types import any_uri, duration, external_id, list_of_uris, tmgi

LOCAL_MULTICAST_GROUP = ResourceType(
    number=45,
    short="lmg",
    name="localMulticastGroup",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("egid", "externalGroupID", external_id),
        row("mad", "multicastAddress", ip_address, create=MANDATORY, single=True),
        row("mgft", "multicastGroupFanoutTarget", any_uri, create=MANDATORY, update=NP, single=True),
        row("mli", "memberList", list_of_uris, create=MANDATORY, single=True),
        row("rstt", "responseTarget", any_uri, single=True),
        row("rstw", "responseTimeWindow", duration),
        row("tmgi", "TMGI", tmgi),
    ),
    subscribable=False,
    release=3,
)
