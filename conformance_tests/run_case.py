"""One case from its initial condition to its verdict, and its resources removed again."""

from __future__ import annotations

import asyncio
import time

from conformance_tests.case import Case, CatalogueError, Step
from conformance_tests.execution import AeIds, CannotTell, Execution, Mismatch, Tester
from conformance_tests.http.notification_server import Endpoint
from conformance_tests.primitive import DELETE
from conformance_tests.steps.flow import perform
from conformance_tests.verdict import CaseResult, Verdict

#: No case may take longer, whatever the CSE does.
LIMIT_S = 120.0


async def run_case(tester: Tester, case: Case, ae_ids: AeIds) -> CaseResult:
    """Run a case and clean up; never raises but when cancelled."""
    execution = Execution(tester, case, ae_ids)
    result = result_of(case, Verdict.PASS)
    try:
        async with asyncio.timeout(LIMIT_S):
            result.verdict, result.reason = await _verdict(execution)
    except TimeoutError:
        result.verdict, result.reason = Verdict.INCONCLUSIVE, f"{execution.step}: not finished after {LIMIT_S:g} s"
    finally:
        await _clean_up(execution)
    result.duration_s = time.monotonic() - execution.started
    result.observed = tuple(execution.observed)
    if result.verdict is not Verdict.PASS:
        result.exchanges = execution.exchanges
    return result


def result_of(case: Case, verdict: Verdict, reason: str = "") -> CaseResult:
    """Return a result with what the catalogue says of the case."""
    return CaseResult(case.id, case.area, case.purpose, case.refs, case.needs, verdict, reason, case.note)


async def _verdict(execution: Execution) -> tuple[Verdict, str]:
    for part, steps, failed in (
        ("given", execution.case.given, Verdict.INCONCLUSIVE),
        ("steps", execution.case.steps, Verdict.FAIL),
    ):
        for number, step in enumerate(steps, 1):
            execution.step = f"{part} {number}"
            try:
                await perform(execution, step)
            except Mismatch as mismatch:
                return failed, f"{execution.step} ({outline(step)}): {mismatch}"
            except (CannotTell, CatalogueError) as fault:
                return Verdict.INCONCLUSIVE, f"{execution.step} ({outline(step)}): {fault}"
            except Exception as error:  # noqa: BLE001 - a fault of the suite is no verdict about the CSE
                return Verdict.INCONCLUSIVE, f"{execution.step} ({outline(step)}): the suite erred: {error!r}"
    return Verdict.PASS, ""


def outline(step: Step) -> str:
    """Return the first words of a step."""
    verb, argument = next(iter(step.items()))
    return f"{verb} {argument}" if isinstance(argument, str | int | float) else verb


async def _clean_up(execution: Execution) -> None:
    """Remove what the case made, as far as nothing else removes it, last first."""
    for task in execution.background.values():
        task.cancel()
    execution.step = "cleaning up"
    for address in reversed(_roots(execution)):
        try:
            await execution.tester.client.send(execution.request(DELETE, address, "admin"))
        except Exception:  # noqa: BLE001 - the verdict stands; leftovers are removed with the next run
            break
    for one in execution.captures.values():
        if isinstance(one, Endpoint) and execution.tester.notifications is not None:
            execution.tester.notifications.remove(one)


def _roots(execution: Execution) -> list[str]:
    """Return the created resources that are not below another one of them."""
    paths = {ri: path for path, ri in execution.identifiers.aliases.items()}
    made = {paths.get(address, address) for address in execution.created}
    return [
        address
        for address in execution.created
        if not any(paths.get(address, address).startswith(other + "/") for other in made)
    ]
