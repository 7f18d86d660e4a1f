"""Semantic mashups: job profiles, and instances that find their members (SEM-4).

What a mashup computes is described by ``fucd`` in a form that no standard settles, so no result is ever made: an
instance that would have to make one by itself is refused, and so is asking for one (``cse.support``).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

from cse import support
from cse.behaviour import Behaviour
from cse.core import Call, attributes_of
from cse.operations.change import Draft
from cse.operations.internal import amend
from cse.primitive import ResponsePrimitive
from cse.rdf import documents, sparql
from cse.semantics import Search, bounded
from cse.work import Work
from resources.errors import BadRequest, OriginatorError
from resources.model import Permission, Resource
from resources.semantic_descriptor import SEMANTIC_DESCRIPTOR
from resources.semantic_mashup_job_profile import SEMANTIC_MASHUP_JOB_PROFILE
from resources.status import Status

RDF_XML = 4
#: m2m:mashupMemberStoreType, m2m:mashupResultGenType.
URI_AND_VALUE, PERIODICALLY = 2, 3
MEMBERS = ("mjid", "mst", "msm")


class JobProfileBehaviour(Behaviour):
    """A ``semanticMashupJobProfile``: its member filter is SPARQL, its descriptors are RDF/XML."""

    async def prepare(self, draft: Draft) -> None:
        """Check what the request gives."""
        for short in ("iptd", "uptd", "fucd"):
            await check_rdf_xml(draft, short)
        query = draft.given.get("mbft")
        if query is not None:
            await bounded(self.core, "mbft", lambda: sparql.prepare("mbft", query))


class MashupBehaviour(Behaviour):
    """A ``semanticMashupInstance``: finds its members by the filter of its job profile, and is listed there."""

    async def prepare(self, draft: Draft) -> None:
        """Check the profile and what is given, then find the members."""
        attributes, given = draft.attributes, draft.given
        support.check_mashup(attributes["rgt"])
        if attributes["rgt"] == PERIODICALLY and "prg" not in attributes:
            raise BadRequest("prg: rgt 3 (periodically) needs a period")
        profile = self._profile(draft)
        await check_rdf_xml(draft, "jpin")
        if draft.current is not None and given.keys().isdisjoint(MEMBERS):
            return
        addresses = [one["muri"] for one in attributes["msm"]["msm"]] if given.get("msm") \
            else await self._members(draft.call, profile)
        attributes["msm"] = {"msm": [await self._member(draft, address) for address in addresses]}

    def _profile(self, draft: Draft) -> Resource:
        found = draft.find(draft.attributes["mjid"])
        if found is None or found.type.number != SEMANTIC_MASHUP_JOB_PROFILE.number \
                or not draft.permitted(found, Permission.RETRIEVE):
            raise BadRequest("mjid: is no semanticMashupJobProfile that can be read here")
        return found

    async def _members(self, call: Call, profile: Resource) -> list[str]:
        """Resources whose descriptors satisfy the member filter."""
        search = Search([profile.attributes["mbft"]])
        described = dict.fromkeys(one.parent for one in self.core.tree.below(self.core.tree.root)
                                  if one.type.number == SEMANTIC_DESCRIPTOR.number)
        found = [one.path for one in described if one is not None and await search.matches(call, one)]
        if not found:
            raise OriginatorError("mjid: nothing here satisfies the member filter of the job profile",
                                  Status.MASHUP_MEMBER_NOT_FOUND)
        return found

    async def _member(self, draft: Draft, address: str) -> dict[str, Any]:
        """One entry of ``msm``; raises MASHUP_MEMBER_NOT_FOUND (4121)."""
        resource = draft.find(address)
        if resource is None or not draft.permitted(resource, Permission.RETRIEVE):
            raise OriginatorError(f"msm: {address!r:.200} cannot be read here", Status.MASHUP_MEMBER_NOT_FOUND)
        value = await self._value(resource) if draft.attributes["mst"] == URI_AND_VALUE else None
        return {"muri": address} if value is None else {"muri": address, "mvl": value}

    async def _value(self, resource: Resource) -> float | None:
        """The newest content of a container, where it is a number."""
        record = await self.core.instances.newest(resource) if resource.type.instance is not None else None
        try:
            value = float(attributes_of(record).get("con", "")) if record is not None else nan
        except (TypeError, ValueError):
            return None
        return value if isfinite(value) else None

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port has it
        """The job profile knows its instances (``miid``)."""
        profile = self.core.tree.find(resource.attributes["mjid"])
        if profile is not None:
            amend(self.core, work, profile, {"miid": [*(profile.attributes.get("miid") or ()), resource.ri]})

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port has it
        """The instance goes to another job profile."""
        if before["mjid"] != resource.attributes["mjid"]:
            self._forget(work, resource, before["mjid"])
            self.created(work, resource, None)

    def removed(self, work: Work, resource: Resource) -> None:
        """The job profile forgets the instance."""
        self._forget(work, resource, resource.attributes["mjid"])

    def _forget(self, work: Work, resource: Resource, address: str) -> None:
        profile = self.core.tree.find(address)
        if profile is not None and resource.ri in (profile.attributes.get("miid") or ()):
            left = [one for one in profile.attributes["miid"] if one != resource.ri]
            amend(self.core, work, profile, {"miid": left or None})

    async def virtual(self, call: Call) -> ResponsePrimitive:
        """``msp``: would compute a result."""
        call.require(call.target.resource, Permission.RETRIEVE)
        raise support.no_mashup_result("msp")


async def check_rdf_xml(draft: Draft, short: str) -> None:
    """A description that the request gives is valid RDF/XML."""
    text = draft.given.get(short)
    if text is not None:
        await bounded(draft.call.core, short, lambda: documents.read(short, RDF_XML, text))
