"""mgmtCmd and execInstance: a command to devices, and what becomes of each time it is given (MGC-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours.command_runs import CANCELLED, FINISHED, INITIATED, NOT_FINISHED, Runs
from cse.behaviours.devices import ask
from cse.core import Core
from cse.device_management import DeviceError, adapter_for
from cse.operations.internal import make
from cse.work import Work
from resources.errors import NetworkError, OperationNotAllowed
from resources.exec_instance import EXEC_INSTANCE
from resources.group import GROUP
from resources.mgmt_cmd import ARGUMENTS, COMMANDS, WITH_ARGUMENTS
from resources.model import Permission, Resource
from resources.node import NODE
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call
    from cse.operations.change import Draft

#: What an execInstance takes over from its command.
COPIED = ("exm", "exf", "exy", "exn", "exra", "acpi")


class CommandBehaviour(Behaviour):
    """mgmtCmd: ``exe`` set to true makes an execInstance for each node; it reads back false.

    Who names the nodes may change them; others may give the command where its policies say so.
    """

    async def prepare(self, draft: Draft) -> None:
        """Refuse a command that nobody can carry out; its target stays while it has execInstances."""
        attributes = draft.attributes
        attributes["exe"] = False
        if "ext" in draft.given:
            for node in nodes_of(self.core, attributes["ext"]):
                draft.call.require(node, Permission.UPDATE)
        if draft.current is None:
            return
        for name in ("ext", "exm"):
            if name in draft.given and instances(draft.current):
                raise OperationNotAllowed(f"{name}: cannot change while the command has execInstances; delete them")
        if draft.given.get("exe") is not True:
            return
        kind = attributes["cmt"]
        if kind in WITH_ARGUMENTS and not (attributes.get("exra") or {}).get(ARGUMENTS[kind]):
            raise NetworkError(f"exra: a {COMMANDS[kind]} needs arguments ({ARGUMENTS[kind]!r})",
                               Status.MGMT_CONVERSION_ERROR)
        nodes = targets(self.core, attributes["ext"])
        for node in nodes:
            if not self.core.access.permitted(node, draft.current.creator, Permission.UPDATE):  # a group has others now
                draft.call.require(node, Permission.UPDATE)
        for node in nodes:
            node_id = node.attributes["ni"]
            adapter = adapter_for(self.core.adapters, node_id)
            if adapter is None:
                raise DeviceError(f"ext: no adapter leads to the device {node_id}")
            await ask(self.core, adapter.open(node_id))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:
        """Give the command, once for each node."""
        if given.get("exe") is not True:
            return
        copied = {name: resource.attributes[name] for name in COPIED if name in resource.attributes}
        runs = runs_of(self.core)
        for node in targets(self.core, resource.attributes["ext"]):
            instance = make(self.core, work, resource, EXEC_INSTANCE, {
                **copied, "ext": node.ri, "exs": INITIATED, "exr": NOT_FINISHED,
            }, creator=work.originator)
            runs.plan(work, instance)

    async def check_delete(self, call: Call) -> None:
        """Stop what is being run first."""
        for instance in instances(call.target.resource):
            await stop_if_under_way(self.core, instance)


class ExecInstanceBehaviour(Behaviour):
    """execInstance: ``exd`` set to true cancels it."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.runs = Runs(core)

    async def prepare(self, draft: Draft) -> None:
        """Have the device stop before the request is answered."""
        if draft.current is not None and draft.given.get("exd") is True:
            await self.runs.stop_run(draft.current)
            draft.attributes["exs"] = CANCELLED

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:
        """A cancelled one has no more runs."""
        if given.get("exd") is True:
            work.keep_state(resource, None)
            work.after(lambda: self.runs.forget(resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """Nobody wants to know any more."""
        work.after(lambda: self.runs.forget(resource))

    def restored(self, resource: Resource) -> None:
        """It may have runs left."""
        if resource.state is not None:
            self.runs.restored.append(resource)

    def opened(self) -> None:
        """Go on where the CSE ended."""
        self.runs.go_on()

    async def stop(self) -> None:
        """What is under way is found by the next start."""
        await self.runs.stop()

    async def check_delete(self, call: Call) -> None:
        """Stop what is being run first."""
        await stop_if_under_way(self.core, call.target.resource)


def runs_of(core: Core) -> Runs:
    """What runs the commands of a CSE."""
    behaviour = core.behaviours[EXEC_INSTANCE.number]
    assert isinstance(behaviour, ExecInstanceBehaviour)
    return behaviour.runs


async def stop_if_under_way(core: Core, instance: Resource) -> None:
    """Stop what is not over; raises as ``Runs.stop_run`` does."""
    if instance.attributes["exs"] not in (FINISHED, CANCELLED):
        await runs_of(core).stop_run(instance)


def instances(command: Resource) -> list[Resource]:
    """The execInstances of a command."""
    return [one for one in command.children.values() if one.type.number == EXEC_INSTANCE.number]


def targets(core: Core, target: str) -> list[Resource]:
    """The nodes that ``ext`` means. Raises 6003: none."""
    nodes = nodes_of(core, target)
    if not nodes:
        raise NetworkError(f"ext: {target} is no node here, and no group of nodes")
    return nodes


def nodes_of(core: Core, target: str) -> list[Resource]:
    """A node, by address or node ID, or the nodes of a group; empty when there is none."""
    found = core.tree.find(target)
    if found is not None and found.type.number == GROUP.number:
        members = [core.tree.find(one) for one in found.attributes["mid"]]
        return [one for one in members if one is not None and one.type.number == NODE.number]
    if found is not None and found.type.number == NODE.number:
        return [found]
    return [one for one in core.tree.root.children.values()
            if one.type.number == NODE.number and one.attributes["ni"] == target]
