"""The limits: what the library of each binding does with the same messages when there is no CSE behind it.

``python -m bench.echo BINDING PORT PAGE`` answers on PORT (over the broker there for MQTT) and shows on the port PAGE
that it is there. CoAP: a resource of aiocoap with the answer, byte for byte, that the CSE gave; MQTT and WebSocket: the
message comes back.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiocoap
import aiocoap.resource
import gmqtt
import uvloop
from aiocoap.numbers.codes import Code
from aiocoap.numbers.optionnumbers import OptionNumber
from aiohttp import WSMsgType, web

HOST = "127.0.0.1"
PATHS = (("cse", "w1"), ("cse", "w1", "la"))


class Answering(aiocoap.resource.Resource):  # type: ignore[misc]
    """Answers each method with a message that is made once: by code, its own code, options and payload."""

    def __init__(self, answers: dict[int, tuple[int, list[tuple[int, str]], str]]) -> None:
        super().__init__()
        self._answers = answers

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        """Answer."""
        return self._answer(request)

    async def render_post(self, request: aiocoap.Message) -> aiocoap.Message:
        """Answer."""
        return self._answer(request)

    def _answer(self, request: aiocoap.Message) -> aiocoap.Message:
        code, options, payload = self._answers[int(request.code)]
        answer = aiocoap.Message(code=Code(code), payload=base64.b64decode(payload))
        for number, value in options:
            answer.opt.add_option(OptionNumber(number).create_option(decode=base64.b64decode(value)))
        return answer


async def coap(port: int, answers: dict[str, Any], *, transport: str = "udp6") -> None:
    """Serve with aiocoap."""
    site = aiocoap.resource.Site()
    resource = Answering({int(code): answer for code, answer in answers.items()})
    for path in PATHS:
        site.add_resource(path, resource)
    await aiocoap.Context.create_server_context(site, bind=(HOST, port), transports=[transport])


async def coap_tcp(port: int, answers: dict[str, Any]) -> None:
    """Serve with aiocoap over TCP."""
    await coap(port, answers, transport="tcpserver")


async def mqtt(port: int, _answers: dict[str, Any]) -> None:
    """Answer with gmqtt over the broker: from the topic of a request to that of its answer."""
    client = gmqtt.Client("echo")

    async def message(_client: Any, topic: str, payload: bytes, _qos: int, _properties: Any) -> int:
        client.publish(topic.replace("/req/", "/resp/", 1), payload, qos=1)
        return 0

    client.on_message = message
    await client.connect(HOST, port, version=4)
    client.subscribe("/oneM2M/req/+/echo_/#", qos=1)


async def websocket(port: int, _answers: dict[str, Any]) -> None:
    """Serve with aiohttp."""

    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("oneM2M.json",), compress=False, decode_text=False)
        await socket.prepare(request)
        async for message in socket:
            await socket.send_frame(message.data, WSMsgType.TEXT)
        return socket

    await _serve(echo, port)


async def _serve(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], port: int) -> None:
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()


async def _page(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response()


ECHOES = {"coap": coap, "coap+tcp": coap_tcp, "mqtt": mqtt, "ws": websocket}


async def run(binding: str, port: int, page: int) -> None:
    """Answer until the process is ended."""
    await ECHOES[binding](port, json.load(sys.stdin))
    await _serve(_page, page)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
