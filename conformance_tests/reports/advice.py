"""What a tester may have to set otherwise, guessed from verdicts that look alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conformance_tests.verdict import CaseResult, Verdict

#: Fewer cases than these are no pattern.
_FEWEST = 3
_NOT_REGISTERED = re.compile(r"given \d+ \(ae\b")
_DENIED = re.compile(r"given \d+ .*?: the answer is (4103|4106|4107)\b", re.DOTALL)


def advice(results: Sequence[CaseResult]) -> Iterator[str]:
    """Return a sentence for each setting of the run that seems to be wrong."""
    unclear = [one.reason for one in results if one.verdict is Verdict.INCONCLUSIVE]
    registering = [reason for reason in unclear if _NOT_REGISTERED.match(reason)]
    denied = [reason for reason in unclear if _DENIED.match(reason) and reason not in registering]
    if _many(registering, unclear):
        yield f"{len(registering):,} cases could not register an AE: --ae-id and --app-id say what the CSE accepts"
    if _many(denied, unclear):
        yield f"{len(denied):,} cases were denied what they need first: --originator has to be an administrator"
    if _deaf(results):
        yield (
            "No notification came to the tester: --notify-host says how the CSE reaches this machine, "
            "`--listen none` leaves out what needs it"
        )


def _many(some: Sequence[str], of: Sequence[str]) -> bool:
    return len(some) >= _FEWEST and 2 * len(some) >= len(of)


def _deaf(results: Sequence[CaseResult]) -> bool:
    """Tell whether cases that await notifications fail, mostly and without a single message from the CSE."""
    awaiting = [one for one in results if "tester:listen" in one.needs]
    passed = sum(one.verdict is Verdict.PASS for one in awaiting)
    troubled = [one for one in awaiting if one.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}]
    heard = any(exchange.direction == "in" for one in troubled for exchange in one.exchanges)
    return len(troubled) >= max(_FEWEST, passed) and not heard
