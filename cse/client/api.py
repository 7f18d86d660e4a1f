"""The client API: what an AE, an IPE or an administrator says to a CSE, over any transport."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cse.client.criteria import filter_criteria
from cse.client.deferred import BLOCKING, SYNCHRONOUS, DeferredTransport, fetch, reference
from cse.client.errors import RequestFailed, Unreachable
from cse.client.history import read_history
from cse.client.kinds import kind_of, structural_types, type_number
from cse.client.notification import Notification
from cse.client.own_connection import EntityReceiver
from cse.client.polling import PollingReceiver
from cse.client.receiver import Receiver
from cse.client.references import Reference, nest, references
from cse.client.transport import Transport, back_off_s
from cse.clock import Clock, SystemClock
from cse.primitive import Content, FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status

#: The CSEBase of the CSE that is talked to, whatever its name.
CSE_BASE = "-"
ALREADY_REGISTERED = (Status.CONFLICT, Status.ORIGINATOR_HAS_ALREADY_REGISTERED)
PARTIAL = 1
DISCOVERY = 1


class Client:
    """One AE (or administrator) talking to one CSE over a transport.

    ``receiver`` is how ``subscribe`` is told; without one an AE fetches what is for it at its pollingChannel, and so
    does one that registers as not reachable. ``retries`` is how often a RETRIEVE or an UPDATE is repeated when nobody
    answers; other operations are not safe to repeat. With the ``mode`` "non-blocking" no connection waits for an
    operation: each is acknowledged and its result fetched. All methods raise ``RequestFailed`` when the CSE answers
    with an error and ``Unreachable`` when it does not answer.
    """

    def __init__(
        self,
        transport: Transport,
        originator: str = "",
        *,
        receiver: Receiver | None = None,
        release_version: str = "3",
        timeout_s: float = 10.0,
        retries: int = 0,
        clock: Clock | None = None,
        mode: str = "blocking",
    ) -> None:
        self.originator = originator
        self.receiver = receiver
        self._direct = transport
        self._transport: Transport = DeferredTransport(transport, clock) if mode == "non-blocking" else transport
        self._release_version = release_version
        self._timeout_s = timeout_s
        self._retries = retries
        self._clock: Clock = clock or SystemClock()
        self._prefix = uuid.uuid4().hex[:8]
        self._numbers = itertools.count(1)
        self._notification_urls: dict[str, str] = {}
        self._polling: PollingReceiver | None = None

    async def request(self, request: RequestPrimitive) -> ResponsePrimitive:
        """Send a request as it is and return the answer, an error too; empty ``rqi``, ``fr``, ``rvi`` are filled in."""
        request.originator = request.originator or self.originator
        request.request_id = request.request_id or f"{self._prefix}-{next(self._numbers)}"
        if request.release_version is None:
            request.release_version = self._release_version
        again = self._retries if request.operation in (Operation.RETRIEVE, Operation.UPDATE) else 0
        for attempt in range(again):
            try:
                return await self._transport.send(request, timeout_s=self._timeout_s)
            except Unreachable:
                await self._clock.sleep(back_off_s(attempt))
        return await self._transport.send(request, timeout_s=self._timeout_s)

    async def submit(self, request: RequestPrimitive) -> str:
        """Have a request done later and return the address of its ``<request>``; see ``outcome``."""
        mode = SYNCHRONOUS if request.response_type == BLOCKING else request.response_type
        response = await self._succeed(replace(request, response_type=mode))
        return reference(response) or ""

    async def outcome(self, address: str, limit_s: float | None = None) -> ResponsePrimitive:
        """Wait for the answer, an error too, of a request that was submitted.

        Raises Unreachable after ``limit_s`` (default: the time-out of the client); it can be asked for again.
        """
        asking = RequestPrimitive(
            Operation.RETRIEVE, address, self.originator, f"{self._prefix}-{next(self._numbers)}", self._release_version
        )
        until = self._clock.time() + (self._timeout_s if limit_s is None else limit_s)
        return await fetch(self._direct, asking, address, self._clock, until)

    async def create(
        self, parent: str, kind: str, attributes: Mapping[str, Any], *, result_content: int | None = None
    ) -> dict[str, Any]:
        """Create a resource and return its attributes; ``kind`` is a short name (``cnt``) or long name."""
        type_ = kind_of(kind)
        return await self._ask(RequestPrimitive(
            Operation.CREATE, parent, resource_type=type_.number, content={type_.root: dict(attributes)},
            result_content=result_content,
        ))  # fmt: skip

    async def retrieve(
        self,
        to: str,
        *,
        result_content: int | None = None,
        attributes: Sequence[str] = (),
        criteria: FilterCriteria | None = None,
    ) -> dict[str, Any]:
        """Return the attributes of a resource, or those named only (a partial retrieve)."""
        return await self._ask(RequestPrimitive(
            Operation.RETRIEVE, to, result_content=result_content, attribute_list=list(attributes) or None,
            filter_criteria=criteria,
        ))  # fmt: skip

    async def update(self, to: str, kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Change attributes (None removes one) and return the resource as it is then."""
        content: Content = {kind_of(kind).root: dict(attributes)}
        return await self._ask(RequestPrimitive(Operation.UPDATE, to, content=content))

    async def delete(self, to: str) -> None:
        """Delete a resource and all below it."""
        await self._ask(RequestPrimitive(Operation.DELETE, to))

    async def notify(self, to: str, content: Mapping[str, Any]) -> None:
        """Send a NOTIFY; ``content`` has one root element such as ``m2m:sgn``."""
        await self._ask(RequestPrimitive(Operation.NOTIFY, to, content=dict(content)))

    async def discover(self, to: str, **criteria: Any) -> list[str]:
        """Return addresses of the resources below ``to`` that match: ``ty=3, lbl=["a", "b"], lvl=2, rn="meter*"``.

        Names are those of the filter criteria; any other name is an attribute that must have the value. ``ty`` takes
        numbers or kinds. A list means any of its values. ``lim`` bounds the result; ``drt=2`` asks for resource IDs.
        Partial answers are continued until the result is complete.
        """
        result_type = criteria.pop("drt", 1)
        if "ty" in criteria:
            types = criteria["ty"]
            criteria["ty"] = [type_number(each) for each in (types if isinstance(types, list | tuple) else [types])]
        criteria = {"fu": DISCOVERY, **criteria}
        return await self.discover_all(RequestPrimitive(
            Operation.RETRIEVE, to, result_type=result_type, filter_criteria=filter_criteria(**criteria)
        ))  # fmt: skip

    async def discover_all(self, request: RequestPrimitive) -> list[str]:
        """Perform a discovery request to its end, at most ``lim`` results; see ``discover``."""
        limit = request.filter_criteria.limit if request.filter_criteria else None
        found: list[str] = []
        async for content in self.pages(request):
            found.extend(str(each) for each in (content or {}).get("m2m:uril", ()))
            if limit is not None and len(found) >= limit:
                break
        return found[:limit]

    async def pages(self, request: RequestPrimitive, *, whole: bool = True) -> AsyncIterator[Content | None]:
        """Yield the content of a retrieve, and of what follows it while the CSE says that it is partial (RCN-4).

        ``whole`` False: the first answer only.
        """
        criteria = request.filter_criteria or FilterCriteria()
        while True:
            response = await self._succeed(replace(request, request_id=""))
            yield response.content
            offset = response.content_offset
            if not whole or response.content_status != PARTIAL or offset is None or offset <= (criteria.offset or 0):
                return
            criteria = replace(criteria, offset=offset)
            request = replace(request, filter_criteria=criteria)

    async def children(self, to: str, **criteria: Any) -> list[Reference]:
        """Return references to the direct children, instances too; ``criteria`` as in ``discover``."""
        return await self._references(to, {"lvl": 1, **criteria})

    async def tree(self, to: str = CSE_BASE, depth: int | None = None, **criteria: Any) -> Reference:
        """Return ``to`` with all below it, at most ``depth`` levels; instances only if ``ty`` says so."""
        body = await self.retrieve(to, attributes=("rn", "ty"))
        criteria = {"ty": structural_types(), **criteria}
        if depth is not None:
            criteria["lvl"] = depth
        return nest(Reference(str(body["rn"]), int(body["ty"]), to), await self._references(to, criteria))

    async def latest(self, container: str) -> dict[str, Any] | None:
        """Return the newest instance of a container, or None when it is empty (or does not exist)."""
        try:
            return await self.retrieve(f"{container}/la")
        except RequestFailed as failure:
            if failure.status is Status.NOT_FOUND:
                return None
            raise

    async def history(
        self, container: str, *, limit: int | None = None, since: str | None = None, before: str | None = None
    ) -> list[dict[str, Any]]:
        """Return instances oldest first: the newest ``limit`` of those created in [``since``, ``before``).

        ``since`` and ``before`` are ``m2m:timestamp``; see ``timestamp``.
        """
        return await read_history(self, container, limit, since, before)

    async def register(
        self, app_id: str, name: str, *, ae_id: str = "C", request_reachable: bool = True, **attributes: Any
    ) -> dict[str, Any]:
        """Register an AE under the CSEBase, become its originator, and return its attributes.

        ``ae_id``: ``C`` or ``S`` let the CSE choose, a full stem (``Cmeter``) is asked for and is what makes a later
        registration find its own AE again. ``attributes`` go to the resource (``poa``, ``lbl`` …); those of an AE
        that was already registered are brought up to date.
        """
        asked = self.originator if ae_id == "C" and self.originator else ae_id
        wanted = {"api": app_id, "rr": request_reachable, "srv": [self._release_version], **attributes}
        request = RequestPrimitive(
            Operation.CREATE, CSE_BASE, asked, resource_type=2, content={"m2m:ae": {"rn": name, **wanted}}
        )
        try:
            body = await self._ask(request)
        except RequestFailed as failure:
            if failure.status not in ALREADY_REGISTERED or len(asked) < 2:
                raise
            body = await self._registered_before(failure, asked, name, wanted)
        self.originator = str(body["aei"])
        if not request_reachable and isinstance(self.receiver, EntityReceiver):
            self.receiver = None
        return body

    async def ensure(
        self, parent: str, kind: str, name: str, attributes: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Create a resource, or return the one that already has the name (its attributes are left as they are)."""
        try:
            return await self.create(parent, kind, {"rn": name, **(attributes or {})})
        except RequestFailed as failure:
            if failure.status is not Status.CONFLICT:
                raise
        return await self.retrieve(f"{parent}/{name}")

    async def subscribe(
        self,
        to: str,
        callback: Callable[[Notification], Awaitable[None]],
        *,
        events: Sequence[int] = (3,),
        name: str | None = None,
        **attributes: Any,
    ) -> str:
        """Subscribe to events of a resource and return the address of the subscription.

        ``events`` are ``net`` values: 1 update, 2 delete, 3 create of a child, 4 delete of a child. ``callback`` is
        awaited before the notification is answered, one at a time and in order. With a ``name`` a subscription of
        that name is re-used and notifies here from now on. ``attributes`` go to the subscription (``nct``, ``exc``,
        ``bn`` …; ``enc`` is merged with ``events``).
        """
        if self.receiver is None:
            self.receiver = self._polling = PollingReceiver(
                self._direct, release_version=self._release_version, clock=self._clock)
        before = self._notification_urls.get(f"{to}/{name}", "")
        await self.receiver.ready(self.originator)
        url = self.receiver.add(callback, before.rpartition("/")[2])
        name = name or self.receiver.name()
        attributes["enc"] = {"net": list(events), **attributes.get("enc", {})}
        attributes["nu"] = [self.receiver.target(url, self.originator, f"{to}/{name}")]
        try:
            address = await self._subscribe(to, name, attributes)
        except BaseException:
            self.receiver.remove(url)
            raise
        self._notification_urls[address] = url
        return address

    async def unsubscribe(self, subscription: str) -> None:
        """Delete a subscription made by ``subscribe``; one that is gone already is fine."""
        try:
            await self.delete(subscription)
        except RequestFailed as failure:
            if failure.status is not Status.NOT_FOUND:
                raise
        if (url := self._notification_urls.pop(subscription, None)) and self.receiver is not None:
            self.receiver.remove(url)

    async def until_reachable(self, limit_s: float | None = None) -> None:
        """Wait until the CSE answers, whatever it answers; raises Unreachable after ``limit_s``."""
        deadline = None if limit_s is None else self._clock.time() + limit_s
        for attempt in itertools.count():
            try:
                await self.request(RequestPrimitive(Operation.RETRIEVE, CSE_BASE))
            except Unreachable:
                pause_s = back_off_s(attempt)
                if deadline is not None and self._clock.time() + pause_s > deadline:
                    raise
                await self._clock.sleep(pause_s)
            else:
                return

    async def close(self) -> None:
        """Release the connections; a receiver that was given stays, it belongs to whoever made it."""
        if self._polling is not None:
            await self._polling.close()
        await self._transport.close()

    async def _ask(self, request: RequestPrimitive) -> dict[str, Any]:
        return first_body((await self._succeed(request)).content)

    async def _succeed(self, request: RequestPrimitive) -> ResponsePrimitive:
        response = await self.request(request)
        if response.status >= Status.BAD_REQUEST:
            raise RequestFailed.of(request, response)
        return response

    async def _references(self, to: str, criteria: dict[str, Any]) -> list[Reference]:
        request = RequestPrimitive(
            Operation.RETRIEVE, to, result_content=6, filter_criteria=filter_criteria(fu=DISCOVERY, **criteria)
        )
        return [each async for content in self.pages(request) for each in references(content)]

    async def _registered_before(
        self, failure: RequestFailed, ae_id: str, name: str, wanted: dict[str, Any]
    ) -> dict[str, Any]:
        """Return our AE of an earlier run with ``wanted`` brought up to date; someone else's is the failure it was."""
        own = Client(self._transport, ae_id, release_version=self._release_version, timeout_s=self._timeout_s)
        try:
            body = await own.retrieve(f"{CSE_BASE}/{name}")
        except RequestFailed:
            raise failure from None
        if body.get("aei") != ae_id or body.get("api") != wanted["api"]:
            raise failure
        changed = {key: value for key, value in wanted.items() if key != "api" and body.get(key) != value}
        return {**body, **await own.update(f"{CSE_BASE}/{name}", "ae", changed)} if changed else body

    async def _subscribe(self, to: str, name: str | None, attributes: dict[str, Any]) -> str:
        named = {} if name is None else {"rn": name}
        try:
            body = await self.create(to, "sub", {**named, **attributes})
        except RequestFailed as failure:
            if failure.status is not Status.CONFLICT or name is None:
                raise
            body = await self.update(f"{to}/{name}", "sub", {key: attributes[key] for key in ("nu", "enc")})
        return f"{to}/{body.get('rn', name)}"


def first_body(content: Content | None) -> dict[str, Any]:
    """Return what is under the root element; a root that is no object (``m2m:uri``) stays: ``{root: value}``."""
    for root, body in (content or {}).items():
        return body if isinstance(body, dict) else {root: body}
    return {}
