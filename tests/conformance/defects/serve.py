"""A CSE with one seeded defect (or none), for the suite: ``python -m tests.conformance.defects.serve [NAME [PORT]]``.

Prints its address and serves until standard input ends.
"""

from __future__ import annotations

import asyncio
import sys

from tests.conformance.defects.seeding import read_defects, seed


async def serve(port: int = 0) -> None:
    """Serve in memory; on a port of its own unless one is given."""
    from cse.app import Node
    from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings

    own = CseSettings(administrators=["CAdmin"], sp_id="//banyan.example")
    node = Node(Settings(cse=own, store=StoreSettings(kind="memory"), http=HttpSettings(port=port)))
    print(await node.start(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await node.stop()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        seed(read_defects()[sys.argv[1]])
    asyncio.run(serve(*map(int, sys.argv[2:3])))
