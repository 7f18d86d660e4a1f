"""Requests that an AE sends again because it got no answer are done once, over another connection and a restart too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bindings.websocket.client import WebSocketTransport
from cse.app import running
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import StoreSettings, WebSocketSettings
from resources.status import Status
from tests.bindings.small_cse import SmallCse
from tests.bindings.websocket.served import ADMIN, served, url_of, whole, whole_cse

TIMEOUT_S = 5.0


def creation(to: str, kind: int, rqi: str, content: dict[str, Any], originator: str = ADMIN) -> RequestPrimitive:
    return RequestPrimitive(Operation.CREATE, to, originator, rqi, "3", resource_type=kind, content=content)


INSTANCE = creation("cse/c", 4, "again", {"m2m:cin": {"con": "1"}})
CONTAINER = creation("cse", 3, "first", {"m2m:cnt": {"rn": "c"}})


async def ask(url: str, *requests: RequestPrimitive) -> list[ResponsePrimitive]:
    """Ask over a connection of its own."""
    transport = WebSocketTransport(url)
    answers = [await transport.send(replace(one), timeout_s=TIMEOUT_S) for one in requests]
    await transport.close()
    return answers


async def instances(url: str) -> int:
    look = RequestPrimitive(Operation.RETRIEVE, "cse/c", ADMIN, "look", "3")
    [answer] = await ask(url, look)
    assert answer.content is not None
    count: int = answer.content["m2m:cnt"]["cni"]
    return count


async def test_a_request_that_comes_over_another_connection_is_done_once() -> None:
    async with whole_cse() as node:
        url = url_of(node)
        await ask(url, CONTAINER)
        [one] = await ask(url, INSTANCE)
        [other] = await ask(url, INSTANCE)
        assert one.status == Status.CREATED
        assert other == one
        assert await instances(url) == 1


async def test_a_request_that_comes_after_a_restart_is_done_once(tmp_path: Path) -> None:
    settings = whole(StoreSettings(path=str(tmp_path / "banyan.db")))
    async with running(settings) as [node]:
        await ask(url_of(node), CONTAINER)
        [one] = await ask(url_of(node), INSTANCE)
    async with running(settings) as [node]:
        [other] = await ask(url_of(node), INSTANCE)
        assert other == one
        assert await instances(url_of(node)) == 1


@pytest.mark.parametrize(
    "changed",
    [{"request_id": "other"}, {"content": {"m2m:cin": {"con": "2"}}}, {"result_content": 0}],
    ids=["identifier", "content", "parameters"],
)
async def test_another_request_is_done(changed: dict[str, Any]) -> None:
    async with whole_cse() as node:
        url = url_of(node)
        await ask(url, CONTAINER, INSTANCE, replace(INSTANCE, **changed))
        assert await instances(url) == 2


async def test_whoever_has_no_name_yet_is_not_taken_for_another() -> None:
    registration = creation("cse", 2, "1", {"m2m:ae": {"api": "N1", "rr": False, "srv": ["3"]}}, "C")
    async with whole_cse() as node:
        [one] = await ask(url_of(node), registration)
        [other] = await ask(url_of(node), registration)
        assert one.content is not None
        assert other.content is not None
        assert one.content["m2m:ae"]["aei"] != other.content["m2m:ae"]["aei"]


async def test_a_request_that_comes_again_while_it_is_worked_on_waits() -> None:
    cse = SmallCse()
    cse.pause_s = 0.2
    most = 0
    under_way = 0

    async def handle(request: RequestPrimitive) -> ResponsePrimitive:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        response = await cse.handle(request)
        under_way -= 1
        return response

    update = RequestPrimitive(Operation.UPDATE, "cse", ADMIN, "u", "3", content={"m2m:cb": {"lbl": ["a"]}})
    async with served(handle, WebSocketSettings(port=0)) as url:
        one, other = await asyncio.gather(ask(url, update), ask(url, update))
    assert one == other
    assert most == 1
    assert len({request.repetition for request in cse.seen}) == 1
    assert cse.seen[0].repetition is not None
