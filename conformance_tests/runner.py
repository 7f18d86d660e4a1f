"""A whole run: which cases, in which order, how many at once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conformance_tests.case import Case
from conformance_tests.execution import AeIds, Tester
from conformance_tests.primitive import DELETE, RETRIEVE, Request
from conformance_tests.profile import Features
from conformance_tests.run_case import result_of, run_case
from conformance_tests.verdict import CaseResult, Verdict

#: What the names of the tester's resources under the CSEBase begin with.
PREFIX = "bct-"
#: Leftovers of a run are removed by a later one when they are older than this.
LEFTOVER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. ``jobs`` cases run at once, in an order that ``seed`` decides."""

    cases: tuple[Case, ...]
    features: Features
    seed: int
    jobs: int
    ae_ids: tuple[str, ...] = ("C*",)


class Progress:
    """Somebody who watches a run; every method may stay as it is."""

    def starts(self, case: Case) -> None:
        """A case starts."""

    def ends(self, result: CaseResult) -> None:
        """A case has its verdict."""


async def run(tester: Tester, plan: Plan, progress: Progress) -> list[CaseResult]:
    """Run every case of the plan; cases that need what the CSE does not claim are not applicable.

    Results come in the order of the catalogue. When cancelled, what has run is with ``progress``.
    """
    results: dict[str, CaseResult] = {}

    def ended(result: CaseResult) -> None:
        results[result.id] = result
        progress.ends(result)

    applicable = []
    for case in plan.cases:
        if lacking := plan.features.lacking(case.needs):
            ended(result_of(case, Verdict.NOT_APPLICABLE, f"not claimed: {', '.join(lacking)}"))
        else:
            applicable.append(case)
    ordered = order(applicable, plan.seed)
    one_by_one = len(plan.ae_ids) > 1
    together = [case for case in ordered if not case.alone]
    await _several(tester, plan, together, 1 if one_by_one else plan.jobs, progress.starts, ended)
    await _several(tester, plan, [case for case in ordered if case.alone], 1, progress.starts, ended)
    return [results[case.id] for case in plan.cases]


def order(cases: Iterable[Case], seed: int) -> list[Case]:
    """Return the cases in random order, those that take long first."""
    shuffled = sorted(cases, key=lambda case: case.id)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, no secret
    return sorted(shuffled, key=lambda case: -case.takes_s if case.takes_s > 2 else 0)


async def _several(
    tester: Tester,
    plan: Plan,
    cases: list[Case],
    jobs: int,
    starts: Callable[[Case], None],
    ends: Callable[[CaseResult], None],
) -> None:
    waiting = iter(cases)

    async def work() -> None:
        for case in waiting:
            starts(case)
            ends(await run_case(tester, case, _ae_ids(tester, plan)))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(jobs, len(cases))):
            group.create_task(work())


def _ae_ids(tester: Tester, plan: Plan) -> AeIds:
    return AeIds(plan.ae_ids, f"{tester.prefix}{next(tester.numbers)}x")


def new_prefix() -> str:
    """Return what the names of one run begin with; it tells when the run began."""
    return f"{PREFIX}{int(time.time()):x}-"


async def remove_leftovers(tester: Tester) -> int:
    """Remove what earlier runs of the suite have left under the CSEBase; returns how many resources."""
    target = tester.target
    request = Request(
        RETRIEVE, target.cse_name, target.originator, "leftovers", parameters={"rvi": target.rvi, "rcn": 6}
    )
    response = (await tester.client.send(request))[0]
    removed = 0
    for reference in _references(response.pc):
        name = str(reference).rsplit("/", 1)[-1]
        if _is_old(name):
            again = Request(DELETE, str(reference), target.originator, "leftover", parameters={"rvi": target.rvi})
            removed += (await tester.client.send(again))[0].rsc == 2002
    return removed


def _references(content: object) -> list[object]:
    if not isinstance(content, dict):
        return []
    listed = content.get("m2m:rrl") or next((one.get("ch") for one in content.values() if isinstance(one, dict)), None)
    listed = listed.get("rrf", ()) if isinstance(listed, dict) else listed
    return [one.get("val") for one in listed or () if isinstance(one, dict)]


def _is_old(name: str) -> bool:
    began = name.removeprefix(PREFIX).split("-", 1)[0]
    try:
        return name.startswith(PREFIX) and int(began, 16) < time.time() - LEFTOVER_S
    except ValueError:
        return False
