"""What every operation works with: the ports and tables of one CSE, and one request on its way through it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cse.access.decision import AccessControl
from cse.access.location import location_of
from cse.answers import Answers
from cse.behaviour import Behaviour
from cse.bounded import Bounded
from cse.client.transport import Unreachable
from cse.clock import Clock, timestamp
from cse.cmdh import Rules
from cse.codecs import JSON_ONLY, Codecs, Limits, decode
from cse.connections import OpenConnections
from cse.device_management import Adapter
from cse.identifiers import Identity
from cse.instances import Instances, instance_id
from cse.location_server import LocationServer
from cse.multicast import Memberships
from cse.polling import PollingQueues
from cse.primitive import Operation, RequestPrimitive
from cse.schedules import Schedule
from cse.settings import CseSettings
from cse.storage.committer import Committer
from cse.storage.port import InstanceRecord
from cse.timers import Timers
from cse.tree import Tree
from cse.validation import Validator
from cse.work import Work
from resources.errors import NotFound
from resources.model import Permission, Resource, ResourceType
from resources.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    from cse.fanout.repetition import SeenGroupRequests
    from cse.notifications.notifier import Notifier
    from cse.primitive import ResponsePrimitive

    #: Looks at a changed resource; gives what is to be called once the change is durable, or None.
    Watcher = Callable[[Resource], Callable[[], None] | None]

log = logging.getLogger("banyan.core")

#: Names of virtual resources that stand for an instance.
LATEST, OLDEST, FAN_OUT_POINT = "la", "ol", "fopt"

#: Seconds that a query which a request brings along may take.
LONGEST_QUERY_S = 2.0

#: What was stored has been checked before, whatever the limits of the codec were then.
LIMITS = Limits(max_depth=10_000, max_members=10**9)


async def reach_nobody(cse: str, request: RequestPrimitive) -> ResponsePrimitive:  # noqa: ARG001 - the port
    """The way to other CSEs where there is none."""
    raise Unreachable(f"{cse} is not a CSE that this one can reach")


@dataclass(slots=True)
class Core:
    """One CSE without its edges. ``handle`` is the dispatcher's entry, for requests that a request makes.

    ``ask_remote`` sends a request to another CSE, given as ``/csi`` or ``//sp/csi``; it raises Unreachable when no
    answer can be had.

    ``adapters`` lead to devices, ``location_server`` to positions. ``codecs`` are the serialisations. ``cmdh`` are the
    rules in force for requests that are kept or go to another CSE, None when there are none.

    ``behaviours`` are by resource type number. ``opening`` says when requests are answered, None is always (SCH-2).
    ``watchers`` look at the changes of a structural resource, given by its resource ID, and of its instances,
    ``arrivals`` at each request whose originator is known, ``performed`` at each that was done here, and its answer;
    they do not raise. ``locks`` are the transactions by the resource ID of what they have locked. ``profiled``: there
    are primitive profiles.
    """

    settings: CseSettings
    identity: Identity
    registry: Registry
    validator: Validator
    tree: Tree
    committer: Committer
    instances: Instances
    access: AccessControl
    clock: Clock
    timers: Timers
    polling: PollingQueues
    notifier: Notifier
    administrators: frozenset[str]
    seen: SeenGroupRequests
    answers: Answers
    connections: OpenConnections
    handle: Callable[[RequestPrimitive], Awaitable[ResponsePrimitive]]
    ask_remote: Callable[[str, RequestPrimitive], Awaitable[ResponsePrimitive]] = reach_nobody
    adapters: Sequence[Adapter] = ()
    location_server: LocationServer | None = None
    codecs: Codecs = JSON_ONLY
    multicast: Memberships = field(default_factory=Memberships)
    cmdh: Rules | None = None
    bounded: Bounded = field(default_factory=lambda: Bounded(LONGEST_QUERY_S))
    behaviours: dict[int, Behaviour] = field(default_factory=dict)
    opening: Schedule | None = None
    watchers: dict[str, list[Watcher]] = field(default_factory=dict)
    arrivals: list[Callable[[Call], None]] = field(default_factory=list)
    performed: list[Callable[[Call, ResponsePrimitive], None]] = field(default_factory=list)
    locks: dict[str, Resource] = field(default_factory=dict)
    profiled: bool = False

    def watch(self, ri: str, watcher: Watcher) -> None:
        """Have someone look at every change of this resource or of an instance in it; also when it goes.

        The watcher sees the resource as the change leaves it; what it returns is called once the change is durable.
        """
        self.watchers.setdefault(ri, []).append(watcher)

    def unwatch(self, ri: str, watcher: Watcher) -> None:
        """Have it look no more."""
        left = [one for one in self.watchers.get(ri, ()) if one != watcher]
        if left:
            self.watchers[ri] = left
        else:
            self.watchers.pop(ri, None)

    def submit(self, work: Work) -> asyncio.Future[None]:
        """Hand a unit of work over; its notifications go once it is durable. Raises StoreError, nothing changed."""
        future = work.submit(self.committer)
        if work.outbox:
            future.add_done_callback(lambda done: self.notifier.release(work.outbox, done))
        if work.consequences or self.watchers:
            self._follow(work, future)
        return future

    def _follow(self, work: Work, future: asyncio.Future[None]) -> None:
        """Have consequences and watchers called once the unit is durable."""
        calls = [*work.consequences, *(
            call for resource in dict.fromkeys(work.touched) for watcher in self.watchers.get(resource.ri, ())
            if (call := watcher(resource)) is not None
        )]
        if calls:
            future.add_done_callback(lambda done: _call(calls) if done.exception() is None else None)

    def commit(self, work: Work) -> Awaitable[None]:
        """``submit`` and wait until it is durable; who gives up waiting does not hold up the notifications."""
        future = self.submit(work)
        return asyncio.shield(future) if work.outbox or work.consequences or self.watchers else future


def _call(callbacks: list[Callable[[], None]]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:
            log.exception("a consequence of a change failed")


@dataclass(slots=True)
class Target:
    """What ``to`` leads to: a resource, or an instance below it, or a virtual child of it.

    For an instance ``resource`` is its parent and ``instance`` the record; for a virtual child ``virtual`` is its
    name and ``rest`` the path behind it.
    """

    resource: Resource
    instance: InstanceRecord | None = None
    virtual: str | None = None
    rest: tuple[str, ...] = ()

    def type_in(self, registry: Registry) -> ResourceType:
        """The resource type of what is addressed; of a virtual resource its parent's."""
        if self.instance is None:
            return self.resource.type
        return registry.instance_type(self.resource.type) or registry.by_number[self.instance.ty]


class Ticket(Protocol):
    """Keeps the outcome of a request whose answer was given before it was done (section 9)."""

    def settle(self, work: Work, response: ResponsePrimitive) -> None:
        """Write the outcome in the unit of work of the operation, so that a crash leaves both or neither."""


class Call:
    """One request on its way: the primitive, who asks (normalised), when, and of what; ``Known`` to access control."""

    __slots__ = ("core", "first_group", "now", "originator", "request", "stamp", "target")

    def __init__(self, core: Core, request: RequestPrimitive, originator: str) -> None:
        self.core = core
        self.request = request
        self.originator = originator
        self.now = core.clock.time()
        self.stamp = timestamp(self.now)
        self.target: Target
        #: True at the first group that a request is fanned out by.
        self.first_group = False

    @property
    def address(self) -> str | None:
        """IP address of the peer."""
        return self.request.source_address

    @property
    def location(self) -> tuple[float, float] | None:
        """Where the originator says it is."""
        return location_of(self.core.tree.by_id.get(self.originator))

    @property
    def authenticated(self) -> bool:
        """True when the transport has proved who the originator is."""
        return self.request.authenticated is not None

    @property
    def attributes(self) -> frozenset[str] | None:
        """Short names of the attributes that the request is about; None means all."""
        return touched(self.request)

    def permitted(self, resource: Resource, permission: int, *, target_type: int | None = None,
                  child_type: int | None = None) -> bool:
        """True when the originator has the permission on a resource, or on its instances of ``target_type``."""
        return self.core.access.permitted(resource, self.originator, permission, self,
                                          target_type=target_type, child_type=child_type)

    def require(self, resource: Resource, permission: int, *, target_type: int | None = None,
                child_type: int | None = None) -> None:
        """Raise NoPrivilege (4103) unless ``permitted``."""
        self.core.access.require(resource, self.originator, permission, self,
                                 target_type=target_type, child_type=child_type)

    def require_target(self, permission: int) -> None:
        """``require`` for what the request addresses."""
        target = self.target
        self.require(target.resource, permission, target_type=target.instance.ty if target.instance else None)

    def sees(self, resource: Resource, target_type: int | None = None) -> bool:
        """True when the originator may retrieve or discover a resource, or its instances of ``target_type``."""
        return any(self.permitted(resource, permission, target_type=target_type)
                   for permission in (Permission.RETRIEVE, Permission.DISCOVERY))

    def live(self, resource: Resource) -> bool:
        """True unless the resource has expired (it may not have been removed yet)."""
        expires = resource.attributes.get("et")
        return expires is None or expires > self.stamp

    def commit(self, work: Work, response: ResponsePrimitive) -> Awaitable[None]:
        """Make what the request changes durable, and with it its outcome if it was promised or may be asked for."""
        ticket: Ticket | None = self.request.ticket
        if ticket is not None:
            ticket.settle(work, response)
        return self.answered(work, response)

    def answered(self, work: Work, response: ResponsePrimitive) -> Awaitable[None]:
        """``commit`` where the response is an acknowledgement, whose outcome comes later."""
        if self.request.repetition is not None:
            self.core.answers.keep(work, self.request, response)
        return self.core.commit(work)

    async def visible(self, resource: Resource) -> None:
        """Wait until what is about to be shown of a resource is durable."""
        if resource.revision > self.core.committer.durable:
            await self.core.committer.settled(resource.revision)


def touched(request: RequestPrimitive) -> frozenset[str] | None:
    """Short names of the attributes that a request is about; None means all (ACP-8)."""
    if request.attribute_list is not None:
        return frozenset(request.attribute_list)
    content = request.content
    if content is None or len(content) != 1:
        return None
    (inside,) = content.values()
    if request.operation is Operation.RETRIEVE:
        return frozenset(name for name in inside if isinstance(name, str)) if isinstance(inside, list) else None
    return frozenset(inside) if isinstance(inside, dict) else None


async def resolve(core: Core, segments: tuple[str, ...], stamp: str) -> Target | None:
    """Find what CSE-relative segments lead to; None when there is nothing, or it has expired."""
    return at_hand(core, segments, stamp) or await stored(core, segments, stamp)


def at_hand(core: Core, segments: tuple[str, ...], stamp: str) -> Target | None:
    """``resolve`` for structural resources and virtual children, which need no store; None for anything else."""
    here, left = core.tree.walk(segments)
    if here is None:
        return None
    expires = here.attributes.get("et")
    if expires is not None and expires <= stamp:
        return None
    if not left:
        return Target(here)
    if left[0] in here.type.virtual:
        return Target(here, virtual=left[0], rest=tuple(left[1:]))
    return None


async def stored(core: Core, segments: tuple[str, ...], stamp: str) -> Target | None:
    """``resolve`` for instances."""
    here, left = core.tree.walk(segments)
    if here is None:
        return await _instance_by_id(core, left, stamp)
    if here.type.instance is None or len(left) != 1 or here.attributes["et"] <= stamp:
        return None
    record = await core.instances.named(here, left[0])
    return Target(here, record) if record is not None and record.expires > stamp else None


async def _instance_by_id(core: Core, segments: Sequence[str], stamp: str) -> Target | None:
    if len(segments) != 1:
        return None
    record = await core.instances.find(segments[0])
    parent = core.tree.by_id.get(record.pi) if record is not None else None
    if record is None or parent is None or record.expires <= stamp or parent.attributes["et"] <= stamp:
        return None
    return Target(parent, record)


async def settle_virtual(core: Core, target: Target, stamp: str) -> Target:
    """Replace ``la`` and ``ol`` by the instance they stand for (CNT-8); NotFound when there is none."""
    parent = target.resource
    if target.rest:
        raise NotFound(f"to: there is nothing below {parent.path}/{target.virtual}")
    newest = target.virtual == LATEST
    if newest and parent.shelf is not None:
        record = parent.shelf.newest
    else:
        record = await (core.instances.newest(parent) if newest else core.instances.oldest(parent))
    if record is not None and record.expires <= stamp:
        live = [r for r in await core.instances.all(parent) if r.expires > stamp]
        record = live[-1 if newest else 0] if live else None
    if record is None:
        raise NotFound(f"to: {parent.path} has no instance, so {target.virtual!r} stands for nothing")
    return Target(parent, record)


def attributes_of(record: InstanceRecord) -> dict[str, Any]:
    """Decode the attributes of an instance."""
    attributes: dict[str, Any] = decode(record.body, LIMITS)
    return attributes


__all__ = ["Call", "Core", "Permission", "Target", "attributes_of", "instance_id", "resolve", "settle_virtual"]
