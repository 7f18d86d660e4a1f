"""transaction: one request that is locked for, tried, and done or not, as somebody else decides (SSP-4).

Execution is deferred. EXECUTE tries the request on the tree and takes back what it changed before anybody can see it;
the response is the real one. COMMIT does it, in one unit of work with the result. So ABORT has nothing to undo, and
after a crash a transaction is in the state that was last written. Meanwhile its target is locked: whoever else asks
gets 5222.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.clock import seconds_of
from cse.codecs import decode, encode
from cse.core import LIMITS
from cse.modes.record import BLOCKING
from cse.operations.internal import amend
from cse.parameters import object_from_response, request_from_object
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.work import Work
from resources.errors import BadRequest, CseError, NoPrivilege, NotImplementedHere, OriginatorError, ReceiverError
from resources.model import Resource
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call, Core, Target
    from cse.operations.change import Draft

log = logging.getLogger("banyan.transactions")

#: m2m:transactionState.
INITIAL, LOCKED, EXECUTED, COMMITTED, ERROR, ABORTED = 1, 2, 3, 4, 5, 6
#: m2m:transactionControl.
LOCK, EXECUTE, COMMIT, ABORT = 2, 3, 4, 5
#: Which control leads on from which state.
CONTROLS: Mapping[int, frozenset[int]] = {
    INITIAL: frozenset({LOCK, ABORT}),
    LOCKED: frozenset({EXECUTE, ABORT}),
    EXECUTED: frozenset({COMMIT, ABORT}),
    ERROR: frozenset({ABORT}),
    COMMITTED: frozenset(),
    ABORTED: frozenset(),
}
#: The state that a control leads to where nothing fails.
LEADS_TO = {LOCK: LOCKED, EXECUTE: EXECUTED, COMMIT: COMMITTED, ABORT: ABORTED}
#: States in which nothing is locked.
OVER = frozenset({COMMITTED, ABORTED})
#: m2m:transactionLockType under which others may read.
ALLOW_RETRIEVES = 2
#: When the CSE goes on by itself.
TIMES = {LOCK: "tltm", EXECUTE: "text", COMMIT: "tct"}
MEMBERS = frozenset({"rsc", "rqi", "rvi", "to", "fr", "pc", "cnst", "cnot"})


class Tried(CseError):
    """A request has come as far as its changes being made, which have been taken back."""


class Trial:
    """The ticket of a request that is tried: at the last moment its changes are taken back."""

    def __init__(self, transaction: Resource) -> None:
        self.transaction = transaction
        self.response: ResponsePrimitive | None = None

    def settle(self, work: Work, response: ResponsePrimitive) -> None:
        """Take back what was done."""
        self.response = response
        work.abandon()
        raise Tried("tried", response.status)


class Commitment:
    """The ticket of a request that is done: its result goes into the transaction."""

    def __init__(self, transaction: Resource, write: Callable[[Work, ResponsePrimitive], None]) -> None:
        self.transaction = transaction
        self.settled = False
        self._write = write

    def settle(self, work: Work, response: ResponsePrimitive) -> None:
        """Write the result."""
        self.settled = True
        self._write(work, response)


def check_lock(call: Call, target: Target) -> None:
    """5222 for a request on a resource that a transaction of somebody else has locked."""
    holder = call.core.locks.get(target.resource.ri)
    request = call.request
    if holder is None or getattr(request.ticket, "transaction", None) is holder:
        return
    if holder.attributes["tltp"] == ALLOW_RETRIEVES and request.operation is Operation.RETRIEVE:
        return
    raise ReceiverError(f"to: {target.resource.path} is locked by a transaction; try again later",
                        Status.TRANSACTION_PROCESSING_IS_INCOMPLETE)


def check_control(resource: Resource, originator: str, control: int) -> None:
    """4103 for another than the creator, 4123 for a control that does not lead on from the state."""
    if originator != resource.creator:
        raise NoPrivilege(f"tctl: only {resource.creator}, who made it, controls it")
    state = resource.attributes["trst"]
    if control not in CONTROLS[state]:
        possible = ", ".join(str(one) for one in sorted(CONTROLS[state]))
        raise OriginatorError(f"tctl: {control} does not lead on from trst {state}; possible: {possible or 'none'}",
                              Status.ILLEGAL_TRANSACTION_STATE_TRANSITION_ATTEMPTED)


class TransactionBehaviour(Behaviour):
    """The transactions of one CSE; a target has at most one that is not over."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._committed: set[Call] = set()
        self._asking: set[asyncio.Task[None]] = set()

    async def prepare(self, draft: Draft) -> None:
        """Check a new one, or do what its control says."""
        current, attributes = draft.current, draft.attributes
        if current is None:
            self._check(draft)
            attributes.setdefault("tltp", 1)
            attributes["trst"] = INITIAL if _is_later(attributes.get("tltm"), draft.now) else LOCKED
        elif draft.call in self._committed:
            self._committed.discard(draft.call)  # this is the second look, after what the first one did
        elif "tctl" in draft.given:
            check_control(current, draft.originator, attributes["tctl"])
            await self._do(draft, current, attributes["tctl"])

    def _check(self, draft: Draft) -> None:
        request, identity = draft.attributes["rqp"], self.core.identity
        if identity.entity(request.get("fr", "")) != draft.originator:
            raise BadRequest(f"rqp.fr: {request.get('fr')!r} is not the originator ({draft.originator})")
        parsed = request_from_object(request)
        if parsed.operation is Operation.NOTIFY:
            raise NotImplementedHere("rqp.op: what others have been told cannot be taken back")
        created = self.core.behaviours.get(parsed.resource_type or 0)
        if created is not None and created.settles:
            raise NotImplementedHere(f"rqp.ty: a CREATE of {parsed.resource_type} asks others; that cannot be tried")
        if parsed.response_type != BLOCKING or parsed.operation_execution is not None:
            raise BadRequest("rqp: has its response at once; leave out rt and oet")
        if draft.find(parsed.to) is not draft.parent:
            raise BadRequest(f"rqp.to: {parsed.to!r} is not the parent of the transaction")
        if draft.parent is not None and draft.parent.ri in self.core.locks:
            raise ReceiverError(f"to: {draft.parent.path} is locked by another transaction",
                                Status.TRANSACTION_PROCESSING_IS_INCOMPLETE)

    async def _do(self, draft: Draft, transaction: Resource, control: int) -> None:
        if control == EXECUTE:
            self._show(draft.attributes, await self._try(transaction), EXECUTED)
        elif control == COMMIT:
            await self._commit(transaction)
            self._committed.add(draft.call)
        else:
            draft.attributes["trst"] = LEADS_TO[control]
            if control == LOCK and transaction.parent is not None and transaction.parent.ri in self.core.locks:
                raise ReceiverError("tctl: the target is locked by another transaction",
                                    Status.TRANSACTION_PROCESSING_IS_INCOMPLETE)

    async def _try(self, transaction: Resource) -> ResponsePrimitive:
        ticket = Trial(transaction)
        answer = await self.core.handle(self._request(transaction, ticket))
        if ticket.response is None:
            return answer
        ticket.response.request_id = answer.request_id
        return ticket.response

    async def _commit(self, transaction: Resource) -> None:
        """Do it; a result that is not part of a change is written by itself."""
        def write(work: Work, response: ResponsePrimitive) -> None:
            shown = dict[str, Any]()
            response.request_id = transaction.attributes["rqp"]["rqi"]
            self._show(shown, response, COMMITTED)
            if self.core.tree.holds(transaction):
                amend(self.core, work, transaction, {**shown, "tctl": COMMIT}, tell=True)
                self._follow(work, transaction)

        ticket = Commitment(transaction, write)
        answer = await self.core.handle(self._request(transaction, ticket))
        if not ticket.settled:
            work = Work()
            write(work, answer)
            await self.core.commit(work)

    def _request(self, transaction: Resource, ticket: Trial | Commitment) -> RequestPrimitive:
        attributes, state = transaction.attributes, transaction.state or {}
        request = request_from_object({**attributes["rqp"], "fr": transaction.creator})
        request.source_address, request.authenticated = state.get("address"), state.get("entity")
        request.ticket, request.internal = ticket, True
        return request

    def _show(self, attributes: dict[str, Any], response: ResponsePrimitive, good: int) -> None:
        members = {name: value for name, value in object_from_response(response).items() if name in MEMBERS}
        members.setdefault("rvi", self.core.settings.releases[-1])
        attributes["rsp"] = decode(encode(members), LIMITS)
        attributes["trst"] = good if response.status.succeeded else ERROR

    # locks and times

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:
        """Lock the target, in the name of the creator as it is known now."""
        if call is not None:
            known = {"address": call.request.source_address, "entity": call.request.authenticated}
            resource.state = {name: value for name, value in known.items() if value is not None} or None
            work.put(resource)
        self._follow(work, resource)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """Lock or unlock."""
        self._follow(work, resource)

    def removed(self, work: Work, resource: Resource) -> None:
        """What was not committed is not done."""
        self._unlock(work, resource)
        work.after(lambda: self._cancel(resource))

    async def stop(self) -> None:
        """What is under way is finished; what was not begun is due after the next start."""
        await asyncio.gather(*self._asking, return_exceptions=True)

    def restored(self, resource: Resource) -> None:
        """Locks and times hold over a restart."""
        assert resource.parent is not None
        if resource.attributes["trst"] not in OVER | {INITIAL}:
            self.core.locks[resource.parent.ri] = resource
        self._set_timer(resource)

    def _follow(self, work: Work, resource: Resource) -> None:
        assert resource.parent is not None
        if resource.attributes["trst"] in OVER:
            self._unlock(work, resource)
        elif resource.attributes["trst"] != INITIAL and resource.parent.ri not in self.core.locks:
            parent = resource.parent.ri
            self.core.locks[parent] = resource

            def undo() -> None:
                self.core.locks.pop(parent, None)

            work.undo.append(undo)
        work.after(lambda: self._set_timer(resource))

    def _unlock(self, work: Work, resource: Resource) -> None:
        assert resource.parent is not None
        parent = resource.parent.ri
        if self.core.locks.get(parent) is resource:
            del self.core.locks[parent]
            work.undo.append(lambda: self.core.locks.update({parent: resource}))

    def _set_timer(self, resource: Resource) -> None:
        """The next control that the CSE gives by itself."""
        self._cancel(resource)
        for control in sorted(CONTROLS[resource.attributes["trst"]] - {ABORT}):
            when = resource.attributes.get(TIMES[control])
            if when is not None:
                self.core.timers.at(_key(resource), seconds_of(when), partial(self._due, resource, control))

    def _due(self, resource: Resource, control: int) -> None:
        task = asyncio.get_running_loop().create_task(self._ask(resource, control))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, resource: Resource, control: int) -> None:
        answer = await self.core.handle(RequestPrimitive(
            Operation.UPDATE, resource.ri, resource.creator, f"{resource.ri}-{control}",
            self.core.settings.releases[-1], content={resource.type.root: {"tctl": control}}, internal=True,
        ))
        if not answer.status.succeeded:
            log.warning("%s: control %d failed: %s %s", resource.path, control, answer.status.value,
                        answer.status.name)

    def _cancel(self, resource: Resource) -> None:
        self.core.timers.cancel(_key(resource))


def _is_later(when: str | None, now: str) -> bool:
    return when is not None and when > now


def _key(resource: Resource) -> tuple[str, str]:
    return "transaction", resource.ri
