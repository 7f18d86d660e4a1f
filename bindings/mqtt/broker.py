"""A kept connection to one broker: the only place of gmqtt.

gmqtt's own reconnecting is not used: it sends again without knowing what a broker has forgotten, has no back-off and no
time-out for a broker that says nothing. A client of it is made for each connection and dropped with it, so that nothing
of one connection, an acknowledgement least of all, comes to the next.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import ssl
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gmqtt
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTError

from bindings.mqtt.mapping import Address
from cse.client.transport import Unreachable

_log = logging.getLogger(__name__)

VERSIONS = {"3.1.1": MQTTv311, "5": MQTTv50}
_QOS = 1
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
#: A connection that held this long was a good one: the next pause is the first again.
_STABLE_S = 5.0
_CONNECT_S = 5.0
_REASON_S = 0.05
#: More than zero retries would have gmqtt connect again by itself, and -1 without end.
_NEVER = -2
#: What may be under way unacknowledged to a broker that sets no limit of its own.
_WINDOW = 1000
#: A session that outlives its connection for as long as the broker likes (MQTT 5).
_NO_EXPIRY = 0xFFFFFFFF

Arrival = Callable[[str, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Options:
    """How to be a client of a broker. ``keeps``: the session outlives the connection (clean session false)."""

    client_id: str
    keeps: bool = True
    version: str = "3.1.1"
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    keep_alive_s: int = 30
    max_payload_bytes: int = 1_048_576
    max_queued: int = 10_000


@dataclass(slots=True, eq=False)
class Publication:
    """What is to reach the broker; it is kept until the broker has acknowledged it."""

    topic: str
    payload: bytes
    acknowledged: asyncio.Future[None]


class Broker:
    """One broker. ``arrived`` gets each message; the broker is told of its receipt when ``arrived`` has returned.

    ``back`` is called after each connection but the first.
    """

    def __init__(self, address: Address, options: Options, arrived: Arrival, back: Callable[[], None]) -> None:
        self.address = address
        self._options = options
        self._arrived = arrived
        self._back = back
        self._filters: dict[str, None] = {}
        self._kept: OrderedDict[int, Publication] = OrderedDict()
        self._unsent: deque[Publication] = deque()
        self._window = _WINDOW
        self._under_way = 0
        self._client: gmqtt.Client | None = None
        self._latest: gmqtt.Client | None = None
        self._acknowledgements = Acknowledgements(self._was_acknowledged)
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._tried = asyncio.Event()
        self._reason = "no connection yet"
        self._keeper: asyncio.Task[None] | None = None
        self._connections = 0
        self._closed = False

    @property
    def connected(self) -> bool:
        """True while the broker takes messages."""
        return self._connected.is_set()

    async def start(self, timeout_s: float) -> str:
        """Begin to keep a connection and wait for the first try. It is tried for on.

        Returns why there never was a connection, '' when there was one.
        """
        if self._keeper is None and not self._closed:
            logging.getLogger("gmqtt").setLevel(logging.CRITICAL)  # see _Quiet; not all of it takes a logger
            self._keeper = asyncio.get_running_loop().create_task(self._keep())
        if not self._tried.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._tried.wait()
        return "" if self._connections else self._reason

    async def close(self) -> None:
        """Wait a moment for what was not yet acknowledged, and disconnect; a kept session stays with the broker."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_S if self.connected else 0):
                await asyncio.gather(*(asyncio.shield(one.acknowledged) for one in self._kept.values()),
                                     return_exceptions=True)  # fmt: skip
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        for publication in self._kept.values():
            if not publication.acknowledged.done():
                publication.acknowledged.set_exception(Unreachable("the client is closed"))
                publication.acknowledged.exception()  # nobody has to look
        self._kept.clear()
        self._unsent.clear()

    def subscribe(self, *filters: str) -> None:
        """Have messages of these topics; asked for again on each connection."""
        new = [one for one in filters if one not in self._filters]
        self._filters |= dict.fromkeys(new)
        if new and self._client is not None and self.connected:
            self._client.subscribe([gmqtt.Subscription(one, qos=_QOS) for one in new])

    def publish(self, topic: str, payload: bytes) -> Publication:
        """Send a message, at once or on the next connection; raises Unreachable when too many wait already."""
        if self._closed:
            raise Unreachable("the client is closed")
        if len(self._kept) >= self._options.max_queued:
            raise Unreachable(f"{self._options.max_queued} messages wait already for {self.address}")
        publication = Publication(topic, payload, asyncio.get_running_loop().create_future())
        self._kept[id(publication)] = publication
        self._unsent.append(publication)
        self._pump()
        return publication

    def forget(self, publication: Publication) -> None:
        """Send it no more, if it was not sent yet."""
        if self._kept.pop(id(publication), None) is not None:
            publication.acknowledged.cancel()
            with suppress(ValueError):
                self._unsent.remove(publication)

    def _pump(self) -> None:
        client = self._client
        while self._unsent and client is not None and self.connected and self._under_way < self._window:
            publication = self._unsent.popleft()
            self._under_way += 1
            self._acknowledgements.current = publication
            client.publish(publication.topic, publication.payload, qos=_QOS)

    def _was_acknowledged(self, publication: Publication) -> None:
        self._under_way -= 1
        self._kept.pop(id(publication), None)
        if not publication.acknowledged.done():
            publication.acknowledged.set_result(None)
        self._pump()

    async def _keep(self) -> None:
        pause_s, clock, before = _FIRST_PAUSE_S, asyncio.get_running_loop().time, ""
        while True:
            began = clock()
            self._reason = reason = await self._one_connection()
            self._tried.set()
            if clock() - began >= _STABLE_S:
                pause_s = _FIRST_PAUSE_S
            _log.log(logging.DEBUG if reason == before else logging.WARNING, "%s: %s; it is tried again", self.address,
                     reason)  # fmt: skip
            before = reason
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, keeps no secret
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _one_connection(self) -> str:
        """Connect and wait for the end; returns why there is no connection, or no more."""
        self._lost.clear()
        client = self._made()
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._established(client)
            await self._lost.wait()
        except TimeoutError:
            return "the broker does not answer"
        except (OSError, MQTTError) as error:
            known = isinstance(error, OSError) and (error.errno or 0) > 0 and not isinstance(error, ssl.SSLError)
            return os.strerror(error.errno or 0) if known else str(error) or type(error).__name__
        except Exception as error:  # noqa: BLE001 - whatever a broker makes the library do, it is tried again
            _log.debug("%s", self.address, exc_info=error)
            return f"{type(error).__name__}: {error}"
        finally:
            self._connected.clear()
            self._client = None
            with suppress(Exception):
                async with asyncio.timeout(1.0):
                    await client.disconnect()
        return "the connection was lost"

    async def _established(self, client: gmqtt.Client) -> None:
        """Wait for a connection or its end, as gmqtt would wait on for a broker that has hung up."""
        options = self._options
        connecting = asyncio.ensure_future(client.connect(
            self.address.host, self.address.port, ssl=options.tls or False, keepalive=options.keep_alive_s,
            version=VERSIONS[options.version],
        ))  # fmt: skip
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({connecting, lost}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({connecting}, timeout=_REASON_S)  # a refusal says why before it hangs up
            if connecting.done():
                connecting.result()
        finally:
            connecting.cancel()
            lost.cancel()
            await asyncio.gather(connecting, lost, return_exceptions=True)

    def _made(self) -> gmqtt.Client:
        options = self._options
        more: dict[str, Any] = {}
        if options.version == "5":
            more = {"session_expiry_interval": _NO_EXPIRY if options.keeps else 0,
                    "maximum_packet_size": options.max_payload_bytes + 65_536}
        self._acknowledgements = Acknowledgements(self._was_acknowledged)
        client = gmqtt.Client(options.client_id, clean_session=not options.keeps, optimistic_acknowledgement=False,
                              persistent_storage=self._acknowledgements, logger=_Quiet(), **more)
        client.reconnect_retries = _NEVER
        if options.user:
            client.set_auth_credentials(options.user, options.password or None)

        def connected(_client: Any, _session: int, result: int, properties: dict[str, Any]) -> None:
            if result == 0 and client is self._latest:
                self._is_connected(client, properties)

        async def message(_client: Any, topic: Any, payload: bytes, _qos: int, properties: dict[str, Any]) -> int:
            if properties.get("retain"):  # it came when it was published; each new subscription would bring it again
                _log.debug("%s: a retained message on %.200r is left alone", self.address, topic)
            elif isinstance(topic, str):
                await self._arrived(topic, payload)
            return 0

        def subscribed(_client: Any, _mid: int, granted: tuple[int, ...], _properties: Any) -> None:
            if any(qos >= 128 for qos in granted):
                _log.error("%s: refuses a subscription of %s", self.address, options.client_id)

        def disconnected(_client: Any, _packet: Any, _error: Any = None) -> None:
            if client is self._latest:
                self._connected.clear()
                self._lost.set()

        self._latest = client
        client.on_connect, client.on_message = connected, message
        client.on_subscribe, client.on_disconnect = subscribed, disconnected
        return client

    def _is_connected(self, client: gmqtt.Client, properties: dict[str, Any]) -> None:
        """Subscribe, then send all that was not acknowledged: the receivers know what they had already."""
        self._client = client
        self._window = _WINDOW
        if "receive_maximum" in properties:  # gmqtt raises at the limit itself, and counts subscriptions in
            self._window = max(1, min(_WINDOW, properties["receive_maximum"][0] // 2))
        self._under_way = 0
        self._unsent = deque(self._kept.values())
        if self._filters:
            client.subscribe([gmqtt.Subscription(one, qos=_QOS) for one in self._filters])
        self._connected.set()
        self._connections += 1
        self._tried.set()
        if self._connections > 1:
            _log.info("%s: connected again", self.address)
            self._back()
        self._pump()


class Acknowledgements:
    """What gmqtt keeps of a connection's messages until they are acknowledged: which publication has which number."""

    def __init__(self, acknowledged: Callable[[Publication], None]) -> None:
        self.current: Publication | None = None
        self._acknowledged = acknowledged
        self._by_number: dict[int, Publication] = {}

    def push_message(self, mid: int, _package: bytes) -> None:
        """A message was written."""
        if self.current is not None:
            self._by_number[mid] = self.current

    def remove_message_by_mid(self, mid: int) -> None:
        """The broker has it."""
        publication = self._by_number.pop(mid, None)
        if publication is not None:
            self._acknowledged(publication)

    @property
    def is_empty(self) -> bool:
        """Nothing is left to gmqtt to send again."""
        return True

    async def wait_empty(self) -> None:
        """Nothing to wait for."""

    def get_all(self) -> list[tuple[int, bytes]]:
        """Nothing is left to gmqtt to send again."""
        return []

    def clear(self) -> None:
        """Nothing to forget: what a broker has lost is sent again."""


class _Quiet(logging.Logger):
    """Takes what gmqtt says of each packet and each lost connection; what matters of it is said here, in one line."""

    def __init__(self) -> None:
        super().__init__("gmqtt", logging.CRITICAL + 1)
