"""Conditional operations: filter criteria that the target itself has to meet (RET-2, DEL-3)."""

from __future__ import annotations

from cse.core import Call, attributes_of
from cse.filters import CONDITIONS, Candidate, check_use, compile_filter
from resources.errors import NotFound
from resources.model import Resource


async def check_condition(call: Call, resource: Resource) -> None:
    """With filter criteria the operation is only done on a target that meets them (RET-2, DEL-3)."""
    if call.request.filter_criteria is not None:
        await _check(call, Candidate(call, resource.attributes, resource.parent, resource), resource.path)


async def check_instance(call: Call) -> None:
    """``check_condition`` for an instance."""
    target = call.target
    if call.request.filter_criteria is not None and target.instance is not None:
        await _check(call, Candidate(call, attributes_of(target.instance), target.resource, None), "the instance")


async def _check(call: Call, candidate: Candidate, what: str) -> None:
    check_use(call.request, CONDITIONS)
    wanted = compile_filter(call.request.filter_criteria, call.core.settings.max_results)
    if not await wanted.matches(candidate):
        raise NotFound(f"to: {what} exists but does not meet the filter criteria")
