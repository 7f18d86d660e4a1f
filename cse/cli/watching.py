"""``banyan watch``."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from cse.cli import exit_codes
from cse.cli.errors import UsageError
from cse.cli.output import CYAN, DIM, Output
from cse.cli.requests import TARGET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cse.cli.parser import Commands
    from cse.client import Client, Notification

EVENTS = {"update": 1, "delete": 2, "create": 3, "delete-child": 4, "empty": 5}
DELETED = 2
NAMES = {1: "updated", 2: "deleted", 3: "created", 4: "deleted child", 5: "read while empty"}


def add(commands: Commands) -> None:
    """Declare the command."""
    watch = commands.add("watch", "print what happens to a resource until Ctrl-C", _watch)
    watch.add_argument("target", metavar="TARGET", help=TARGET)
    watch.add_argument(
        "--events", metavar="LIST", default="update,delete,create,delete-child",
        help=f"of {', '.join(EVENTS)} (default all but the last); create and delete-child are about direct children",
    )  # fmt: skip
    watch.add_argument("--count", metavar="N", type=int, help="stop after N notifications")
    watch.add_argument(
        "--listen", metavar="HOST[:PORT]",
        help="where to listen (default 127.0.0.1; a registered AE is told over its own connection with --cse ws://...)",
    )  # fmt: skip
    watch.add_argument("--url", metavar="URL", help="how the CSE reaches this machine, if not at --listen")


def _watch(options: argparse.Namespace, output: Output) -> int:
    events = [_event(name) for name in options.events.split(",")]
    return asyncio.run(_session(options, events, output))


async def _session(options: argparse.Namespace, events: list[int], output: Output) -> int:
    from cse.cli.session import open_client
    from cse.cli.target import target_of
    from cse.client import listen

    target = target_of(options.target, options.cse)
    two_way = (target.cse_url or options.cse).startswith(("ws:", "wss:")) and not options.listen
    host, port = address_of(options.listen or "127.0.0.1")
    receiver = None if two_way else await listen(host, port, public_url=options.url)
    try:
        async with open_client(options, target, receiver) as client:
            printer = Printer(output, options.count)
            async with _subscribed(client, target.to, printer, events):
                output.note(f"watching {target.to}; Ctrl-C ends it")
                return await _until_signal(printer)
    finally:
        if receiver is not None:
            await receiver.close()


class Printer:
    """Prints notifications; ``done`` is set after ``count`` of them, or when there is nothing left to watch."""

    def __init__(self, output: Output, count: int | None = None) -> None:
        self.done = asyncio.Event()
        self._output = output
        self._left = count

    async def __call__(self, notification: Notification) -> None:
        """Print one notification."""
        if self.done.is_set():
            return
        if self._output.as_json:
            self._output.document(as_object(notification))
        else:
            self._output.line(self._text(notification))
        if self._left is not None:
            self._left -= 1
        if notification.deletion or notification.event_type == DELETED or self._left == 0:
            self.done.set()

    def _text(self, notification: Notification) -> str:
        if notification.deletion:
            return "the subscription is gone"
        from cse.cli.tree import moment

        body = dict(notification.representation)
        event = NAMES.get(notification.event_type or 0, "changed")
        name = f"{notification.root} {body.get('rn', '')}".strip()
        shown = notification.uri or json.dumps(body.get("con", body), ensure_ascii=False)
        head = f"{self._output.paint(moment(body), DIM)} " if "ct" in body else ""
        return f"{head}{event} {self._output.paint(name, CYAN)} {shown}"


def as_object(notification: Notification) -> dict[str, Any]:
    """Return a notification for machines."""
    return {
        "subscription": notification.subscription,
        "event_type": notification.event_type,
        "deletion": notification.deletion,
        "root": notification.root,
        "representation": notification.uri or dict(notification.representation),
    }


def address_of(text: str) -> tuple[str, int]:
    """Read ``HOST[:PORT]`` or a port of this machine, IPv6 hosts in brackets; 0 is any free port. Raises UsageError."""
    if text.isascii() and text.isdigit():
        text = f"127.0.0.1:{text}"
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        return text.strip("[]"), 0
    if not (port.isascii() and port.isdigit() and int(port) < 65536) or not host:
        raise UsageError(f"{text!r} is no address", "expected HOST or HOST:PORT, for example 127.0.0.1:8080")
    return host.strip("[]"), int(port)


@asynccontextmanager
async def _subscribed(client: Client, to: str, printer: Printer, events: list[int]) -> AsyncIterator[None]:
    from cse.client import RequestFailed, Unreachable

    subscription = await client.subscribe(to, printer, events=events)
    try:
        yield
    finally:
        with suppress(RequestFailed, Unreachable):
            await client.unsubscribe(subscription)


async def _until_signal(printer: Printer) -> int:
    """Wait for the printer or a signal: the subscription is removed in both cases."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):  # not on Windows, not outside the main thread
            loop.add_signal_handler(number, interrupted.set)
    waiting = [asyncio.ensure_future(event.wait()) for event in (printer.done, interrupted)]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
    return exit_codes.INTERRUPTED if interrupted.is_set() else exit_codes.OK


def _event(name: str) -> int:
    if name not in EVENTS:
        raise UsageError(f"{name!r} is no event", f"expected some of {', '.join(EVENTS)}, joined by commas")
    return EVENTS[name]
