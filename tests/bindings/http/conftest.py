"""A CSE behind HTTP with small limits: the binding alone and the whole."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from bindings.http.server import HttpServer
from cse.app import running
from cse.settings import CseSettings, HttpSettings, JsonSettings, Settings, StoreSettings
from tests.bindings.small_cse import SmallCse

SMALL_HTTP = HttpSettings(
    port=0,
    header_timeout_s=0.15,
    body_timeout_s=0.15,
    idle_timeout_s=0.3,
    max_body_bytes=8192,
    max_header_bytes=2048,
    max_connections=20,
)
SMALL_JSON = JsonSettings(max_depth=16, max_members=300)


@dataclass(frozen=True, slots=True)
class Target:
    """Where hostile input goes: the CSEBase is ``cse``, ``CAdmin`` may do everything."""

    host: str
    port: int


@contextlib.asynccontextmanager
async def small_cse() -> AsyncIterator[str]:
    """Serve the handler that only has a CSEBase."""
    server = HttpServer(SmallCse().handle, SMALL_HTTP, SMALL_JSON, attributes={"rn": None, "mni": None})
    yield await server.start()
    await server.stop()


@contextlib.asynccontextmanager
async def whole_cse() -> AsyncIterator[str]:
    """Serve a whole CSE that keeps its tree in memory."""
    settings = Settings(
        cse=CseSettings(administrators=["CAdmin"]),
        store=StoreSettings(kind="memory"),
        http=SMALL_HTTP,
        json=SMALL_JSON,
    )
    async with running(settings) as [node]:
        yield node.url


@pytest.fixture(params=[small_cse, whole_cse], ids=["small", "whole"])
async def hostile_target(request: pytest.FixtureRequest) -> AsyncIterator[Target]:
    """Serve a CSE over HTTP with the limits above."""
    async with request.param() as url:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        yield Target(parts.hostname, parts.port)
