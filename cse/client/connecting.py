"""From a URL to a client: the scheme picks the binding."""

from __future__ import annotations

import importlib
from typing import Any, cast
from urllib.parse import urlsplit

from cse.client.api import Client
from cse.client.own_connection import ConnectionReceiver
from cse.client.receiver import Receiver
from cse.client.transport import Transport, TwoWay
from cse.codecs import target_codec
from cse.codecs.offered import codecs_of
from resources.errors import OriginatorError
from resources.registry import Registry

#: URL scheme -> module and class of its transport; imported when needed, so that no binding is imported here.
TRANSPORTS = {
    "http": ("bindings.http.client", "HttpTransport"),
    "https": ("bindings.http.client", "HttpTransport"),
    "coap": ("bindings.coap.client", "CoapTransport"),
    "coap+tcp": ("bindings.coap.client", "CoapTransport"),
    "coaps": ("bindings.coap.client", "CoapTransport"),
    "coaps+tcp": ("bindings.coap.client", "CoapTransport"),
    "ws": ("bindings.websocket.client", "WebSocketTransport"),
    "mqtt": ("bindings.mqtt.client", "MqttTransport"),
    "mqtts": ("bindings.mqtt.client", "MqttTransport"),
    "wss": ("bindings.websocket.client", "WebSocketTransport"),
}


#: The option of a transport that picks the serialisation, where its URL does not, and how it is written.
_SERIALISATION = {"ws": ("subprotocol", "oneM2M.{}"), "wss": ("subprotocol", "oneM2M.{}"),
                  "mqtt": ("serialisation", "{}"), "mqtts": ("serialisation", "{}")}


async def connect(
    url: str,
    originator: str = "",
    *,
    receiver: Receiver | None = None,
    release_version: str = "3",
    timeout_s: float = 10.0,
    retries: int = 0,
    mode: str = "blocking",
    **transport_options: Any,
) -> Client:
    """Return a client of the CSE at ``url``; nothing is sent yet.

    Over ``ws`` notifications come over the same connection, unless there is a ``receiver``.
    ``transport_options`` go to the transport of the binding. Raises ValueError for a URL or scheme that is not known.
    """
    transport = open_transport(url, **transport_options)
    receiver = receiver or receiver_of(transport)
    return Client(
        transport, originator, receiver=receiver, release_version=release_version, timeout_s=timeout_s,
        retries=retries, mode=mode,
    )  # fmt: skip


def receiver_of(transport: Transport) -> Receiver | None:
    """The receiver of a transport over which a CSE asks too; None for other transports."""
    return ConnectionReceiver(cast(TwoWay, transport)) if hasattr(transport, "listen") else None


def open_transport(url: str, **options: Any) -> Transport:
    """Make the transport for a URL; ``ct`` in its query picks the serialisation, as in ``?ct=cbor``."""
    parts = urlsplit(url)
    if parts.scheme not in TRANSPORTS or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a CSE; expected for example http://127.0.0.1:8080 "
                         f"(schemes: {', '.join(TRANSPORTS)})")  # fmt: skip
    if "ct=" in parts.query:
        url = _with_serialisation(url, parts.scheme, options)
    module, name = TRANSPORTS[parts.scheme]
    transport: Transport = getattr(importlib.import_module(module), name)(url, **options)
    return transport


def _with_serialisation(url: str, scheme: str, options: dict[str, Any]) -> str:
    """Put the serialisations into the options of a transport; return the URL as the transport expects it."""
    codecs = options.setdefault("codecs", codecs_of(("cbor", "xml"), Registry.default()))
    try:
        address, codec = target_codec(url, codecs)
    except OriginatorError as error:
        raise ValueError(f"{url!r}: {error.message}") from None
    if scheme not in _SERIALISATION:
        return url
    option, form = _SERIALISATION[scheme]
    options.setdefault(option, form.format(codec.name))
    return address
