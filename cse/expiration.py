"""Expiry: what has passed its ``et`` goes, as if the CSE deleted it (DEL-2, CNT-5)."""

from __future__ import annotations

import asyncio
import logging

from cse.clock import timestamp
from cse.core import Core
from cse.operations.delete import remove, remove_instance
from cse.storage.port import InstanceRecord, StoreError
from cse.work import Work
from resources.model import Resource

log = logging.getLogger("banyan.expiration")

#: Instances removed before waiting until they are, so that requests are answered in between.
CHUNK = 500


async def run(core: Core) -> None:
    """Look for expired resources every ``expiry_check_s``, for ever."""
    while True:
        await core.clock.sleep(core.settings.expiry_check_s)
        try:
            await sweep(core)
        except StoreError as error:
            log.error("expired resources stay: %s", error)
        except Exception:
            log.exception("the search for expired resources failed")


async def sweep(core: Core) -> int:
    """Remove everything that has expired now; returns how many resources and instances."""
    now = timestamp(core.clock.time())
    count = 0
    for resource in expired(core, now):
        if core.tree.holds(resource):
            work = Work()
            remove(core, work, resource)
            await core.commit(work)
            count += 1
    while records := await core.committer.expired(now, CHUNK):
        await asyncio.gather(*[core.submit(await removal(core, record, now)) for record in records])
        count += len(records)
    return count


async def removal(core: Core, record: InstanceRecord, now: str) -> Work:
    """The unit of work that takes an expired instance out; to be submitted before anything else happens."""
    work = Work()
    parent = core.tree.by_id.get(record.pi)
    if parent is None:
        work.remove_instance(record)
    else:
        await remove_instance(core, work, parent, record, now)
    return work


def expired(core: Core, now: str) -> list[Resource]:
    """Structural resources past their ``et``; below one of them nothing else is listed."""
    found: list[Resource] = []
    waiting = [core.tree.root]
    while waiting:
        for child in waiting.pop().children.values():
            if child.attributes["et"] <= now:
                found.append(child)
            elif child.children:
                waiting.append(child)
    return found
