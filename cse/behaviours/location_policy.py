"""locationPolicy: a container with positions, where they come from, and events of a geofence (LOC-1 … LOC-3).

``Resource.state`` has when the next position is ``due`` (seconds since the epoch) and whether the last one was
``inside`` of the area.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours.geofence import EVENTS, TRANSITIONS, compile_area, happens, position_of
from cse.behaviours.location_inquiry import DEVICE, NETWORK, inquiry_of, period_s, position_for
from cse.behaviours.upkeep import keep
from cse.core import LATEST, Call, Core, Target, attributes_of
from cse.identifiers import NAME
from cse.operations.create_instance import add_instance
from cse.operations.internal import make
from cse.primitive import Operation, RequestPrimitive
from cse.storage.port import StoreError
from cse.work import Work
from resources.container import CONTAINER
from resources.content_instance import CONTENT_INSTANCE
from resources.errors import BadRequest, Conflict, CseError, NetworkError
from resources.location_policy import GEOFENCE_EVENT, LOCATION_POLICY
from resources.model import Permission, Resource
from resources.status import Status

if TYPE_CHECKING:
    from cse.operations.change import Draft

log = logging.getLogger("banyan.locations")

#: ``lost`` before the first position and after each; a failure is its status and what was wrong.
UNKNOWN, LOCATED = "unknown", "located"


class LocationPolicyBehaviour(Behaviour):
    """All location policies of one CSE."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._followed: set[asyncio.Task[None]] = set()
        self._last: dict[str, int] = {}
        self._watching: dict[str, Callable[[Resource], Callable[[], None] | None]] = {}
        self._restored: list[Resource] = []

    async def prepare(self, draft: Draft) -> None:
        """LOC-1, LOC-2: there is a name for the container, somebody to ask, and an area that can be understood."""
        attributes = draft.attributes
        if attributes["lit"] == GEOFENCE_EVENT:
            compile_area(attributes["gta"])
        if draft.current is None:
            assert draft.parent is not None
            check_container_name(draft.parent, attributes)
            attributes.update(loi=f"{CONTAINER.short}-{secrets.token_hex(6)}", lost=UNKNOWN)
            if attributes["los"] == NETWORK:
                inquiry_of(self.core, draft.parent, attributes)

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:
        """Make the container in the same unit of work, with the rights and the lifetime of the policy."""
        attributes, parent = resource.attributes, resource.parent
        assert parent is not None
        shared: dict[str, Any] = {name: attributes[name] for name in ("acpi", "et") if name in attributes}
        name = {"rn": attributes["lon"]} if "lon" in attributes else {}
        make(self.core, work, parent, CONTAINER, {
            **shared, **name, "ri": attributes["loi"], "li": resource.ri,
        }, creator=call.originator if call is not None else resource.creator)
        work.after(lambda: self._begin(resource))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:
        """A new period begins now; where the last position was to another area nobody knows."""
        if "lou" in given:
            work.keep(resource, due=None)
            work.after(lambda: self._begin(resource))
        if not given.keys().isdisjoint(("lit", "gta")):
            work.keep(resource, inside=None)
            work.after(lambda: self._watch(resource))

    def companions(self, resource: Resource) -> Iterable[Resource]:
        """LOC-2: the container goes with the policy."""
        container = self.core.tree.by_id.get(resource.attributes["loi"])
        return () if container is None else (container,)

    def removed(self, work: Work, resource: Resource) -> None:
        """Nothing is asked any more."""
        work.after(lambda: self._forget(resource))

    def restored(self, resource: Resource) -> None:
        """Go on once everything is there."""
        self._restored.append(resource)

    def opened(self) -> None:
        """Go on with the periods; a position may have come without being compared with the area."""
        restored, self._restored = self._restored, []
        for policy in restored:
            self._begin(policy)
            if policy.ri in self._watching and policy.attributes["gec"] in TRANSITIONS:
                self._follow(self._catch_up(policy))

    async def stop(self) -> None:
        """End what is being asked."""
        tasks = [*self._tasks.values(), *self._followed]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def locate(self, policy: Resource) -> None:
        """Ask for a position; several who want to know at the same time ask once."""
        task = self._tasks.get(policy.ri)
        if task is None:
            task = self._tasks[policy.ri] = asyncio.get_running_loop().create_task(self._locate(policy))
            task.add_done_callback(lambda _: self._tasks.pop(policy.ri, None))
        await asyncio.shield(task)

    def _begin(self, policy: Resource) -> None:
        """Set the timer of the next position, which is due at once after a start."""
        self._watch(policy)
        core, key = self.core, (LOCATION_POLICY.name, policy.ri)
        core.timers.cancel(key)
        if not core.tree.holds(policy) or period_s(policy) == 0 or policy.attributes["los"] == DEVICE:
            return
        now = core.clock.time()
        due = max(now, (policy.state or {}).get("due", now))
        if due > now:
            core.timers.at(key, due, lambda: self._ask(policy))
        else:
            self._ask(policy)

    def _ask(self, policy: Resource) -> None:
        if policy.ri not in self._tasks and self.core.tree.holds(policy):
            self._follow(self.locate(policy))

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._followed.add(task)
        task.add_done_callback(self._followed.discard)

    async def _locate(self, policy: Resource) -> None:
        core, period = self.core, period_s(policy)
        due = core.clock.time() + period
        try:
            content = await position_for(core, policy)
            await self._arrived(policy, content, due if period else None)
        except CseError as error:
            self._note(policy, f"{error.status.value} {error.status.name}: {error.message}", due if period else None)
        except StoreError as error:
            log.error("the position of %s cannot be written: %s", policy.path, error)
        except Exception:
            log.exception("the position of %s cannot be had", policy.path)
            self._note(policy, "5000 INTERNAL_SERVER_ERROR: the location server failed", due if period else None)
        if period and core.tree.holds(policy):
            core.timers.at((LOCATION_POLICY.name, policy.ri), due, lambda: self._ask(policy))

    async def _arrived(self, policy: Resource, content: Any, due: float | None) -> None:
        """Store a position that was asked for, or the event that it is."""
        if policy.attributes["lit"] == GEOFENCE_EVENT:
            await self._judge(policy, content, due)
        else:
            await self._store(policy, {"con": content}, due=due)

    async def _judge(self, policy: Resource, content: Any, due: float | None = None) -> None:
        """Compare a position with the area; one after the other in each policy."""
        async with self._turns.setdefault(policy.ri, asyncio.Lock()):
            attributes, position = policy.attributes, position_of(content)
            if position is None or attributes["lit"] != GEOFENCE_EVENT or not self.core.tree.holds(policy):
                return
            is_inside = compile_area(attributes["gta"])(position)
            was_inside = (policy.state or {}).get("inside")
            criterion = attributes["gec"]
            if happens(criterion, was_inside, is_inside):
                event = {"con": {"gec": criterion, "position": content}, "lbl": [f"geofence:{EVENTS[criterion]}"]}
                await self._store(policy, event, due=due, inside=is_inside)
            else:
                self._note(policy, LOCATED, due, inside=is_inside)

    async def _store(self, policy: Resource, given: dict[str, Any], *, due: float | None, **state: Any) -> None:
        """Add an instance and say in the policy that it went well, in one unit of work. Raises CseError, StoreError."""
        core = self.core
        container = core.tree.by_id.get(policy.attributes["loi"])
        if container is None:
            raise NetworkError("the container of the positions was deleted", Status.EXTERNAL_OBJECT_NOT_FOUND)
        request = RequestPrimitive(Operation.CREATE, container.path, core.identity.cse_id)
        call = Call(core, request, core.identity.cse_id)
        call.target = Target(container)
        work = Work(core.identity.cse_id)
        async with await core.instances.turn(container):
            await add_instance(call, work, CONTENT_INSTANCE, given)
            self._say(work, policy, LOCATED, due, state)
            done = core.submit(work)
        await done

    def _note(self, policy: Resource, status: str, due: float | None, **state: Any) -> None:
        work = Work(self.core.identity.cse_id)
        self._say(work, policy, status, due, state)
        try:
            if work.changes:
                self.core.submit(work)
        except StoreError as error:
            log.error("the status of %s cannot be written: %s", policy.path, error)

    def _say(self, work: Work, policy: Resource, status: str, due: float | None, state: Mapping[str, Any]) -> None:
        """What has changed about a policy: its status, when it goes on, where the last position was."""
        if not self.core.tree.holds(policy):
            return
        if policy.attributes["lost"] != status:
            keep(self.core, work, policy, {"lost": status})
        if due is not None or (state and (policy.state or {}).get("inside") is not state["inside"]):
            work.keep(policy, **{"due": due, **state} if due is not None else state)

    def _watch(self, policy: Resource) -> None:
        """LOC-1: positions that a device brings are compared with the area."""
        watcher = self._watching.pop(policy.ri, None)
        if watcher is not None:
            self.core.unwatch(policy.attributes["loi"], watcher)
        wanted = policy.attributes["lit"] == GEOFENCE_EVENT and policy.attributes["los"] == DEVICE
        if wanted and self.core.tree.holds(policy):
            watcher = self._watching[policy.ri] = partial(self._seen, policy)
            self.core.watch(policy.attributes["loi"], watcher)

    def _seen(self, policy: Resource, container: Resource) -> Callable[[], None] | None:
        """A container has changed; its newest instance may be a position."""
        newest = container.shelf.newest if container.shelf is not None else None
        if newest is None or newest.seq == self._last.get(policy.ri):
            return None
        self._last[policy.ri] = newest.seq
        content = attributes_of(newest)["con"]
        return lambda: self._follow(self._judged(policy, content))

    async def _catch_up(self, policy: Resource) -> None:
        container = self.core.tree.by_id.get(policy.attributes["loi"])
        newest = await self.core.instances.newest(container) if container is not None else None
        if newest is not None:
            self._last[policy.ri] = newest.seq
            await self._judged(policy, attributes_of(newest)["con"])

    async def _judged(self, policy: Resource, content: Any) -> None:
        try:
            await self._judge(policy, content)
        except (CseError, StoreError) as error:
            log.error("an event of %s is lost: %s", policy.path, error)

    def _forget(self, policy: Resource) -> None:
        self.core.timers.cancel((LOCATION_POLICY.name, policy.ri))
        self._turns.pop(policy.ri, None)
        self._last.pop(policy.ri, None)
        self._watch(policy)
        task = self._tasks.get(policy.ri)
        if task is not None:
            task.cancel()


async def locate(call: Call) -> None:
    """LOC-2: RETRIEVE of the latest position asks for one where there is no period, for who may see it."""
    core, container = call.core, call.target.resource
    policy = core.tree.by_id.get(container.attributes["li"])
    if policy is None or call.request.operation is not Operation.RETRIEVE or call.target.virtual != LATEST:
        return
    if policy.attributes["los"] != DEVICE and not period_s(policy) \
            and call.permitted(container, Permission.RETRIEVE, target_type=CONTENT_INSTANCE.number):
        behaviour = core.behaviours[LOCATION_POLICY.number]
        assert isinstance(behaviour, LocationPolicyBehaviour)
        await behaviour.locate(policy)


def check_container_name(parent: Resource, attributes: Mapping[str, Any]) -> None:
    """The container will stand beside the policy (ADR-5)."""
    name = attributes.get("lon")
    if name is None:
        return
    if not NAME.fullmatch(name):
        raise BadRequest(f"lon: {name!r} is no resource name; allowed are letters, digits and - . _")
    if name in parent.children or name in parent.type.virtual or name == attributes["rn"]:
        raise Conflict(f"lon: {name!r} is in use under {parent.path}; choose another name")
