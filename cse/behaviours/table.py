"""Who does what: the behaviour of each resource type that does more than its table says."""

from __future__ import annotations

from cse.behaviour import Behaviour
from cse.behaviours.action import ActionBehaviour, DependencyBehaviour
from cse.behaviours.container import ContainerBehaviour
from cse.behaviours.cross_resource_subscription import CrossResourceSubscriptionBehaviour
from cse.behaviours.flex_container import FlexContainer
from cse.behaviours.group import GroupBehaviour
from cse.behaviours.infrastructure import MulticastBehaviour, TriggerBehaviour
from cse.behaviours.location_policy import LocationPolicyBehaviour
from cse.behaviours.management import ManagementBehaviour
from cse.behaviours.management_command import CommandBehaviour, ExecInstanceBehaviour
from cse.behaviours.mashup import JobProfileBehaviour, MashupBehaviour
from cse.behaviours.node import EntityBehaviour, NodeBehaviour
from cse.behaviours.notification_policies import (
    DeletionRulesBehaviour,
    PolicyReferenceBehaviour,
    SubscriptionBehaviour,
    TargetPolicyBehaviour,
)
from cse.behaviours.polling_channel import PollingChannelBehaviour
from cse.behaviours.primitive_profile import ProfileBehaviour as PrimitiveProfileBehaviour
from cse.behaviours.process import ProcessBehaviour
from cse.behaviours.process_checks import StateBehaviour
from cse.behaviours.request import RequestBehaviour
from cse.behaviours.schedule import ScheduleBehaviour
from cse.behaviours.semantics import DescriptorBehaviour, OntologyBehaviour, RepositoryBehaviour
from cse.behaviours.service_subscription import ProfileBehaviour
from cse.behaviours.statistics import CollectBehaviour, EventBehaviour
from cse.behaviours.time_series import TimeSeriesBehaviour
from cse.behaviours.time_sync_beacon import BeaconBehaviour
from cse.behaviours.transaction import TransactionBehaviour
from cse.behaviours.transaction_mgmt import TransactionMgmtBehaviour
from resources.action import ACTION
from resources.ae import AE
from resources.container import CONTAINER
from resources.cross_resource_subscription import CROSS_RESOURCE_SUBSCRIPTION
from resources.dependency import DEPENDENCY
from resources.event_config import EVENT_CONFIG
from resources.exec_instance import EXEC_INSTANCE
from resources.flex_container import FLEX_CONTAINER
from resources.group import GROUP
from resources.local_multicast_group import LOCAL_MULTICAST_GROUP
from resources.location_policy import LOCATION_POLICY
from resources.m2m_service_subscription_profile import M2M_SERVICE_SUBSCRIPTION_PROFILE
from resources.mgmt_cmd import MGMT_CMD
from resources.mgmt_obj import MGMT_OBJ
from resources.node import NODE
from resources.notification_target_mgmt_policy_ref import NOTIFICATION_TARGET_MGMT_POLICY_REF
from resources.notification_target_policy import NOTIFICATION_TARGET_POLICY
from resources.ontology import ONTOLOGY
from resources.ontology_repository import ONTOLOGY_REPOSITORY
from resources.policy_deletion_rules import POLICY_DELETION_RULES
from resources.polling_channel import POLLING_CHANNEL
from resources.primitive_profile import PRIMITIVE_PROFILE
from resources.process_management import PROCESS_MANAGEMENT
from resources.remote_cse import REMOTE_CSE
from resources.request import REQUEST
from resources.schedule import SCHEDULE
from resources.semantic_descriptor import SEMANTIC_DESCRIPTOR
from resources.semantic_mashup_instance import SEMANTIC_MASHUP_INSTANCE
from resources.semantic_mashup_job_profile import SEMANTIC_MASHUP_JOB_PROFILE
from resources.state import STATE
from resources.stats_collect import STATS_COLLECT
from resources.subscription import SUBSCRIPTION
from resources.time_series import TIME_SERIES
from resources.time_sync_beacon import TIME_SYNC_BEACON
from resources.transaction import TRANSACTION
from resources.transaction_mgmt import TRANSACTION_MGMT
from resources.trigger_request import TRIGGER_REQUEST

#: Behaviour by resource type number; specializations share that of their base.
BEHAVIOURS: dict[int, type[Behaviour]] = {
    ACTION.number: ActionBehaviour,
    AE.number: EntityBehaviour,
    CROSS_RESOURCE_SUBSCRIPTION.number: CrossResourceSubscriptionBehaviour,
    CONTAINER.number: ContainerBehaviour,
    EXEC_INSTANCE.number: ExecInstanceBehaviour,
    DEPENDENCY.number: DependencyBehaviour,
    EVENT_CONFIG.number: EventBehaviour,
    FLEX_CONTAINER.number: FlexContainer,
    GROUP.number: GroupBehaviour,
    LOCATION_POLICY.number: LocationPolicyBehaviour,
    MGMT_CMD.number: CommandBehaviour,
    MGMT_OBJ.number: ManagementBehaviour,
    NODE.number: NodeBehaviour,
    NOTIFICATION_TARGET_MGMT_POLICY_REF.number: PolicyReferenceBehaviour,
    NOTIFICATION_TARGET_POLICY.number: TargetPolicyBehaviour,
    POLICY_DELETION_RULES.number: DeletionRulesBehaviour,
    POLLING_CHANNEL.number: PollingChannelBehaviour,
    PRIMITIVE_PROFILE.number: PrimitiveProfileBehaviour,
    PROCESS_MANAGEMENT.number: ProcessBehaviour,
    REMOTE_CSE.number: EntityBehaviour,
    SCHEDULE.number: ScheduleBehaviour,
    STATE.number: StateBehaviour,
    STATS_COLLECT.number: CollectBehaviour,
    SUBSCRIPTION.number: SubscriptionBehaviour,
    REQUEST.number: RequestBehaviour,
    ONTOLOGY.number: OntologyBehaviour,
    ONTOLOGY_REPOSITORY.number: RepositoryBehaviour,
    SEMANTIC_DESCRIPTOR.number: DescriptorBehaviour,
    SEMANTIC_MASHUP_INSTANCE.number: MashupBehaviour,
    SEMANTIC_MASHUP_JOB_PROFILE.number: JobProfileBehaviour,
    M2M_SERVICE_SUBSCRIPTION_PROFILE.number: ProfileBehaviour,
    LOCAL_MULTICAST_GROUP.number: MulticastBehaviour,
    TIME_SERIES.number: TimeSeriesBehaviour,
    TIME_SYNC_BEACON.number: BeaconBehaviour,
    TRANSACTION.number: TransactionBehaviour,
    TRANSACTION_MGMT.number: TransactionMgmtBehaviour,
    TRIGGER_REQUEST.number: TriggerBehaviour,
}
