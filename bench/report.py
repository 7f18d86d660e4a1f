"""Rows of measured numbers and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from bench.load import Result

COLUMNS = ("workload", "connections", "per second", "of the limit", "p50 ms", "p99 ms", "CPU us", "failures")


class Row(NamedTuple):
    """One measurement; ``cpu_us`` is the server's processor time per answer, ``share`` that of the bare limit."""

    workload: str
    connections: int
    result: Result
    cpu_us: float
    share: float | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the columns as text."""
        per_second, _, failures, p50_ms, p99_ms = self.result
        share = f"{self.share:.0%}" if self.share is not None else ""
        return (
            self.workload,
            str(self.connections),
            f"{per_second:,.0f}",
            share,
            f"{p50_ms:.2f}",
            f"{p99_ms:.2f}",
            f"{self.cpu_us:.0f}",
            str(failures),
        )


T = TypeVar("T")


def median_of(items: Sequence[T], key: Callable[[T], float]) -> T:
    """The item in the middle, the lower one of two."""
    return sorted(items, key=key)[(len(items) - 1) // 2]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """Lay out rows: the first column to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    bar = " | " if markdown else "  "

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return f"| {bar.join(cells)} |" if markdown else bar.join(cells)

    rule = [
        "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
        if markdown
        else "-" * (sum(widths) + len(bar) * (len(widths) - 1))
    ]
    return "\n".join([line(head), *rule, *map(line, rows)])
