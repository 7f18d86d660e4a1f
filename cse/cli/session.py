"""A client for one command: opened from its options, traced with ``--verbose``, always closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cse.cli import exit_codes
from cse.cli.errors import UsageError
from cse.cli.output import Output

if TYPE_CHECKING:
    import argparse

    from cse.cli.target import Target
    from cse.client import Client, Receiver, RequestPrimitive, ResponsePrimitive, Transport

Work = Callable[["Client"], Awaitable[int | None]]


def run_with_client(options: argparse.Namespace, target: Target, work: Work) -> int:
    """Run one asynchronous command to its end and return the exit code."""

    async def session() -> int:
        async with open_client(options, target) as client:
            return await work(client) or exit_codes.OK

    return asyncio.run(session())


@asynccontextmanager
async def open_client(
    options: argparse.Namespace, target: Target, receiver: Receiver | None = None
) -> AsyncIterator[Client]:
    """Give a client of the CSE that the target or ``--cse`` names."""
    from cse.client import Client
    from cse.client.connecting import open_transport, receiver_of

    url = target.cse_url or options.cse
    options.cse = url
    try:
        transport = open_transport(url, **({"ca": options.ca} if options.ca else {}))
    except ValueError as error:
        raise UsageError(str(error)) from None
    receiver = receiver or receiver_of(transport)
    if options.verbose:
        transport = TracingTransport(transport, Output(), url)
    client = Client(transport, options.originator, receiver=receiver, timeout_s=options.timeout,
                    mode="non-blocking" if getattr(options, "non_blocking", False) else "blocking")
    try:
        yield client
    finally:
        await client.close()


class TracingTransport:
    """Prints every request and its answer."""

    def __init__(self, transport: Transport, output: Output, url: str) -> None:
        self._transport = transport
        self._output = output
        self._url = url

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and print both sides."""
        from cse.parameters import object_from_request, object_from_response

        members = object_from_request(request)
        body = members.pop("pc", None)
        del members["op"], members["to"]
        self._output.trace(f"> {request.operation.name} {request.to} at {self._url}  {_listed(members)}", body)
        start = time.perf_counter()
        response = await self._transport.send(request, timeout_s=timeout_s)
        took_ms = (time.perf_counter() - start) * 1000
        members = object_from_response(response)
        body = members.pop("pc", None)
        status = members.pop("rsc")
        self._output.trace(f"< {status} {response.status.name}  {_listed(members)}  {took_ms:.1f} ms", body)
        return response

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()


def _listed(members: dict[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in members.items())
