"""transactionMgmt: requests to several resources that are done all or not at all (TS-0001 9.6.47)."""

from dataclasses import replace

from resources.common import CR, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import aggregated_request, aggregated_response
from resources.enumerations import (
    transaction_control,
    transaction_lock_type,
    transaction_mgmt_handling,
    transaction_mode,
    transaction_state,
)
from resources.model import ResourceType, row
from resources.simple_types import non_negative_integer, timestamp

TRANSACTION_MGMT = ResourceType(
    number=50,
    short="tram",
    name="transactionMgmt",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        replace(CR, single=True),
        row("tltm", "transactionLockTime", timestamp, update=NP),
        row("text", "transactionExecuteTime", timestamp, update=NP),
        row("tct", "transactionCommitTime", timestamp, update=NP),
        row("tept", "transactionExpirationTime", timestamp, update=NP),
        row("tmd", "transactionMode", transaction_mode, update=NP, default=1),
        row("tltp", "transactionLockType", transaction_lock_type, update=NP, default=1),
        row("tctl", "transactionControl", transaction_control, create=NP, default=1),
        row("trst", "transactionState", transaction_state, create=NP, update=NP, single=True),
        row("tmr", "transactionMaxRetries", non_negative_integer, default=0),
        row("tmh", "transactionMgmtHandling", transaction_mgmt_handling, default=1),
        row("rqps", "requestPrimitives", aggregated_request, create=MANDATORY, update=NP, single=True),
        row("rsps", "responsePrimitives", aggregated_response, create=NP, update=NP, single=True),
    ),
    release=3,
)
