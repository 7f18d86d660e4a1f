"""The runs of management commands: once or several times, now or later (TS-0004 7.4.16, 7.4.17).

``Resource.state`` of an execInstance says what is left: ``left`` runs, the next one ``due`` (seconds since the epoch),
and whether one is ``running``. So a restart goes on; a run that it has interrupted counts as failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from cse.behaviours.devices import ask
from cse.behaviours.management_actions import checked
from cse.behaviours.upkeep import keep
from cse.core import Core
from cse.device_management import Command, DeviceError, Outcome, adapter_for
from cse.storage.port import StoreError
from cse.work import Work
from resources.datatypes import Invalid
from resources.duration import seconds_of_duration
from resources.enumerations import exec_result_type
from resources.errors import CseError, NetworkError
from resources.mgmt_cmd import ARGUMENTS, COMMANDS
from resources.model import Resource
from resources.status import Status

log = logging.getLogger("banyan.devices")

#: m2m:execStatusType.
INITIATED, PENDING, FINISHED, CANCELLED, NON_CANCELLABLE = 1, 2, 3, 5, 6
#: m2m:execResultType.
SUCCESS, UNSUPPORTED, INTERNAL_ERROR, NOT_FINISHED = 0, 1, 4, 31
#: Commands that nobody can stop once a device has begun: RESET, REBOOT.
UNSTOPPABLE = frozenset({1, 2})

#: Shortest time from the beginning of one run to that of the next; a shorter ``exf``, or none, becomes this.
SHORTEST_INTERVAL_S = 1.0


class Plan(NamedTuple):
    """When a command runs: after ``delay_s``, ``times`` times, ``interval_s`` from one to the next."""

    delay_s: float
    times: int
    interval_s: float

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Plan:
        """That of an execMode: 1 and 2 begin at once, 3 and 4 after ``exy``; 2 and 4 repeat."""
        mode = attributes.get("exm", 1)
        delay_s = seconds_of_duration(attributes.get("exy", "PT0S")) if mode in (3, 4) else 0.0
        times = attributes.get("exn", 1) if mode in (2, 4) else 1
        return cls(delay_s, times, max(seconds_of_duration(attributes.get("exf", "PT0S")), SHORTEST_INTERVAL_S))


class Runs:
    """The execInstances of one CSE that are not over."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._running: dict[str, asyncio.Task[None]] = {}
        self.restored: list[Resource] = []

    def plan(self, work: Work, instance: Resource) -> None:
        """Begin with a new execInstance once it is durable."""
        plan = Plan.of(instance.attributes)
        if plan.times == 0:
            keep(self._core, work, instance, {"exs": FINISHED, "exr": SUCCESS})
            return
        work.keep_state(instance, {"left": plan.times, "due": self._core.clock.time() + plan.delay_s})
        work.after(lambda: self._arm(instance))

    async def stop_run(self, instance: Resource) -> None:
        """Have the device stop. Raises 6028: it is over; 6029: it cannot be stopped; 6026: the device did not."""
        if instance.attributes["exs"] in (FINISHED, CANCELLED):
            raise NetworkError(f"exd: {instance.path} is over already", Status.ALREADY_COMPLETE)
        if not (instance.state or {}).get("running"):
            return
        command = command_of(self._core, instance)
        if _kind(instance) in UNSTOPPABLE:
            self._note(instance, {"exs": NON_CANCELLABLE})
            raise NetworkError(f"exd: a {command.kind} that has begun cannot be stopped",
                               Status.MGMT_COMMAND_NOT_CANCELLABLE)
        adapter = adapter_for(self._core.adapters, command.node_id)
        try:
            if adapter is None:
                raise DeviceError("nothing leads to the device any more")
            await ask(self._core, adapter.cancel(command))
        except DeviceError as error:
            raise NetworkError(f"exd: {instance.path} goes on: {error.message}",
                               Status.MGMT_CANCELLATION_FAILED) from None

    def forget(self, instance: Resource) -> None:
        """No more runs of an execInstance that was cancelled, or is gone."""
        self._core.timers.cancel((Runs, instance.ri))
        task = self._running.get(instance.ri)
        if task is not None:
            task.cancel()

    def go_on(self) -> None:
        """After a restart: a run that was under way has failed, what is left goes on."""
        restored, self.restored = self.restored, []
        for instance in restored:
            if (instance.state or {}).get("running"):
                self._ended(instance, Outcome(succeeded=False))
            else:
                self._arm(instance)

    async def stop(self) -> None:
        """Cancel what is under way; the next start finds it noted."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _arm(self, instance: Resource) -> None:
        if instance.state is None or not self._core.tree.holds(instance):
            return
        if instance.state["due"] <= self._core.clock.time():
            self._begin(instance)
        else:
            self._core.timers.at((Runs, instance.ri), instance.state["due"], lambda: self._begin(instance))

    def _begin(self, instance: Resource) -> None:
        task = asyncio.get_running_loop().create_task(self._run(instance))
        self._running[instance.ri] = task
        task.add_done_callback(lambda _: self._running.pop(instance.ri, None))

    async def _run(self, instance: Resource) -> None:
        """Run once; nothing is begun before it is noted."""
        core = self._core
        if instance.state is None or not core.tree.holds(instance):
            return
        work = Work()
        work.keep_state(instance, {**instance.state, "running": True})
        keep(core, work, instance, {"exs": PENDING})
        try:
            await core.commit(work)
        except StoreError as error:
            log.error("%s is not begun: %s", instance.path, error)
            return
        outcome = await self._execute(instance)
        if core.tree.holds(instance) and instance.attributes["exs"] != CANCELLED:
            self._ended(instance, outcome)

    async def _execute(self, instance: Resource) -> Outcome:
        core, command = self._core, command_of(self._core, instance)
        adapter = adapter_for(core.adapters, command.node_id)
        if adapter is None:
            log.warning("%s: nothing leads to the device %s", instance.path, command.node_id)
            return Outcome(succeeded=False)
        try:
            return checked(await core.timers.within(core.settings.management_action_timeout_s,
                                                    adapter.execute(command)))
        except TimeoutError:
            log.warning("%s took too long", instance.path)
        except CseError as error:
            log.warning("%s failed: %s", instance.path, error.message)
            if error.status == Status.MGMT_CONVERSION_ERROR:
                return Outcome(succeeded=False, result=UNSUPPORTED)
        except Exception:
            log.exception("%s failed in the adapter", instance.path)
        return Outcome(succeeded=False)

    def _ended(self, instance: Resource, outcome: Outcome) -> None:
        """Write how a run went, and wait for the next one if there is one."""
        assert instance.state is not None
        left = instance.state["left"] - 1
        result = SUCCESS if outcome.succeeded else _possible(outcome.result)
        if left > 0:
            due = max(instance.state["due"] + Plan.of(instance.attributes).interval_s, self._core.clock.time())
            self._note(instance, {"exs": PENDING, "exr": result}, {"left": left, "due": due})
            self._arm(instance)
        else:
            self._note(instance, {"exs": FINISHED, "exr": result}, None)

    def _note(self, instance: Resource, changes: dict[str, Any], *state: dict[str, Any] | None) -> None:
        work = Work()
        if state:
            work.keep_state(instance, state[0])
        keep(self._core, work, instance, changes)
        try:
            self._core.submit(work)
        except StoreError as error:
            log.error("the result of %s cannot be written: %s", instance.path, error)


def command_of(core: Core, instance: Resource) -> Command:
    """What is to be run for an execInstance."""
    node = core.tree.find(instance.attributes["ext"])
    arguments = (instance.attributes.get("exra") or {}).get(ARGUMENTS[_kind(instance)], ())
    node_id = node.attributes["ni"] if node is not None else instance.attributes["ext"]
    return Command(node_id, COMMANDS[_kind(instance)], arguments, instance.ri)


def _kind(instance: Resource) -> int:
    assert instance.parent is not None
    kind: int = instance.parent.attributes["cmt"]
    return kind


def _possible(result: Any) -> int:
    """The result that an adapter gave a run that failed; an impossible one, or success, becomes an internal error."""
    try:
        exec_result_type.check(result)
    except Invalid:
        return INTERNAL_ERROR
    return int(result) or INTERNAL_ERROR
