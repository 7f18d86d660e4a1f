"""What a request carries whose answer was given before it was done: it writes the outcome where it belongs.

The outcome goes into the unit of work of the operation itself. So after a crash either both are there or neither,
and an operation that is done again was never done.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cse.codecs import Raw, encode
from cse.core import Core
from cse.modes import record
from cse.operations.internal import amend
from cse.parameters import object_from_response, response_from_object
from cse.primitive import ResponsePrimitive
from cse.storage.port import StoreError
from cse.work import Work
from resources.model import Resource
from resources.status import Status


class Ticket:
    """One request on its way. ``resource`` is its ``<request>``, None as long as nothing was promised (RTP-1, flex).

    ``settled``: the outcome has been handed over. ``told`` is called once it is durable.
    """

    def __init__(self, core: Core, resource: Resource | None, told: Callable[[Resource], None]) -> None:
        self._core = core
        self._told = told
        self._parts: dict[str, Any] = dict((resource.state or {}).get("parts", {})) if resource is not None else {}
        self._early: dict[str, Any] | None = None
        self.resource = resource
        self.settled = False

    def settle(self, work: Work, response: ResponsePrimitive) -> None:
        """Write the outcome in this unit of work."""
        self.settled = True
        resource = self._held()
        if resource is None:
            return
        work.keep_state(resource, _targets(resource))
        amend(self._core, work, resource, record.outcome(self._core, resource, response, self._core.clock.time()))
        work.after(lambda: self._told(resource))

    async def finish(self, response: ResponsePrimitive) -> None:
        """The operation is over; write an outcome that was not part of a change by itself."""
        if not self.settled:
            work = Work()
            self.settle(work, response)
            if work.changes:
                await self._core.commit(work)

    def part(self, name: str) -> Part:
        """The ticket of one of the requests that this one became (GRP-13)."""
        return Part(self, name)

    def kept_part(self, name: str) -> ResponsePrimitive | None:
        """The answer of a part that was done before a restart."""
        kept = self._parts.get(name)
        return None if kept is None or isinstance(kept, Raw) else response_from_object(kept)

    def keep_part(self, work: Work, name: str, response: ResponsePrimitive) -> None:
        """Write the outcome of a part in the unit of work of its change."""
        self._parts[name] = Raw(encode(object_from_response(response)))
        work.undo.append(lambda: self._parts.pop(name, None))
        resource = self._held()
        if resource is not None:
            work.keep(resource, parts=dict(self._parts))

    def promised(self, resource: Resource) -> None:
        """The request has a ``<request>`` from now on; what has been done so far is its beginning."""
        self.resource = resource
        if self._parts:
            resource.state = {**(resource.state or {}), "parts": dict(self._parts)}

    def acknowledged(self) -> None:
        """The ``<request>`` is durable; show what there was before it."""
        if self._early is not None:
            self.partial(self._early)

    def partial(self, content: dict[str, Any]) -> None:
        """Show what there is so far (RTP-4: PARTIALLY_COMPLETED)."""
        resource = self._held()
        self._early = content if self.resource is None else None
        if resource is None or self.settled:
            return
        work, now = Work(), self._core.clock.time()
        response = ResponsePrimitive(Status.OK, content=content)
        shown = record.result_of(self._core, resource.attributes, response, now)
        amend(self._core, work, resource, {"rs": record.PARTIALLY_COMPLETED, "ors": shown})
        with suppress(StoreError):  # the outcome itself will say so
            self._core.submit(work)

    def _held(self) -> Resource | None:
        resource = self.resource
        return resource if resource is not None and self._core.tree.holds(resource) else None


class Part:
    """The ticket of one member of a fan-out. ``answer`` is that of a part that was done before a restart."""

    def __init__(self, whole: Ticket, name: str) -> None:
        self._whole = whole
        self._name = name
        self.answer = whole.kept_part(name)

    def part(self, name: str) -> Part:
        """The ticket of a member of a group in the group."""
        return Part(self._whole, f"{self._name} {name}")

    def settle(self, work: Work, response: ResponsePrimitive) -> None:
        """Write the outcome of this part in the unit of work of its change."""
        self._whole.keep_part(work, self._name, response)


def _targets(resource: Resource) -> dict[str, Any] | None:
    """RTP-8: who is told the outcome of an asynchronous request, as the state that is left when it is there."""
    mode = resource.attributes["mi"].get("rt", {})
    if not record.is_asynchronous(mode.get("rtv"), mode.get("nu")):
        return None
    targets = mode.get("nu")
    told = [resource.attributes["org"]] if targets is None else list(dict.fromkeys(targets))
    return {"tell": told} if told else None
