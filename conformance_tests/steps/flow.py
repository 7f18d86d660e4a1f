"""Steps that order others: waiting, repeating, comparing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from conformance_tests.case import CatalogueError
from conformance_tests.execution import CannotTell, Execution, Mismatch
from conformance_tests.expecting import judge

Step = Mapping[str, Any]

#: Pause between two tries of ``eventually``.
PAUSE_S = 0.25


async def perform(execution: Execution, step: Step) -> None:
    """Carry out one step, whatever its verb."""
    from conformance_tests.steps import VERBS

    verb = next(key for key in step if key in VERBS)
    await VERBS[verb](execution, step)


async def perform_all(execution: Execution, steps: list[Step]) -> None:
    """Carry out steps one after the other."""
    for step in steps:
        await perform(execution, step)


async def wait(execution: Execution, step: Step) -> None:
    """``wait``: let that many seconds pass."""
    await asyncio.sleep(float(execution.resolve(step["wait"])))


async def eventually(execution: Execution, step: Step) -> None:
    """``eventually``: repeat a step until it holds, for at most ``within`` seconds."""
    end = time.monotonic() + float(execution.resolve(step.get("within", 10)))
    while True:
        try:
            return await perform(execution, step["eventually"])
        except Mismatch as mismatch:
            if time.monotonic() + PAUSE_S > end:
                raise Mismatch(f"still after {step.get('within', 10)} s: {mismatch}") from mismatch
        await asyncio.sleep(PAUSE_S)


async def repeat(execution: Execution, step: Step) -> None:
    """``repeat``: the steps n times; ``${n}`` counts from 1."""
    for number in range(1, int(execution.resolve(step["repeat"])) + 1):
        execution.captures["n"] = number
        await perform_all(execution, list(step["steps"]))


async def check(execution: Execution, step: Step) -> None:
    """``check``: compare a captured value."""
    actual = execution.resolve(step["check"])
    if differences := list(execution.matching.differences(execution.resolve(step["is"]), actual, str(step["check"]))):
        raise Mismatch("; ".join(differences))


async def let(execution: Execution, step: Step) -> None:
    """``let``: name values for later steps."""
    execution.captures.update(execution.resolve(step["let"]))


async def background(execution: Execution, step: Step) -> None:
    """``background``: start a request and go on; ``join`` waits for its answer."""
    name, inner = str(step["background"]), {"expect": {}, **step["does"], "as": f"background:{step['background']}"}
    execution.background[name] = asyncio.create_task(perform(execution, inner))
    await asyncio.sleep(0.1)  # the request is on its way before the next one


async def join(execution: Execution, step: Step) -> None:
    """``join``: wait for the answer of a request in the background."""
    name = str(step["join"])
    if name not in execution.background:
        raise CatalogueError(f"{execution.case.id}: there is no `background: {name}` before this step")
    within_s = float(execution.resolve(step.get("within", 2 * execution.tester.patience_s)))
    try:
        await asyncio.wait_for(execution.background.pop(name), within_s)
    except TimeoutError:
        raise Mismatch(f"the request {name} was not answered within {within_s:g} s") from None
    answer = execution.captures[f"background:{name}"]
    if "as" in step:
        execution.captures[step["as"]] = answer
    judge(execution, execution.resolve(step.get("expect", "$success")), answer)


async def either(execution: Execution, step: Step) -> None:
    """``either``: the first list of steps that passes; for outcomes that the standard leaves open."""
    seen = []
    for number, steps in enumerate(step["either"], 1):
        try:
            await perform_all(execution, steps)
        except (Mismatch, CannotTell) as mismatch:
            seen.append(f"way {number}: {mismatch}")
        else:
            execution.note_observed(f"way {number}")
            return
    raise Mismatch("none of the permitted ways was taken; " + "; ".join(seen))
