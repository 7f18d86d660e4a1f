"""A test case as the catalogue states it, already expanded: nothing here knows how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: One step: a mapping with one verb (``steps.VERBS``) and its options.
Step = Mapping[str, Any]


class CatalogueError(Exception):
    """The catalogue is wrong; the text names the file, the case and what would be right."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test case.

    ``given`` reaches the initial condition (what fails there makes the verdict inconclusive), ``steps`` are stimulus
    and expectation. A case that is ``alone`` runs while no other does. ``takes_s`` is how long it is expected to take:
    long ones start first.
    """

    id: str
    area: str
    purpose: str
    refs: tuple[str, ...]
    needs: tuple[str, ...]
    given: tuple[Step, ...]
    steps: tuple[Step, ...]
    note: str = ""
    alone: bool = False
    takes_s: float = 1.0
    source: str = ""
