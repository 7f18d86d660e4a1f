"""Many requests at once, answers in their order, as many as come in time (GRP-14, GRP-15)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from cse.core import Core
from cse.primitive import RequestPrimitive, ResponsePrimitive

#: Members of one group that are asked at the same time; others get their turn of the loop in between.
AT_ONCE = 100

#: How often those who want partial answers are given them, in seconds.
PARTIAL_EVERY_S = 1.0

Answers = list[ResponsePrimitive | None]


async def ask_all(core: Core, requests: Iterable[RequestPrimitive], count: int, patience_s: float,
                  on_partial: Callable[[Answers], None] | None = None) -> Answers:
    """Make ``count`` requests in this CSE; the answers are in their order, None for those that did not come in time.

    Each request is made when its turn comes. ``on_partial`` is told from time to time what there is, as long as
    something is missing.
    """
    answers: Answers = [None] * count
    waiting = enumerate(requests)
    tasks = [asyncio.ensure_future(_ask(core, waiting, answers)) for _ in range(min(count, AT_ONCE))]
    everybody = asyncio.ensure_future(asyncio.wait(tasks)) if tasks else asyncio.ensure_future(asyncio.sleep(0))
    timer = asyncio.ensure_future(core.clock.sleep(max(patience_s, 0.0)))
    teller = asyncio.ensure_future(_tell(core, answers, on_partial)) if on_partial is not None else None
    try:
        await asyncio.wait((timer, everybody), return_when=asyncio.FIRST_COMPLETED)
        return answers[:]
    finally:
        for left in (timer, everybody, teller, *tasks):
            if left is not None:
                left.cancel()


async def _ask(core: Core, waiting: Iterator[tuple[int, RequestPrimitive]], answers: Answers) -> None:
    """Ask one member after the other, as long as there are any."""
    for number, request in waiting:
        kept = request.ticket.answer if request.ticket is not None else None  # done before a restart
        answers[number] = kept or await core.handle(request)
        await asyncio.sleep(0)


async def _tell(core: Core, answers: Answers, on_partial: Callable[[Answers], None]) -> None:
    """Pass on what has come since the last time."""
    told = 0
    while True:
        await core.clock.sleep(PARTIAL_EVERY_S)
        count = sum(answer is not None for answer in answers)
        if count > told:
            told = count
            on_partial(answers[:])
