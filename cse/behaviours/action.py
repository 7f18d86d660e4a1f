"""action and dependency: when a resource changes in a certain way, a primitive is performed (ACT-1 … ACT-5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours.action_execution import Executions
from cse.behaviours.subjects import Key, Observation, Subject, find_subject, load, readable_subject
from cse.core import resolve
from cse.criteria.evaluation import Attributes, Test, check_criteria, compile_criteria
from cse.operations.internal import amend
from cse.parameters import request_from_object
from resources.action import CONTINUOUS, PERIODIC
from resources.dependency import DEPENDENCY
from resources.errors import BadRequest, CseError, NoPrivilege
from resources.model import Operation, Permission, Resource
from resources.state import STATE

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft
    from cse.primitive import RequestPrimitive, ResponsePrimitive
    from cse.work import Work

OFF, ONCE = 0, 1

#: Milliseconds between two executions of a periodic action that does not say.
PERIOD_MS = 1000
#: Of an action without priority: behind all that have one.
LAST = float("inf")

#: What only the creator may change, in whose name it is done.
OF_CREATOR = frozenset({"apv", "orc", "ipu"})
PERMISSIONS = {Operation.CREATE: Permission.CREATE, Operation.RETRIEVE: Permission.RETRIEVE,
               Operation.UPDATE: Permission.UPDATE, Operation.DELETE: Permission.DELETE,
               Operation.NOTIFY: Permission.NOTIFY}


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled action; plans are in the order of execution."""

    order: tuple[float, str, str]
    action: Resource = field(compare=False)
    subject: Subject = field(compare=False)
    test: Test = field(compare=False)


class ActionBehaviour(Behaviour):
    """The actions of one CSE, by what they are about."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.executions = Executions(core, self._executed)
        self._observation = Observation(core, self._changed, at_once=True)
        self._plans: dict[str, Plan] = {}
        self._by_subject: dict[Key, list[Plan]] = {}
        self._restored: list[Resource] = []
        #: Hears of every result, if there is somebody.
        self.executed: Callable[[Work, Resource, ResponsePrimitive], None] | None = None

    async def prepare(self, draft: Draft) -> None:
        """ACT-1, ACT-4: the subject, the object, the primitive and the dependencies."""
        attributes, given, current = draft.attributes, draft.given, draft.current
        if current is not None and not OF_CREATOR.isdisjoint(given) and draft.originator != current.creator:
            names = ", ".join(sorted(OF_CREATOR.intersection(given)))
            raise NoPrivilege(f"{names}: is done in the name of {current.creator}, who alone may change it")
        if current is None or not given.keys().isdisjoint(("sri", "evc")):
            assert draft.parent is not None
            subject = await readable_subject(draft.call, attributes.get("sri") or draft.parent.ri, "sri")
            check_criteria(attributes["evc"], subject.type)
        if current is None or not OF_CREATOR.isdisjoint(given):
            await check_primitive(draft.call, attributes, draft.originator)
        for one in given.get("dep") or ():
            dependency = draft.find(one)
            if dependency is None or dependency.type.number != DEPENDENCY.number or dependency.parent is not current:
                raise BadRequest(f"dep: {one} is no dependency below this action")

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:
        """Begin to evaluate it, in the name of its creator as it is known now."""
        request = call.request if call is not None else None
        if request is not None:
            work.keep(resource, address=request.source_address, entity=request.authenticated)
        self._take(resource)
        work.undo.append(lambda: self._release(resource))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:
        """Evaluate it as it is now; ACT-3: a new mode starts anew."""
        if not given.keys().isdisjoint(("evm", "ecp")):
            work.keep(resource, done=None, last=None)
        if given.keys().isdisjoint(("sri", "evc", "apy")):
            return
        self._take_again(resource)
        work.undo.insert(0, lambda: self._take_again(resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """Nothing is evaluated any more."""
        self._release(resource)
        work.undo.append(lambda: self._take(resource))

    def restored(self, resource: Resource) -> None:
        """Nothing is followed before the whole tree is there."""
        self._restored.append(resource)

    async def started(self) -> None:
        """Go on to evaluate."""
        for action in self._restored:
            self._take(action)
        for plan in self._plans.values():
            await load(self.core, plan.subject)

    def opened(self) -> None:
        """Do what was decided and not done."""
        restored, self._restored = self._restored, []
        for action in restored:
            self.executions.go_on(action)

    async def stop(self) -> None:
        """What is not done is done after the next start."""
        await self.executions.stop()

    def perform(self, work: Work, action: Resource) -> None:
        """PRM-3: execute it whatever its subject says, if its mode and its dependencies allow."""
        if self._is_due(action) and self._is_free(action):
            self.executions.order(work, action, action.ri)

    def subject_of(self, action: Resource) -> Subject | None:
        """What an action is about."""
        plan = self._plans.get(action.ri)
        return None if plan is None else plan.subject

    def _executed(self, work: Work, action: Resource, response: ResponsePrimitive) -> None:
        if self.executed is not None:
            self.executed(work, action, response)

    def _take(self, action: Resource) -> None:
        attributes = action.attributes
        subject = None
        with suppress(CseError):  # a subject may have gone since it was checked
            subject = find_subject(self.core, attributes.get("sri") or attributes["pi"], "sri")
        if subject is None:
            return
        order = (attributes.get("apy", LAST), attributes["ct"], action.ri)
        plan = self._plans[action.ri] = Plan(order, action, subject, compile_criteria(attributes["evc"]))
        self._by_subject[subject.key] = sorted([*self._by_subject.get(subject.key, ()), plan],
                                               key=lambda one: one.order)
        self._observation.follow(subject)

    def _release(self, action: Resource) -> None:
        plan = self._plans.pop(action.ri, None)
        if plan is None:
            return
        left = [one for one in self._by_subject.pop(plan.subject.key) if one is not plan]
        if left:
            self._by_subject[plan.subject.key] = left
        self._observation.leave(plan.subject)

    def _take_again(self, action: Resource) -> None:
        self._release(action)
        self._take(action)

    def _changed(self, subject: Subject, values: Attributes | None) -> None:
        """ACT-3: evaluate the actions about a subject in the order of their priority."""
        for plan in tuple(self._by_subject.get(subject.key, ())) if values is not None else ():
            action = plan.action
            if plan.test(values or {}) and self._is_due(action) and self._is_free(action) \
                    and not self._is_entry(plan):
                self.executions.begin(action, subject.resource.ri)

    def _is_entry(self, plan: Plan) -> bool:
        """True for the action of a state that is about this very state: it is executed on entry, not once more."""
        parent = plan.action.parent
        return parent is plan.subject.resource and parent.type.number == STATE.number \
            and self.core.tree.find(parent.attributes.get("stac", "")) is plan.action

    def _is_due(self, action: Resource) -> bool:
        """ACT-3: whether the evaluation mode lets it be executed now."""
        attributes, state = action.attributes, action.state or {}
        mode, parameter = attributes["evm"], attributes.get("ecp")
        done = state.get("done", 0)
        if mode == PERIODIC:
            period_s = (PERIOD_MS if parameter is None else parameter) / 1000
            return not done or self.core.clock.time() >= state["last"] + period_s
        if mode == CONTINUOUS:
            return parameter is None or done < parameter
        return mode == ONCE and not done

    def _is_free(self, action: Resource) -> bool:
        """ACT-4: whether the dependencies are satisfied; where one alone is enough and none is met, they are not."""
        needed = found = False
        for identifier in action.attributes.get("dep") or ():
            dependency = self.core.tree.find(identifier)
            if dependency is None:
                continue
            found = True
            met = self._is_met(dependency)
            if dependency.attributes["sfc"] and met:
                return True
            if not dependency.attributes["sfc"]:
                if not met:
                    return False
                needed = True
        return needed or not found

    def _is_met(self, dependency: Resource) -> bool:
        try:
            subject = find_subject(self.core, dependency.attributes["rri"], "rri")
        except CseError:
            return False
        values = subject.values() if subject is not None else None
        return values is not None and compile_criteria(dependency.attributes["evc"])(values)


class DependencyBehaviour(Behaviour):
    """The dependencies of actions: the action lists them (ACT-4)."""

    async def prepare(self, draft: Draft) -> None:
        """What it is about can be read, and has the attribute."""
        if draft.current is None or not draft.given.keys().isdisjoint(("rri", "evc")):
            subject = await readable_subject(draft.call, draft.attributes["rri"], "rri")
            check_criteria(draft.attributes["evc"], subject.type)

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """The action lists it last."""
        self._list(work, resource, [*self._others(resource), resource.ri])

    def removed(self, work: Work, resource: Resource) -> None:
        """The action lists it no more."""
        self._list(work, resource, self._others(resource))

    async def started(self) -> None:
        """Have at hand what is compared."""
        for resource in list(self.core.tree.by_id.values()):
            if resource.type.number == DEPENDENCY.number:
                with suppress(CseError):
                    subject = find_subject(self.core, resource.attributes["rri"], "rri")
                    if subject is not None:
                        await load(self.core, subject)

    def _others(self, dependency: Resource) -> list[str]:
        assert dependency.parent is not None
        listed = dependency.parent.attributes.get("dep") or ()
        return [one for one in listed if self.core.tree.find(one) is not dependency]

    def _list(self, work: Work, dependency: Resource, listed: list[str]) -> None:
        assert dependency.parent is not None
        amend(self.core, work, dependency.parent, {"dep": listed or None})


async def check_primitive(call: Call, attributes: Mapping[str, Any], originator: str) -> None:
    """ACT-1: the primitive is well-formed, from the creator, and what it is to do the creator may do to the object."""
    primitive, to = attributes["apv"], attributes["orc"]
    identity = call.core.identity
    sender = primitive.get("fr")
    if sender is not None and identity.entity(sender) != originator:
        raise BadRequest(f"apv.fr: {sender!r} is not the originator ({originator})")
    try:
        request = request_from_object({**primitive, "to": to})
        address = identity.address(to)
    except BadRequest as error:
        raise BadRequest(f"apv: {error.message}") from None
    if address.cse is None:
        await _check_object(call, request, address.segments)


async def _check_object(call: Call, request: RequestPrimitive, segments: tuple[str, ...]) -> None:
    """That the object is there and accessible; whoever is behind a virtual child asks again."""
    target = await resolve(call.core, segments, call.stamp)
    if target is None:
        raise BadRequest(f"orc: there is no resource {request.to!r}")
    if target.virtual is None and not call.permitted(
        target.resource, PERMISSIONS[request.operation], child_type=request.resource_type,
        target_type=target.instance.ty if target.instance else None,
    ):
        raise BadRequest(f"orc: {call.originator} may not {request.operation.name} {request.to}")


__all__ = ["ActionBehaviour", "DependencyBehaviour", "check_primitive"]
