"""The receiving side of an AE over CoAP: what a callback returns, over UDP and TCP."""

from __future__ import annotations

import pytest

from bindings.coap.client import CoapClient
from bindings.coap.receiver import NotificationServer
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import CoapSettings
from resources.status import Status

NOTIFY = RequestPrimitive(Operation.NOTIFY, "", "/banyan", "n1", "3", content={"m2m:sgn": {"sur": "cse/s"}})
REFUSED = ResponsePrimitive(Status.NOT_FOUND, "n1", {"m2m:dbg": "nobody"}, "3")


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
@pytest.mark.parametrize("said", [None, REFUSED], ids=["nothing", "an error"])
async def test_a_callback_answers(said: ResponsePrimitive | None, *, tcp: bool) -> None:
    heard: list[RequestPrimitive] = []

    async def callback(request: RequestPrimitive) -> ResponsePrimitive | None:
        heard.append(request)
        return said

    server, client = NotificationServer("127.0.0.1", 0, callback, CoapSettings(tcp=tcp)), CoapClient()
    url = await server.start()
    try:
        answer = await client.send(f"{url}/here", NOTIFY, timeout_s=5)
    finally:
        await client.close()
        await server.stop()
    assert url.startswith("coap+tcp://" if tcp else "coap://")
    assert answer == (said or ResponsePrimitive(Status.OK, "n1", release_version="3"))
    assert [(each.to, each.content) for each in heard] == [("here", NOTIFY.content)]


async def test_no_address_is_served_without_dtls_that_others_reach() -> None:
    async def callback(_: RequestPrimitive) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="beyond this machine"):
        NotificationServer("0.0.0.0", 0, callback)
