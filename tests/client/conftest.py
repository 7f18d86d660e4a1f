"""A whole CSE in memory on a free port, and clients of it over every transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from cse.app import Node
from cse.client import Client, DirectTransport, Receiver, connect, listen
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from tests.bindings.mqtt.mosquitto import Mosquitto

ADMINISTRATOR = "CAdmin"


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    node = Node(
        Settings(
            cse=CseSettings(administrators=[ADMINISTRATOR], max_results=50),
            store=StoreSettings(kind="memory"),
            http=HttpSettings(port=0),
        )
    )
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = await listen()
    yield receiver
    await receiver.close()


@pytest.fixture(params=["direct", "http"])
async def client(request: pytest.FixtureRequest, node: Node, receiver: Receiver) -> AsyncIterator[Client]:
    """An unregistered client, in the same process and over HTTP."""
    if request.param == "http":
        client = await connect(node.url, receiver=receiver)
    else:
        client = Client(DirectTransport(node.cse.handle), receiver=receiver)
    yield client
    await client.close()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    mosquitto = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()
