"""pollingChannel: an AE or a CSE that cannot be called fetches its requests at ``pcu`` (PCH-1 … PCH-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.clock import seconds_of
from cse.parameters import object_from_request, response_from_object
from cse.primitive import Operation, ResponsePrimitive
from resources.errors import BadRequest, NoPrivilege, NotFound
from resources.model import Resource
from resources.polling_channel import POLLING_CHANNEL
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call
    from cse.operations.change import Draft
    from cse.work import Work

#: Attribute with the entity ID, by the type of the parent.
ENTITIES = {2: "aei", 16: "csi"}


class PollingChannelBehaviour(Behaviour):
    """The queue of each channel is in ``core.polling``; here are the requests to it."""

    async def prepare(self, draft: Draft) -> None:
        """PCH-1: only the entity makes one, and one only."""
        parent = draft.parent
        if draft.current is not None or parent is None:
            return
        self._check_owner(parent, draft.originator)
        other = next((one for one in parent.children.values() if one.type.number == POLLING_CHANNEL.number), None)
        if other is not None:
            raise BadRequest(f"ty: {other.path} is the pollingChannel here already; one is possible")

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - who asked does not matter
        """Requests can wait from now on."""
        work.after(lambda: self.core.polling.open(resource))

    def restored(self, resource: Resource) -> None:
        """Requests can wait again."""
        self.core.polling.open(resource)

    def removed(self, work: Work, resource: Resource) -> None:
        """Nobody will fetch what waits."""
        work.after(lambda: self.core.polling.close(resource))

    async def virtual(self, call: Call) -> ResponsePrimitive:
        """RETRIEVE and NOTIFY of ``pcu``; the dispatcher lets nothing else come here."""
        channel, request = call.target.resource, call.request
        if call.target.rest:
            raise NotFound(f"to: there is nothing below {channel.path}/pcu")
        assert channel.parent is not None
        self._check_owner(channel.parent, call.originator)
        if request.operation is Operation.RETRIEVE:
            return await self._poll(call, channel)
        return self._answer(channel, request.content)

    def _check_owner(self, parent: Resource, originator: str) -> None:
        """An administrator must not take what is for somebody else either."""
        owner = parent.attributes.get(ENTITIES.get(parent.type.number, ""), "")
        if self.core.identity.entity(originator) != self.core.identity.entity(owner):
            raise NoPrivilege(f"to: the pollingChannel of {parent.path} is for {owner} alone")

    async def _poll(self, call: Call, channel: Resource) -> ResponsePrimitive:
        """PCH-2: one request as ``m2m:rqp``, or all that wait as a list of them."""
        every = channel.attributes.get("rqag") is True
        assert channel.parent is not None
        self.core.notifier.reachable(channel.parent)
        found = await self.core.polling.poll(channel, self._patience_s(call), every=every)
        objects = [object_from_request(request) for request in found]
        content: dict[str, Any] = {"m2m:agrp": {"m2m:rqp": objects}} if every else {"m2m:rqp": objects[0]}
        return ResponsePrimitive(Status.OK, content=content)

    def _patience_s(self, call: Call) -> float:
        """Until ``rqet``, but never longer than the local limit."""
        most, until = self.core.settings.polling_timeout_s, call.request.request_expiration
        if until is None:
            return most
        return min(most, int(until) / 1000 if until.isdigit() else seconds_of(until) - call.now)

    def _answer(self, channel: Resource, content: dict[str, Any] | None) -> ResponsePrimitive:
        """PCH-3: an answer goes to who waits for it, by its ``rqi``."""
        response = (content or {}).get("m2m:rsp")
        if response is None:
            raise BadRequest('pc: a NOTIFY to pcu is an answer: {"m2m:rsp": {"rsc": 2000, "rqi": "<of the request>"}}')
        answer = response_from_object(response)
        if not answer.request_id:
            raise BadRequest("m2m:rsp.rqi: missing; expected that of the request that is answered")
        if not self.core.polling.answer(channel, answer):
            raise NotFound(f"m2m:rsp.rqi: no request {answer.request_id!r} waits for an answer (any more)")
        return ResponsePrimitive(Status.OK)
