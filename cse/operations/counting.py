"""Instances with a deletion count: each retrieval takes one off, the last one takes the instance away (CNT-13)."""

from __future__ import annotations

from cse.codecs import encode
from cse.core import Call, attributes_of
from cse.operations.delete import count_out
from cse.primitive import ResponsePrimitive
from cse.storage.port import InstanceRecord
from cse.work import Work
from resources.errors import NotFound
from resources.model import Resource

#: The part of a container's ``state`` that says that it has, or had, such instances.
COUNTING = "counting"


def counts(parent: Resource) -> bool:
    """True when there are, or were, instances in it whose retrievals count."""
    return parent.state is not None and COUNTING in parent.state


async def count_down(call: Call, record: InstanceRecord, response: ResponsePrimitive) -> None:
    """Take one off ``dcnt`` of a retrieved instance; at 0 it goes, and subscribers to deletions are told.

    Raises NotFound when others have retrieved it for the last time.
    """
    if "dcnt" not in attributes_of(record):
        return
    core, parent = call.core, call.target.resource
    work = Work(call.originator)
    async with await core.instances.turn(parent):
        current = await core.instances.find(record.ri)
        if current is None or not core.tree.holds(parent):
            raise NotFound("to: the instance is gone")
        attributes = attributes_of(current)
        left = attributes["dcnt"] - 1
        if left:
            core.instances.replace(parent, current._replace(body=encode({**attributes, "dcnt": left})), work)
        else:
            await core.instances.take(parent, current, work)
            count_out(core, work, parent, current, call.stamp)
    await call.commit(work, response)
