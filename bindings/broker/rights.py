"""What a login may publish and subscribe to: its own name in the topics of TS-0010 6.4.1, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

_ROOT = "oneM2M"
_REQUESTS, _ANSWERS = {"req", "reg_req"}, {"resp", "reg_resp"}
_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Rights:
    """Rights of one login. ``levels`` are the ways in which it may write itself, ``lead`` all before ``oneM2M``.

    ``everything`` is for the CSE: what it answers and notifies goes to any topic.
    """

    lead: str
    levels: frozenset[str]
    everything: bool = False

    def may_publish(self, topic: str) -> bool:
        """Requests in its own name, and answers to requests for it."""
        if self.everything:
            return not topic.startswith("$")
        levels = self._below(topic)
        return len(levels) == _LEVELS and levels[0] == _ROOT and self._is_own(levels, _REQUESTS, _ANSWERS)

    def may_subscribe(self, topic_filter: str) -> bool:
        """Answers to its own requests, and requests for it."""
        if self.everything:
            return not topic_filter.startswith("$")
        levels = self._below(topic_filter)
        fits = bool(levels) and levels[0] == _ROOT and len(levels) <= _LEVELS + 1
        return fits and self._is_own(levels, _ANSWERS, _REQUESTS)

    def _is_own(self, levels: list[str], as_originator: set[str], as_receiver: set[str]) -> bool:
        kind = levels[1] if len(levels) > 1 else ""
        at = 2 if kind in as_originator else 3 if kind in as_receiver else None
        return at is not None and len(levels) > at and levels[at] in self.levels

    def _below(self, topic: str) -> list[str]:
        return topic[len(self.lead) :].split("/") if topic.startswith(self.lead) else []


def rights_of(user: str, cse_level: str, lead: str) -> Rights:
    """Rights of a user who is not the CSE: an AE may write itself with the name of its CSE before its own."""
    return Rights(lead, frozenset({user, f"{cse_level}:{user}"}))
