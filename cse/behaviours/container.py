"""container: instances collected while they cannot be retrieved, and instances that count their retrievals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviours.retention import RetentionBehaviour
from cse.operations.counting import COUNTING
from cse.storage.port import InstanceRecord
from resources.model import Resource

if TYPE_CHECKING:
    from cse.operations.change import Draft
    from cse.work import Work

#: The part of the ``state`` with the number of the last instance before retrieval was disabled.
HIDDEN_AFTER = "hidden_after"


class ContainerBehaviour(RetentionBehaviour):
    """All containers of one CSE."""

    async def history(self, work: Work, draft: Draft) -> None:
        """CNT-9: what was collected while ``disr`` was true goes when it is no more."""
        resource, attributes, instances = draft.current, draft.attributes, self.core.instances
        assert resource is not None
        hidden, hides = bool(resource.attributes.get("disr")), bool(attributes.get("disr"))
        if hides and not hidden:
            work.keep(resource, **{HIDDEN_AFTER: instances.last_seq})
        elif hidden and not hides:
            since = (resource.state or {}).get(HIDDEN_AFTER, 0)
            attributes["cni"], attributes["cbs"] = await instances.drop_after(
                resource, since, work, attributes["cni"], attributes["cbs"]
            )
            work.keep(resource, **{HIDDEN_AFTER: None})

    def created(self, work: Work, resource: Resource, call: Any) -> None:  # noqa: ARG002 - the port
        """A container may be made with ``disr``: nothing of what it collects is kept then."""
        if resource.attributes.get("disr"):
            work.keep(resource, **{HIDDEN_AFTER: self.core.instances.last_seq})

    def instance_added(self, work: Work, parent: Resource, record: InstanceRecord,  # noqa: ARG002 - the port
                       attributes: Mapping[str, Any]) -> None:
        """CNT-13: note that there are instances whose retrievals count, so that others need no look."""
        if "dcnt" in attributes and COUNTING not in (parent.state or ()):
            work.keep(parent, **{COUNTING: True})
