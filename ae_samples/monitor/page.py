"""The page of the monitor: static files, its data as JSON, and server-sent events."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from ae_samples.monitor.hub import encode
from ae_samples.monitor.records import content_of
from ae_samples.monitor.settings import MonitorSettings
from ae_samples.monitor.view import View
from cse.client import Client, Reference, RequestFailed, Unreachable

UI = Path(__file__).resolve().parents[2] / "ui"
TYPES = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain",
}  # fmt: skip
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
#: A Host header: a name or an IPv6 address in brackets, and perhaps a port.
HOST = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:]+)\]|(?P<name>[A-Za-z0-9.\-_]+))(?::[0-9]{1,5})?")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CONTAINER = 3
TREE_AGE_S = 2.0
TREE_VALUES = 300
#: Commands and what became of them are no values.
COMMANDS = "/cmd/"

Responder = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file, read once."""

    body: bytes
    content_type: str
    tag: str


def assets_of(folder: Path) -> dict[str, Asset]:
    """Read the files of the page by their URL path."""
    files = {}
    for file in folder.rglob("*"):
        if file.suffix in TYPES and file.is_file():
            body = file.read_bytes()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            files[f"/{file.relative_to(folder).as_posix()}"] = Asset(body, TYPES[file.suffix], tag)
    if "/index.html" in files:
        files["/"] = files["/index.html"]
    return files


class Page:
    """Serves the page of one monitor. ``heartbeat_s`` keeps silent event streams alive."""

    def __init__(
        self, view: View, client: Client, settings: MonitorSettings, *, heartbeat_s: float = 15.0, ui: Path = UI
    ) -> None:
        self._view = view
        self._client = client
        self._settings = settings
        self._heartbeat_s = heartbeat_s
        self._assets = assets_of(ui)
        self._hosts = {name.lower() for name in (*LOOPBACK, settings.host, *settings.allowed_hosts)}
        self._streams: set[asyncio.Task[Any]] = set()
        self._tree: tuple[float, Any] = (0.0, None)
        self._tree_lock = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        self._routes: dict[str, Responder] = {
            "/api/state": self._state, "/api/events": self._events, "/api/tree": self._resource_tree,
        }  # fmt: skip

    async def start(self) -> str:
        """Listen and return the URL of the page."""
        app = web.Application(client_max_size=1024)
        app.router.add_route("*", "/{path:.*}", self._respond)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    async def stop(self) -> None:
        """End the event streams and stop listening."""
        for stream in self._streams:
            stream.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        host = HOST.fullmatch(request.headers.get("Host", ""))
        if host is None or (host["six"] or host["name"]).lower() not in self._hosts:
            # A name that points here by a trick of DNS must not open the data to a foreign page.
            return _refusal(421, f"this page is not served under this name; known are {', '.join(sorted(self._hosts))}")
        if request.method not in ("GET", "HEAD"):
            return _refusal(405, "only GET is possible here", {"Allow": "GET, HEAD"})
        if responder := self._routes.get(request.path):
            if request.method != "GET":
                return _refusal(405, "only GET is possible here", {"Allow": "GET"})
            return await responder(request)
        asset = self._assets.get(request.path)
        return _refusal(404, "there is no such page") if asset is None else _file(request, asset)

    async def _state(self, _: web.Request) -> web.Response:
        return _json(self._view.snapshot())

    async def _resource_tree(self, _: web.Request) -> web.Response:
        async with self._tree_lock:
            made, tree = self._tree
            if tree is None or time.monotonic() - made > TREE_AGE_S:
                try:
                    tree = await self._read_tree()
                except (Unreachable, RequestFailed) as failure:
                    return _refusal(502, f"the CSE gives no tree: {failure}")
                self._tree = time.monotonic(), tree
        return _json(tree)

    async def _read_tree(self) -> dict[str, Any]:
        root = await self._client.tree()
        containers = [each for each in root.walk() if each.type == CONTAINER and COMMANDS not in f"{each.address}/"]
        del containers[TREE_VALUES:]
        latest = await asyncio.gather(*(self._latest(each.address) for each in containers))
        values = {id(each): value for each, value in zip(containers, latest, strict=True) if value is not None}
        return _node(root, "", "", values)

    async def _latest(self, container: str) -> dict[str, Any] | None:
        try:
            instance = await self._client.latest(container)
        except RequestFailed:
            return None
        return None if instance is None else {"value": content_of(instance), "time": instance.get("ct")}

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._view.hub.full:
            return _refusal(503, "too many readers", {"Retry-After": "10"})
        response = web.StreamResponse(headers={
            **SECURITY_HEADERS, "Content-Type": "text/event-stream", "Cache-Control": "no-store",
        })  # fmt: skip
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        try:
            with self._view.hub.reader() as queue:
                await response.write(b"retry: 2000\n" + encode("hello", {}))
                await self._pump(queue, response)
        except ConnectionError:
            pass
        finally:
            self._streams.discard(task)
        return response

    async def _pump(self, queue: asyncio.Queue[bytes], response: web.StreamResponse) -> None:
        while True:
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    message = await queue.get()
            except TimeoutError:
                message = b": still here\n\n"
            await response.write(message)


def _node(reference: Reference, path: str, above: str, values: dict[int, Any]) -> dict[str, Any]:
    """Describe a resource; when its parent may not be seen by us, its name tells the way from the one above."""
    name = path.removeprefix(above).strip("/") or reference.name
    node: dict[str, Any] = {"name": name, "type": reference.type, "path": path}
    if (latest := values.get(id(reference))) is not None:
        node["latest"] = latest
    children = sorted(reference.children, key=lambda child: child.address)
    node["children"] = [_node(child, child.address.partition("/")[2], path, values) for child in children]
    return node


def _file(request: web.Request, asset: Asset) -> web.Response:
    headers = {**SECURITY_HEADERS, "ETag": asset.tag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == asset.tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=asset.body, content_type=asset.content_type, charset="utf-8", headers=headers)


def _json(data: Any) -> web.Response:
    return web.json_response(data, headers={**SECURITY_HEADERS, "Cache-Control": "no-store"})


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text}, status=status, headers={**SECURITY_HEADERS, **(headers or {})})
