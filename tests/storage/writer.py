"""A process that writes until it is killed or its store fails, and says what is acknowledged.

``python -m tests.storage.writer KIND PATH [FILE_SIZE_LIMIT_BYTES]`` prints ``done N`` for each durable unit of work,
and after a failure ``failed N`` and ``undone N`` for each unit taken back and ``refused`` for a later one.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from functools import partial
from itertools import count

from cse.settings import StoreSettings
from cse.storage.committer import Committer
from cse.storage.factory import open_store
from cse.storage.port import Store, StoreError, WriteSet
from tests.storage.records import event, instance, put
from tests.storage.records import resource as container

CALLERS = 8


def unit(n: int) -> WriteSet:
    """Return changes of every kind that belong together."""
    return put(container("cnt-1", body=b"%d" % n), instance(2 * n), instance(2 * n + 1), event(n))


async def violations(store: Store, acknowledged: set[int]) -> list[str]:
    """Return what is lost of the acknowledged units, and which units are there in part."""
    kept = {key[0] for key in await store.instance_keys("cnt-1")}
    events = {record.id for record in await store.outbox()}
    found = [f"lost {n}" for n in sorted(acknowledged) if n not in events]
    found += [f"torn {n}" for n in sorted({seq // 2 for seq in kept} | events) if not {2 * n, 2 * n + 1} <= kept]
    found += [f"torn {n}" for n in sorted({seq // 2 for seq in kept} ^ events)]
    bodies = [record.body for record in await store.load()]
    if events and bodies != [b"%d" % max(events)]:
        found.append(f"the container is that of {bodies}, the last unit is {max(events)}")
    return found


def say(what: str) -> None:
    os.write(1, what.encode() + b"\n")


async def call(committer: Committer, numbers: count[int]) -> None:
    for n in numbers:
        try:
            await committer.submit(unit(n), partial(say, f"undone {n}"))
        except StoreError:
            say(f"failed {n}")
            return
        say(f"done {n}")


async def main(kind: str, path: str, limit_bytes: int | None = None) -> None:
    store = await open_store(StoreSettings(kind=kind, path=path))
    committer = Committer(store)
    numbers = count((await store.high_water())[1] + 1)
    if limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    await asyncio.gather(*(call(committer, numbers) for _ in range(CALLERS)))
    try:
        committer.submit(unit(next(numbers)))
    except StoreError as error:
        say(f"refused {error}")
    await committer.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
