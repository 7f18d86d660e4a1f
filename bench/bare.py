"""The limit: aiohttp's low-level server reads the request and answers 201, nothing else."""

from __future__ import annotations

import argparse
import asyncio

import uvloop
from aiohttp import web


async def _created(request: web.BaseRequest) -> web.StreamResponse:
    await request.read()
    return web.Response(status=201, headers={"X-M2M-RSC": "2001", "X-M2M-RI": request.headers["X-M2M-RI"]})


async def _serve(port: int) -> None:
    runner = web.ServerRunner(web.Server(_created))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--loop", choices=["uvloop", "asyncio"], default="uvloop")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if options.loop == "uvloop" else None) as runner:
        runner.run(_serve(options.port))
