"""Malformed and hostile HTTP as part of a run (``--wire``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from conformance_tests.http.client import HttpClient
from conformance_tests.http.wire import WireContext, run_wire
from conformance_tests.http.wire_cases import WireCase
from conformance_tests.session import Outcome
from conformance_tests.verdict import CaseResult, Verdict

#: Called with the identifier of a case that begins, and with the result of one that ends.
Begins = Callable[[str], None]
Ends = Callable[[CaseResult], None]


async def run_wire_cases(
    cases: Iterable[WireCase], client: HttpClient, outcome: Outcome, jobs: int, begins: Begins, ends: Ends
) -> None:
    """Run wire cases after the others, for they may disturb; their results are added to the outcome."""
    target, applicable = outcome.target, []

    def ended(result: CaseResult) -> None:
        outcome.results.append(result)
        ends(result)

    for case in cases:
        if lacking := outcome.features.lacking(case.needs):
            ended(_not_applicable(case, f"not claimed: {', '.join(lacking)}"))
        else:
            applicable.append(case)
    if not applicable:
        return
    context = WireContext(client, target.cse_name, target.originator, target.cse_id, target.sp_id, target.rvi)
    waiting = iter(applicable)

    async def work() -> None:
        for case in waiting:
            begins(case.id)
            ended(await run_wire(case, context))

    async with context, asyncio.TaskGroup() as group:
        for _ in range(min(jobs, len(applicable))):
            group.create_task(work())


def _not_applicable(case: WireCase, reason: str) -> CaseResult:
    verdict = Verdict.NOT_APPLICABLE
    return CaseResult(case.id, case.area, case.purpose, case.refs, case.needs, verdict, reason, case.note)
