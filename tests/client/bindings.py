"""One CSE that is served over every binding, and how a client asks it and is told over each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cse.app import Node
from cse.client import Client, Receiver, connect, listen
from cse.settings import (
    CoapSettings,
    CseSettings,
    HttpSettings,
    MqttSettings,
    Settings,
    StoreSettings,
    WebSocketSettings,
)

ADMINISTRATOR = "CAdmin"
#: Binding -> scheme of the receiver; None: notifications come over the connection of the client.
TOLD_OVER = {"http": "http", "coap": "coap", "coap+tcp": "coap+tcp", "ws": None, "mqtt": None}
SERIALISATIONS = ("json", "cbor", "xml")
PAIRS = [(scheme, ct) for scheme in TOLD_OVER for ct in SERIALISATIONS]


def settings(broker: str = "", store: StoreSettings | None = None) -> Settings:
    """All bindings on free ports; MQTT where there is a broker."""
    return Settings(
        cse=CseSettings(administrators=[ADMINISTRATOR]),
        store=store or StoreSettings(kind="memory"),
        http=HttpSettings(port=0),
        websocket=WebSocketSettings(enabled=True, port=0),
        coap=CoapSettings(enabled=True, port=0, tcp=True),
        mqtt=MqttSettings(enabled=bool(broker), url=broker or "mqtt://127.0.0.1:1883"),
    )


def address_of(node: Node, scheme: str, ct: str = "") -> str:
    """Where a CSE is over a binding; ``ct`` picks the serialisation."""
    url = next(one for one in node.urls if one.startswith(f"{scheme}://"))
    query = [f"cse={node.settings.cse.cse_id}"] if scheme == "mqtt" else []
    query += [f"ct={ct}"] if ct else []
    return f"{url}?{'&'.join(query)}" if query else url


@dataclass(frozen=True, slots=True)
class Party:
    """An AE: ``client`` asks, ``receiver`` is what was started for it to be told."""

    client: Client
    receiver: Receiver | None


@asynccontextmanager
async def party(node: Node, scheme: str, ct: str = "", originator: str = "", *, polls: bool = False,
                mode: str = "blocking") -> AsyncIterator[Party]:
    """An AE over one binding; one that ``polls`` has nothing else to be told by."""
    told_over = None if polls else TOLD_OVER[scheme]
    receiver = await listen(scheme=told_over, ct=ct) if told_over else None
    client = await connect(address_of(node, scheme, ct), originator, receiver=receiver, mode=mode)
    try:
        yield Party(client, receiver)
    finally:
        await client.close()
        if receiver is not None:
            await receiver.close()
