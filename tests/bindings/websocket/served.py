"""WebSocket servers for tests: the binding alone and a whole CSE."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from bindings.websocket.server import WebSocketServer
from cse.app import Node, running
from cse.client.transport import Handler
from cse.codecs import JSON_ONLY, Codecs
from cse.connections import OpenConnections
from cse.settings import CseSettings, HttpSettings, JsonSettings, Settings, StoreSettings, WebSocketSettings
from cse.tree import Tree
from tests.bindings.small_cse import IDENTITY

ADMIN = "CAdmin"


@contextlib.asynccontextmanager
async def served(
    handler: Handler,
    settings: WebSocketSettings | None = None,
    json: JsonSettings | None = None,
    codecs: Codecs = JSON_ONLY,
) -> AsyncIterator[str]:
    """Serve a handler; gives the URL."""
    server = WebSocketServer(handler, settings or WebSocketSettings(port=0), json or JsonSettings(),
                             OpenConnections(Tree(IDENTITY)), codecs=codecs)  # fmt: skip
    yield await server.start()
    await server.stop()


def whole(store: StoreSettings | None = None, **websocket: object) -> Settings:
    """Settings of a whole CSE on free ports."""
    given: dict[str, object] = {"enabled": True, "port": 0, **websocket}
    return Settings(
        cse=CseSettings(administrators=[ADMIN]),
        store=store or StoreSettings(kind="memory"),
        http=HttpSettings(enabled=False),
        websocket=WebSocketSettings(**given),  # type: ignore[arg-type]
    )


@contextlib.asynccontextmanager
async def whole_cse(**websocket: object) -> AsyncIterator[Node]:
    """Serve a whole CSE that keeps its tree in memory."""
    async with running(whole(**websocket)) as [node]:  # type: ignore[arg-type]
        yield node


def url_of(node: Node) -> str:
    """Where its WebSocket is."""
    return next(url for url in node.urls if url.startswith("ws"))
