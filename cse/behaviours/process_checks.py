"""What a process and its states may be: controls, references, criteria (PRM-1 … PRM-3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cse.behaviour import Behaviour
from cse.behaviours.subjects import Subject, readable_subject
from cse.criteria.evaluation import Attributes, check_criteria
from resources.action import ACTION
from resources.errors import BadRequest, OperationNotAllowed, OriginatorError
from resources.model import Resource
from resources.state import STATE
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call
    from cse.operations.change import Draft

ENABLE, DISABLE, PAUSE, REACTIVATE = 1, 2, 3, 4
DISABLED, ENABLED, ACTIVATED, PAUSED, COMPLETED, ABORTED = 1, 2, 3, 4, 5, 6

#: PRM-2: from which status a control leads where.
CONTROLS: Mapping[int, tuple[frozenset[int], int]] = {
    ENABLE: (frozenset({DISABLED}), ENABLED),
    DISABLE: (frozenset({ENABLED, ACTIVATED, PAUSED, COMPLETED, ABORTED}), DISABLED),
    PAUSE: (frozenset({ACTIVATED}), PAUSED),
    REACTIVATE: (frozenset({PAUSED}), ACTIVATED),
}
NAMES = {DISABLED: "Disabled", ENABLED: "Enabled", ACTIVATED: "Activated", PAUSED: "Paused", COMPLETED: "Completed",
         ABORTED: "Aborted"}
#: What is fixed while a process is not disabled (PRM-1).
FIXED = ("inst", "atcos", "encos")


def misconfigured(message: str) -> OriginatorError:
    """4142."""
    return OriginatorError(message, Status.INVALID_PROCESS_CONFIGURATION)


class StateBehaviour(Behaviour):
    """The states of processes: fixed while their process is not disabled (PRM-3)."""

    async def prepare(self, draft: Draft) -> None:
        """References lead to siblings and to an action below."""
        process = draft.parent
        assert process is not None
        if draft.current is not None:
            check_disabled(process, draft.current)
            if draft.given.get("stac") is not None:
                child_of(draft, draft.current, draft.given["stac"], ACTION.number, "stac")
        for number, one in enumerate(draft.given.get("sttrs") or ()):
            child_of(draft, process, one["nxst"], STATE.number, f"sttrs[{number}].nxst")

    async def check_delete(self, call: Call) -> None:
        """PRM-3."""
        state = call.target.resource
        assert state.parent is not None
        check_disabled(state.parent, state)


def check_disabled(process: Resource, state: Resource) -> None:
    """4005 for a change of a state while its process runs."""
    status = process.attributes["prst"]
    if status != DISABLED or state.attributes["sact"]:
        raise OperationNotAllowed(f"{state.path}: its process is {NAMES[status]}; disable it first (prct 2)")


def child_of(draft: Draft, parent: Resource, identifier: str, number: int, where: str) -> None:
    """Raise 4142 unless this is a child of the parent of that type."""
    found = draft.find(identifier)
    if found is None or found.parent is not parent or found.type.number != number:
        what = draft.call.core.registry.by_number[number].name
        raise misconfigured(f"{where}: {identifier!r} is no {what} below {parent.path}")


async def check_condition(call: Call, identifier: str, criteria: Attributes, where: str) -> None:
    """Raise 4142 unless the criteria are about something that can be read and has the attribute (PRM-1)."""
    try:
        subject = await readable_subject(call, identifier, f"{where}.sri")
    except BadRequest as error:
        raise misconfigured(error.message) from None
    check_fit(criteria, subject, f"{where}.evc")


def check_fit(criteria: Attributes, subject: Subject, where: str) -> None:
    """Raise 4142 unless the subject has the attribute and a value like the threshold."""
    try:
        check_criteria(criteria, subject.type, where)
    except BadRequest as error:
        raise misconfigured(error.message) from None
