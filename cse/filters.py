"""Filter criteria ready for use: which resources meet them, and how many are wanted (section 5, FC-1, FC-2).

Values of one tag are alternatives; tags are combined by ``fo``. What needs the attributes of a resource alone is
tested at once; parents, children, contents and descriptors come after, and only where they can still decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field

from cse.core import Call, attributes_of
from cse.criteria.attributes import OF_CHILD, OF_PARENT, OWN, Attributes, Test
from cse.criteria.content import TURN, ContentFilter
from cse.criteria.places import TAGS as GEO
from cse.criteria.places import geo_test
from cse.primitive import FilterCriteria, RequestPrimitive
from cse.semantics import Search
from resources.errors import BadRequest
from resources.model import Resource

AND, OR, XOR = 1, 2, 3
#: m2m:filterUsage.
DISCOVERY, CONDITIONAL, ON_DEMAND, OF_DESCENDANTS = 1, 2, 3, 4
#: Those of a request that addresses one resource.
CONDITIONS = (None, CONDITIONAL)
#: m2m:resultContent of permissions.
PERMISSIONS = 12
#: m2m:contentFilterSyntax of JSONPath.
JSONPATH = 1


@dataclass(slots=True)
class Candidate:
    """A resource or instance under test; ``resource`` is None for an instance.

    Of its parent and children counts only what the originator may see: a condition must not tell what access
    control hides.
    """

    call: Call
    attributes: Attributes
    parent: Resource | None
    resource: Resource | None

    async def children(self) -> AsyncIterator[Attributes]:
        """Attributes of the direct children, instances included."""
        resource, call = self.resource, self.call
        if resource is None:
            return
        for child in tuple(resource.children.values()):
            if call.live(child) and call.sees(child):
                yield child.attributes
        if resource.type.instance is not None and not resource.attributes.get("disr"):
            number = call.core.registry.number_of(resource.type.instance)
            if call.sees(resource, number):
                async for record in call.core.instances.each(resource):
                    if record.expires > call.stamp:
                        yield attributes_of(record)


Further = Callable[[Candidate], Awaitable[bool]]


@dataclass(slots=True)
class Filter:
    """Filter criteria ready for use; ``limit`` and ``offset`` have their defaults.

    ``own`` need the attributes alone, ``further`` need more; ``tags`` are those that are combined, ``types`` the
    values of ``ty``.
    """

    operation: int = AND
    limit: int = 1 << 62
    level: int | None = None
    offset: int = 1
    tags: frozenset[str] = frozenset()
    types: frozenset[int] | None = None
    own: list[Test] = field(default_factory=list)
    further: list[Further] = field(default_factory=list)
    search: Search | None = None

    @property
    def everything(self) -> bool:
        """True when there is no condition."""
        return not self.tags

    @property
    def plain(self) -> bool:
        """True when ``fits`` alone decides."""
        return not self.further

    def fits(self, attributes: Attributes) -> bool:
        """Test the attributes of a candidate; only where the filter is plain."""
        return not self.own or combine(self.operation, (test(attributes) for test in self.own))

    def excludes(self, type_number: int) -> bool:
        """True when nothing of a type can match."""
        return self.operation == AND and self.types is not None and type_number not in self.types

    async def prepare(self, call: Call) -> None:
        """Read what takes time to read; raises CseError for what is wrong even where nothing is searched."""
        if self.search is not None:
            await self.search.prepare(call)

    async def matches(self, candidate: Candidate) -> bool:
        """Test a candidate."""
        if not self.further:
            return self.fits(candidate.attributes)
        outcomes = [test(candidate.attributes) for test in self.own]
        for test in self.further:
            if self.operation != XOR and (self.operation == OR) in outcomes:
                break
            outcomes.append(await test(candidate))
        return combine(self.operation, outcomes)


def combine(operation: int, outcomes: Iterable[bool]) -> bool:
    """Combine outcomes by ``fo``: 1 AND, 2 OR, 3 XOR (FC-1): an odd number of them is true."""
    if operation == OR:
        return any(outcomes)
    if operation == XOR:
        return sum(outcomes) % 2 == 1
    return all(outcomes)


def check_use(request: RequestPrimitive, usages: Collection[int | None]) -> None:
    """Raise BadRequest for a ``fu`` that is not for this operation, and for ``ops`` that nobody looks at."""
    criteria = request.filter_criteria
    if criteria is None:
        return
    if criteria.usage not in usages:
        raise BadRequest(f"fc.fu: {criteria.usage} is not for {request.operation.name}; 1 and 3 (discovery) are for "
                         "RETRIEVE, 4 (all that match) for DELETE, 2 or none is a condition of the operation")
    if criteria.permissions is not None and request.result_content != PERMISSIONS:
        raise BadRequest("fc.ops: goes with rcn 12 (permissions) only")


def compile_filter(criteria: FilterCriteria | None, most: int) -> Filter:
    """Check and complete filter criteria; ``most`` is the highest number of results of this CSE (DIS-4)."""
    if criteria is None:
        return Filter(limit=most)
    conditions = criteria.conditions
    found = Filter(
        criteria.operation, most if criteria.limit is None else min(most, criteria.limit), criteria.level,
        criteria.offset or 1, frozenset(conditions),
        frozenset(conditions["ty"]) if "ty" in conditions else None,
    )
    try:
        found.own += [compiler(conditions[tag]) for tag, compiler in OWN.items() if tag in conditions]
        found.further += [_of_parent(compiler(conditions[tag]))
                          for tag, compiler in OF_PARENT.items() if tag in conditions]
        found.further += [_of_child(compiler(conditions[tag]))
                          for tag, compiler in OF_CHILD.items() if tag in conditions]
    except BadRequest as problem:
        raise BadRequest(f"fc: {problem.message}") from None
    if not found.tags.isdisjoint(GEO):
        found.own.append(geo_test(conditions))
    if criteria.content_syntax is not None or "cfq" in conditions:
        found.further.append(_of_content(criteria))
    if "smf" in conditions:
        found.search = Search(conditions["smf"])
        found.further.append(_of_meaning(found.search))
    return found


def _of_parent(test: Test) -> Further:
    async def further(candidate: Candidate) -> bool:
        parent = candidate.parent
        return parent is not None and candidate.call.sees(parent) and test(parent.attributes)

    return further


def _of_child(test: Test) -> Further:
    async def further(candidate: Candidate) -> bool:
        async for child in candidate.children():
            if test(child):
                return True
        return False

    return further


def _of_content(criteria: FilterCriteria) -> Further:
    queries = criteria.conditions.get("cfq")
    if criteria.content_syntax != JSONPATH or not queries:
        raise BadRequest("fc: a content filter is cfs (1, JSONPath) and cfq (the query) together; "
                         f"{'cfs' if queries else 'cfq'} is missing or unknown")
    content = ContentFilter(queries[0])

    async def further(candidate: Candidate) -> bool:
        if content.steps.turn > TURN:
            content.steps.turn = 0
            await asyncio.sleep(0)
        return content.matches(candidate.attributes.get("con"))

    return further


def _of_meaning(search: Search) -> Further:
    async def further(candidate: Candidate) -> bool:
        return await search.matches(candidate.call, candidate.resource)

    return further


__all__ = ["OWN", "Candidate", "Filter", "combine", "compile_filter"]
