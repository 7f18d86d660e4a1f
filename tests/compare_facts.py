"""Compare the tables with fact sheets of the standard: ``python -m tests.compare_facts FOLDER``.

The folder holds ``resource_types.yaml``, ``mgmt_objs.yaml``, ``data_types.yaml`` and ``rsc.yaml``. Prints what each
side has of every table, and every difference; the last line counts those that nobody explains (docs/facts.md).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Protocol

from tests.compare import data_types, resource_types

EXPLAINED = {**resource_types.EXPLAINED, **data_types.EXPLAINED}


class Table(Protocol):
    """One comparison; as text it says what each side has."""

    @property
    def differences(self) -> tuple[str, ...]:
        """One line each."""


def compare(folder: Path) -> list[Table]:
    """Every table of the folder, compared."""
    return [*resource_types.compare_resource_types(folder), *data_types.compare_data_types(folder)]


def reason_of(difference: str) -> str | None:
    """Why a difference is meant; None when nobody explains it."""
    return next((reason for pattern, reason in EXPLAINED.items() if re.fullmatch(pattern, difference)), None)


def unexplained(tables: list[Table]) -> list[str]:
    """The differences that are not meant."""
    return [line for table in tables for line in table.differences if reason_of(line) is None]


def outdated(tables: list[Table]) -> list[str]:
    """The explanations of differences that there are not any more."""
    lines = [line for table in tables for line in table.differences]
    return [pattern for pattern in EXPLAINED if not any(re.fullmatch(pattern, line) for line in lines)]


def report(tables: list[Table]) -> str:
    """The whole comparison as text."""
    lines = []
    for table in tables:
        lines.append(str(table))
        lines += [f"    {line}  [{reason_of(line) or 'NOT EXPLAINED'}]" for line in table.differences]
    total = sum(len(table.differences) for table in tables)
    missing = len(unexplained(tables))
    return "\n".join([*lines, f"{len(tables)} tables, {total} differences, {total - missing} explained",
                      f"{missing} unexplained differences"])


def main(arguments: list[str]) -> int:
    """Print the comparison; 1 when there is a difference that nobody explains."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "resource_types.yaml").is_file():
        sys.stderr.write("usage: python -m tests.compare_facts FOLDER-WITH-resource_types.yaml\n")
        return 2
    tables = compare(Path(arguments[0]))
    sys.stdout.write(report(tables) + "\n")
    return 1 if unexplained(tables) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
