"""request: what was acknowledged and is done later, its result, its cancellation (procedures 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cse.behaviour import Behaviour
from cse.modes.execution import Execution, check_cancel
from resources.request import REQUEST

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.work import Work
    from resources.model import Resource

__all__ = ["RequestBehaviour", "execution_of"]


class RequestBehaviour(Behaviour):
    """The ``<request>`` resources of one CSE; ``execution`` does what they ask for."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.execution = Execution(core)
        self._restored: list[Resource] = []

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the CSE makes it
        """One more is kept for its originator."""
        self._count(work, resource, 1)

    def restored(self, resource: Resource) -> None:
        """Nothing is done before the whole tree is there."""
        self.execution.policies.count(resource, 1)
        policies = resource.attributes.get("acpi") or ()
        if policies:
            self.execution.policies.remember(self.core.identity.entity(resource.attributes["org"]), policies[0])
        self._restored.append(resource)

    def opened(self) -> None:
        """Go on with what a restart has interrupted."""
        restored, self._restored = self._restored, []
        for resource in restored:
            self.execution.go_on(resource)

    async def stop(self) -> None:
        """What is not done yet is done after the next start."""
        await self.execution.stop()

    async def check_delete(self, call: Call) -> None:
        """RTP-7: cancel only what has not begun."""
        check_cancel(self.execution, call.target.resource)

    def removed(self, work: Work, resource: Resource) -> None:
        """A request that goes is not done, and makes room for another."""
        self._count(work, resource, -1)
        if self.execution.release(resource):
            work.undo.append(lambda: self.execution.take(resource))

    def _count(self, work: Work, resource: Resource, change: int) -> None:
        count = self.execution.policies.count
        count(resource, change)
        work.undo.append(lambda: count(resource, -change))


def execution_of(core: Core) -> Execution:
    """What does the acknowledged requests of a CSE."""
    behaviour = core.behaviours[REQUEST.number]
    assert isinstance(behaviour, RequestBehaviour)
    return behaviour.execution
