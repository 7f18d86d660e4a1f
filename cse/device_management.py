"""The port to devices: what a CSE asks a device management technology to do (TS-0001 6.2.4, TS-0004 7.3.4).

An adapter speaks one technology (LwM2M, TR-069, a vendor's own) or for one device. It is found by the node, or by the
technology that the ``objectIDs`` of a management object name. docs/device_management.md shows how to write one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resources.errors import NetworkError
from resources.status import Status


@dataclass(frozen=True, slots=True)
class ManagedObject:
    """A management object on a device: ``node_id`` is ``ni`` of its node, ``kind`` its long name (``firmware``).

    ``attributes`` are those of the resource by short name, as they will be when the request is done. ``object_ids``
    and ``object_paths`` say where it is in the device management technology.
    """

    node_id: str
    kind: str
    attributes: Mapping[str, Any]
    object_ids: Sequence[str] = ()
    object_paths: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """One run of a management command: ``kind`` is its command type (``REBOOT``), ``arguments`` as in ``exra``.

    ``identifier`` is the resource ID of the execInstance: all runs of it, and its cancellation, carry the same.
    """

    node_id: str
    kind: str
    arguments: Sequence[Mapping[str, Any]]
    identifier: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action or a command.

    ``attributes`` are what it has changed about the management object, by short name. ``result`` is the
    m2m:execResultType of a command that failed.
    """

    succeeded: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)
    result: int = 4


class DeviceError(NetworkError):
    """A device did not do what it was asked to. 6020 unless another status of section 6 is given."""

    status = Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED


class Adapter:
    """Base of adapters: manages the nodes with these node IDs, and objects of these technologies; does nothing yet.

    ``technologies`` are how the objectIDs begin (``urn:oma:lwm2m``). All methods but ``perform`` and ``execute`` are
    part of a request that waits: they end soon, or raise DeviceError, with which the request is answered; what takes
    longer than the CSE allows becomes 6021. They may be called again for the same request.
    """

    def __init__(self, *, nodes: Sequence[str] = (), technologies: Sequence[str] = ()) -> None:
        self.nodes = frozenset(nodes)
        self.technologies = tuple(technologies)

    def manages(self, node_id: str, object_ids: Sequence[str]) -> bool:
        """True when this adapter is the one for a node, or for an object on it."""
        return node_id in self.nodes or any(one.startswith(self.technologies) for one in object_ids)

    async def open(self, node_id: str) -> None:
        """Make sure that there is a session with the device. Raises DeviceError: 6020 when there can be none."""

    async def attach(self, managed: ManagedObject) -> None:
        """A management object is about to be created: add it to the device, unless it has the same already.

        Raises DeviceError, with 5106 when the device has it with another content (MGO-2).
        """

    async def read(self, managed: ManagedObject) -> Mapping[str, Any]:  # noqa: ARG002 - the port
        """A management object is about to be shown: return what has changed on the device, by short name."""
        return {}

    async def write(self, managed: ManagedObject, changes: Mapping[str, Any]) -> None:
        """Attributes are about to be set, None removes; triggers are among them and are not to be acted on yet."""

    async def detach(self, managed: ManagedObject) -> None:
        """A management object is about to be deleted."""

    async def perform(self, managed: ManagedObject, action: str) -> Outcome:
        """Do an action, by long name (``install``); takes its time. An exception counts as failure."""
        raise DeviceError(f"{managed.kind}: this device knows no {action}", Status.MGMT_CONVERSION_ERROR)

    async def execute(self, command: Command) -> Outcome:
        """Run a management command once; takes its time. An exception counts as failure."""
        raise DeviceError(f"{command.kind}: this device knows no such command", Status.MGMT_CONVERSION_ERROR)

    async def cancel(self, command: Command) -> None:
        """Stop a command that is being run, the awaiting ``execute`` is cancelled afterwards. Raises DeviceError."""
        raise DeviceError(f"{command.kind}: this device cannot stop a command", Status.MGMT_CANCELLATION_FAILED)


def adapter_for(adapters: Sequence[Adapter], node_id: str, object_ids: Sequence[str] = ()) -> Adapter | None:
    """The first adapter that manages a node, or an object on it; None when no one does."""
    return next((one for one in adapters if one.manages(node_id, object_ids)), None)
