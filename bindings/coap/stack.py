"""aiocoap with a guard in front and bounds around: the only place that knows its insides.

aiocoap does retransmission, separate answers and the blocks of a client. What reaches it has been read in full by
``datagram``; options that it does not look at itself are bytes to it, so that nothing in it can fail on them or grows
with them. What it would keep of each answered request for 247 s is kept here in a bounded store.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiocoap
from aiocoap.message import Direction
from aiocoap.messagemanager import MessageManager
from aiocoap.numbers.codes import Code
from aiocoap.numbers.optionnumbers import OptionNumber
from aiocoap.numbers.types import Type
from aiocoap.optiontypes import OpaqueOption
from aiocoap.tokenmanager import TokenManager
from aiocoap.transports.udp6 import MessageInterfaceUDP6, UDP6EndpointAddress
from aiocoap.util import socknumbers

from bindings.coap.blocks import block_of
from bindings.coap.datagram import ACK, RST, Datagram, Refused, read
from bindings.coap.kept import Kept
from bindings.coap.mapping import Message
from bindings.coap.options import BLOCK1, BLOCK2, NO_RESPONSE, Option, Options
from bindings.coap.peers import Rates
from bindings.coap.sockets import Datagrams
from cse.security.complaints import Complaints

_log = logging.getLogger(__name__)
#: What aiocoap logs per message is said by the guard, less often.
_SILENT = "bindings.coap.aiocoap"
#: RFC 7252 4.8.2, EXCHANGE_LIFETIME: how long a message may come again.
_EXCHANGE_LIFETIME_S = 247.0
_LOOKED_AT = frozenset((BLOCK1, BLOCK2, NO_RESPONSE))
MAX_DATAGRAM_BYTES = 4096


@dataclass(slots=True)
class Guard:
    """What is let in: options that are understood, so many messages of a peer, answers of so many bytes."""

    known: Mapping[int, Option]
    time: Callable[[], float]
    rate: float
    max_payload_bytes: int
    max_kept_bytes: int
    rates: Rates = field(init=False)
    complaints: Complaints = field(init=False)

    def __post_init__(self) -> None:
        self.rates = Rates(self.time, self.rate)
        self.complaints = Complaints(self.time, _log)

    def count(self, peer: str) -> None:
        """Count a datagram of a peer; raises Refused."""
        if not self.rates.admits(peer):
            raise Refused(f"more than {self.rate:g} messages a second; the rest is dropped")

    def admit(self, data: bytes, peer: str, *, counted: bool = False) -> Datagram:
        """Read a datagram; raises Refused. ``counted``: it came in another that has been."""
        if len(data) >= MAX_DATAGRAM_BYTES:
            raise Refused("a datagram of 4096 bytes or more")
        if not counted:
            self.count(peer)
        datagram = read(data, self.known)
        if not datagram.is_request:
            block = block_of(Message(datagram.code, datagram.options), BLOCK2)
            if block is not None and (block.exponent > 6 or block.number * block.size > self.max_payload_bytes):
                raise Refused("an answer larger than allowed")
        return datagram


#: Makes what stands between a socket and messages, of the arguments of ``Udp``.
Interface = Callable[[Guard, "_Messages", logging.Logger, Any], "Udp"]


class _Context(aiocoap.Context):
    """A context whose site answers each request to its end.

    aiocoap cancels the task of a request whose token comes again, also before it has begun: then it is never done.
    """

    def __init__(self, **members: Any) -> None:
        super().__init__(**members)
        self._rendering: set[asyncio.Task[None]] = set()

    def render_to_pipe(self, pipe: Any) -> None:
        """Begin with a request; the site raises nothing."""
        if self.serversite is None:
            super().render_to_pipe(pipe)
            return
        task = self.loop.create_task(self.serversite.render_to_pipe(pipe))
        self._rendering.add(task)
        task.add_done_callback(self._rendering.discard)

    async def shutdown(self) -> None:
        """Answer nothing any more."""
        for task in self._rendering:
            task.cancel()
        await super().shutdown()


async def open_context(
    guard: Guard, site: Any = None, bind: tuple[str, int] | None = None, interface: Interface | None = None
) -> aiocoap.Context:
    """Open a socket, on an address and port or any, and an aiocoap context on it. Raises OSError.

    ``interface`` stands between socket and messages instead of ``Udp``.
    """
    loop = asyncio.get_running_loop()
    silent = logging.getLogger(_SILENT)
    silent.setLevel(logging.CRITICAL)
    context = _Context(loop=loop, serversite=site, loggername=_SILENT)
    tokens = TokenManager(context)
    messages = _Messages(tokens, guard)
    messages.message_interface = await _open_udp(
        partial(interface or Udp, guard, messages, messages.log, loop), loop, await _bound(bind)
    )
    tokens.token_interface = messages
    context.request_interfaces.append(tokens)
    return context


def port_of(context: aiocoap.Context) -> int:
    """The port that a context listens on."""
    port: int = context.request_interfaces[0].token_interface.message_interface._local_port()  # noqa: SLF001
    return port


def udp_of(context: aiocoap.Context) -> Udp:
    """The socket of a context."""
    udp: Udp = context.request_interfaces[0].token_interface.message_interface
    return udp


def message_of(message: aiocoap.Message) -> Message:
    """What the mapping needs of a message."""
    options = [(int(option.number), option.encode()) for option in message.opt.option_list()]
    return Message(int(message.code), options, message.payload)


def aiocoap_message(message: Message, **members: Any) -> aiocoap.Message:
    """A message to be sent."""
    made = aiocoap.Message(code=Code(message.code), payload=message.payload, **members)
    _put_options(made, message.options)
    return made


def peer_of(remote: Any) -> str:
    """The address of a peer without its port, IPv4 as such."""
    host: str = remote.sockaddr[0]
    return host.removeprefix("::ffff:")


def came_by_multicast(remote: Any) -> bool:
    """Whether a request was for a group, not for this server alone."""
    return remote.pktinfo is not None and remote.is_multicast_locally


def key_of(remote: Any) -> tuple[Any, ...]:
    """What tells peers apart: address and port, and the association where there is one (RFC 7252 9.1.1)."""
    return (*remote.sockaddr[:2], getattr(remote, "association", None))


def _put_options(message: aiocoap.Message, options: Options) -> None:
    for number, value in options:
        known = OptionNumber(number)
        if number in _LOOKED_AT:
            message.opt.add_option(known.create_option(decode=value))
        else:
            message.opt.add_option(OpaqueOption(known, value))


async def _bound(bind: tuple[str, int] | None) -> socket.socket:
    """A socket for IPv6 and IPv4; a port that is taken is an error, not shared."""
    address: Any = ("::", 0, 0, 0)
    if bind is not None:
        family, _, _, _, found = (await asyncio.get_running_loop().getaddrinfo(*bind, type=socket.SOCK_DGRAM))[0]
        address = found if family == socket.AF_INET6 else (f"::ffff:{found[0]}", found[1], 0, 0)
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


async def _open_udp(interface: Callable[[], Udp], loop: Any, sock: socket.socket) -> Udp:
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socknumbers.IPV6_RECVERR, 1)
    sock.setsockopt(socket.IPPROTO_IP, socknumbers.IP_RECVERR, 1)
    udp = interface()
    Datagrams(loop, sock, udp)
    return udp


class Udp(MessageInterfaceUDP6):
    """The socket: every datagram passes the guard, none raises into the event loop."""

    def __init__(self, guard: Guard, messages: _Messages, log: logging.Logger, loop: Any) -> None:
        super().__init__(messages, log, loop)
        self._guard = guard

    def datagram_msg_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:  # noqa: ARG002
        """Let a datagram in, or refuse it."""
        pktinfo = next((value for _, kind, value in ancdata if kind == socket.IPV6_PKTINFO), None)
        self.let_in(data, UDP6EndpointAddress(address, self, pktinfo=pktinfo))

    def refuse(self, peer: str, reason: str) -> None:
        """Say that a datagram of a peer was not let in."""
        self._guard.complaints.tell(peer, reason)

    def let_in(self, data: bytes, remote: UDP6EndpointAddress, *, counted: bool = False) -> None:
        """Pass a message on, or refuse it; raises nothing."""
        peer = peer_of(remote)
        try:
            datagram = self._guard.admit(data, peer, counted=counted)
            self._ctx.dispatch_message(_incoming(datagram, remote))
        except Refused as refused:
            self._guard.complaints.tell(peer, str(refused))
            if refused.answer and remote.pktinfo is not None and not remote.is_multicast_locally:
                self.send_bytes(refused.answer, remote)
        except Exception as error:  # noqa: BLE001 - whatever aiocoap finds wrong with it, the others are served
            self._guard.complaints.tell(peer, f"a message that failed: {error!r:.200}")

    def datagram_errqueue_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:
        """A peer cannot be reached: whoever waits for it learns so."""
        try:
            super().datagram_errqueue_received(data, ancdata, flags, address)
        except Exception as error:  # noqa: BLE001 - an ICMP message may be forged
            self._guard.complaints.tell(str(address[0]), f"an error that cannot be read: {error!r:.200}")

    def send_bytes(self, data: bytes, remote: Any) -> None:
        """Send bytes that are a datagram already."""
        ancdata = [] if remote.pktinfo is None else [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, remote.pktinfo)]
        self.transport.sendmsg(data, ancdata, 0, remote.sockaddr)


def _incoming(datagram: Datagram, remote: UDP6EndpointAddress) -> aiocoap.Message:
    message = aiocoap.Message(
        code=datagram.code, payload=datagram.payload, _mid=datagram.message_id, _mtype=Type(datagram.type),
        _token=datagram.token,
    )  # fmt: skip
    message.direction = Direction.INCOMING
    message.remote = remote
    _put_options(message, datagram.options)
    return message


class _Messages(MessageManager):
    """The message layer with a bounded memory of what was answered, and requests that can be given up."""

    def __init__(self, tokens: TokenManager, guard: Guard) -> None:
        super().__init__(tokens)
        self._answered: Kept[tuple[Any, ...], bytes] = Kept(
            guard.time, _EXCHANGE_LIFETIME_S, guard.max_kept_bytes
        )

    async def shutdown(self) -> None:
        """Stop all timers; nothing is sent any more."""
        for _, timer in self._piggyback_opportunities.values():
            timer.cancel()
        self._piggyback_opportunities.clear()
        await super().shutdown()

    def send_message(self, message: aiocoap.Message, messageerror_monitor: Any) -> Any:
        """Send; returns how to give up a request, so that one nobody waits for is not sent again."""
        if message.code.is_response() and self._is_unwanted(message):
            return None
        super().send_message(message, messageerror_monitor)
        return partial(self._give_up, message) if message.code.is_request() else None

    def _is_unwanted(self, message: aiocoap.Message) -> bool:
        """Acknowledge only what wants no answer of this class (RFC 7967), and take the option off the others."""
        unwanted = message.opt.no_response or 0
        message.opt.no_response = None
        if not unwanted >> (message.code.class_ - 1) & 1:
            return False
        waiting = self._piggyback_opportunities.pop((message.remote, message.token), None)
        if waiting is not None:
            waiting[1].cancel()
            self._send_empty_ack(message.remote, waiting[0], "no answer is wanted")
        return True

    def _deduplicate_message(self, message: aiocoap.Message) -> bool:
        key = (*key_of(message.remote), message.mid)
        answer = self._answered.get(key)
        if answer is None:
            self._answered.put(key, b"", 0, peer_of(message.remote))
            return False
        if answer and message.mtype is Type.CON:
            self.message_interface.send_bytes(answer, message.remote)
        return True

    def _store_response_for_duplicates(self, message: aiocoap.Message) -> None:
        if message.mtype in (ACK, RST):
            key = (*key_of(message.remote), message.mid)
            if self._answered.get(key) is not None:
                data = message.encode()
                self._answered.put(key, data, len(data), peer_of(message.remote))

    def _give_up(self, message: aiocoap.Message) -> None:
        exchange = self._active_exchanges.pop((message.remote, message.mid), None) if self._active_exchanges else None
        if exchange is not None:
            exchange[1].cancel()
            self._continue_backlog(message.remote)
        elif (waiting := self._backlogs.get(message.remote)) is not None:
            waiting[:] = [each for each in waiting if each[0] is not message]
