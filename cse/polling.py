"""Requests for entities that cannot be called: they wait here until the entity fetches them (procedures 18).

The queues are in memory: whoever hands a request over keeps it, and hands it over again after a restart. So
notifications, which stay in the outbox until they are answered, survive; the request of a blocking caller, who is
gone after a restart, does not.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field, replace
from math import inf

from cse.clock import Clock, timestamp
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.timers import Timers
from resources.errors import CseError, NotFound, OriginatorError, ReceiverError
from resources.model import Resource
from resources.status import Status

#: Polls of one channel that wait at the same time.
MOST_POLLS = 16
#: Requests of one channel that somebody waits for; what the outbox keeps does not count, it has a limit of its own.
MOST_BLOCKING = 1000


@dataclass(slots=True, eq=False)
class Waiting:
    """A request that was handed over: ``request`` as the entity sees it, ``answer`` for who waits for it.

    ``blocking``: its sender waits for a limited time.
    """

    request: RequestPrimitive
    answer: asyncio.Future[ResponsePrimitive | None]
    blocking: bool


@dataclass(slots=True, eq=False)
class Queue:
    """One pollingChannel: ``fresh`` waits to be fetched; ``open`` is all that is not answered, by ``rqi``.

    ``blocking`` counts those of ``open`` whose sender waits for a limited time.
    """

    channel: Resource
    fresh: deque[Waiting] = field(default_factory=deque)
    open: dict[str, Waiting] = field(default_factory=dict)
    polls: deque[asyncio.Future[Waiting]] = field(default_factory=deque)
    blocking: int = 0


class PollingQueues:
    """The pollingChannels of one CSE, by the entity (AE, remoteCSE) that they belong to.

    A request that was fetched and not answered within ``answer_s`` can be fetched again.
    """

    def __init__(self, timers: Timers, clock: Clock, answer_s: float) -> None:
        self._timers = timers
        self._clock = clock
        self._answer_s = answer_s
        self._queues: dict[str, Queue] = {}
        self._stopped = False

    @property
    def in_use(self) -> bool:
        """True when there is any pollingChannel."""
        return bool(self._queues)

    def serves(self, entity: Resource) -> bool:
        """True when the entity has a pollingChannel."""
        return self._queue(entity) is not None

    async def deliver(self, entity: Resource, request: RequestPrimitive, timeout_s: float) -> ResponsePrimitive | None:
        """Have a request fetched and answered; None: the entity has no pollingChannel (any more).

        May be called for several requests at the same time: they are fetched in this order. Nobody fetched or
        answered it within ``timeout_s`` (``math.inf``: wait for ever): REQUEST_TIMEOUT (PCH-4); too many wait already:
        TARGET_NOT_REACHABLE. The request is not changed; the answer carries its ``rqi``.
        """
        queue = self._queue(entity)
        if queue is None or self._stopped:
            return None
        until = self._clock.time() + timeout_s
        blocking = until < inf
        if blocking and queue.blocking >= MOST_BLOCKING:
            return _crowded(request)
        waiting = Waiting(_as_seen(request, queue, until), asyncio.get_running_loop().create_future(), blocking)
        queue.open[waiting.request.request_id] = waiting
        queue.blocking += blocking
        if blocking:
            self._timers.at(waiting, until, lambda: _settle(waiting, _unanswered(request)))
        self._offer(queue, waiting)
        try:
            answer = await waiting.answer
        finally:
            self._forget(queue, waiting)
        return None if answer is None else replace(answer, request_id=request.request_id)

    async def poll(self, channel: Resource, timeout_s: float, *, every: bool) -> list[RequestPrimitive]:
        """Fetch the oldest waiting request, or every one; wait when there is none (PCH-2, PCH-5).

        Raises CseError: 4008 when none came in time, 4004 when the channel went, 5207 when too many polls wait already.
        """
        queue = self._queues.get(channel.attributes["pi"])
        if queue is None or queue.channel is not channel:
            raise _gone(channel)
        if self._stopped:
            raise _nothing(channel)
        taken = [queue.fresh.popleft() if queue.fresh else await self._next(queue, timeout_s)]
        while every and queue.fresh:
            taken.append(queue.fresh.popleft())
        for waiting in taken:
            self._timers.at((waiting, "again"), self._clock.time() + self._answer_s,
                            lambda waiting=waiting: self._offer(queue, waiting, again=True))  # type: ignore[misc]
        return [waiting.request for waiting in taken]

    def answer(self, channel: Resource, response: ResponsePrimitive) -> bool:
        """Pass an answer on to who waits for it (PCH-3); False when nobody waits for this ``rqi``."""
        queue = self._queues.get(channel.attributes["pi"])
        waiting = queue.open.get(response.request_id) if queue is not None else None
        if waiting is None or waiting.answer.done():
            return False
        waiting.answer.set_result(response)
        return True

    def open(self, channel: Resource) -> None:
        """There is a pollingChannel."""
        self._queues[channel.attributes["pi"]] = Queue(channel)

    def close(self, channel: Resource) -> None:
        """A pollingChannel went: nobody will fetch what waits."""
        queue = self._queues.pop(channel.attributes["pi"], None)
        if queue is not None:
            self._end(queue, _gone(channel))

    def stop(self) -> None:
        """Nothing is waited for any more."""
        self._stopped = True
        for queue in self._queues.values():
            self._end(queue, _nothing(queue.channel))

    def _queue(self, entity: Resource) -> Queue | None:
        queue = self._queues.get(entity.ri)
        return None if queue is None or queue.channel.attributes["et"] <= timestamp(self._clock.time()) else queue

    async def _next(self, queue: Queue, timeout_s: float) -> Waiting:
        """Wait for a request that nobody else gets."""
        if len(queue.polls) >= MOST_POLLS:
            raise ReceiverError(f"{queue.channel.path}/pcu: {MOST_POLLS} polls wait already; expected no more at the "
                                "same time", Status.NOT_ACCEPTABLE)
        poll: asyncio.Future[Waiting] = asyncio.get_running_loop().create_future()
        queue.polls.append(poll)
        self._timers.at(poll, self._clock.time() + timeout_s, lambda: _refuse(poll, _nothing(queue.channel)))
        try:
            return await poll
        except asyncio.CancelledError:
            if poll.done() and not poll.cancelled() and poll.exception() is None:
                self._offer(queue, poll.result(), again=True)
            raise
        finally:
            self._timers.cancel(poll)
            if poll in queue.polls:
                queue.polls.remove(poll)

    def _offer(self, queue: Queue, waiting: Waiting, *, again: bool = False) -> None:
        """Give a request to the poll that has waited longest, or have it wait; ``again``: before all others."""
        if waiting.answer.done():
            return
        while queue.polls:
            poll = queue.polls.popleft()
            if not poll.done():
                poll.set_result(waiting)
                return
        if again:
            queue.fresh.appendleft(waiting)
        else:
            queue.fresh.append(waiting)

    def _forget(self, queue: Queue, waiting: Waiting) -> None:
        self._timers.cancel(waiting)
        self._timers.cancel((waiting, "again"))
        del queue.open[waiting.request.request_id]
        queue.blocking -= waiting.blocking
        if waiting in queue.fresh:
            queue.fresh.remove(waiting)

    def _end(self, queue: Queue, error: CseError) -> None:
        for waiting in queue.open.values():
            _settle(waiting, None)
        for poll in queue.polls:
            _refuse(poll, error)


def _as_seen(request: RequestPrimitive, queue: Queue, until: float) -> RequestPrimitive:
    """The request with an ``rqi`` that is unique in its queue and, if there is one, the time of its end."""
    rqi = request.request_id
    while rqi in queue.open:
        rqi = secrets.token_hex(8)
    end = timestamp(until) if until < inf else request.request_expiration
    return replace(request, request_id=rqi, request_expiration=end)


def _settle(waiting: Waiting, answer: ResponsePrimitive | None) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(answer)


def _refuse(poll: asyncio.Future[Waiting], error: CseError) -> None:
    if not poll.done():
        poll.set_exception(error)


def _unanswered(request: RequestPrimitive) -> ResponsePrimitive:
    text = "the entity did not fetch or answer the request in time"
    return ResponsePrimitive(Status.REQUEST_TIMEOUT, request.request_id, {"m2m:dbg": text})


def _crowded(request: RequestPrimitive) -> ResponsePrimitive:
    text = f"{MOST_BLOCKING} requests wait already for the entity to fetch and answer them"
    return ResponsePrimitive(Status.TARGET_NOT_REACHABLE, request.request_id, {"m2m:dbg": text})


def _nothing(channel: Resource) -> CseError:
    return OriginatorError(f"{channel.path}/pcu: no request came in time; poll again", Status.REQUEST_TIMEOUT)


def _gone(channel: Resource) -> CseError:
    return NotFound(f"to: {channel.path} is gone")
