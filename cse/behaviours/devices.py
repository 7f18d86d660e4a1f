"""Asking devices: which adapter leads to a node, and how long a request waits for it (TS-0004 7.3.4)."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from cse.core import Core
from cse.device_management import Adapter, DeviceError, ManagedObject, adapter_for
from resources.ae import AE
from resources.model import Resource, ResourceType
from resources.node import NODE
from resources.status import Status

Result = TypeVar("Result")



def node_above(resource: Resource | None) -> Resource:
    """The node that a management object stands under, or is to stand under."""
    while resource is not None and resource.type.number != NODE.number:
        resource = resource.parent
    assert resource is not None
    return resource


def managed_object(node: Resource, type_: ResourceType, attributes: Mapping[str, Any]) -> ManagedObject:
    """A management object as an adapter sees it."""
    return ManagedObject(node.attributes["ni"], type_.name, attributes, attributes.get("obis", ()),
                         attributes.get("obps", ()))


def adapter_of(core: Core, managed: ManagedObject) -> Adapter | None:
    """The adapter that leads to a management object."""
    return adapter_for(core.adapters, managed.node_id, managed.object_ids) if core.adapters else None


def is_managed_by_entity(core: Core, node: Resource) -> bool:
    """True when an AE or a CSE on the node, or the AE that made it, may act on what its objects say."""
    attributes, maker = node.attributes, core.tree.by_id.get(node.creator)
    return "hael" in attributes or "hcl" in attributes or (maker is not None and maker.type.number == AE.number)


async def ask(core: Core, request: Coroutine[Any, Any, Result]) -> Result:
    """What an adapter returns. Raises DeviceError: its own, 6021 when it takes too long, 6025 when it fails."""
    try:
        return await core.timers.within(core.settings.management_session_timeout_s, request)
    except DeviceError:
        raise
    except TimeoutError:
        limit = core.settings.management_session_timeout_s
        raise DeviceError(f"the device has not answered within {limit:g} s",
                          Status.MGMT_SESSION_ESTABLISHMENT_TIMEOUT) from None
    except Exception as error:
        raise DeviceError(f"the adapter of the device failed: {type(error).__name__}",
                          Status.MGMT_CONVERSION_ERROR) from error
