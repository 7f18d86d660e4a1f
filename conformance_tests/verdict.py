"""What a run leaves behind: verdicts with the messages that led to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """The verdict of one case (in the manner of ISO/IEC 9646-1)."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """The initial condition could not be reached, or the suite itself erred: nothing is said about the CSE."""
    NOT_APPLICABLE = "not applicable"
    """The CSE does not claim a feature that the case needs."""


@dataclass(slots=True)
class Exchange:
    """One message and its answer as text, as they were on the wire.

    ``direction`` is ``"out"`` for what the tester sent, ``"in"`` for what the CSE sent to the tester (notifications).
    ``at_s`` are seconds since the start of the case; ``step`` names where the message belongs, such as ``given
    2`` or ``steps 1``.
    """

    direction: str
    at_s: float
    step: str
    request: str
    response: str


@dataclass(slots=True)
class CaseResult:
    """Verdict of one case.

    ``reason`` says why it is no pass: what was expected, what was seen, in which step. ``observed`` tells, for
    each place where the standard
    permits several outcomes, which one was seen (``"steps 2: 4000"``). ``exchanges`` are kept for every non-pass.
    """

    id: str
    area: str
    purpose: str
    refs: tuple[str, ...]
    needs: tuple[str, ...]
    verdict: Verdict
    reason: str = ""
    note: str = ""
    observed: tuple[str, ...] = ()
    duration_s: float = 0.0
    exchanges: list[Exchange] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """A whole run. ``target`` describes the CSE (url, csi, name, releases, types), ``features`` what it claims.

    ``command`` repeats the run, ``{id}`` in ``repeat`` stands for the case to repeat.
    """

    target: dict[str, str]
    features: tuple[str, ...]
    seed: int
    started: str
    duration_s: float
    command: str
    repeat: str
    suite_version: str
    results: list[CaseResult] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        """Return how many cases got that verdict."""
        return sum(result.verdict is verdict for result in self.results)
