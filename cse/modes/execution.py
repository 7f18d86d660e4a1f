"""Requests that were acknowledged and are done later: when their time has come, some at a time (ORD-2, RTP-9)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from cse.core import Core
from cse.modes import record
from cse.modes.policy import RequestPolicies
from cse.modes.results import Results
from cse.modes.ticket import Ticket
from cse.modes.times import moment
from cse.notifications.policy import BEST_EFFORT, IMMEDIATE, LATEST
from cse.operations.internal import amend
from cse.primitive import ResponsePrimitive
from cse.storage.port import StoreError
from cse.work import Work
from resources.errors import CseError, ReceiverError
from resources.model import Resource
from resources.status import Status

if TYPE_CHECKING:
    from collections.abc import Awaitable

log = logging.getLogger("banyan.requests")

#: Requests that are done at the same time; immediate ones do not count.
AT_ONCE = 100


class Execution:
    """The acknowledged requests of one CSE: those that wait for their time, for their turn, or are being done."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._waiting: dict[str, Resource] = {}
        self._ready: deque[Resource] = deque()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stopped = False
        self.policies = RequestPolicies(core)
        self.results = Results(core)

    def take(self, resource: Resource, *, buffered: bool = False) -> None:
        """Have a request done in time; ``buffered``: it may wait for others (RTP-9)."""
        core, now = self._core, self._core.clock.time()
        if self._stopped or not core.tree.holds(resource) or resource.ri in self._running:
            return
        self._waiting[resource.ri] = resource
        due = moment(resource.attributes["mi"].get("oet"), "oet", now) or now
        if buffered and category_of(resource) in (BEST_EFFORT, LATEST):
            due = max(due, now + core.settings.buffer_s)
        if due > now:
            core.timers.at((Execution, resource.ri), due, lambda: self._enter(resource))
        else:
            self._enter(resource)

    def release(self, resource: Resource) -> bool:
        """Do a request no more; False when it is not one that waits."""
        self._core.timers.cancel((Execution, resource.ri))
        return self._waiting.pop(resource.ri, None) is not None

    def waiting(self, category: int | None) -> list[Resource]:
        """The requests of an event category that wait."""
        return [one for one in self._waiting.values() if category_of(one) == category]

    def is_running(self, resource: Resource) -> bool:
        """True while a request is being done; not when its result is there, however lately."""
        return resource.ri in self._running and resource.attributes["rs"] not in (record.COMPLETED, record.FAILED)

    def older(self, resource_target: str, originator: str) -> Resource | None:
        """A request that waits and that a later one of this originator to this target replaces (RTP-9)."""
        same = self._core.identity.entity
        return next((one for one in self._waiting.values() if category_of(one) == LATEST
                     and one.attributes["tg"] == resource_target
                     and same(one.attributes["org"]) == same(originator)), None)

    def replace(self, work: Work, older: Resource, by: str) -> None:
        """End a request that a later one replaces, inside the unit of work that keeps the later one."""
        self.release(older)
        work.undo.append(lambda: self.take(older))
        text = f"ec: request {by!r} of the same originator to the same target has taken the place of this one"
        Ticket(self._core, older, self.results.tell).settle(
            work, ResponsePrimitive(Status.CONFLICT, content={"m2m:dbg": text}))

    def adopt(self, resource: Resource, ticket: Ticket, answer: Awaitable[ResponsePrimitive]) -> None:
        """A request that is being done already has been acknowledged."""
        self._start(resource, _finish(ticket, answer))

    def go_on(self, resource: Resource) -> None:
        """After a restart: do what was not done, tell who was not told."""
        attributes = resource.attributes
        if attributes["rs"] == record.FORWARDED:
            task = _finish(Ticket(self._core, resource, self.results.tell), _lost())
            self._start(resource, task)
        elif attributes["rs"] in (record.PENDING, record.PARTIALLY_COMPLETED):
            self.take(resource)
        else:
            self.results.tell(resource)

    async def stop(self) -> None:
        """What is not done yet is done after the next start."""
        self._stopped = True
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.results.stop()

    def _enter(self, resource: Resource) -> None:
        if category_of(resource) == IMMEDIATE:
            self._begin(resource)
        else:
            self._ready.append(resource)
            self._go()

    def _go(self) -> None:
        while self._ready and len(self._running) < AT_ONCE and not self._stopped:
            self._begin(self._ready.popleft())

    def _begin(self, resource: Resource) -> None:
        if self._waiting.pop(resource.ri, None) is not None and not self._stopped:
            self._start(resource, self._perform(resource))

    def _start(self, resource: Resource, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._running[resource.ri] = task
        task.add_done_callback(lambda done: self._done(resource, done))

    def _done(self, resource: Resource, task: asyncio.Future[None]) -> None:
        del self._running[resource.ri]
        if not task.cancelled() and task.exception() is not None:
            log.error("request %s stays as it is", resource.ri, exc_info=task.exception())
        self._go()

    async def _perform(self, resource: Resource) -> None:
        core = self._core
        ticket = Ticket(core, resource, self.results.tell)
        try:
            request = record.primitive_of(resource)
        except CseError as error:  # kept by another version of this program
            response = ResponsePrimitive(Status.INTERNAL_SERVER_ERROR, content={"m2m:dbg": error.message})
            await ticket.finish(response)
            return
        if core.identity.address(request.to).cse is not None:
            await self._forwarded(resource)
        request.ticket, request.on_partial = ticket, ticket.partial
        await _finish(ticket, core.handle(request))

    async def _forwarded(self, resource: Resource) -> None:
        """RTP-4: the request is on its way to another CSE, which does it once at most."""
        work = Work()
        amend(self._core, work, resource, {"rs": record.FORWARDED})
        await self._core.commit(work)


async def _finish(ticket: Ticket, answer: Awaitable[ResponsePrimitive]) -> None:
    response = await answer
    try:
        await ticket.finish(response)
    except StoreError as error:
        log.error("the result of a request cannot be written: %s", error)


async def _lost() -> ResponsePrimitive:
    text = "this CSE was restarted before the answer came; whether the request was done is not known"
    return ResponsePrimitive(Status.REQUEST_TIMEOUT, content={"m2m:dbg": text})


def category_of(resource: Resource) -> int | None:
    """Event category of a kept request."""
    category: int | None = resource.attributes["mi"].get("ec")
    return category


def check_cancel(execution: Execution, resource: Resource) -> None:
    """RTP-7: a request that is being done, or is with another CSE, cannot be cancelled (5220)."""
    if execution.is_running(resource) or resource.attributes["rs"] in (record.FORWARDED, record.PARTIALLY_COMPLETED):
        raise ReceiverError(f"{resource.path}: the request is being done and cannot be cancelled any more",
                            Status.UNABLE_TO_RECALL_REQUEST)
