"""Statistics of a subscription (SUB-31): ``nsi`` has for each target what was sent, answered, and how many events.

They are attributes of the resource, so they are kept; that they change is no event.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cse.work import Work
from resources.model import Resource

COUNTERS = ("rqs", "rsr", "noec")


def begin(targets: Sequence[str], current: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """``nsi`` for these targets: what is counted already stays, the others begin at 0."""
    known = {entry["tg"]: entry for entry in current}
    return [dict(known.get(target) or {"tg": target, **dict.fromkeys(COUNTERS, 0)}) for target in targets]


def count(work: Work, resource: Resource, targets: Collection[str], *counters: str) -> None:
    """Add one to counters of these targets inside a unit of work; nothing for a target that is none any more."""
    before = resource.attributes
    entries = [
        {**entry, **{counter: entry[counter] + 1 for counter in counters}} if entry["tg"] in targets else entry
        for entry in before.get("nsi") or ()
    ]
    resource.attributes = {**before, "nsi": entries}

    def undo() -> None:
        resource.attributes, resource.encoded = before, None

    work.undo.append(undo)
    work.put(resource)
