"""amqtt's broker, made safe: the only place of amqtt, of which every packet is checked before it comes here.

From amqtt are the reading of packets in their order, the answers to them, sessions and their expiry. Not used, because
of what they do there: its listeners (no limits), its plug-ins for logins and rights (messages are lost meanwhile), its
retained messages (they reach whoever connects), its queues (without bounds; a message that is not acknowledged
within 5 s is dropped, and quality of service 0 arrives as 1) and its taking over of a session (the old connection
stays, and ends the new one).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType
from amqtt.mqtt.disconnect import DisconnectPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.subscribe import SubscribePacket
from amqtt.mqtt.unsubscribe import UnsubscribePacket
from amqtt.session import Session
from amqtt.utils import gen_client_id

from bindings.broker.outbox import Budget, Line, Outbox
from bindings.broker.packets import BAD_IDENTIFIER, UNAVAILABLE, Connect, Packet, Refused, Will, connack
from bindings.broker.rights import Rights
from bindings.broker.subscriptions import Subscriptions
from cse.settings import BrokerSettings

_log = logging.getLogger(__name__)
_REFUSED_SUBSCRIPTION = 0x80


class Inlet(ReaderAdapter):
    """Packets to amqtt, one after the other; ``drained`` is called with each that is taken."""

    def __init__(self, drained: Callable[[int], None]) -> None:
        self._drained = drained
        self._packets: deque[bytes] = deque()
        self._packet = b""
        self._position = 0
        self._ended = False
        self._arrival: asyncio.Future[None] | None = None

    def feed(self, packet: Packet) -> None:
        """A packet has come."""
        self._packets.append(packet.data)
        self._wake()

    def feed_eof(self) -> None:
        """Nothing comes any more; what has come is read first."""
        self._ended = True
        self._wake()

    async def read(self, n: int = -1) -> bytes:
        """The next bytes of the packet that is read, of the next packet when it is at its end."""
        if n and self._position >= len(self._packet):
            await asyncio.sleep(0)  # the packet before is worked on first, and other clients have their turn
            while not self._packets:
                if self._ended:
                    return b""
                self._arrival = asyncio.get_running_loop().create_future()
                await self._arrival
            self._packet, self._position = self._packets.popleft(), 0
            self._drained(len(self._packet))
        begin, self._position = self._position, self._position + n
        return self._packet[begin : self._position]

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


class Outlet(WriterAdapter):
    """Packets of amqtt to a client."""

    def __init__(self, line: Line, close: Callable[[], None]) -> None:
        self._line = line
        self._close = close

    def write(self, data: bytes) -> None:
        """Send."""
        self._line.write(data)

    async def drain(self) -> None:
        """Nothing waits here: a client that does not read is not read either."""

    def get_peer_info(self) -> None:
        """Not used."""

    def get_ssl_info(self) -> None:
        """Not used."""

    async def close(self) -> None:
        """End the connection."""
        self._close()


class _State:
    """Where a session is; amqtt builds a state machine of 40 kB for each."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = "new"


class KeptSession(Session):
    """A session of one login, with what waits for it."""

    def __init__(self, client_id: str, user: str, rights: Rights, outbox: Outbox) -> None:
        super().__init__()
        self.client_id = client_id
        self.keep_alive = 0  # the gate looks after silence
        self.username = user
        self.rights = rights
        self.outbox = outbox
        self.filters: set[str] = set()

    def _init_states(self) -> None:
        self.transitions = _State()

    def is_there(self, there: bool) -> None:
        """The client has come or gone."""
        self.transitions.state = "connected" if there else "disconnected"
        if there:
            self._on_enter_connected()
        else:
            self._on_enter_disconnected()

    def clear_queues(self) -> None:
        """Forget what waits."""
        self.outbox.clear()


class Handler(BrokerProtocolHandler):
    """One connection of a session."""

    def __init__(self, house: House, will: Will | None, close: Callable[[], None]) -> None:
        super().__init__(house.plugins_manager)
        self._close = close
        self.will = will
        self.ended = asyncio.Event()
        self._house = house

    def end(self) -> None:
        """End the connection, with everything done that came before."""
        self._close()

    async def finished(self) -> None:
        """Wait for the end of the connection, with everything done that came before."""
        if self._reader_task is not None:
            await asyncio.wait({self._reader_task})

    async def handle_publish(self, publish_packet: PublishPacket) -> None:
        """Pass a message on and acknowledge it."""
        header = publish_packet.variable_header
        self._house.publish(self.session, header.topic_name, bytes(publish_packet.data or b""), publish_packet.qos)
        if publish_packet.qos:
            await self._send_packet(PubackPacket.build(header.packet_id))

    async def handle_puback(self, puback: PubackPacket) -> None:
        """A message has arrived."""
        self.session.outbox.acknowledged(puback.variable_header.packet_id)

    async def handle_subscribe(self, subscribe: SubscribePacket) -> None:
        """Subscribe to what may be."""
        codes = [self._house.subscribe(self.session, name, qos) for name, qos in subscribe.payload.topics]
        await self.mqtt_acknowledge_subscription(subscribe.variable_header.packet_id, codes)

    async def handle_unsubscribe(self, unsubscribe: UnsubscribePacket) -> None:
        """End subscriptions."""
        for name in unsubscribe.payload.topics:
            self._house.unsubscribe(self.session, name)
        await self.mqtt_acknowledge_unsubscription(unsubscribe.variable_header.packet_id)

    async def handle_disconnect(self, disconnect: DisconnectPacket | None) -> None:
        """A client that says good-bye leaves no will."""
        if disconnect is not None:
            self.will = None
        await super().handle_disconnect(disconnect)


class House(Broker):
    """Sessions, subscriptions and messages. ``refused`` is told what a login was not allowed to do."""

    def __init__(self, settings: BrokerSettings, refused: Callable[[str, str], None]) -> None:
        listener = ListenerConfig(type=ListenerType.EXTERNAL)
        super().__init__(BrokerConfig(listeners={"default": listener}, plugins={},
                                      session_expiry_interval=int(settings.session_expiry_s)))
        self.budget = Budget(settings.max_held_bytes)
        self._limits = settings
        self._told = refused
        self._matching: Subscriptions[Outbox] = Subscriptions()

    @property
    def kept(self) -> int:
        """Sessions, with and without their client."""
        return len(self._sessions)

    async def serve(
        self, connect: Connect, rights: Rights, line: Line, inlet: Inlet, close: Callable[[], None]
    ) -> None:
        """Serve a client who has proved to be ``connect.user``, until its connection ends; raises Refused."""
        client_id, user = connect.client_id or gen_client_id(), connect.user or ""
        await self._end_of_the_old(client_id, user, rights)
        session, present = self._session(connect, client_id, user, rights)
        handler = Handler(self, connect.will, close)
        handler.attach(session, inlet, Outlet(line, close))
        self._sessions[client_id] = (session, handler)
        session.is_there(True)
        line.write(connack(0, session_present=present))
        session.outbox.connect(line)
        try:
            await handler.start()
            await handler.finished()
        finally:
            session.outbox.disconnect()
            session.is_there(False)
            if handler.will is not None:
                self.publish(session, handler.will.topic, handler.will.payload, handler.will.qos)
            if session.clean_session:
                await self._delete_session(client_id)
            handler.ended.set()

    def publish(self, session: Any, topic: str, payload: bytes, qos: int) -> None:
        """Pass a message on to its subscribers, if its publisher may publish it."""
        if not session.rights.may_publish(topic):
            self._told(session.username, f"may not publish to {topic[:200]!r}")
            return
        for outbox, granted in self._matching.match(topic).items():
            if not outbox.put(topic, payload, min(qos, granted)):
                self._told("clients", "do not take what is for them, or are too slow: messages are dropped")

    def subscribe(self, session: Any, name: str, qos: int) -> int:
        """Subscribe, and return the granted quality of service or the code of a refusal."""
        full = len(session.filters) >= self._limits.max_subscriptions and not session.rights.everything
        if not session.rights.may_subscribe(name) or (full and name not in session.filters):
            self._told(session.username, f"may not subscribe to {name[:200]!r}, or has too many subscriptions")
            return _REFUSED_SUBSCRIPTION
        granted = min(qos, 1)
        session.filters.add(name)
        self._matching.add(name, session.outbox, granted)
        return granted

    def unsubscribe(self, session: Any, name: str) -> None:
        """End a subscription."""
        session.filters.discard(name)
        self._matching.remove(name, session.outbox)

    async def _end_of_the_old(self, client_id: str, user: str, rights: Rights) -> None:
        """A client that connects twice has its first connection ended (MQTT 3.1.1 3.1.4), nobody else's."""
        while client_id in self._sessions:
            session, handler = self._sessions[client_id]
            if session.username != user and not rights.everything:
                raise Refused(f"client identifier {client_id!r} belongs to another login", connack(BAD_IDENTIFIER))
            if session.transitions.state != "connected":
                return
            handler.end()  # its own stop() waits for ever for a reader that has not begun
            await handler.ended.wait()

    def _session(self, connect: Connect, client_id: str, user: str, rights: Rights) -> tuple[KeptSession, bool]:
        found, _ = self._sessions.get(client_id, (None, None))
        if found is not None and found.username == user and not (connect.clean or found.clean_session):
            found.rights = rights
            return found, True
        if found is not None:
            self._forget(client_id)
        of_user = sum(session.username == user for session, _ in self._sessions.values())
        if not rights.everything and (
            len(self._sessions) >= self._limits.max_sessions or of_user >= self._limits.max_sessions_per_login
        ):
            raise Refused(f"{user!r}: {of_user} sessions of this login, {self.kept} of all; this is one too many",
                          connack(UNAVAILABLE))  # fmt: skip
        outbox = Outbox(self._limits.max_queued, self._limits.max_queued_bytes, self.budget)
        made = KeptSession(client_id, user, rights, outbox)
        made.clean_session = connect.clean
        return made, False

    def _forget(self, client_id: str) -> None:
        session, _ = self._sessions.pop(client_id)
        self._forget_filters(session)
        session.clear_queues()

    def _forget_filters(self, session: KeptSession) -> None:
        for name in session.filters:
            self._matching.remove(name, session.outbox)
        session.filters.clear()

    async def _del_all_subscriptions(self, session: KeptSession) -> None:
        self._forget_filters(session)
