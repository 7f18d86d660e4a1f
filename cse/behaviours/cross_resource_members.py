"""The subscriptions that a crossResourceSubscription waits for: made, joined, left (CRS-2, CRS-3, CRS-7)."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cse.codecs import decode, encode
from cse.core import LIMITS, Call, Core
from cse.fanout.asking import ask_all
from cse.operations.delete import remove
from cse.operations.internal import amend
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.work import Work
from resources.errors import BadRequest, ReceiverError
from resources.model import Resource
from resources.status import Status
from resources.subscription import SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger("banyan.cross_resource")

ROOT = "m2m:sub"


def address_of(core: Core, crs: Resource) -> str:
    """How its members name a crossResourceSubscription."""
    return core.identity.sp_relative(crs.ri)


class Joining:
    """Everything that one CREATE of a crossResourceSubscription asks of others, in its originator's name."""

    def __init__(self, crs: Resource, call: Call, patience_s: float) -> None:
        self._crs = crs
        self._call = call
        self._core = call.core
        self._until = call.now + patience_s
        self._address = address_of(call.core, crs)

    async def subscribe(self) -> tuple[list[str], list[list[str]]]:
        """Make the subscriptions at ``rrat``; returns their addresses, and all names that each goes by."""
        attributes = self._crs.attributes
        resources = attributes.get("rrat") or []
        criteria = attributes.get("encs", {}).get("encn", [])
        requests = [
            self._request(Operation.CREATE, to, {"enc": criteria[number if len(criteria) > 1 else 0],
                                                 **self._common()})
            for number, to in enumerate(resources)
        ]
        made, names = [], []
        for to, response in zip(resources, await self._all(requests, Status.CREATED), strict=True):
            entry = _content(response).get("m2m:rce", {})
            given = self._scoped(to, [entry.get(ROOT, {}).get("ri", ""), entry.get("uri", "")])
            made.append(given[0])
            names.append(given)
        return made, names

    def _common(self) -> dict[str, Any]:
        attributes = self._crs.attributes
        category = {"nec": attributes["nec"]} if "nec" in attributes else {}
        return {"nu": [self._address], "acrs": [self._address], "et": attributes["et"], **category}

    async def join(self) -> list[list[str]]:
        """Become a target of the subscriptions in ``srat``; returns the names that each goes by."""
        addresses = list(dict.fromkeys(self._crs.attributes.get("srat") or []))
        found = await self._all([self._request(Operation.RETRIEVE, to) for to in addresses], Status.OK)
        updates, names = [], []
        for to, response in zip(addresses, found, strict=True):
            current = _content(response).get(ROOT)
            if current is None:
                raise _failure(f"{to} is no subscription")
            names.append(self._scoped(to, [current["ri"], to, *self._path_of(to)]))
            updates.append(self._request(Operation.UPDATE, to, {
                name: [*(one for one in current.get(name, ()) if one != self._address), self._address]
                for name in ("nu", "acrs")
            }))
        await self._all(updates, Status.UPDATED)
        return names

    def _path_of(self, address: str) -> list[str]:
        resource = self._core.tree.find(address)
        return [] if resource is None else [resource.path]

    def _scoped(self, beside: str, identifiers: Sequence[str]) -> list[str]:
        """Identifiers of resources on the CSE of ``beside``, SP-relative or absolute."""
        cse = self._core.identity.address(beside).cse or self._core.identity.cse_id
        return [one if one.startswith("/") else f"{cse}/{one}" for one in dict.fromkeys(identifiers) if one]

    def _request(self, operation: Operation, to: str, inside: Mapping[str, Any] | None = None) -> RequestPrimitive:
        asked = self._call.request
        creates = operation is Operation.CREATE
        return RequestPrimitive(
            operation, to, asked.originator, f"{asked.request_id}-{secrets.token_hex(4)}",
            self._core.settings.releases[-1], resource_type=SUBSCRIPTION.number if creates else None,
            content=None if inside is None else {ROOT: dict(inside)}, result_content=3 if creates else None,
            source_address=asked.source_address, authenticated=asked.authenticated, internal=True,
        )

    async def _all(self, requests: Sequence[RequestPrimitive], wanted: Status) -> list[ResponsePrimitive]:
        """Make requests that must all succeed; raises 5221."""
        patience_s = self._until - self._core.clock.time()
        answers = await ask_all(self._core, requests, len(requests), patience_s)
        for request, answer in zip(requests, answers, strict=True):
            if answer is None:
                raise _failure(f"{request.to} did not answer in time")
            if answer.status is not wanted:
                reason = _content(answer).get("m2m:dbg", "")
                raise _failure(f"{request.to} answered {answer.status.value} {answer.status.name}: {reason}")
        return [answer for answer in answers if answer is not None]


def _failure(why: str) -> ReceiverError:
    return ReceiverError(f"rrat, srat: {why}; nothing has been subscribed to", Status.CROSS_RESOURCE_OPERATION_FAILURE)


def _content(response: ResponsePrimitive) -> dict[str, Any]:
    decoded: dict[str, Any] = decode(encode(response.content or {}), LIMITS)
    return decoded


def leave(core: Core, crs: Resource, but: str | None = None) -> list[str]:
    """Take a crossResourceSubscription out of all that it has to do with here, at once (CRS-7).

    ``but`` is the resource ID of a subscription that is left alone. Returns the addresses of its members on other CSEs.
    """
    address, work = address_of(core, crs), Work()
    own = {found.ri for one in crs.attributes.get("rrats", ()) if (found := core.tree.find(one)) is not None}
    for subscription in list(_local(core, crs)):
        if subscription.ri != but and core.tree.holds(subscription):
            forget(core, work, subscription, address, own=subscription.ri in own)
    if work.touched:
        core.submit(work)
    members = (*crs.attributes.get("rrats", ()), *crs.attributes.get("srat", ()))
    return [member for member in members if _is_remote(core, member)]


def _local(core: Core, crs: Resource) -> Iterator[Resource]:
    """The subscriptions of this CSE that may be members, whether or not their making was answered."""
    attributes = crs.attributes
    for address in (*attributes.get("rrats", ()), *attributes.get("srat", ())):
        found = core.tree.find(address)
        if found is not None:
            yield found
    for address in attributes.get("rrat", ()):
        resource = core.tree.find(address)
        yield from resource.children.values() if resource is not None else ()


def forget(core: Core, work: Work, subscription: Resource, address: str, *, own: bool = False) -> None:
    """Take this target out of a subscription; one of its ``own``, or without any other target, goes."""
    attributes = subscription.attributes
    if subscription.type.number != SUBSCRIPTION.number or address not in attributes.get("acrs", ()):
        return
    others = [one for one in attributes["acrs"] if one != address]
    amend(core, work, subscription, {"acrs": others or None})
    before = subscription.attributes
    left = [one for one in before["nu"] if one != address]
    if left and not own:
        amend(core, work, subscription, {"nu": left})
        core.notifier.reattached(subscription, work, before)
    else:
        remove(core, work, subscription)


def forget_missing(core: Core) -> None:
    """Take crossResourceSubscriptions of this CSE that are not there any more out of all subscriptions."""
    work = Work()
    for resource in list(core.tree.by_id.values()):
        if resource.type.number == SUBSCRIPTION.number:
            for address in resource.attributes.get("acrs", ()):
                if _is_missing(core, address) and core.tree.holds(resource):
                    forget(core, work, resource, address)
    if work.touched:
        core.submit(work)


def _is_missing(core: Core, address: str) -> bool:
    return not _is_remote(core, address) and address.rpartition("/")[2].startswith("crs-") \
        and core.tree.find(address) is None


def _is_remote(core: Core, address: str) -> bool:
    try:
        return core.identity.address(address).cse is not None
    except BadRequest:
        return False


async def leave_remote(core: Core, crs: Resource, members: Iterable[str]) -> None:
    """CRS-7 for members on other CSEs; whatever fails is left as it is."""
    made, address = frozenset(crs.attributes.get("rrats", ())), address_of(core, crs)
    for member in members:
        if member in made:
            await core.handle(_own_request(core, crs, Operation.DELETE, member))
            continue
        current = _content(await core.handle(_own_request(core, crs, Operation.RETRIEVE, member))).get(ROOT)
        if current is not None:
            change = {name: [one for one in current.get(name, ()) if one != address] or None for name in ("nu", "acrs")}
            await core.handle(_own_request(core, crs, Operation.UPDATE, member, {ROOT: change}))
        await asyncio.sleep(0)


def _own_request(core: Core, crs: Resource, operation: Operation, to: str,
                 content: dict[str, Any] | None = None) -> RequestPrimitive:
    return RequestPrimitive(operation, to, core.identity.sp_relative(crs.creator), secrets.token_hex(8),
                            core.settings.releases[-1], content=content, internal=True)
