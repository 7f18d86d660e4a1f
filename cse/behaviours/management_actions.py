"""Actions of management objects on their way: started by a trigger, reported in a status attribute (MGO-1).

``Resource.state`` has the triggers of actions under way, so that a restart finds them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from cse.behaviours.devices import managed_object, node_above
from cse.behaviours.upkeep import keep
from cse.core import Core
from cse.device_management import Adapter, DeviceError, Outcome
from cse.storage.port import StoreError
from cse.work import Work
from resources.datatypes import Invalid
from resources.management.actions import ACTIONS, Action
from resources.model import Optionality, Resource, ResourceType

log = logging.getLogger("banyan.devices")

#: m2m:status.
SUCCESSFUL, FAILURE, IN_PROCESS = 1, 2, 3
#: Triggers that are never seen as true.
MOMENTARY = frozenset({"rbo", "far"})


def asked_for(type_: ResourceType, given: Mapping[str, Any]) -> list[Action]:
    """The actions that a request starts."""
    assert type_.discriminator is not None
    return [action for action in ACTIONS.get(type_.discriminator[1], ()) if given.get(action.trigger) is True]


def reported(type_: ResourceType, values: Any) -> dict[str, Any]:
    """What a device says of itself, as far as an object of this type can have it; the rest is logged and left out."""
    if not isinstance(values, Mapping):
        log.warning("a device reported %r instead of attributes of a %s", type(values).__name__, type_.name)
        return {}
    return {name: value for name, value in values.items() if _is_possible(type_, name, value)}


def checked(outcome: Any) -> Outcome:
    """What an adapter has returned; anything but an outcome counts as failure."""
    if isinstance(outcome, Outcome):
        return outcome
    log.warning("an adapter returned a %s instead of an Outcome", type(outcome).__name__)
    return Outcome(succeeded=False)


def _is_possible(type_: ResourceType, name: str, value: Any) -> bool:
    row = type_.by_short.get(name)
    try:
        if row is None or (row.create is Optionality.FORBIDDEN and row.update is Optionality.FORBIDDEN):
            raise Invalid("no attribute that a device sets")
        row.type.check(value)
    except Invalid as problem:
        log.warning("a device reported something impossible of a %s: %s", type_.name, problem.within(name))
        return False
    return True


class Actions:
    """The actions under way of one CSE, at most one series of them for each object."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._running: dict[str, asyncio.Task[None]] = {}
        self.interrupted: list[Resource] = []

    def under_way(self, resource: Resource) -> bool:
        """True while the device does something for the object."""
        return resource.state is not None

    def ordered(self, work: Work, resource: Resource, adapter: Adapter | None, actions: Sequence[Action]) -> None:
        """Note in the unit of work of a request what it asks for, and begin once that is durable."""
        momentary = {action.trigger: False for action in actions if action.trigger in MOMENTARY}
        if adapter is None:
            if momentary:
                keep(self._core, work, resource, momentary)
            return
        work.keep_state(resource, {"actions": [action.trigger for action in actions]})
        keep(self._core, work, resource, {**momentary, **_status(actions[0], IN_PROCESS)})
        work.after(lambda: self._begin(resource, adapter, actions))

    def forget(self, resource: Resource) -> None:
        """End what is under way for an object that is gone."""
        task = self._running.get(resource.ri)
        if task is not None:
            task.cancel()

    def give_up_interrupted(self) -> None:
        """After a restart: actions that were under way have failed."""
        interrupted, self.interrupted = self.interrupted, []
        for resource in interrupted:
            triggers = set((resource.state or {}).get("actions", ()))
            for action in ACTIONS.get(resource.attributes["mgd"], ()):
                if action.trigger in triggers:
                    triggers.discard(action.trigger)
                    self._report(resource, action, Outcome(succeeded=False), left=sorted(triggers))

    async def stop(self) -> None:
        """Cancel all; what is under way stays noted."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, resource: Resource, adapter: Adapter, actions: Sequence[Action]) -> None:
        task = asyncio.get_running_loop().create_task(self._run(resource, adapter, actions))
        self._running[resource.ri] = task
        task.add_done_callback(lambda _: self._running.pop(resource.ri, None))

    async def _run(self, resource: Resource, adapter: Adapter, actions: Sequence[Action]) -> None:
        """One action after the other; what comes after one that failed is not tried."""
        outcome = Outcome()
        for position, action in enumerate(actions):
            if position and outcome.succeeded:
                self._under_way(resource, action)
            if outcome.succeeded:
                outcome = await self._perform(resource, adapter, action)
            if not self._core.tree.holds(resource):
                return
            self._report(resource, action, outcome, left=[one.trigger for one in actions[position + 1:]])

    async def _perform(self, resource: Resource, adapter: Adapter, action: Action) -> Outcome:
        core = self._core
        managed = managed_object(node_above(resource), resource.type, resource.attributes)
        try:
            return checked(await core.timers.within(core.settings.management_action_timeout_s,
                                                    adapter.perform(managed, action.name)))
        except TimeoutError:
            log.warning("%s of %s took too long", action.name, resource.path)
        except DeviceError as error:
            log.warning("%s of %s failed: %s", action.name, resource.path, error.message)
        except Exception:
            log.exception("%s of %s failed in the adapter", action.name, resource.path)
        return Outcome(succeeded=False)

    def _under_way(self, resource: Resource, action: Action) -> None:
        work = Work()
        keep(self._core, work, resource, _status(action, IN_PROCESS))
        self._submit(work, resource)

    def _report(self, resource: Resource, action: Action, outcome: Outcome, *, left: Sequence[str]) -> None:
        """Write how an action went; its trigger can be set again."""
        work = Work()
        work.keep_state(resource, {"actions": list(left)} if left else None)
        keep(self._core, work, resource, {
            action.trigger: False,
            **(action.done if outcome.succeeded else action.failed),
            **reported(resource.type, outcome.attributes),
            **_status(action, SUCCESSFUL if outcome.succeeded else FAILURE),
        })
        self._submit(work, resource)

    def _submit(self, work: Work, resource: Resource) -> None:
        try:
            self._core.submit(work)
        except StoreError as error:
            log.error("the status of %s cannot be written: %s", resource.path, error)


def _status(action: Action, status: int) -> dict[str, Any]:
    return {action.status: {"acn": action.name, "sus": status}} if action.status is not None else {}
