"""What resource types do beyond their tables, one module per subject; here is who does what."""

from __future__ import annotations

from cse.behaviour import Behaviour
from cse.behaviours.cross_resource_subscription import CrossResourceSubscriptionBehaviour
from cse.behaviours.flex_container import FlexContainer
from cse.behaviours.group import GroupBehaviour
from cse.behaviours.management import ManagementBehaviour
from cse.behaviours.node import EntityBehaviour, NodeBehaviour
from cse.behaviours.notification_policies import (
    DeletionRulesBehaviour,
    PolicyReferenceBehaviour,
    SubscriptionBehaviour,
)
from cse.behaviours.polling_channel import POLLING_CHANNEL, PollingChannelBehaviour
from cse.behaviours.request import REQUEST, RequestBehaviour
from cse.behaviours.schedule import SCHEDULE, ScheduleBehaviour
from cse.behaviours.time_series import TimeSeriesBehaviour
from resources.ae import AE
from resources.cross_resource_subscription import CROSS_RESOURCE_SUBSCRIPTION
from resources.flex_container import FLEX_CONTAINER
from resources.group import GROUP
from resources.mgmt_obj import MGMT_OBJ
from resources.node import NODE
from resources.notification_target_mgmt_policy_ref import NOTIFICATION_TARGET_MGMT_POLICY_REF
from resources.policy_deletion_rules import POLICY_DELETION_RULES
from resources.remote_cse import REMOTE_CSE
from resources.subscription import SUBSCRIPTION
from resources.time_series import TIME_SERIES

#: Behaviour by resource type number; specializations share that of their base.
BEHAVIOURS: dict[int, type[Behaviour]] = {
    AE.number: EntityBehaviour,
    CROSS_RESOURCE_SUBSCRIPTION.number: CrossResourceSubscriptionBehaviour,
    FLEX_CONTAINER.number: FlexContainer,
    GROUP.number: GroupBehaviour,
    MGMT_OBJ.number: ManagementBehaviour,
    NODE.number: NodeBehaviour,
    NOTIFICATION_TARGET_MGMT_POLICY_REF.number: PolicyReferenceBehaviour,
    POLICY_DELETION_RULES.number: DeletionRulesBehaviour,
    POLLING_CHANNEL: PollingChannelBehaviour,
    REMOTE_CSE.number: EntityBehaviour,
    SCHEDULE: ScheduleBehaviour,
    SUBSCRIPTION.number: SubscriptionBehaviour,
    REQUEST: RequestBehaviour,
    TIME_SERIES.number: TimeSeriesBehaviour,
}
