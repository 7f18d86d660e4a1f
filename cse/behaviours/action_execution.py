"""What an action does: its primitive, in the name of its creator, the result in ``air`` (ACT-3, ACT-5).

That it is to be executed is written with what caused that, its result with what it changes: after a crash it is done
if it was not, and not done again if it was. Only through a group, or on another CSE, it may be done twice.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cse.codecs import decode, encode
from cse.core import LIMITS, Core
from cse.operations.internal import amend
from cse.parameters import object_from_response, request_from_object
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.storage.port import StoreError
from cse.work import Work
from resources.errors import CseError
from resources.model import Resource
from resources.status import Status

log = logging.getLogger("banyan.actions")

#: Executions of one action that wait at most.
WAITING = 1000
#: An action is not executed as a consequence of itself within this time.
LOOP_S = 60.0
#: Executions within this time that all go back to the same one.
MOST_CONSEQUENCES = 100

#: When the actions were executed that led to what is going on: by resource ID, in seconds since the epoch.
_CAUSES: ContextVar[Mapping[str, float]] = ContextVar("causes", default=MappingProxyType({}))

#: Members of a response that ``air`` has.
_SHOWN = frozenset({"rsc", "rqi", "rvi", "to", "fr", "pc", "cnst", "cnot"})


@dataclass(slots=True)
class Chain:
    """All executions that go back to one: when that was, and how many they are."""

    began: float
    executions: int = 0


#: What goes on is a consequence of the first one of this chain.
_CHAIN: ContextVar[Chain | None] = ContextVar("chain", default=None)


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution that has been decided, and what it is a consequence of."""

    action: Resource
    causes: Mapping[str, float]
    chain: Chain


class Ticket:
    """Writes the result of an action in the unit of work of what the action does."""

    #: A part of a fan-out was never done before.
    answer = None

    def __init__(self, write: Callable[[Work, ResponsePrimitive], None] | None) -> None:
        self._write = write
        self.settled = False

    def settle(self, work: Work, response: ResponsePrimitive) -> None:
        """Write the result."""
        if self._write is not None:
            self.settled = True
            self._write(work, response)

    def part(self, name: str) -> Ticket:  # noqa: ARG002 - the port
        """The members of a group do their part; the result is that of all of them."""
        return Ticket(None)


class Executions:
    """The executions of one CSE, one after the other for each subject.

    ``finished`` hears of each result, in the unit of work that writes it.
    """

    def __init__(self, core: Core, finished: Callable[[Work, Resource, ResponsePrimitive], None]) -> None:
        self._core = core
        self._finished = finished
        self._lines: dict[str, deque[Execution]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._stopped = False

    def begin(self, action: Resource, line: str) -> bool:
        """``order`` in a unit of work of its own."""
        work = Work()
        if not self.order(work, action, line):
            return False
        try:
            self._core.submit(work)
        except StoreError as error:
            log.error("%s is not executed, that cannot be written: %s", action.path, error)
            return False
        return True

    def order(self, work: Work, action: Resource, line: str) -> bool:
        """Count an execution and have it done behind the others in this line; False when it cannot be."""
        causes, chain, state = self._causes(), self._chain(), action.state or {}
        due = state.get("due", 0)
        if action.ri in causes:
            log.warning("%s would be executed as a consequence of itself: not again within %g s", action.path, LOOP_S)
            return False
        if chain.executions >= MOST_CONSEQUENCES:
            log.warning("%s is not executed: %d executions go back to the same one", action.path, chain.executions)
            return False
        if due >= WAITING:
            log.warning("%s is not executed: %d executions wait already", action.path, due)
            return False
        work.keep(action, done=state.get("done", 0) + 1, last=self._core.clock.time(), due=due + 1)
        chain.executions += 1
        work.after(lambda: self._queue(Execution(action, causes, chain), line))
        return True

    def go_on(self, action: Resource) -> None:
        """Do what had been decided before a restart."""
        for _ in range((action.state or {}).get("due", 0)):
            self._queue(Execution(action, {}, self._chain()), action.ri)

    async def stop(self) -> None:
        """What is not done is done after the next start."""
        self._stopped = True
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _causes(self) -> Mapping[str, float]:
        since = self._core.clock.time() - LOOP_S
        return {ri: when for ri, when in _CAUSES.get().items() if when > since}

    def _chain(self) -> Chain:
        chain, now = _CHAIN.get(), self._core.clock.time()
        return Chain(now) if chain is None or chain.began <= now - LOOP_S else chain

    def _queue(self, execution: Execution, line: str) -> None:
        if self._stopped:
            return
        waiting = self._lines.get(line)
        if waiting is not None:
            waiting.append(execution)
            return
        self._lines[line] = deque([execution])
        worker = asyncio.get_running_loop().create_task(self._serve(line))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _serve(self, line: str) -> None:
        waiting = self._lines[line]
        try:
            while waiting:
                execution = waiting.popleft()
                if self._core.tree.holds(execution.action):
                    await self._perform(execution)
        finally:
            del self._lines[line]

    async def _perform(self, execution: Execution) -> None:
        core, action = self._core, execution.action
        _CAUSES.set({**execution.causes, action.ri: core.clock.time()})
        _CHAIN.set(execution.chain)
        request_id = f"{action.attributes['apv']['rqi']}-{secrets.token_hex(4)}"

        def write(work: Work, response: ResponsePrimitive) -> None:
            self._write(work, action, replace(response, request_id=request_id))

        ticket = Ticket(write)
        try:
            request = await self._request(action, request_id)
            request.ticket = ticket
            response = await core.handle(request)
        except CseError as error:
            response = ResponsePrimitive(error.status, request_id, {"m2m:dbg": error.message})
        except Exception:  # others wait behind it
            log.exception("%s cannot be executed", action.path)
            response = ResponsePrimitive(Status.INTERNAL_SERVER_ERROR, request_id)
        if not ticket.settled:
            work = Work()
            write(work, response)
            try:
                core.submit(work)
            except StoreError as error:
                log.error("the result of %s cannot be written: %s", action.path, error)

    def _write(self, work: Work, action: Resource, response: ResponsePrimitive) -> None:
        if not self._core.tree.holds(action):
            return
        work.keep(action, due=max(0, (action.state or {}).get("due", 0) - 1))
        amend(self._core, work, action, {"air": self._result(response)}, tell=True)
        self._finished(work, action, response)

    def _result(self, response: ResponsePrimitive) -> dict[str, Any]:
        """``air``: from this CSE."""
        members = {name: value for name, value in object_from_response(response).items() if name in _SHOWN}
        members.setdefault("rvi", self._core.settings.releases[-1])
        members["fr"] = self._core.identity.cse_id
        result: dict[str, Any] = decode(encode(members), LIMITS)
        return result

    async def _request(self, action: Resource, request_id: str) -> RequestPrimitive:
        """The primitive as it is sent: to the object, from the creator, with its input. Raises CseError."""
        attributes, state = action.attributes, action.state or {}
        members = {**attributes["apv"], "to": attributes["orc"], "fr": action.creator, "rqi": request_id}
        given = attributes.get("ipu")
        if given is not None:
            ((root, content),) = members["pc"].items()
            members["pc"] = {root: {**content, given["cstr"]: await self._input(action, given, request_id)}}
        return self._in_the_name_of(state, request_from_object(members))

    async def _input(self, action: Resource, given: Mapping[str, Any], request_id: str) -> Any:
        """ACT-5: the value of an attribute that the creator may read."""
        source = given.get("rsid") or action.attributes.get("sri") or action.attributes["pi"]
        response = await self._core.handle(self._in_the_name_of(action.state or {}, RequestPrimitive(
            Operation.RETRIEVE, source, action.creator, f"{request_id}-input", self._core.settings.releases[-1],
            attribute_list=[given["raid"]],
        )))
        content = decode(encode(response.content or {}), LIMITS)
        if not response.status.succeeded:
            raise CseError(f"ipu: {source}: {content.get('m2m:dbg', '')}", response.status)
        (inside,) = content.values()
        if given["raid"] not in inside:
            raise CseError(f"ipu: {source} has no {given['raid']} now", Status.NOT_FOUND)
        return inside[given["raid"]]

    def _in_the_name_of(self, state: Mapping[str, Any], request: RequestPrimitive) -> RequestPrimitive:
        """What was known of the creator when it made the action."""
        return replace(request, source_address=state.get("address"), authenticated=state.get("entity"), internal=True)
