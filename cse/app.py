"""The composition root: settings in, running CSEs out. The only place that knows concrete bindings and stores."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bindings.http.client import HttpClient
from bindings.http.pages import Page, Route
from bindings.http.server import HttpServer
from bindings.websocket.client import WebSocketClient
from bindings.websocket.server import WebSocketServer
from cse.behaviours.statistics import events_by_labels
from cse.bootstrap import StartError
from cse.client.transport import Sender
from cse.clock import Clock, SystemClock
from cse.codecs import Codecs, encode
from cse.codecs.offered import codecs_of
from cse.device_management import Adapter
from cse.engine import Cse, Ports
from cse.local_machine import LocalMachine
from cse.observe import logs
from cse.observe.metrics import CONTENT_TYPE, Metrics
from cse.reference import openapi
from cse.settings import CseSettings, ModelSettings, Settings
from cse.storage.factory import open_store
from resources.device_models import user_models
from resources.registry import Registry

if TYPE_CHECKING:
    from bindings.broker.inside import Inside
    from bindings.coap.server import CoapServer
    from bindings.mqtt.server import MqttServer

#: Schemes of CoAP.
COAP = ("coap", "coap+tcp", "coaps", "coaps+tcp")
#: Collections of the garbage collector are rarer than by default: most objects of a request die by reference count.
GC_THRESHOLD = 200_000
#: A thread that waits for the interpreter, after a sync of the store, gets it within this time.
SWITCH_INTERVAL_S = 0.005
#: Connections of one binding to others: more than there are notifications under way at a time.
MOST_CONNECTIONS = 2500
#: Files that the process may open, where the system lets it: a connection to each target, and from each client.
OPEN_FILES = 65_536


def registry_of(models: ModelSettings) -> Registry:
    """The resource types of the standard, and the device models of the settings. Raises ModelError."""
    if not models.folder:
        return Registry.default()
    return Registry.default(*user_models(Path(models.folder)).types)


def adapters_of(settings: CseSettings) -> list[Adapter]:
    """The devices that come with a CSE: the machine itself, where the settings say which node it is."""
    return [LocalMachine(settings.local_node_id)] if settings.local_node_id else []


def _coap_sender(settings: Settings, codecs: Codecs) -> Sender:
    from bindings.coap.client import CoapClient
    from bindings.coap.credentials import credentials_of

    return CoapClient(old_options=settings.coap.old_options, codecs=codecs, credentials=credentials_of(settings.coap),
                      session_idle_s=settings.coap.session_idle_s)


def _mqtt_sender(settings: Settings, codecs: Codecs, password: str) -> Sender:
    from bindings.mqtt.client import MqttClient

    return MqttClient(settings.mqtt, settings.json, settings.cse.cse_id, codecs, password)


class Node:
    """One CSE with its bindings."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, registry: Registry | None = None) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.url = ""
        self.urls: list[str] = []
        self.cse: Cse
        self._clock = clock or SystemClock()
        self._registry = registry or registry_of(settings.models)
        self._codecs = codecs_of(settings.cse.serializations, self._registry)
        self._senders: dict[str, Sender] = {}
        self._server: HttpServer | None = None
        self._websocket: WebSocketServer | None = None
        self._coap: CoapServer | None = None
        self._mqtt: MqttServer | None = None
        self._broker: Inside | None = None
        self._openapi: bytes | None = None

    async def start(self) -> str:
        """Open the store, serve, and return the base URL ('' without HTTP).

        Raises StartError, StoreError or OSError; what had been started is stopped.
        """
        settings = self.settings
        http = HttpClient(max_connections=MOST_CONNECTIONS, per_host=0, codecs=self._codecs)
        websocket = WebSocketClient(max_connections=MOST_CONNECTIONS, codecs=self._codecs)
        self._senders = {"http": http, "https": http, "ws": websocket, "wss": websocket}
        if settings.coap.enabled:
            self._senders |= dict.fromkeys(COAP, _coap_sender(settings, self._codecs))
        try:
            settings = self.settings = await self._start_broker(settings)
            ports = await self._ports(settings)
        except BaseException:
            await self._close_senders()
            raise
        try:
            self.cse = await Cse.open(settings.cse, ports)
        except BaseException:
            await ports.store.close()
            await self._close_senders()
            raise
        self._measure()
        try:
            if settings.http.enabled:
                self._server = HttpServer(
                    self.cse.handle, settings.http, settings.json,
                    attributes=self._registry.attribute_types(),
                    codecs=self._codecs,
                    routes=self._routes(),
                )
                self.url = await self._server.start()
                self.urls.append(self.url)
            if settings.websocket.enabled:
                self.urls.append(await self._serve_websocket(settings))
            if settings.coap.enabled:
                self.urls.extend(await self._serve_coap(settings))
            if settings.mqtt.enabled:
                self.urls.append(await self._serve_mqtt(settings))
            if self.urls:
                await self.cse.reachable_at(self.urls)
        except BaseException:
            await self.stop()
            raise
        return self.url

    async def _serve_websocket(self, settings: Settings) -> str:
        self._websocket = WebSocketServer(self.cse.handle, settings.websocket, settings.json,
                                          self.cse.core.connections, codecs=self._codecs)
        return await self._websocket.start()

    async def _serve_coap(self, settings: Settings) -> list[str]:
        from bindings.coap.server import CoapServer

        try:
            self._coap = CoapServer(self.cse.handle, settings.coap, settings.json,
                                    attributes=self._registry.attribute_types(), codecs=self._codecs,
                                    cse_id=settings.cse.cse_id)
        except ValueError as error:  # keys or certificates that cannot be used
            raise StartError(str(error)) from None
        await self._coap.start()
        return self._coap.urls

    async def _ports(self, settings: Settings) -> Ports:
        if settings.mqtt.enabled:
            password = self._broker.password if self._broker is not None else ""
            self._senders["mqtt"] = self._senders["mqtts"] = _mqtt_sender(settings, self._codecs, password)
        return Ports(await open_store(settings.store), self._senders, self._clock, self._registry, settings.store,
                     self.metrics, adapters_of(settings.cse), accepts_connections=settings.websocket.enabled,
                     codecs=self._codecs,
                     multicast_groups=settings.coap.multicast_groups if settings.coap.enabled else ())

    async def _start_broker(self, settings: Settings) -> Settings:
        """Start the broker inside, if there is one, and return the settings of its client."""
        if not settings.broker.enabled:
            return settings
        from bindings.broker.inside import Inside

        self._broker = Inside(settings)
        return await self._broker.start()

    async def _serve_mqtt(self, settings: Settings) -> str:
        from bindings.mqtt.client import MqttClient
        from bindings.mqtt.server import MqttServer

        self._mqtt = MqttServer(self.cse.handle, cast(MqttClient, self._senders["mqtt"]),
                                check_originator=settings.mqtt.check_originator)
        return await self._mqtt.start()

    async def stop(self) -> None:
        """Answer what is under way, write what was accepted, close the store."""
        self.cse.release()
        if self._coap is not None:
            await self._coap.stop()
        if self._websocket is not None:
            await self._websocket.stop()
        if self._server is not None:
            await self._server.stop()
        if self._mqtt is not None:
            await self._mqtt.stop()
        await self.cse.close()
        await self._close_senders()

    async def _close_senders(self) -> None:
        for sender in set(self._senders.values()):
            await sender.close()
        if self._broker is not None:
            await self._broker.stop()

    def _routes(self) -> dict[str, Route]:
        return {"/healthz": self._alive, "/readyz": self._ready, "/metrics": self._exposition,
                "/openapi.json": self._description}

    async def _alive(self) -> Page:
        return Page(b"ok\n")

    async def _ready(self) -> Page:
        failed = self.cse.core.committer.failed  # says where the file is, which is for the log only
        return Page(b"the store has failed; see the log\n", status=503) if failed else Page(b"ready\n")

    async def _description(self) -> Page:
        if self._openapi is None:
            self._openapi = encode(openapi.document(
                self._registry, version=version("banyan-cse"), server=self.url,
                cse_name=self.settings.cse.cse_name, releases=self.settings.cse.releases,
                serializations=[name for name in self._codecs.by_name if name != "json"]))
        return Page(self._openapi, "application/json")

    async def _exposition(self) -> Page:
        return Page(self.metrics.exposition().encode(), CONTENT_TYPE)

    def _measure(self) -> None:
        core, metrics = self.cse.core, self.metrics
        delivery = core.notifier.delivery
        metrics.counter("banyan_notifications_sent_total", "Notifications accepted by their target.",
                        lambda: delivery.sent)
        metrics.counter("banyan_notifications_failed_total", "Notifications given up.", lambda: delivery.failed)
        metrics.counter("banyan_notifications_given_up_total", "Notifications given up, by reason.",
                        lambda: {(("reason", name),): count for name, count in delivery.given_up.items()})
        metrics.gauge("banyan_notifications_pending", "Notifications waiting for delivery.", lambda: delivery.pending)
        metrics.gauge("banyan_notifications_pending_longest", "Those that wait for the target that most wait for.",
                      lambda: max(delivery.waiting.values(), default=0))
        metrics.gauge("banyan_notification_targets", "Targets that notifications wait for.",
                      lambda: len(delivery.waiting))
        metrics.gauge("banyan_notification_targets_failing", "Those that did not answer when they were tried last.",
                      lambda: delivery.failing)
        metrics.gauge("banyan_notifications_late", "Notifications under way for more than a second.",
                      lambda: delivery.targets.points.late)
        metrics.gauge("banyan_resources", "Structural resources.", lambda: len(core.tree.by_id))
        metrics.counter("banyan_store_units_total", "Units of work submitted.", lambda: core.committer.revision)
        metrics.counter("banyan_store_durable_total", "Units of work that are durable.", lambda: core.committer.durable)
        metrics.counter("banyan_store_batches_total", "Batches written, each with one sync.",
                        lambda: core.committer.batches)
        metrics.counter("banyan_statistics_events_total", "Events by statsCollect, entity and operation.",
                        lambda: events_by_labels(core))
        metrics.gauge("banyan_http_connections", "Open HTTP connections.",
                      lambda: self._server.connections if self._server is not None else 0)
        metrics.gauge("banyan_coap_requests", "CoAP requests that are worked on.",
                      lambda: self._coap.running if self._coap is not None else 0)
        metrics.gauge("banyan_mqtt_connected", "1 while the MQTT broker is connected.",
                      lambda: int(self._mqtt is not None and self._mqtt.connected))
        metrics.gauge("banyan_broker_sessions", "Sessions of the broker inside, of clients that are there or away.",
                      lambda: self._broker.gate.sessions if self._broker is not None else 0)
        metrics.counter("banyan_broker_dropped_total", "Messages that found no room in the broker inside.",
                        lambda: self._broker.gate.dropped if self._broker is not None else 0)
        metrics.gauge("banyan_websocket_connections", "Open WebSocket connections.",
                      lambda: self._websocket.connections if self._websocket is not None else 0)


@contextlib.asynccontextmanager
async def running(*settings: Settings) -> AsyncIterator[list[Node]]:
    """Several CSEs in this process, stopped in reverse order at the end."""
    async with contextlib.AsyncExitStack() as stack:
        nodes = []
        for one in settings:
            node = Node(one)
            await node.start()
            stack.push_async_callback(node.stop)
            nodes.append(node)
        yield nodes


async def serve(settings: Sequence[Settings]) -> None:
    """Run until SIGINT or SIGTERM; prints where each CSE is and how to make a first request."""
    stopped = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stopped.set)
    async with running(*settings) as nodes:
        gc.freeze()
        for node in nodes:
            sys.stdout.write(greeting(node) + "\n")
        sys.stdout.flush()
        await stopped.wait()


def greeting(node: Node) -> str:
    """What a person wants to know first."""
    cse = node.settings.cse
    administrator = cse.administrators[0] if cse.administrators else None
    at = " and ".join(node.urls)
    if not administrator:
        first = "no administrator is configured (cse.administrators); register an AE to begin"
    elif node.url or not at:
        first = f"curl -H 'X-M2M-Origin: {administrator}' -H 'X-M2M-RI: 1' -H 'X-M2M-RVI: 3' {node.url}/{cse.cse_name}"
    else:
        url = node.urls[0]
        if node.settings.broker.enabled and url.startswith("mqtt"):
            file = f"{node.settings.broker.logins}.{administrator}"
            url = f"'{url}?cse={cse.cse_id}&user={administrator}&password_file={file}'"
        first = f"banyan get {cse.cse_name} --from {administrator} --cse {url}"
    return f"CSE {cse.cse_id} at {at or '(no binding)'}\nFirst request:\n  {first}"


def allow_connections() -> None:
    """Raise the bound of open files as far as needed and permitted; systems begin with 1,024 or less."""
    try:
        import resource as system
    except ImportError:  # not on Windows, which has no such bound
        return
    soft, hard = system.getrlimit(system.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == system.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != system.RLIM_INFINITY and soft < wanted:
        system.setrlimit(system.RLIMIT_NOFILE, (wanted, hard))


def start_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in the fastest event loop that is installed, with the process tuned for a server."""
    gc.set_threshold(GC_THRESHOLD, 20, 20)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        from uvloop import new_event_loop
    except ImportError:
        asyncio.run(work)
        return
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)


def run(settings: Sequence[Settings]) -> None:
    """Run one or several CSEs until the process is told to stop. Raises StartError, StoreError or OSError."""
    logs.configure(settings[0].log)
    allow_connections()
    start_loop(serve(settings))
