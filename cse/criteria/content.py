"""Content filters (``cfs`` 1, ``cfq``): a JSONPath (RFC 9535) that has to find something in ``con``.

The library is an extra and loaded at first use. A query is given so many steps: each node it visits or finds is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cse.codecs import Limits, decode
from resources.errors import BadRequest, CseError, NotImplementedHere

#: Longest query.
LONGEST = 512
#: Steps that a query may take in one content, and in all contents of one request.
STEPS, STEPS_OF_REQUEST = 50_000, 1_000_000
#: Steps after which others get their turn.
TURN = 10_000
#: Seconds that one regular expression may take on one text.
PATIENCE_S = 0.05
LIMITS = Limits(max_depth=100, max_members=200_000)
MISSING = ("cfq: content filters need a library that is not installed; add the extra 'jsonpath' "
           "(pip install 'banyan-cse[jsonpath]')")


class Steps:
    """What one request may spend. ``turn`` is what was spent since others had their turn."""

    def __init__(self) -> None:
        self.total = self.one = self.turn = 0

    def begin(self) -> None:
        """Another content."""
        self.one = 0

    def spend(self, count: int = 1) -> None:
        """Take steps; raises BadRequest when there are none left."""
        self.one += count
        self.total += count
        self.turn += count
        if self.one > STEPS or self.total > STEPS_OF_REQUEST:
            raise BadRequest(f"cfq: takes more than {STEPS} steps in one content, or {STEPS_OF_REQUEST} in all; "
                             "ask for less, or narrow the search with other conditions")


class ContentFilter:
    """One compiled query for one request; raises BadRequest when it is none."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise BadRequest(f"cfq: has {len(text)} characters; at most {LONGEST} are possible")
        self.steps = Steps()
        self._query = _compile(text, self.steps)

    def matches(self, content: Any) -> bool:
        """True when the query finds something in an object or array, or in a text that is JSON."""
        self.steps.begin()
        if isinstance(content, str):
            self.steps.spend(1 + len(content) // 1000)
            try:
                content = decode(content.encode(), LIMITS)
            except CseError:
                return False
        if not isinstance(content, dict | list):
            return False
        try:
            return next(iter(self._query(content)), None) is not None
        except RecursionError:
            return False


def _compile(text: str, steps: Steps) -> Callable[[Any], Iterable[Any]]:
    try:
        from cse.criteria import jsonpath
    except ImportError:
        raise NotImplementedHere(MISSING) from None
    return jsonpath.compile_path(text, steps.spend, PATIENCE_S)
