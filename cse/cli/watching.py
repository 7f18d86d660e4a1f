"""``banyan watch``."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cse.cli import exit_codes
from cse.cli.errors import UsageError
from cse.cli.output import CYAN, DIM, Output
from cse.cli.requests import TARGET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cse.cli.parser import Commands
    from cse.client import Client, Notification, Receiver

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
        "--listen", metavar="[SCHEME://]HOST[:PORT]",
        help="where to listen: http, coap or coap+tcp (default 127.0.0.1, the scheme of the CSE, where that can be; "
             "over MQTT, and for a registered AE over WebSocket, notifications come over the same connection)",
    )  # fmt: skip
    watch.add_argument("--url", metavar="URL", help="how the CSE reaches this machine, if not at --listen")
    watch.add_argument("--poll", action="store_true",
                       help="fetch notifications at the pollingChannel of --from: nothing has to reach this machine")


def _watch(options: argparse.Namespace, output: Output) -> int:
    events = [_event(name) for name in options.events.split(",")]
    return asyncio.run(_session(options, events, output))


async def _session(options: argparse.Namespace, events: list[int], output: Output) -> int:
    from cse.cli.session import open_client
    from cse.cli.target import target_of

    target = target_of(options.target, options.cse)
    async with open_client(options, target) as client, AsyncExitStack() as stack:
        receiver = await _receiver(options, client)
        if receiver is not client.receiver and receiver is not None:
            stack.push_async_callback(receiver.close)
        client.receiver = receiver
        printer = Printer(output, options.count)
        async with _subscribed(client, target.to, printer, events):
            output.note(f"watching {target.to}; Ctrl-C ends it")
            return await _until_signal(printer)


async def _receiver(options: argparse.Namespace, client: Client) -> Receiver | None:
    """How to be told: as the options say, else over the connection, else where the CSE can call; None: by polling."""
    from cse.client import listen
    from cse.client.receiver import LISTENERS
    from cse.security.transport import is_loopback

    cse = urlsplit(options.cse)
    if options.poll:
        return None
    scheme, sign, place = (options.listen or "").rpartition("://")
    if sign and scheme not in LISTENERS:
        raise UsageError(f"nothing listens over {scheme!r}", f"expected one of {', '.join(LISTENERS)}")
    if not options.listen and not options.url:
        if client.receiver is not None and (cse.scheme.startswith("mqtt") or await _is_ae(client)):
            return client.receiver
        if not is_loopback(cse.hostname or "") and await _is_ae(client):
            return None
    host, port = address_of(place or "127.0.0.1")
    return await listen(host, port, scheme=scheme or (cse.scheme if cse.scheme in LISTENERS else "http"),
                        public_url=options.url)  # fmt: skip


async def _is_ae(client: Client) -> bool:
    """Whether the originator is an AE of the CSE, which can be told as one."""
    from cse.client import Operation, RequestPrimitive, Status

    if not client.originator:
        return False
    answer = await client.request(RequestPrimitive(Operation.RETRIEVE, client.originator, attribute_list=["aei"]))
    return answer.status is Status.OK and "m2m:ae" in (answer.content or {})


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

    try:
        subscription = await client.subscribe(to, printer, events=events)
    except ValueError as error:
        raise UsageError(str(error).partition("; ")[0], "--from names a registered AE; without --poll "
                         "the CSE has to reach this machine: --listen HOST:PORT") from None
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
