"""schedule: when the CSE answers at all, and what the notification delivery and nodes go by (SCH-1, SCH-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.clock import timestamp
from cse.primitive import Operation
from cse.reachability import schedule_of
from cse.schedules import Schedule
from resources.errors import BadRequest, ReceiverError
from resources.model import Resource
from resources.node import NODE
from resources.schedule import SCHEDULE
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft
    from cse.work import Work

#: A schedule has no more entries than this.
ENTRIES = 100


class ScheduleBehaviour(Behaviour):
    """All schedules of one CSE; those under the CSEBase decide about every request."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._serving = False

    async def prepare(self, draft: Draft) -> None:
        """Entries can be followed, and only a node has several schedules."""
        entries = draft.attributes["se"]["sce"]
        if len(entries) > ENTRIES:
            raise BadRequest(f"se: has {len(entries)} entries; at most {ENTRIES} are possible")
        try:
            Schedule.compile(entries)
        except ValueError as error:
            raise BadRequest(f"se: {error}") from None
        parent = draft.parent
        if draft.current is None and parent is not None and parent.type.number != NODE.number:
            other = next((one for one in parent.children.values() if one.type.number == SCHEDULE.number), None)
            if other is not None:
                raise BadRequest(f"ty: {other.path} is the schedule here already; a {parent.type.name} has one at most")

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """Follow it; while the initial tree is planted not yet."""
        if self._serving:
            self._review_after(work, resource)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """Follow it as it is now."""
        self._review_after(work, resource)

    def removed(self, work: Work, resource: Resource) -> None:
        """Follow it no more."""
        self._review_after(work, resource)

    async def started(self) -> None:
        """Follow what was stored, or came with the initial tree."""
        self._serving = True
        self._review()

    def _review_after(self, work: Work, resource: Resource) -> None:
        if resource.parent is self.core.tree.root:
            work.after(self._review)

    def _review(self) -> None:
        self.core.opening = schedule_of(self.core.tree.root)


def check_open(call: Call) -> None:
    """SCH-2: outside of the schedule of the CSEBase everything is 5103, but who may can always change it."""
    core = call.core
    opening = core.opening
    if opening is None or opening.active(call.now) or call.originator == core.identity.cse_id or _about_schedule(call):
        return
    again = opening.next_active(call.now)
    when = "it never opens again" if again is None else f"it opens at {timestamp(again)}"
    raise ReceiverError(f"the CSE does not answer outside of its schedule; {when}", Status.TARGET_NOT_REACHABLE)


def _about_schedule(call: Call) -> bool:
    """True for requests to the schedule of the CSEBase, and for an administrator who looks for it or makes one."""
    core, request = call.core, call.request
    target = core.tree.find(request.to)
    if target is None:
        return False
    if target.type.number == SCHEDULE.number and target.parent is core.tree.root:
        return True
    looks = request.operation is Operation.RETRIEVE or request.resource_type == SCHEDULE.number
    return target is core.tree.root and looks and call.originator in core.administrators
