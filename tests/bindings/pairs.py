"""``python -m tests.bindings.pairs`` prints how many cases of the contract each binding plays in each serialisation.

A class of the contract says its pair; what is counted is what pytest collects, each of its cases once.
"""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from pathlib import Path

import pytest

BINDINGS = ("http", "coap", "coap+tcp", "mqtt", "ws")
SERIALISATIONS = ("json", "cbor", "xml")


class _Collected:
    """Counts the cases of one collection."""

    def __init__(self) -> None:
        self.cases: Counter[tuple[str, str]] = Counter()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            pair = getattr(getattr(item, "cls", None), "pair", None)
            if pair is not None:
                self.cases[pair] += 1


def counted() -> Counter[tuple[str, str]]:
    """The number of cases by binding and serialisation; raises RuntimeError when they cannot be collected."""
    collected, said = _Collected(), io.StringIO()
    folder = Path(__file__).parent
    files = sorted(str(path) for path in folder.glob("*/test_contract*.py"))
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files],
                           plugins=[collected])  # fmt: skip
    if code:
        raise RuntimeError(f"the contract cannot be collected:\n{said.getvalue()[-2000:]}")
    return collected.cases


def table(cases: Counter[tuple[str, str]]) -> str:
    """The table of docs/bindings.md."""
    lines = ["| | " + " | ".join(f"`{name}`" for name in SERIALISATIONS) + " |", "|---|" + "--:|" * len(SERIALISATIONS)]
    for binding in BINDINGS:
        counts = " | ".join(str(cases[binding, name]) for name in SERIALISATIONS)
        lines.append(f"| `{binding}` | {counts} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(counted()))
