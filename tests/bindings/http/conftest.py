"""A CSE behind HTTP with small limits; a whole CSE takes its place by overriding ``hostile_target``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from bindings.http.server import HttpServer
from cse.settings import HttpSettings, JsonSettings
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


@pytest.fixture
async def hostile_target() -> AsyncIterator[Target]:
    """Serve a CSE over HTTP with the limits above."""
    server = HttpServer(SmallCse().handle, SMALL_HTTP, SMALL_JSON, attributes={"rn": None, "mni": None})
    parts = urlsplit(await server.start())
    assert parts.hostname
    assert parts.port
    yield Target(parts.hostname, parts.port)
    await server.stop()
