"""Parents of instances, container and timeSeries: what a lowered ``mia`` means for those that are there (CNT-5).

Each instance gets an earlier ``et``, page by page once the UPDATE is durable; a restart goes on with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.clock import seconds_of, timestamp
from cse.codecs import encode
from cse.core import attributes_of
from cse.instances import PAGE
from cse.storage.port import InstanceRecord, StoreError
from cse.work import Work
from resources.model import Resource

if TYPE_CHECKING:
    from cse.core import Core

log = logging.getLogger("banyan.retention")

#: The part of the ``state`` that says that instances still have to be looked at.
AGING = "aging"


class RetentionBehaviour(Behaviour):
    """All parents of one type whose instances have a greatest age."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._interrupted: list[Resource] = []

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """A lower ``mia`` shortens the life of the instances that are there."""
        age = resource.attributes.get("mia")
        if age is not None and age < before.get("mia", age + 1):
            work.keep(resource, **{AGING: True})
            work.after(lambda: self._begin(resource))

    def restored(self, resource: Resource) -> None:
        """Note what a restart has interrupted."""
        if resource.state is not None and AGING in resource.state:
            self._interrupted.append(resource)

    async def started(self) -> None:
        """Go on with it."""
        for resource in self._interrupted:
            self._begin(resource)
        self._interrupted.clear()

    async def stop(self) -> None:
        """The next start goes on."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _begin(self, parent: Resource) -> None:
        """Look at all instances, from the oldest again when the age was lowered once more."""
        running = self._tasks.get(parent.ri)
        if running is not None:
            running.cancel()
        task = self._tasks[parent.ri] = asyncio.get_running_loop().create_task(self._age(parent))
        task.add_done_callback(lambda done: self._ended(parent.ri, done))

    def _ended(self, ri: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(ri) is task:
            del self._tasks[ri]

    async def _age(self, parent: Resource) -> None:
        after: int | None = 0
        try:
            while after is not None:
                async with await self.core.instances.turn(parent):
                    work = Work()
                    after = await self._age_page(work, parent, after)
                    if not self.core.tree.holds(parent):
                        return
                    if after is None:
                        work.keep(parent, **{AGING: None})
                    done = self.core.submit(work)
                await done
        except StoreError as error:
            log.error("instances of %s keep their age: %s", parent.path, error)

    async def _age_page(self, work: Work, parent: Resource, after: int) -> int | None:
        """Shorten the life of a page of instances; returns the last one's number, None behind the last page."""
        page = await self.core.instances.all(parent, after=after, limit=PAGE)
        age = parent.attributes.get("mia")
        if age is None:
            return None  # any age is allowed again
        for record in page:
            attributes = attributes_of(record)
            born = seconds_of(attributes["ct"])
            if born + age < seconds_of(record.expires):
                self.core.instances.replace(parent, _ending(record, attributes, timestamp(born + age)), work)
        return page[-1].seq if len(page) == PAGE else None


def _ending(record: InstanceRecord, attributes: dict[str, Any], expires: str) -> InstanceRecord:
    return record._replace(expires=expires, body=encode({**attributes, "et": expires}))
