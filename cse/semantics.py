"""Semantic descriptors of the tree: what is said about a resource, and the queries over it (SEM-3).

Whatever a request brings along, a document or a query, is worked on in a thread with an end (``cse.bounded``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from cse.bounded import Overdue
from cse.rdf import documents, sparql
from resources.errors import BadRequest, CseError
from resources.model import Permission, Resource
from resources.semantic_descriptor import SEMANTIC_DESCRIPTOR

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.plugins.sparql.sparql import Query

    from cse.core import Call, Core

Result = TypeVar("Result")

#: Descriptors that one query is put to, those it is linked to by ``relatedSemantics`` included.
MOST_DESCRIPTORS = 1_000
#: Seconds that the descriptors of one discovery may take together.
LONGEST_SEARCH_S = 10.0


async def bounded(core: Core, tag: str, work: Callable[[], Result]) -> Result:
    """Do work of unknown length; raises BadRequest when it takes too long, NotImplementedHere without the extra."""
    if not documents.loaded():
        await asyncio.to_thread(documents.require_library)
    try:
        return await core.bounded.run(work)
    except Overdue:
        raise BadRequest(f"{tag}: takes too long to evaluate; ask for less") from None


async def query(core: Core, graphs: Iterable[Graph], text: str) -> str:
    """Run a SPARQL query over graphs taken together: JSON results, or Turtle; for ``m2m:qres``.

    Raises INVALID_SPARQL_QUERY (4143), BadRequest, and NotImplementedHere without the extra.
    """
    return await bounded(core, "smf", partial(sparql.query, "smf", list(graphs), text))


async def query_of(call: Call, descriptors: list[Resource], text: str) -> str:
    """``query`` over what descriptors say, and those they are linked to."""
    return await bounded(call.core, "smf", lambda: sparql.query(
        "smf", graphs_of(linked(call, descriptors)), text))


def graphs_of(descriptors: Iterable[Resource]) -> Iterator[Graph]:
    """The graphs of descriptors, parsed when they are asked for; one that cannot be read says nothing."""
    for descriptor in descriptors:
        attributes = descriptor.attributes
        try:
            yield documents.read("dsp", attributes["dcrp"], attributes["dsp"])
        except CseError:
            continue


def linked(call: Call, descriptors: Iterable[Resource]) -> list[Resource]:
    """Descriptors with those they lead to by ``rels``, as far as they are here and may be read."""
    found = {one.ri: one for one in descriptors}
    waiting = list(found.values())
    while waiting and len(found) < MOST_DESCRIPTORS:
        for address in waiting.pop().attributes.get("rels") or ():
            related = call.core.tree.find(address)
            if related is not None and related.ri not in found and readable(call, related):
                found[related.ri] = related
                waiting.append(related)
    return list(found.values())


def readable(call: Call, resource: Resource) -> bool:
    """True for a descriptor that the originator may read."""
    return resource.type.number == SEMANTIC_DESCRIPTOR.number and call.live(resource) \
        and call.permitted(resource, Permission.RETRIEVE)


def descriptors_of(call: Call, resource: Resource) -> list[Resource]:
    """The readable descriptors of one resource."""
    return [child for child in resource.children.values() if readable(call, child)]


def descriptors_below(call: Call, top: Resource) -> list[Resource]:
    """The readable descriptors of a resource and of everything below it; itself when it is one."""
    if readable(call, top):
        return [top]
    found = [one for one in call.core.tree.below(top)
             if one.type.number == SEMANTIC_DESCRIPTOR.number and readable(call, one)]
    if len(found) > MOST_DESCRIPTORS:
        raise BadRequest(f"to: there are {len(found)} descriptors below {top.path}; "
                         f"at most {MOST_DESCRIPTORS} can be queried at once")
    return found


class Search:
    """``smf`` of one request: resources whose descriptors satisfy any of the queries."""

    def __init__(self, queries: list[str]) -> None:
        self._queries = queries
        self._prepared: list[Query] = []
        self._spent_s = 0.0

    async def prepare(self, call: Call) -> None:
        """Read the queries, once; raises INVALID_SPARQL_QUERY (4143)."""
        if not self._prepared:
            self._prepared = await bounded(call.core, "smf", lambda: [
                sparql.prepare("smf", text) for text in self._queries])

    async def matches(self, call: Call, resource: Resource | None) -> bool:
        """True when a resource has descriptors, and a query finds something in them."""
        await self.prepare(call)
        descriptors = descriptors_of(call, resource) if resource is not None else []
        if not descriptors:
            return False
        if self._spent_s > LONGEST_SEARCH_S:
            raise BadRequest("smf: there are too many descriptors to search; narrow the search with other conditions")
        whole, began = linked(call, descriptors), monotonic()
        found = await bounded(call.core, "smf", lambda: any(
            sparql.found("smf", graphs_of(whole), one) for one in self._prepared))
        self._spent_s += monotonic() - began
        return found
