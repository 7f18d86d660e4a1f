"""Non-blocking requests through the client: submitted, fetched, all of a client's requests."""

from __future__ import annotations

import pytest

from cse.app import Node
from cse.client import (
    Client,
    DirectTransport,
    Operation,
    RequestFailed,
    RequestPrimitive,
    Status,
    Unreachable,
    connect,
)


def create(name: str, **more: str) -> RequestPrimitive:
    content = {"m2m:cnt": {"rn": name}}
    return RequestPrimitive(Operation.CREATE, "cse", resource_type=3, content=content, **more)  # type: ignore[arg-type]


async def test_rtp_3_a_request_is_submitted_and_its_outcome_waited_for(client: Client) -> None:
    client.originator = "CAdmin"
    address = await client.submit(create("c", operation_execution="200"))
    assert address.startswith("/banyan/cse/req-")
    with pytest.raises(RequestFailed):
        await client.retrieve("cse/c")
    response = await client.outcome(address)
    assert response.status is Status.CREATED
    assert response.content is not None
    assert response.content["m2m:cnt"] == await client.retrieve("cse/c")


async def test_rtp_3_the_outcome_of_what_fails_is_its_error(client: Client) -> None:
    client.originator = "CAdmin"
    address = await client.submit(RequestPrimitive(Operation.RETRIEVE, "cse/nothing"))
    assert (await client.outcome(address)).status is Status.NOT_FOUND
    assert (await client.outcome("cse/no-request")).status is Status.NOT_FOUND


async def test_rtp_3_an_outcome_that_is_not_there_yet_can_be_asked_for_again(client: Client) -> None:
    client.originator = "CAdmin"
    address = await client.submit(create("c", operation_execution="600"))
    with pytest.raises(Unreachable):
        await client.outcome(address, limit_s=0.1)
    assert (await client.outcome(address)).status is Status.CREATED


@pytest.mark.parametrize("over", ["http", "direct"])
async def test_rtp_1_everything_a_client_does_can_be_non_blocking(node: Node, over: str) -> None:
    if over == "http":
        client = await connect(node.url, mode="non-blocking")
    else:
        client = Client(DirectTransport(node.cse.handle), mode="non-blocking")
    await client.register("Nmeter", "meter")
    await client.create("cse/meter", "cnt", {"rn": "power"})
    await client.create("cse/meter/power", "cin", {"con": 1})
    assert (await client.latest("cse/meter/power") or {})["con"] == 1
    assert (await client.update("cse/meter/power", "cnt", {"lbl": ["x"]}))["lbl"] == ["x"]
    assert await client.discover("cse", ty="cnt") == ["cse/meter/power"]
    with pytest.raises(RequestFailed) as failure:
        await client.retrieve("cse/nothing")
    assert failure.value.status is Status.NOT_FOUND
    await client.delete("cse/meter/power")
    administrator = Client(DirectTransport(node.cse.handle), "CAdmin")
    assert await administrator.discover("cse", ty="req") == []
    await client.close()


async def test_rtp_1_a_blocking_client_may_ask_for_one_request(client: Client) -> None:
    client.originator = "CAdmin"
    response = await client.request(RequestPrimitive(Operation.RETRIEVE, "cse", response_type=1))
    assert response.status is Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
