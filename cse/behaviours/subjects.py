"""What criteria are about, and who is told of its changes: a resource, or the newest instance that one holds.

An observer is told with the values of that very change: a peak that is over again has been seen (ACT-3).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cse.core import LATEST, attributes_of
from resources.errors import BadRequest, NotImplementedHere
from resources.model import Permission, Resource, ResourceType

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.storage.port import InstanceRecord

log = logging.getLogger("banyan.actions")

Attributes = Mapping[str, Any]
Key = tuple[str, bool]
Told = Callable[["Subject", Attributes | None], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource, or with ``latest`` the newest of its instances, which are of ``type``."""

    resource: Resource
    latest: bool
    type: ResourceType

    @property
    def key(self) -> Key:
        """What tells subjects apart."""
        return self.resource.ri, self.latest

    def values(self) -> Attributes | None:
        """The attributes as they are now; None when there is no such thing (any more)."""
        if not self.latest:
            return self.resource.attributes
        newest = self._newest()
        return None if newest is None else attributes_of(newest)

    def number(self) -> int:
        """The number of the newest instance; 0 when there is none."""
        newest = self._newest()
        return 0 if newest is None else newest.seq

    def _newest(self) -> InstanceRecord | None:
        shelf = self.resource.shelf
        return None if shelf is None else shelf.newest


def find_subject(core: Core, identifier: str, where: str) -> Subject | None:
    """The local subject with this identifier, None when there is none.

    Raises NotImplementedHere for one of another CSE, BadRequest for one that never changes or is no resource.
    """
    try:
        address = core.identity.address(identifier)
    except BadRequest:
        raise BadRequest(f"{where}: {identifier!r} is no resource identifier") from None
    if address.cse is not None:
        raise NotImplementedHere(f"{where}: {identifier} is on another CSE; only resources of this one are followed")
    resource, left = core.tree.walk(address.segments)
    if resource is None or len(left) > 1:
        return None
    if not left:
        return Subject(resource, False, resource.type)
    type_ = core.registry.instance_type(resource.type)
    if left[0] != LATEST or LATEST not in resource.type.virtual or type_ is None:
        return None
    return Subject(resource, True, type_)


async def readable_subject(call: Call, identifier: str, where: str) -> Subject:
    """The subject, which the originator may read; raises BadRequest else (ACT-1)."""
    subject = find_subject(call.core, identifier, where)
    if subject is None or not call.live(subject.resource):
        raise BadRequest(f"{where}: there is no resource {identifier!r} that can be followed; instances never change, "
                         f"name {LATEST!r} of what holds them")
    if not call.permitted(subject.resource, Permission.RETRIEVE,
                          target_type=subject.type.number if subject.latest else None):
        raise BadRequest(f"{where}: {identifier} may not be read by {call.originator}")
    await load(call.core, subject)
    return subject


async def load(core: Core, subject: Subject) -> None:
    """Have the newest instance at hand from now on."""
    if subject.latest:
        await core.instances.shelf(subject.resource)


class Observation:
    """Follows subjects and tells of each change: the subject, and its values, None when it is gone.

    It tells once the change is durable; ``at_once``: when it is submitted, so that what is written then is in the
    store whenever the change is.
    """

    def __init__(self, core: Core, told: Told, *, at_once: bool = False) -> None:
        self._core = core
        self._told = told
        self._at_once = at_once
        self._followed: dict[Key, tuple[int, Callable[[Resource], Callable[[], None] | None]]] = {}

    def follow(self, subject: Subject) -> None:
        """Follow it, once more if it is followed already."""
        count, look = self._followed.get(subject.key, (0, None))
        if look is None:
            look = self._look(subject)
            self._core.watch(subject.resource.ri, look)
        self._followed[subject.key] = count + 1, look

    def leave(self, subject: Subject) -> None:
        """Take back one ``follow``."""
        count, look = self._followed[subject.key]
        if count > 1:
            self._followed[subject.key] = count - 1, look
        else:
            del self._followed[subject.key]
            self._core.unwatch(subject.resource.ri, look)

    def _look(self, subject: Subject) -> Callable[[Resource], Callable[[], None] | None]:
        """A watcher that knows what it saw last: not every unit of work that names a resource has changed it."""
        seen: object = subject.resource.attributes
        number = subject.number()

        def look(resource: Resource) -> Callable[[], None] | None:
            nonlocal seen, number
            if not self._core.tree.holds(resource):
                return self._tell(subject, None)
            if subject.latest:
                before, number = number, max(number, subject.number())
                changed = number > before
            else:
                before_, seen = seen, resource.attributes
                changed = seen is not before_
            if not changed:
                return None
            return self._tell(subject, subject.values())

        return look

    def _tell(self, subject: Subject, values: Attributes | None) -> Callable[[], None] | None:
        if not self._at_once:
            return lambda: self._told(subject, values)
        try:
            self._told(subject, values)
        except Exception:
            log.exception("a change of %s had no consequence", subject.resource.path)
        return None
