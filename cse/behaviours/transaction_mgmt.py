"""transactionMgmt: several requests that are all done or none, each as a transaction at its target (SSP-4).

All are locked for, then all are tried, then all are done; whatever fails before that aborts all of them. The steps are
taken by this CSE, or by the creator with ``transactionControl``. A crash while they are done is made up for: those
that are left are done after the restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours.transaction import (
    ABORT,
    COMMIT,
    ERROR,
    EXECUTE,
    EXECUTED,
    INITIAL,
    LEADS_TO,
    LOCK,
    LOCKED,
    OVER,
    TIMES,
    check_control,
)
from cse.clock import seconds_of
from cse.codecs import decode, encode
from cse.core import LIMITS
from cse.operations.delete import remove
from cse.operations.internal import amend
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.storage.port import StoreError
from cse.work import Work
from resources.errors import BadRequest, ReceiverError
from resources.model import Resource
from resources.status import Status
from resources.transaction import TRANSACTION

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft

log = logging.getLogger("banyan.transactions")

CSE_CONTROLLED, DELETE_AFTERWARDS = 1, 1
ROOT = "m2m:trac"
#: transactionControl is what was asked for last.
DEFAULTS = {"tmd": CSE_CONTROLLED, "tltp": 1, "tmr": 0, "tmh": DELETE_AFTERWARDS, "tctl": INITIAL}
#: The next step from each state.
STEPS = {INITIAL: LOCK, LOCKED: EXECUTE, EXECUTED: COMMIT, ERROR: ABORT}
#: Seconds between two attempts to lock what others have locked.
PAUSE_S = 0.25
#: Attempts at most, whatever ``tmr`` says.
RETRIES = 100
#: Requests of one transaction.
MOST = 100


class TransactionMgmtBehaviour(Behaviour):
    """The managed transactions of one CSE. ``parts`` in the state are the addresses of their transactions."""

    settles = True

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._busy: set[str] = set()
        self._done: set[Call] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._restored: list[Resource] = []

    async def prepare(self, draft: Draft) -> None:
        """Check a new one, or take the step that the creator asks for."""
        current, attributes = draft.current, draft.attributes
        if current is None:
            self._check(draft)
            attributes.update(tctl=INITIAL, trst=INITIAL)
            return
        attributes.setdefault("tctl", current.attributes["tctl"])
        complete(attributes)
        if draft.call in self._done:
            self._done.discard(draft.call)  # this is the second look, after what the first one did
        elif draft.given.get("tctl") is not None:
            if current.attributes["tmd"] == CSE_CONTROLLED:
                raise BadRequest("tctl: the CSE itself controls a transaction with tmd 1")
            if current.ri in self._busy:
                raise _incomplete(current)
            check_control(current, draft.originator, attributes["tctl"])
            await self._step(current, attributes["tctl"])
            self._done.add(draft.call)

    def _check(self, draft: Draft) -> None:
        attributes = draft.attributes
        complete(attributes)
        requests = attributes["rqps"]["req"]
        if len(requests) > MOST:
            raise BadRequest(f"rqps: {len(requests)} requests; at most {MOST} are possible")
        for number, one in enumerate(requests):
            if self.core.identity.entity(one["fr"]) != draft.originator:
                raise BadRequest(f"rqps.req[{number}].fr: {one['fr']!r} is not the originator ({draft.originator})")
        if attributes.get("tept", draft.now) < draft.now:
            raise BadRequest(f"tept: {attributes['tept']} is in the past; it is {draft.now} now")

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """It ends at the latest when its time is over."""
        work.after(lambda: self._set_end(resource))

    async def settle(self, resource: Resource, call: Call) -> None:
        """Run it; the answer shows the end of what begins now, not of what is to wait."""
        if resource.attributes["tmd"] != CSE_CONTROLLED:
            return
        if any(resource.attributes.get(name, "") > call.stamp for name in TIMES.values()):
            self._start(self._run(resource))
        else:
            await self._run(resource)

    async def check_delete(self, call: Call) -> None:
        """What is under way is not deleted; what was not done is taken back."""
        resource = call.target.resource
        if resource.ri in self._busy:
            raise _incomplete(resource)
        if resource.attributes["trst"] not in OVER:
            await self._step(resource, ABORT)
        await self._clear(resource)

    def companions(self, resource: Resource) -> Iterable[Resource]:
        """Its transactions on this CSE go in the same step: nothing stays locked for one that is gone."""
        found = [self.core.tree.find(part) for part in (resource.state or {}).get("parts", ())]
        return [one for one in found if one is not None and one.type is TRANSACTION]

    def removed(self, work: Work, resource: Resource) -> None:
        """What was not committed is taken back."""
        work.after(lambda: self._forget(resource))

    def _forget(self, resource: Resource) -> None:
        self.core.timers.cancel(_key(resource))
        if (resource.state or {}).get("parts"):
            self._start(self._clear(resource))

    def restored(self, resource: Resource) -> None:
        """Nothing is done before everything is there."""
        self._restored.append(resource)

    def opened(self) -> None:
        """Go on with what was interrupted."""
        restored, self._restored = self._restored, []
        for resource in restored:
            self._set_end(resource)
            interrupted = resource.attributes["trst"] == EXECUTED and resource.attributes["tctl"] == COMMIT
            if resource.attributes["trst"] in OVER:
                self._afterwards(resource)
            elif resource.attributes["tmd"] == CSE_CONTROLLED or interrupted:
                self._start(self._run(resource))

    async def stop(self) -> None:
        """What is under way goes on after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _set_end(self, resource: Resource) -> None:
        end = resource.attributes.get("tept")
        if end is not None and resource.attributes["trst"] not in OVER:
            self.core.timers.at(_key(resource), seconds_of(end), lambda: self._start(self._expire(resource)))

    async def _expire(self, resource: Resource) -> None:
        if self._goes_on(resource) and resource.ri not in self._busy:
            await self._step(resource, ABORT)

    def _goes_on(self, resource: Resource) -> bool:
        return self.core.tree.holds(resource) and resource.attributes["trst"] not in OVER

    # steps

    async def _run(self, resource: Resource) -> None:
        """Take one step after the other, each not before its time."""
        while self._goes_on(resource):
            control = STEPS[resource.attributes["trst"]]
            when = resource.attributes.get(TIMES.get(control, ""))
            if when is not None:
                await self.core.clock.sleep(seconds_of(when) - self.core.clock.time())
            if self._goes_on(resource):
                await self._step(resource, control)

    async def _step(self, resource: Resource, control: int) -> None:
        """Take all transactions one step further; if one does not follow, abort."""
        self._busy.add(resource.ri)
        try:
            self._write(resource, {"tctl": control})
            good = await (self._lock(resource) if control == LOCK else self._control(resource, control))
            if not good and control != ABORT:
                self._write(resource, {"trst": ERROR})
                self._write(resource, {"tctl": ABORT})
                await self._control(resource, ABORT)
                control = ABORT
            self._write(resource, {"trst": LEADS_TO[control]})
        finally:
            self._busy.discard(resource.ri)
        if resource.attributes["trst"] in OVER:
            self.core.timers.cancel(_key(resource))
            self._afterwards(resource)

    async def _lock(self, resource: Resource) -> bool:
        """Create the transactions; those of an attempt that was interrupted go first."""
        await self._clear(resource)
        parts: list[str] = []
        for request in resource.attributes["rqps"]["req"]:
            answer = await self._lock_one(resource, request)
            if answer.status != Status.CREATED:
                self._collect(resource, [*self._responses(resource), _shown(answer)])
                return False
            made = _content(answer).get(ROOT, {})
            cse = self.core.identity.address(request["to"]).cse
            parts.append(made["ri"] if cse is None else f"{cse}/{made['ri']}")
            self._keep(resource, parts)
        return True

    async def _lock_one(self, resource: Resource, request: Mapping[str, Any]) -> ResponsePrimitive:
        attributes = resource.attributes
        primitive = {**request.get("mi", {}), **{name: value for name, value in request.items() if name != "mi"}}
        primitive.setdefault("rvi", self.core.settings.releases[-1])
        content = {"tid": resource.ri, "tltp": attributes["tltp"], "rqp": primitive}
        retries = min(attributes["tmr"], RETRIES)
        for attempt in range(retries + 1):
            answer = await self._ask(resource, Operation.CREATE, request["to"], content, f"lock-{attempt}")
            if answer.status != Status.TRANSACTION_PROCESSING_IS_INCOMPLETE or attempt == retries:
                break
            await self.core.clock.sleep(PAUSE_S)
        return answer

    async def _control(self, resource: Resource, control: int) -> bool:
        """Control all transactions; those that are there already are left alone."""
        responses, good = [], True
        for number, part in enumerate((resource.state or {}).get("parts", ())):
            found = _content(await self._ask(resource, Operation.RETRIEVE, part, None, "look")).get(ROOT)
            if found is not None and found["trst"] != LEADS_TO[control] and found["trst"] not in OVER:
                answer = await self._ask(resource, Operation.UPDATE, part, {"tctl": control}, f"control-{control}")
                found = _content(answer).get(ROOT)
            is_deletion = resource.attributes["rqps"]["req"][number]["op"] == Operation.DELETE
            if found is None and control == COMMIT and is_deletion:  # it went with its target
                responses.append(_shown(ResponsePrimitive(Status.DELETED, resource.ri)))
                continue
            good = good and found is not None and found["trst"] == LEADS_TO[control]
            if found is not None and "rsp" in found:
                responses.append(found["rsp"])
        if control in (EXECUTE, COMMIT):
            self._collect(resource, responses)
        return good

    def _responses(self, resource: Resource) -> list[Any]:
        found: list[Any] = resource.attributes.get("rsps", {}).get("m2m:rsp", [])
        return found

    def _collect(self, resource: Resource, responses: list[Any]) -> None:
        self._write(resource, {"rsps": {"m2m:rsp": responses}})

    # afterwards

    def _afterwards(self, resource: Resource) -> None:
        if resource.attributes["tmh"] == DELETE_AFTERWARDS:
            self._start(self._dispose(resource))

    async def _dispose(self, resource: Resource) -> None:
        await self._clear(resource)
        if self.core.tree.holds(resource):
            work = Work()
            remove(self.core, work, resource)
            self._submit(work)

    async def _clear(self, resource: Resource) -> None:
        """Delete the transactions, known or left by an interruption."""
        known = dict.fromkeys((resource.state or {}).get("parts", ()))
        left = [one.ri for one in self.core.tree.by_id.values()
                if one.type.number == TRANSACTION.number and one.attributes["tid"] == resource.ri
                and one.creator == resource.creator]
        for part in dict.fromkeys((*known, *left)):
            await self._ask(resource, Operation.DELETE, part, None, "clear")
        if known and self.core.tree.holds(resource):
            self._keep(resource, [])

    # asking and writing

    async def _ask(self, resource: Resource, operation: Operation, to: str, content: Mapping[str, Any] | None,
                   what: str) -> ResponsePrimitive:
        return await self.core.handle(RequestPrimitive(
            operation, to, resource.creator, f"{resource.ri}-{what}", self.core.settings.releases[-1],
            resource_type=TRANSACTION.number if operation is Operation.CREATE else None,
            content=None if content is None else {ROOT: dict(content)}, internal=True,
        ))

    def _keep(self, resource: Resource, parts: list[str]) -> None:
        work = Work()
        resource.state = {**(resource.state or {}), "parts": list(parts)}
        work.put(resource)
        self._submit(work)

    def _write(self, resource: Resource, changes: Mapping[str, Any]) -> None:
        if self.core.tree.holds(resource):
            work = Work()
            amend(self.core, work, resource, changes, tell=True)
            self._submit(work)

    def _submit(self, work: Work) -> None:
        try:
            self.core.submit(work)
        except StoreError as error:
            log.error("a transaction cannot be written: %s", error)


def complete(attributes: dict[str, Any]) -> None:
    """What is left out, or removed, has its default."""
    for name, value in DEFAULTS.items():
        attributes.setdefault(name, value)


def _incomplete(resource: Resource) -> ReceiverError:
    return ReceiverError(f"{resource.path}: the last step is not over yet", Status.TRANSACTION_PROCESSING_IS_INCOMPLETE)


def _content(answer: ResponsePrimitive) -> dict[str, Any]:
    content: dict[str, Any] = decode(encode(answer.content or {}), LIMITS)
    return content


def _shown(answer: ResponsePrimitive) -> dict[str, Any]:
    shown: dict[str, Any] = {"rsc": answer.status.value, "rqi": answer.request_id or "-", "rvi": "3"}
    if answer.content is not None:
        shown["pc"] = _content(answer)
    return shown


def _key(resource: Resource) -> tuple[str, str]:
    return "transactionMgmt", resource.ri
