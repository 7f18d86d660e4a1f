"""mgmtObj: what is done on the device when an object is made, read, changed or deleted (MGO-1, MGO-2).

Without an adapter the AE on the device does it: it sees the change of the resource by a subscription, and says in the
status attribute how it went (service layer management). An object with ``obis`` is for an adapter alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours import area_network, cmdh_rules
from cse.behaviours.devices import adapter_of, ask, is_managed_by_entity, managed_object, node_above
from cse.behaviours.management_actions import Actions, asked_for, reported
from cse.behaviours.upkeep import keep
from cse.core import Core
from cse.device_management import DeviceError
from cse.work import Work
from resources.common import UNIVERSAL
from resources.errors import Conflict, OriginatorError
from resources.management.common import COMMON
from resources.model import Resource, ResourceType
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call
    from cse.operations.change import Draft

log = logging.getLogger("banyan.devices")

#: m2m:status of an action that nobody has asked for yet.
UNINITIALIZED = 0
#: What the CSE fills in where a request leaves it out.
FILLED_IN: Mapping[int, Mapping[str, Any]] = {
    1001: {"uds": {"sus": UNINITIALIZED}}, 1002: {"ins": {"sus": UNINITIALIZED}}, 1028: {"cons": 0, "scanr": []},
}
#: Attributes that are of no interest to a device.
ADMINISTRATIVE = frozenset(row.short for row in (*UNIVERSAL, *COMMON) if row.short not in ("obis", "obps", "cmlk"))


class ManagementBehaviour(Behaviour):
    """All management objects of one CSE."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.actions = Actions(core)

    async def prepare(self, draft: Draft) -> None:
        """Ask the device to have, or to take, what the request says; refuse what nobody could do."""
        node = node_above(draft.parent)
        if draft.current is None:
            check_place(draft.type, draft.parent)
            for name, value in FILLED_IN.get(draft.attributes["mgd"], {}).items():
                draft.attributes.setdefault(name, value)
        triggered = asked_for(draft.type, draft.given) if draft.current is not None else []
        if draft.current is not None and triggered and self.actions.under_way(draft.current):
            raise Conflict(f"{triggered[0].trigger}: {draft.current.path} is doing something; wait until that is over")
        managed = managed_object(node, draft.type, draft.attributes)
        adapter = adapter_of(self.core, managed)
        if adapter is None:
            if triggered and (managed.object_ids or not is_managed_by_entity(self.core, node)):
                raise DeviceError(f"{triggered[0].trigger}: nothing leads to the device {managed.node_id}; it needs an "
                                  "adapter, or an AE on it whose nl is this node")
            return
        changes = {name: value for name, value in draft.given.items() if name not in ADMINISTRATIVE}
        if draft.current is None:
            await ask(self.core, adapter.open(managed.node_id))
            await ask(self.core, adapter.attach(managed))
        elif changes:
            await ask(self.core, adapter.open(managed.node_id))
            await ask(self.core, adapter.write(managed, changes))

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """An area network has a device more; a CMDH policy may be complete."""
        area_network.joined(self.core, work, resource)
        self._rules_changed(work, resource)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """Begin what the triggers ask for, once the request is durable."""
        if "awi" in given:
            area_network.moved(self.core, work, resource, before)
        self._rules_changed(work, resource)
        triggered = asked_for(resource.type, given)
        if triggered:
            managed = managed_object(node_above(resource), resource.type, resource.attributes)
            self.actions.ordered(work, resource, adapter_of(self.core, managed), triggered)

    def removed(self, work: Work, resource: Resource) -> None:
        """What is under way has nobody to report to."""
        area_network.left(self.core, work, resource)
        self._rules_changed(work, resource)
        work.after(lambda: self.actions.forget(resource))

    def restored(self, resource: Resource) -> None:
        """An action may have been under way when the CSE ended."""
        if resource.state is not None:
            self.actions.interrupted.append(resource)

    def opened(self) -> None:
        """What became of interrupted actions nobody knows: they have failed."""
        self.actions.give_up_interrupted()

    async def stop(self) -> None:
        """End all actions; the next start says that they have failed."""
        await self.actions.stop()

    async def check_retrieve(self, call: Call) -> None:
        """Show what the device has now; what was known last when it does not answer."""
        core, resource = self.core, call.target.resource
        managed = managed_object(node_above(resource), resource.type, resource.attributes)
        adapter = adapter_of(core, managed)
        if adapter is None:
            return
        try:
            now = reported(resource.type, await ask(core, adapter.read(managed)))
        except DeviceError as error:
            log.warning("%s shows what was known last: %s", resource.path, error.message)
            return
        changes = {name: value for name, value in now.items() if resource.attributes.get(name) != value}
        if changes and core.tree.holds(resource):
            work = Work()
            keep(core, work, resource, changes)
            await core.commit(work)

    async def check_delete(self, call: Call) -> None:
        """Take an object from the device first."""
        resource = call.target.resource
        managed = managed_object(node_above(resource), resource.type, resource.attributes)
        adapter = adapter_of(self.core, managed)
        if adapter is not None:
            await ask(self.core, adapter.open(managed.node_id))
            await ask(self.core, adapter.detach(managed))

    def _rules_changed(self, work: Work, resource: Resource) -> None:
        if resource.attributes["mgd"] in cmdh_rules.OBJECTS:
            work.after(lambda: cmdh_rules.review(self.core))


def check_place(type_: ResourceType, parent: Resource | None) -> None:
    """4108 for an object under another one, but for those of a CMDH policy under the one they belong to."""
    assert parent is not None
    if parent.type.name not in type_.parents:
        raise OriginatorError(f"ty: {type_.phrase} cannot stand under {parent.type.phrase}; it can under "
                              f"{', '.join(type_.parents)}", Status.INVALID_CHILD_RESOURCE_TYPE)
