"""libcoap, a peer that is not ours: it asks a whole CSE, and is notified by one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from bindings.coap.client import CoapClient
from cse.app import running
from cse.primitive import Operation, RequestPrimitive
from cse.settings import CoapSettings, CseSettings, HttpSettings, Settings, StoreSettings
from resources.status import Status

ROOT = Path(__file__).parents[3]
SETTINGS = Settings(
    cse=CseSettings(administrators=["CAdmin"]),
    store=StoreSettings(kind="memory"),
    http=HttpSettings(enabled=False),
    coap=CoapSettings(enabled=True, port=0, tcp=True, old_options=True),
)
GET, POST, PUT, DELETE = 1, 2, 3, 4
CREATED, DELETED, CHANGED, CONTENT = 65, 66, 68, 69
LARGE = "x" * 5000

pytestmark = pytest.mark.skipif(
    not shutil.which("coap-client-notls") and not os.environ.get("CI"), reason="needs Debian's libcoap3-bin"
)


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bindings.coap.libcoap", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def ask(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have libcoap send requests one after the other and return what it was answered."""
    process = await start("ask", json.dumps(requests))
    output, _ = await process.communicate()
    assert process.returncode == 0
    answers: list[dict[str, Any]] = json.loads(output)
    return answers


def request(
    port: int, code: int, path: str, identifier: str, *options: tuple[int, bytes], content: object = None, kind: int = 0
) -> dict[str, Any]:
    declared = [(12, b"\x32")] if content is not None else []
    segments = [(11, segment.encode()) for segment in path.split("/")]
    given = sorted(
        [*segments, *declared, *options, (279, b"CAdmin"), (283, identifier.encode())], key=lambda each: each[0]
    )
    return {
        "port": port, "code": code, "type": kind, "options": [(number, value.hex()) for number, value in given],
        "payload": "" if content is None else json.dumps(content),
    }  # fmt: skip


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
async def test_another_make_of_client_creates_reads_changes_and_deletes(tcp: bool) -> None:
    async with running(SETTINGS) as [node]:
        port = int(node.urls[0].rpartition(":")[2])
        container, instance = {"m2m:cnt": {"rn": "c1"}}, {"m2m:cin": {"con": LARGE}}
        answers = await ask([{**asked, "tcp": tcp} for asked in (
            request(port, GET, "cse", "r0", (15, b"atrl=rn")),
            request(port, POST, "cse", "r1", (267, b"\x03"), content=container),
            request(port, POST, "cse/c1", "r2", (267, b"\x04"), content=instance),
            request(port, GET, "~/banyan/cse/c1/la", "r3"),
            request(port, GET, "cse/c1", "r4", kind=1),
            request(port, PUT, "cse/c1", "r5", content={"m2m:cnt": {"lbl": ["a"]}}),
            request(port, POST, "cse/c1", "r6", (15, b"op=4")),
            request(port, GET, "cse/c1", "r7"),
        )])  # fmt: skip
    statuses = [(each["code"], int(each["options"]["307"], 16)) for each in answers]
    assert statuses == [
        (CONTENT, 2000), (CREATED, 2001), (CREATED, 2001), (CONTENT, 2000), (CONTENT, 2000), (CHANGED, 2004),
        (DELETED, 2002), (132, 4004),
    ]  # fmt: skip
    assert [bytes.fromhex(each["options"]["283"]).decode() for each in answers] == [f"r{each}" for each in range(8)]
    assert json.loads(answers[0]["payload"]) == {"m2m:cb": {"rn": "cse"}}
    assert json.loads(answers[2]["payload"])["m2m:cin"]["con"] == LARGE
    assert json.loads(answers[3]["payload"])["m2m:cin"]["con"] == LARGE
    assert "8" in answers[1]["options"]


async def test_another_make_of_server_is_notified() -> None:
    server = await start("serve", json.dumps({"count": 4}))
    assert server.stdout is not None
    port = int(await server.stdout.readline())
    async with running(SETTINGS) as [node]:
        client = CoapClient()

        async def create(to: str, kind: int, content: dict[str, object]) -> None:
            primitive = RequestPrimitive(Operation.CREATE, to, "CAdmin", "", "3", resource_type=kind, content=content)
            assert (await client.send(node.urls[0], primitive, timeout_s=5)).status is Status.CREATED

        await create("cse", 3, {"m2m:cnt": {"rn": "c"}})
        target = f"coap://127.0.0.1:{port}/told"
        await create("cse/c", 23, {"m2m:sub": {"rn": "s", "nu": [target], "enc": {"net": [3]}}})
        for value in ("1", LARGE, "3"):
            await create("cse/c", 4, {"m2m:cin": {"con": value}})
        output = await asyncio.wait_for(server.stdout.read(), 20)
        await client.close()
    assert await server.wait() == 0
    told = [json.loads(line) for line in output.splitlines()]
    notifications = [json.loads(each["payload"])["m2m:sgn"] for each in told]
    assert notifications[0]["vrq"] is True
    assert [each["nev"]["rep"]["m2m:cin"]["con"] for each in notifications[1:]] == ["1", LARGE, "3"]
    assert len({each["options"]["257"] for each in told}) == 4
    assert {bytes.fromhex(each["options"]["11"]).decode() for each in told} == {"told"}
