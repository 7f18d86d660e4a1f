"""What resource types do beyond their tables, one module per subject; here is who does what."""

from __future__ import annotations

from cse.behaviour import Behaviour
from cse.behaviours.flex_container import FlexContainer
from cse.behaviours.polling_channel import POLLING_CHANNEL, PollingChannelBehaviour
from resources.flex_container import FLEX_CONTAINER

#: Behaviour by resource type number; specializations share that of their base.
BEHAVIOURS: dict[int, type[Behaviour]] = {
    FLEX_CONTAINER.number: FlexContainer,
    POLLING_CHANNEL: PollingChannelBehaviour,
}
