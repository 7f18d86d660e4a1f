"""statsCollect and eventConfig: events of entities are counted, by operation (SSP-3).

The texts leave open how anybody gets what was collected; here it is ``counts``, and what ``/metrics`` says of it.
Only operations that were performed count, where they are performed: not what is refused, and not what is passed on
to other CSEs or done later. Counters are kept in the ``state`` of the statsCollect, some seconds late: a CSE that is
killed forgets what it counted since, one that stops forgets nothing.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours.statistics_events import STORING, Event, StoredSizes, changed
from cse.behaviours.transaction import Trial
from cse.primitive import Operation
from cse.schedules import Schedule
from cse.storage.port import StoreError
from cse.work import Work
from resources.ae import AE
from resources.errors import BadRequest
from resources.model import Resource
from resources.stats_collect import EVENT_BASED, STATS_COLLECT

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft
    from cse.primitive import ResponsePrimitive

log = logging.getLogger("banyan.statistics")

#: m2m:statsRuleStatusType ACTIVE.
ACTIVE = 1
#: Seconds until what was counted is written.
WRITTEN_AFTER_S = 5.0
#: So many entities have counters of their own in one statsCollect; all further ones share that of ``OTHERS``.
ENTITIES = 1000
OTHERS = "*"
#: A collectPeriod has no more entries than this.
ENTRIES = 100
#: The parts of the ``state``: counts by entity and operation, and who has reached the size of a storage based event.
COUNTS, REACHED = "counts", "reached"
#: Key of the timer for writing.
WRITING = "statistics"

#: How many events, by the names of operations, by entity.
Counts = dict[str, dict[str, int]]


class Collection:
    """What one statsCollect has counted, and as long as it is active what it counts."""

    def __init__(self, resource: Resource, state: Mapping[str, Any]) -> None:
        self.resource = resource
        self.counts: Counts = {entity: dict(counts) for entity, counts in state.get(COUNTS, {}).items()}
        self.written = True
        self._reached: list[str] | None = state.get(REACHED)
        self._event: Event | None = None
        self._stored: StoredSizes | None = None
        self._entities: frozenset[str] | None = None
        self._schedule: Schedule | None = None

    def follow(self, core: Core, config: Resource | None) -> bool:
        """Go by what statsCollect and eventConfig say now; False when there is nothing to count."""
        attributes = self.resource.attributes
        if config is None or attributes["srs"] != ACTIVE or attributes["sm"] != EVENT_BASED:
            self._event = self._stored = self._reached = None
            return False
        before, self._event = self._event, Event.of(core, config)
        if self._event.size is None:
            self._stored = None
        elif self._stored is None or self._event != before:
            self._stored = StoredSizes(core, self._event)
            self._stored.begin()
            if self._reached is not None:  # who reached it in what was forgotten does so with his next operation
                self._stored.reached.intersection_update(self._reached)
        self._reached = None
        entities, period = attributes.get("cdi"), attributes.get("cp")
        self._entities = frozenset(core.identity.entity(one) for one in entities) if entities else None
        self._schedule = _schedule(period["sce"]) if period else None
        return True

    def look(self, call: Call, response: ResponsePrimitive) -> None:
        """Count an operation that has been performed if it is an event; what is done to the rule itself is none."""
        resource = changed(call, response)
        if resource is self.resource:
            return
        entity = self._entity(call, response, resource)
        if entity is None or (self._entities is not None and entity not in self._entities):
            return
        if (self._schedule is not None and not self._schedule.active(call.now)) or not call.live(self.resource):
            return
        counts = self.counts.get(entity)
        if counts is None:
            counts = self.counts.setdefault(entity if len(self.counts) < ENTITIES else OTHERS, {})
        operation = call.request.operation.name
        counts[operation] = counts.get(operation, 0) + 1
        self.written = False

    def state(self) -> dict[str, Any]:
        """The parts of the ``state``."""
        counts = {entity: dict(counts) for entity, counts in self.counts.items()}
        return {COUNTS: counts or None, REACHED: sorted(self._stored.reached) if self._stored is not None else None}

    def _entity(self, call: Call, response: ResponsePrimitive, resource: Resource) -> str | None:
        """Whose event it is: who asked, for stored data who created what holds it; None when it is no event."""
        assert self._event is not None
        if self._stored is None:
            return originator_of(call, response) if self._event.happens(call) else None
        if call.request.operation not in STORING or not self._stored.crosses(resource, call.now):
            return None
        self.written = False
        return resource.creator


class EventBehaviour(Behaviour):
    """The eventConfigs of one CSE."""

    async def prepare(self, draft: Draft) -> None:
        """Give the identifier."""
        if draft.current is None:
            draft.attributes["evi"] = identifier(self.core, "evi")

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """It can be named from now on."""
        work.after(lambda: self.restored(resource))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """Whoever names it goes by what it says now."""
        work.after(statistics_of(self.core).review)

    def removed(self, work: Work, resource: Resource) -> None:
        """Whoever names it counts nothing any more."""
        work.after(lambda: statistics_of(self.core).forget_event(resource))

    def restored(self, resource: Resource) -> None:
        """It can be named."""
        statistics_of(self.core).take_event(resource)


class CollectBehaviour(Behaviour):
    """The statsCollects of one CSE; looks at what is performed as long as one of them is active."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._collections: dict[str, Collection] = {}
        self._events: dict[str, Resource] = {}
        self._active: list[Collection] = []
        self._serving = False

    async def prepare(self, draft: Draft) -> None:
        """Give the identifier; a period can be followed."""
        period = draft.attributes.get("cp")
        if period is not None:
            check_period(period["sce"])
        if draft.current is None:
            draft.attributes["sci"] = identifier(self.core, "sci")

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """Count from now on."""
        work.after(lambda: self.restored(resource))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """Go by what it says now; counts go on, but not with another event."""
        if before.get("evi") == resource.attributes.get("evi"):
            work.after(self.review)
        else:
            work.keep(resource, **{COUNTS: None, REACHED: None})
            work.after(lambda: self._begin_anew(resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """Its counts go with it."""
        work.after(lambda: self._forget(resource))

    def restored(self, resource: Resource) -> None:
        """Go on with what it has counted."""
        self._collections[resource.ri] = Collection(resource, resource.state or {})
        self.review()

    async def started(self) -> None:
        """What is counted is known."""
        self._serving = True
        self.review()

    async def stop(self) -> None:
        """Write what has been counted."""
        self.core.timers.cancel(WRITING)
        work = self._unwritten()
        if not work.changes.resources:
            return  # nothing to wait for: others may still be writing
        try:
            await self.core.commit(work)
        except StoreError as error:
            log.error("statistics are not written: %s", error)

    def counts(self) -> dict[str, Counts]:
        """How many events, by resource ID of the statsCollect."""
        return {ri: collection.state()[COUNTS] or {} for ri, collection in self._collections.items()}

    def take_event(self, config: Resource) -> None:
        """An eventConfig can be named by its identifier."""
        self._events[config.attributes["evi"]] = config
        self.review()

    def forget_event(self, config: Resource) -> None:
        """An eventConfig cannot be named any more."""
        self._events.pop(config.attributes["evi"], None)
        self.review()

    def review(self) -> None:
        """Find out who is active, and look at what is performed only if anybody is."""
        if not self._serving:
            return
        self._active = [one for one in self._collections.values()
                        if one.follow(self.core, self._events.get(one.resource.attributes.get("evi", "")))]
        performed = self.core.performed
        if self._active and self._look not in performed:
            performed.append(self._look)
        elif not self._active and self._look in performed:
            performed.remove(self._look)

    def _look(self, call: Call, response: ResponsePrimitive) -> None:
        if not 2000 <= response.status < 3000 or isinstance(call.request.ticket, Trial):
            return
        for collection in self._active:
            collection.look(call, response)
            if not collection.written:
                self._write_soon()

    def _write_soon(self) -> None:
        if self.core.timers.pending(WRITING) is None:
            self.core.timers.at(WRITING, self.core.clock.time() + WRITTEN_AFTER_S, self._write)

    def _write(self) -> None:
        try:
            self.core.submit(self._unwritten())
        except StoreError as error:
            log.error("statistics are not written: %s", error)

    def _unwritten(self) -> Work:
        work = Work()
        for collection in self._collections.values():
            if not collection.written and self.core.tree.holds(collection.resource):
                collection.written = True
                work.keep(collection.resource, **collection.state())
        return work

    def _begin_anew(self, resource: Resource) -> None:
        collection = self._collections[resource.ri] = Collection(resource, {})
        collection.written = False  # what was counted until now may just have been written again
        self._write_soon()
        self.review()

    def _forget(self, resource: Resource) -> None:
        self._collections.pop(resource.ri, None)
        self.review()


def statistics_of(core: Core) -> CollectBehaviour:
    """What collects the statistics of a CSE."""
    behaviour = core.behaviours[STATS_COLLECT.number]
    assert isinstance(behaviour, CollectBehaviour)
    return behaviour


def events_by_labels(core: Core) -> dict[tuple[tuple[str, str], ...], float]:
    """The counters for a metric: by statsCollect, entity and operation."""
    return {
        (("collect", ri), ("entity", entity), ("operation", operation)): count
        for ri, counts in statistics_of(core).counts().items()
        for entity, by_operation in counts.items() for operation, count in by_operation.items()
    }


def identifier(core: Core, short: str) -> str:
    """An identifier that nobody else has in the domain of the service provider."""
    return f"{core.identity.cse_id[1:]}-{short}-{secrets.token_hex(6)}"


def originator_of(call: Call, response: ResponsePrimitive) -> str:
    """Who asked; an AE that registers is called as it is then."""
    request = call.request
    registers = request.operation is Operation.CREATE and request.resource_type == AE.number
    return response.to if registers and response.to is not None else call.originator


def check_period(entries: list[str]) -> None:
    """Raise BadRequest unless a collectPeriod can be followed."""
    if len(entries) > ENTRIES:
        raise BadRequest(f"cp: has {len(entries)} entries; at most {ENTRIES} are possible")
    try:
        Schedule.compile(entries)
    except ValueError as error:
        raise BadRequest(f"cp: {error}") from None


def _schedule(entries: list[str]) -> Schedule:
    try:
        return Schedule.compile(entries)
    except ValueError:  # kept from when it was not checked
        return Schedule(())
