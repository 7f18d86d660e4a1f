"""The AE side: everything an AE, an IPE or a script needs to talk to a CSE.

``connect`` gives a ``Client``, ``listen`` a ``Receiver`` of notifications; nothing else of the CSE has to be imported.
"""

from cse.client.api import Client
from cse.client.connecting import connect
from cse.client.criteria import filter_criteria
from cse.client.errors import RequestFailed, Unreachable
from cse.client.models import DataPoint, DeviceModel, device_model
from cse.client.notification import Notification
from cse.client.receiver import Receiver, listen
from cse.client.references import Reference
from cse.client.transport import DirectTransport, Transport
from cse.clock import Clock, SystemClock, seconds_of, timestamp
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.model import Permission
from resources.status import Status

__all__ = [
    "Client",
    "Clock",
    "DataPoint",
    "DeviceModel",
    "DirectTransport",
    "FilterCriteria",
    "Notification",
    "Operation",
    "Permission",
    "Receiver",
    "Reference",
    "RequestFailed",
    "RequestPrimitive",
    "ResponsePrimitive",
    "Status",
    "SystemClock",
    "Transport",
    "Unreachable",
    "connect",
    "device_model",
    "filter_criteria",
    "listen",
    "seconds_of",
    "timestamp",
]
