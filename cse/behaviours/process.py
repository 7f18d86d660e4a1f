"""processManagement and state: a small machine that others control and that resources drive (PRM-1 … PRM-3).

``activate conditions`` must all be met, of the end conditions one is enough. They are looked at whenever a resource
changes that they are about, and when the process is enabled or goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours.action import ActionBehaviour
from cse.behaviours.process_checks import (
    ABORTED,
    ACTIVATED,
    COMPLETED,
    CONTROLS,
    DISABLE,
    DISABLED,
    ENABLE,
    ENABLED,
    FIXED,
    NAMES,
    REACTIVATE,
    check_condition,
    check_fit,
    child_of,
    misconfigured,
)
from cse.behaviours.subjects import Key, Observation, Subject, find_subject, load
from cse.criteria.evaluation import Attributes, Test, compile_criteria
from cse.operations.internal import amend
from cse.storage.port import StoreError
from cse.work import Work
from resources.action import ACTION
from resources.errors import CseError, OperationNotAllowed
from resources.model import Resource
from resources.state import STATE

if TYPE_CHECKING:
    from cse.core import Core
    from cse.operations.change import Draft
    from cse.primitive import ResponsePrimitive

log = logging.getLogger("banyan.processes")

@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition; ``leads_to`` is the next state of a transition."""

    subject: Subject
    test: Test
    leads_to: str = ""

    def is_met(self, known: Mapping[Key, Attributes | None]) -> bool:
        """By the values of a change, or else by those of now."""
        values = known[self.subject.key] if self.subject.key in known else self.subject.values()
        return values is not None and self.test(values)


@dataclass(frozen=True, slots=True)
class Watch:
    """What an enabled process waits for: conditions to begin, to end, to go to another state."""

    begin: tuple[Condition, ...] = ()
    end: tuple[Condition, ...] = ()
    transitions: tuple[Condition, ...] = ()

    @property
    def subjects(self) -> Iterable[Subject]:
        """All that the conditions are about."""
        return {one.subject.key: one.subject for one in (*self.begin, *self.end, *self.transitions)}.values()


class ProcessBehaviour(Behaviour):
    """The processes of one CSE. A process has a watch while it is Enabled or Activated."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._observation = Observation(core, self._changed)
        self._watches: dict[str, tuple[Resource, Watch]] = {}
        self._restored: list[Resource] = []

    async def prepare(self, draft: Draft) -> None:
        """PRM-1, PRM-2: what may be changed, and where a control leads."""
        current, given, attributes = draft.current, draft.given, draft.attributes
        if current is None:
            return
        status = current.attributes["prst"]
        changed = [name for name in FIXED if name in given]
        if changed and status != DISABLED:
            raise OperationNotAllowed(f"{', '.join(changed)}: the process is {NAMES[status]}; disable it (prct 2)")
        if "inst" in given:
            child_of(draft, current, attributes["inst"], STATE.number, "inst")
        for name in ("atcos", "encos"):
            for number, one in enumerate(given.get(name) or ()):
                await check_condition(draft.call, one["sri"], one["evc"], f"{name}[{number}]")
        if "prct" in given:
            await self._control(draft, current, given["prct"])

    async def _control(self, draft: Draft, process: Resource, control: int) -> None:
        status = process.attributes["prst"]
        possible, leads_to = CONTROLS[control]
        if status not in possible:
            raise OperationNotAllowed(f"prct: {control} is possible for a process that is "
                                      f"{' or '.join(NAMES[one] for one in sorted(possible))}; it is {NAMES[status]}")
        draft.attributes["prst"] = leads_to
        if control == ENABLE:
            await self._check_whole(draft, process)
        if control == DISABLE:
            draft.attributes.pop("cust", None)

    async def _check_whole(self, draft: Draft, process: Resource) -> None:
        """All references lead somewhere and all criteria fit, before the process runs."""
        initial = draft.attributes.get("inst")
        if initial is None:
            raise misconfigured("inst: a process without an initial state cannot be enabled")
        child_of(draft, process, initial, STATE.number, "inst")
        for state in _states(process):
            subject = self._subject_of(state)
            for number, one in enumerate(state.attributes.get("sttrs") or ()):
                child_of(draft, process, one["nxst"], STATE.number, f"{state.rn}: sttrs[{number}].nxst")
                if subject is None:
                    raise misconfigured(f"{state.rn}: the subject of its action is gone")
                await load(self.core, subject)
                check_fit(one["evc"], subject, f"{state.rn}: sttrs[{number}].evc")

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """PRM-2: do what the control says."""
        if "prct" not in given:
            return
        if given["prct"] in (ENABLE, REACTIVATE):
            self._watch(work, resource)
            work.after(lambda: self._look(resource))
        else:
            self._unwatch(work, resource)
            if given["prct"] == DISABLE:
                self._leave(work, self.core.tree.find(before.get("cust", "")))

    def removed(self, work: Work, resource: Resource) -> None:
        """Nothing is waited for any more."""
        self._unwatch(work, resource)

    def restored(self, resource: Resource) -> None:
        """Nothing is followed before the whole tree is there."""
        self._restored.append(resource)

    async def started(self) -> None:
        """Go on to wait; hear what the actions of states have done."""
        actions = self.core.behaviours[ACTION.number]
        assert isinstance(actions, ActionBehaviour)
        actions.executed = self._executed
        for process in self._restored:
            if process.attributes["prst"] in (ENABLED, ACTIVATED):
                self._take(process)
        for _, watch in self._watches.values():
            for subject in watch.subjects:
                await load(self.core, subject)

    def opened(self) -> None:
        """What came about before a restart is looked at now."""
        restored, self._restored = self._restored, []
        for process in restored:
            self._look(process)

    # following

    def _watch(self, work: Work, process: Resource) -> None:
        self._take(process)

        def undo() -> None:
            self._release(process)

        work.undo.append(undo)

    def _unwatch(self, work: Work, process: Resource) -> None:
        if self._release(process):
            work.undo.insert(0, lambda: self._take(process))

    def _take(self, process: Resource) -> None:
        self._release(process)
        watch = self._compiled(process)
        self._watches[process.ri] = process, watch
        for subject in watch.subjects:
            self._observation.follow(subject)

    def _release(self, process: Resource) -> bool:
        found = self._watches.pop(process.ri, None)
        for subject in found[1].subjects if found is not None else ():
            self._observation.leave(subject)
        return found is not None

    def _compiled(self, process: Resource) -> Watch:
        attributes = process.attributes
        end = tuple(self._conditions(attributes.get("encos")))
        if attributes["prst"] == ENABLED:
            return Watch(begin=tuple(self._conditions(attributes.get("atcos"))))
        state = self.core.tree.find(attributes.get("cust", ""))
        subject = self._subject_of(state) if state is not None else None
        if state is None or subject is None:
            return Watch(end=end)
        return Watch(end=end, transitions=tuple(
            Condition(subject, compile_criteria(one["evc"]), one["nxst"]) for one in state.attributes.get("sttrs") or ()
        ))

    def _conditions(self, conditions: Iterable[Mapping[str, Any]] | None) -> Iterable[Condition]:
        for one in conditions or ():
            subject = None
            with suppress(CseError):
                subject = find_subject(self.core, one["sri"], "sri")
            if subject is not None:
                yield Condition(subject, compile_criteria(one["evc"]))

    def _subject_of(self, state: Resource) -> Subject | None:
        """What the transitions of a state are about: what its action is about, else where the process stands."""
        action = self.core.tree.find(state.attributes.get("stac", ""))
        if action is not None:
            actions = self.core.behaviours[ACTION.number]
            assert isinstance(actions, ActionBehaviour)
            return actions.subject_of(action)
        assert state.parent is not None
        place = state.parent.parent
        assert place is not None
        return Subject(place, False, place.type)

    # running

    def _changed(self, subject: Subject, values: Attributes | None) -> None:
        for process, watch in tuple(self._watches.values()):
            if any(one.key == subject.key for one in watch.subjects):
                if values is None:
                    self._do(process, partial(self._finish, process=process, status=ABORTED))
                else:
                    self._look(process, {subject.key: values})

    def _look(self, process: Resource, known: Mapping[Key, Attributes | None] | None = None) -> None:
        """Take the next step if its condition is met."""
        found = self._watches.get(process.ri)
        if found is None:
            return
        status, watch, known = process.attributes["prst"], found[1], known or {}
        if status == ENABLED and all(one.is_met(known) for one in watch.begin):
            self._do(process, lambda work: self._enter(work, process, process.attributes["inst"]))
        elif status == ACTIVATED and any(one.is_met(known) for one in watch.end):
            self._do(process, lambda work: self._finish(work, process, COMPLETED))
        elif status == ACTIVATED:
            chosen = next((one for one in watch.transitions if one.is_met(known)), None)
            if chosen is not None:
                self._do(process, lambda work: self._enter(work, process, chosen.leads_to))

    def _do(self, process: Resource, step: Callable[[Work], None]) -> None:
        if not self.core.tree.holds(process):
            return
        work = Work()
        step(work)
        try:
            self.core.submit(work)
        except StoreError as error:
            log.error("%s does not go on, that cannot be written: %s", process.path, error)

    def _enter(self, work: Work, process: Resource, identifier: str) -> None:
        """PRM-2, PRM-3: the process is in another state, whose action is performed."""
        state = self.core.tree.find(identifier)
        if state is None or state.parent is not process:
            self._finish(work, process, ABORTED)
            return
        self._leave(work, self.core.tree.find(process.attributes.get("cust", "")))
        amend(self.core, work, state, {"sact": True}, tell=True)
        amend(self.core, work, process, {"prst": ACTIVATED, "cust": state.ri}, tell=True)
        self._unwatch(work, process)
        self._watch(work, process)
        action = self.core.tree.find(state.attributes.get("stac", ""))
        actions = self.core.behaviours[ACTION.number]
        assert isinstance(actions, ActionBehaviour)
        if action is not None:
            actions.perform(work, action)

    def _leave(self, work: Work, state: Resource | None) -> None:
        if state is not None and state.attributes.get("sact"):
            amend(self.core, work, state, {"sact": False}, tell=True)

    def _finish(self, work: Work, process: Resource, status: int) -> None:
        self._leave(work, self.core.tree.find(process.attributes.get("cust", "")))
        amend(self.core, work, process, {"prst": status}, tell=True)
        self._unwatch(work, process)

    def _executed(self, work: Work, action: Resource, response: ResponsePrimitive) -> None:
        """PRM-2: the action of the current state has failed, so has the process."""
        state = action.parent
        if response.status.succeeded or state is None or state.type.number != STATE.number \
                or not state.attributes["sact"] \
                or self.core.tree.find(state.attributes.get("stac", "")) is not action:
            return
        process = state.parent
        assert process is not None
        if process.attributes["prst"] == ACTIVATED:
            self._finish(work, process, ABORTED)


def _states(process: Resource) -> Iterable[Resource]:
    return (child for child in process.children.values() if child.type.number == STATE.number)

