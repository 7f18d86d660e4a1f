"""transaction: the part of a transaction that concerns its parent: locked, executed, committed (TS-0001 9.6.48)."""

from dataclasses import replace

from resources.common import CR, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import request_primitive, response_primitive
from resources.enumerations import transaction_control, transaction_lock_type, transaction_state
from resources.model import ResourceType, row
from resources.simple_types import string, timestamp

_PARENTS = """
accessControlPolicy AE AEContactList authorizationDecision authorizationInformation authorizationPolicy container
contentInstance crossResourceSubscription CSEBase dynamicAuthorizationConsultation eventConfig execInstance
flexContainer group localMulticastGroup locationPolicy m2mServiceSubscriptionProfile mgmtCmd mgmtObj
multimediaSession node notificationTargetMgmtPolicyRef notificationTargetPolicy ontology ontologyRepository
policyDeletionRules pollingChannel remoteCSE role schedule semanticDescriptor semanticMashupInstance
semanticMashupJobProfile semanticMashupResult serviceSubscribedAppRule serviceSubscribedNode statsCollect
statsConfig subscription timeSeries timeSeriesInstance token triggerRequest
"""

TRANSACTION = ResourceType(
    number=51,
    short="trac",
    name="transaction",
    parents=tuple(_PARENTS.split()),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        replace(CR, single=True),
        row("tid", "transactionID", string, create=MANDATORY, update=NP, single=True),
        row("tctl", "transactionControl", transaction_control, create=NP, single=True, default=2),
        row("trst", "transactionState", transaction_state, create=NP, update=NP, single=True),
        row("tltm", "transactionLockTime", timestamp, update=NP),
        row("text", "transactionExecuteTime", timestamp, update=NP),
        row("tct", "transactionCommitTime", timestamp, update=NP),
        row("tltp", "transactionLockType", transaction_lock_type, update=NP, default=1),
        row("rqp", "requestPrimitive", request_primitive, create=MANDATORY, update=NP, single=True),
        row("rsp", "responsePrimitive", response_primitive, create=NP, update=NP, single=True),
    ),
    release=3,
)
