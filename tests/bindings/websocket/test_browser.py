"""A page in a real browser (Debian's Chromium) as an AE: requests and notifications over its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.bindings.websocket.served import url_of, whole_cse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

#: Registers, subscribes, creates, and gives what it was told.
SCRIPT = """async (url) => {
  const socket = new WebSocket(url, ["oneM2M.yaml", "oneM2M.json"]);
  const waiting = new Map(), told = [];
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject("refused"); });
  let number = 0;
  const ask = (members) => new Promise((resolve) => {
    const rqi = "r" + ++number;
    waiting.set(rqi, resolve);
    socket.send(JSON.stringify({fr: "Cpage", rqi, rvi: "3", ...members}));
  });
  const heard = new Promise((resolve) => {
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if ("rsc" in message) return waiting.get(message.rqi)(message);
      socket.send(JSON.stringify({rsc: 2000, rqi: message.rqi, rvi: "3"}));
      const event_ = message.pc["m2m:sgn"].nev;
      if (event_) resolve(event_.rep["m2m:cin"].con);
    };
  });
  const codes = [];
  for (const members of [
    {op: 1, to: "cse", ty: 2, pc: {"m2m:ae": {rn: "page", api: "N1", rr: true, srv: ["3"]}}},
    {op: 1, to: "cse/page", ty: 3, pc: {"m2m:cnt": {rn: "c"}}},
    {op: 1, to: "cse/page/c", ty: 23, pc: {"m2m:sub": {rn: "s", nu: ["Cpage"], nct: 1, enc: {net: [3]}}}},
    {op: 1, to: "cse/page/c", ty: 4, pc: {"m2m:cin": {con: "전력 21.5"}}},
  ]) codes.push((await ask(members)).rsc);
  const content = await heard;
  const closed = new Promise((resolve) => { socket.onclose = (event) => resolve(event.code); });
  socket.close(1000);
  return {protocol: socket.protocol, codes, content, closed: await closed};
}"""


PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<!doctype html>"


@contextlib.asynccontextmanager
async def site() -> AsyncIterator[str]:
    """An empty page of an origin of its own on this machine: pages from elsewhere may not reach a loopback address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PAGE)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def run(url: str, origin: str) -> Any:
    """Run the script in a page of an origin."""
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = await browser.new_page()
            await page.goto(f"{origin}/")
            return await page.evaluate(SCRIPT, url)
        finally:
            await browser.close()


async def test_a_page_asks_and_is_told() -> None:
    async with site() as origin, whole_cse(origins=[origin]) as node:
        found = await run(url_of(node), origin)
    assert found == {
        "protocol": "oneM2M.json", "codes": [2001, 2001, 2001, 2001], "content": "전력 21.5", "closed": 1000,
    }  # fmt: skip


async def test_a_page_of_another_origin_is_refused() -> None:
    async with site() as origin, site() as stranger, whole_cse(origins=[origin]) as node:
        with pytest.raises(api.Error, match="refused"):
            await run(url_of(node), stranger)
