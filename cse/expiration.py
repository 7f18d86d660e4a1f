"""Expiry: what has passed its ``et`` goes, as if the CSE deleted it (DEL-2, CNT-5)."""

from __future__ import annotations

import logging

from cse.clock import timestamp
from cse.core import Core
from cse.operations.delete import remove, remove_instance
from cse.storage.port import StoreError
from cse.work import Work
from resources.model import Resource

log = logging.getLogger("banyan.expiration")

#: Instances removed in one unit of work, so that requests are answered in between.
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
        for record in records:
            parent = core.tree.by_id.get(record.pi)
            work = Work()
            if parent is None:
                work.remove_instance(record)
            else:
                await remove_instance(core, work, parent, record, now)
            await core.commit(work)
        count += len(records)
    return count


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
