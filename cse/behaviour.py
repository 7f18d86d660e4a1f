"""What a resource type does beyond its table: the port that the operations call and each behaviour fills.

One object per CSE and type number, made at start. The synchronous methods run inside the unit of work: they change
the tree, ``work.put`` what they changed, and add to ``work.undo`` how to take it back; what is to happen once the
unit is durable goes to ``work.after``. Everything that must outlive a restart is an attribute, ``Resource.state``, or
a resource of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from resources.errors import OperationNotAllowed
from resources.model import Resource

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft
    from cse.primitive import ResponsePrimitive
    from cse.storage.port import InstanceRecord
    from cse.work import Work


class Behaviour:
    """A behaviour that does nothing. ``core`` is the CSE it belongs to.

    ``keyed``: the instances of such a parent have a key, which ``instance_key`` tells. ``settles``: the CREATE of such
    a resource is not over before ``settle`` has had others do their part.
    """

    keyed = False
    settles = False

    #: True where ``check_retrieve`` does something: a RETRIEVE of any other type does not wait for it.
    checks_retrieve = False

    def __init_subclass__(cls) -> None:
        cls.checks_retrieve = cls.check_retrieve is not Behaviour.check_retrieve

    def __init__(self, core: Core) -> None:
        self.core = core

    async def prepare(self, draft: Draft) -> None:
        """A CREATE or UPDATE has passed all checks of the table: complete ``draft.attributes`` or raise CseError."""

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:
        """A resource has been put into the tree; ``call`` is None when the CSE itself made it."""

    async def settle(self, resource: Resource, call: Call) -> None:
        """What was created by request is durable, its answer waits; may undo it and raise CseError.

        Asked where ``settles``.
        """

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """A resource has other attributes than ``before``; ``given`` are those of the request."""

    async def history(self, work: Work, draft: Draft) -> None:
        """The last step before an UPDATE is done: add or remove instances of ``draft.current`` in its unit of work."""

    def removed(self, work: Work, resource: Resource) -> None:
        """A resource is taken out of the tree: deleted, below a deleted one, or expired."""

    def companions(self, resource: Resource) -> Iterable[Resource]:  # noqa: ARG002 - the port
        """Resources elsewhere in the tree that are deleted together with one of this type."""
        return ()

    def instance_key(self, call: Call, given: dict[str, Any]) -> str:
        """What no other instance of its parent may have; asked where ``keyed``. May complete ``given``."""
        raise NotImplementedError

    def instance_added(self, work: Work, parent: Resource, record: InstanceRecord,
                       attributes: Mapping[str, Any]) -> None:
        """A parent of this type has a new instance."""

    def instance_removed(self, work: Work, parent: Resource, record: InstanceRecord) -> None:
        """An instance was deleted or has expired; not called for one that made room for others."""

    def restored(self, resource: Resource) -> None:
        """A resource has been read from the store at start; its descendants have not."""

    async def started(self) -> None:
        """Everything has been restored; requests are not served yet."""

    def opened(self) -> None:
        """All behaviours have started and what waits in the outbox is on its way: what was interrupted can go on."""

    async def stop(self) -> None:
        """The CSE ends: finish or cancel what was begun."""

    async def check_retrieve(self, call: Call) -> None:
        """A RETRIEVE of such a resource is about to be answered (``checks_retrieve``); may raise CseError."""

    async def check_delete(self, call: Call) -> None:
        """A DELETE of such a resource is about to be done; may raise CseError."""

    async def notified(self, call: Call) -> ResponsePrimitive:
        """A NOTIFY came to such a resource."""
        raise OperationNotAllowed(f"{call.target.resource.path}: {call.target.resource.type.phrase} takes no NOTIFY")

    async def virtual(self, call: Call) -> ResponsePrimitive:
        """An operation on a virtual child: ``call.target.virtual`` is its name, ``.rest`` the path behind it."""
        raise OperationNotAllowed(f"{call.target.virtual}: has no operation {call.request.operation.name}")
