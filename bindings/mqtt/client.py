"""The sides of MQTT that ask: a CSE that notifies, over any broker, and an AE, which may be asked over its own."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from bindings.mqtt.broker import VERSIONS, Options
from bindings.mqtt.login import is_plain_and_far, password_of, tls_of
from bindings.mqtt.mapping import (
    REGISTERED,
    REGISTRATION,
    REQUEST,
    RESPONSE,
    Address,
    Topic,
    address_of,
    lead_of,
    level_of,
    request_filters,
    response_filter,
    topic_of,
)
from bindings.mqtt.peer import Bounds, Peer, Role
from cse.client.transport import Handler, Unreachable
from cse.codecs import JSON_ONLY, Codec, Codecs, Limits, target_codec
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import JsonSettings, MqttSettings
from resources.ae import AE
from resources.errors import BadRequest, CseError
from resources.status import Status

#: How long the first request at a broker waits for the connection.
_CONNECT_S = 2.0
#: How many AEs are known by the level that they use in topics.
_MOST_LEVELS = 100_000
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class MqttClient:
    """Sends to any ``mqtt`` or ``mqtts`` URL (``cse.client.transport.Sender``) as the CSE ``cse_id``.

    ``home`` is the connection to the broker of the settings, over which the CSE is asked too; for other brokers there
    is one each, without user and password, of which the one not used for longest ends when there are too many.
    """

    def __init__(
        self, settings: MqttSettings, json: JsonSettings, cse_id: str, codecs: Codecs = JSON_ONLY, password: str = ""
    ) -> None:
        self._password = password or password_of(settings.password_file)
        self.address, self.prefix, _ = address_of(settings.url)
        self.own = level_of(cse_id)
        self.cse_id = cse_id
        self._settings = settings
        self._codecs = codecs
        self._bounds = _bounds(settings, json)
        self._levels: OrderedDict[str, str] = OrderedDict()
        self._others: OrderedDict[Address, Peer] = OrderedDict()
        self._closed = False
        if is_plain_and_far(self.address) and not settings.allow_plain:
            raise ValueError(f"mqtt.url: {self.address} is not on this machine and has no TLS; use mqtts, "
                             "or set mqtt.allow_plain = true")  # fmt: skip
        self.home = Peer(self.address, self._options(self.address, home=True), self._bounds, codecs)

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send to a point of access, or to the topic that is the path of a notification URL when ``to`` is empty.

        Nobody is known to answer on a topic that is not of the profile: then the broker's word is enough. Raises
        Unreachable.
        """
        try:
            url, codec = target_codec(url, self._codecs)
            address, path, _ = address_of(url)
            topic = self._topic(path, request.to, codec)
        except ValueError as error:
            raise Unreachable(str(error)) from None
        except CseError as error:
            raise Unreachable(error.message) from None
        peer = await self._peer(address)
        await peer.reach(min(timeout_s, _CONNECT_S))
        sent = request if request.to else replace(request, to=url)
        if topic is None:
            return await _told(peer, path, sent, codec, timeout_s)
        answered = topic.answer()
        peer.listen(response_filter(topic.lead, self.own) if topic.originator == self.own else str(answered))
        return await peer.ask(topic, sent, self._codecs.of_name(topic.type) or codec, timeout_s)

    async def close(self) -> None:
        """Disconnect from all brokers; nothing can be sent any more."""
        self._closed = True
        await asyncio.gather(self.home.close(), *(peer.close() for peer in self._others.values()))

    def spellings(self, entity: str) -> tuple[str, ...]:
        """The levels that an AE of this CSE, or another entity, may use for itself; none for what is no entity."""
        stem = entity.removeprefix(f"{self.cse_id}/")
        try:
            if stem.startswith("/"):
                return (level_of(stem),)
            return level_of(stem), level_of(f"{self.cse_id}/{stem}")
        except BadRequest:
            return ()

    def learn(self, originator: str, level: str) -> None:
        """Remember how an AE writes itself in topics: that is where it listens."""
        stem = originator.removeprefix(f"{self.cse_id}/").removeprefix("/")
        if level != stem or stem in self._levels:
            self._levels[stem] = level
            self._levels.move_to_end(stem)
            if len(self._levels) > _MOST_LEVELS:
                self._levels.popitem(last=False)

    def _topic(self, path: str, to: str, codec: Codec) -> Topic | None:
        if not to:
            if not path:
                raise BadRequest("the URL of a notification target over MQTT has a topic in its path")
            topic = topic_of(path)
            return topic if topic is not None and topic.kind == REQUEST else None
        return Topic(REQUEST, self.own, self._receiver(to), codec.name, lead_of(path))

    def _receiver(self, to: str) -> str:
        """The level of the entity that hosts, or is, what is asked."""
        if to.startswith(f"{self.cse_id}/"):
            stem = to.removeprefix(f"{self.cse_id}/").partition("/")[0]
            return self._levels.get(stem) or level_of(stem)
        if to.startswith("//"):
            return level_of("//" + "/".join(to[2:].split("/")[:2]))
        return level_of(to.removeprefix("/").partition("/")[0])

    async def _peer(self, address: Address) -> Peer:
        if self._closed:
            raise Unreachable("the client is closed")
        if address == self.address or _are_one(address, self.address):
            return self.home
        if is_plain_and_far(address) and not self._settings.allow_plain:
            raise Unreachable(f"{address} is not on this machine and has no TLS (mqtt.allow_plain)")
        peer = self._others.get(address)
        if peer is None:
            peer = self._others[address] = Peer(address, self._options(address, home=False), self._bounds, self._codecs)
            if len(self._others) > self._settings.max_brokers:
                _, last = self._others.popitem(last=False)
                await last.close()
        self._others.move_to_end(address)
        return peer

    def _options(self, address: Address, *, home: bool) -> Options:
        settings = self._settings
        known = Options(
            settings.client_id or f"C::{self.own}", version=settings.version, keep_alive_s=settings.keep_alive_s,
            max_payload_bytes=settings.max_payload_bytes, max_queued=settings.max_queued,
            tls=tls_of(address, settings.ca, *((settings.certificate, settings.private_key) if home else ())),
        )  # fmt: skip
        return replace(known, user=settings.user, password=self._password) if home else known


async def _told(peer: Peer, topic: str, request: RequestPrimitive, codec: Codec, timeout_s: float) -> ResponsePrimitive:
    await peer.tell(topic, request, codec, timeout_s)
    return ResponsePrimitive(Status.OK, request.request_id, release_version=request.release_version)


def _bounds(settings: MqttSettings, json: JsonSettings) -> Bounds:
    return Bounds(Limits(json.max_depth, json.max_members), settings.max_payload_bytes, settings.max_requests)


class MqttTransport:
    """One CSE over a broker (``cse.client.transport.Transport``): ``mqtt://host[:port][/prefix]?cse=/cse-id``.

    ``user`` and ``password_file`` may be in the query too. With a ``client_id``, such as ``A::Cmeter``, the broker
    keeps what comes while the AE is away. With ``listen`` requests of the CSE are answered: the AE registers with the
    broker as its point of access.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str = "",
        user: str = "",
        password_file: str = "",
        ca: str = "",
        client_certificate: str = "",
        private_key: str = "",
        version: str = "3.1.1",
        serialisation: str = "json",
        codecs: Codecs = JSON_ONLY,
    ) -> None:
        address, prefix, query = address_of(url)
        codec = codecs.of_name(serialisation)
        if codec is None or version not in VERSIONS:
            raise ValueError(f"MQTT {version} with {serialisation!r} is not spoken here; versions: "
                             f"{', '.join(VERSIONS)}, serialisations: {', '.join(codecs.names)}")  # fmt: skip
        if "cse" not in query:
            raise ValueError("which CSE is asked over the broker has to be said: mqtt://host:port?cse=/cse-id")
        self._address = address
        self._lead = lead_of(prefix)
        self._cse = _level(query["cse"])
        self._codec = codec
        user = user or query.get("user", "")
        self._credential = _credential_of(user)
        options = Options(
            client_id or f"banyan-{secrets.token_hex(8)}", keeps=bool(client_id), version=version, user=user,
            password=password_of(password_file or query.get("password_file", "")),
            tls=tls_of(address, ca, client_certificate, private_key), max_payload_bytes=Bounds().payload_bytes,
        )  # fmt: skip
        self._made: Callable[[], Peer] = lambda: Peer(address, options, codecs=codecs)
        self._peer: Peer | None = None
        self._handler: Handler | None = None
        self._known: dict[str, None] = {}
        self._closed = False

    async def listen(self, handler: Handler) -> None:
        """Have requests of the CSE to those who ask over this transport answered."""
        self._handler = handler
        peer = self._open()
        await peer.start(_CONNECT_S)
        peer.role = Role(handler)
        for level in self._known:
            self._hear(peer, level)

    def heard_at(self, originator: str) -> str:
        """The topic of requests to ``originator`` as a URL, so that nobody needs a point of access to be told."""
        topic = Topic(REQUEST, self._cse, level_of(originator), self._codec.name, self._lead)
        return f"{self._address}/{topic}"

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer; raises Unreachable.

        The same request may be sent again after that: the CSE knows it by its identifier and does it once.
        """
        peer = self._open()
        await peer.reach(min(timeout_s, _CONNECT_S))
        kind, level = self._from(request)
        if level not in self._known:
            self._known[level] = None
            peer.listen(response_filter(self._lead, level, REGISTERED if kind == REGISTRATION else RESPONSE))
            if self._handler is not None and kind == REQUEST:
                self._hear(peer, level)
        topic = Topic(kind, level, self._cse, self._codec.name, self._lead)
        return await peer.ask(topic, request, self._codec, timeout_s)

    async def close(self) -> None:
        """Disconnect."""
        self._closed = True
        if self._peer is not None:
            await self._peer.close()

    def _from(self, request: RequestPrimitive) -> tuple[str, str]:
        """Kind and originator of the topic; who has no AE-ID yet registers by a credential of its own."""
        registers = request.operation is Operation.CREATE and request.resource_type == AE.number
        if registers and request.originator in {"", "C", "S"}:
            return REGISTRATION, self._credential
        try:
            return REQUEST, level_of(request.originator or self._credential)
        except BadRequest as error:
            raise Unreachable(error.message) from None

    def _hear(self, peer: Peer, level: str) -> None:
        """Listen in both forms that a CSE may write an AE in: by its stem, and with the CSE-ID before it."""
        stem = level.rpartition(":")[2]
        for own in dict.fromkeys((level, stem, f"{self._cse}:{stem}")):
            peer.listen(request_filters(self._lead, own)[0])

    def _open(self) -> Peer:
        if self._closed:
            raise Unreachable("the client is closed")
        if self._peer is None:
            self._peer = self._made()
        return self._peer


def _credential_of(user: str) -> str:
    """The credential-ID of who registers without a name: that of the login, as brokers check."""
    with suppress(BadRequest):
        return level_of(user)
    return f"banyan-{secrets.token_hex(8)}"


def _are_one(one: Address, other: Address) -> bool:
    """True for two names of this machine, which would be two connections to one broker, one without a login."""
    return (one.port, one.tls) == (other.port, other.tls) and {one.host, other.host} <= _HERE


def _level(identifier: str) -> str:
    try:
        return level_of(identifier)
    except BadRequest as error:
        raise ValueError(f"?cse=: {error.message}; expected a CSE-ID such as /banyan") from None

