"""The client API: what an AE, an IPE or an administrator says to a CSE, over any transport."""

from __future__ import annotations

import itertools
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from cse.client.criteria import filter_criteria
from cse.client.errors import RequestFailed, Unreachable
from cse.client.kinds import kind_of, structural_types, type_number
from cse.client.notification import Notification
from cse.client.receiver import Receiver
from cse.client.references import Reference, nest, references
from cse.client.transport import Transport
from cse.clock import Clock, SystemClock
from cse.primitive import Content, FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status

#: The CSEBase of the CSE that is talked to, whatever its name.
CSE_BASE = "-"
PARTIAL = 1
DISCOVERY = 1


class Client:
    """One AE (or administrator) talking to one CSE over a transport.

    ``receiver`` is needed for ``subscribe`` only. ``retries`` is how often a RETRIEVE or an UPDATE is repeated when
    nobody answers; other operations are not safe to repeat. All methods raise ``RequestFailed`` when the CSE answers
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
    ) -> None:
        self.originator = originator
        self.receiver = receiver
        self._transport = transport
        self._release_version = release_version
        self._timeout_s = timeout_s
        self._retries = retries
        self._clock: Clock = clock or SystemClock()
        self._prefix = uuid.uuid4().hex[:8]
        self._numbers = itertools.count(1)

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
        found: list[str] = []
        request = RequestPrimitive(
            Operation.RETRIEVE, to, result_type=result_type,
            filter_criteria=filter_criteria(**{"fu": DISCOVERY, **criteria}),
        )  # fmt: skip
        async for content in self._pages(request):
            found.extend(str(each) for each in (content or {}).get("m2m:uril", ()))
            if (limit := criteria.get("lim")) is not None and len(found) >= limit:
                return found[:limit]
        return found

    async def children(self, to: str, **criteria: Any) -> list[Reference]:
        """Return references to the direct children, instances too; ``criteria`` as in ``discover``."""
        return await self._references(to, {"lvl": 1, **criteria})

    async def tree(self, to: str = CSE_BASE, depth: int | None = None, **criteria: Any) -> Reference:
        """Return ``to`` with all below it, at most ``depth`` levels; instances only if ``ty`` in ``criteria`` says so."""
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
        criteria: dict[str, Any] = {"ty": 4, "lvl": 1}
        criteria |= {name: value for name, value in (("cra", since), ("crb", before)) if value is not None}
        raise NotImplementedError

    async def register(
        self, app_id: str, name: str, *, ae_id: str = "C", request_reachable: bool = True, **attributes: Any
    ) -> dict[str, Any]:
        """Register an AE under the CSEBase, become its originator, and return its attributes.

        ``ae_id``: ``C`` or ``S`` let the CSE choose, a full stem (``Cmeter``) is asked for and is what makes a later
        registration find its own AE again. ``attributes`` go to the resource (``poa``, ``lbl`` …); those of an AE
        that was already registered are brought up to date.
        """
        raise NotImplementedError

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
        ``bn`` …; ``enc`` is merged with ``events``). Raises ValueError when the client has no receiver.
        """
        raise NotImplementedError

    async def unsubscribe(self, subscription: str) -> None:
        """Delete a subscription made by ``subscribe``; one that is gone already is fine."""
        raise NotImplementedError

    async def until_reachable(self, limit_s: float | None = None) -> None:
        """Wait until the CSE answers, whatever it answers; raises Unreachable after ``limit_s``."""
        raise NotImplementedError

    async def close(self) -> None:
        """Release the connections; the receiver stays, it belongs to whoever made it."""
        await self._transport.close()
