"""Requests to groups of CoAP servers (RFC 7252 8): being a member of IP multicast groups."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Sequence
from functools import partial
from typing import Any

from aiocoap.transports.udp6 import UDP6EndpointAddress

from bindings.coap.datagram import NON
from bindings.coap.stack import Udp
from cse.security.transport import is_loopback

#: Linux: a socket hears the groups that it has joined, not those of others on other interfaces.
_IP_MULTICAST_ALL, _IPV6_MULTICAST_ALL = 49, 29
_LOOPBACK = "lo"


class Membership(asyncio.DatagramProtocol):
    """The socket of one group. What comes goes on as if it had come to ``udp``, from whose address it is answered."""

    def __init__(self, group: str, udp: Udp) -> None:
        self._udp = udp
        address = ipaddress.ip_address(group.partition("%")[0])
        mapped = address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed
        self._pktinfo = mapped + struct.pack("I", 0)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Let a request in; one that wants an acknowledgement, and anything else, is no multicast message."""
        sender = addr if len(addr) == 4 else (f"::ffff:{addr[0]}", addr[1], 0, 0)
        if len(data) < 2 or data[0] >> 4 & 3 != NON or not 0 < data[1] < 32:
            self._udp.refuse(sender[0].removeprefix("::ffff:"), "a multicast message that is no NON request")
            return
        self._udp.let_in(data, UDP6EndpointAddress(sender, self._udp, pktinfo=self._pktinfo))

    def error_received(self, exc: Exception) -> None:
        """Nothing was sent here."""


async def join(groups: Sequence[str], host: str, port: int, udp: Udp) -> list[asyncio.DatagramTransport]:
    """Become a member of each group at a port, on the interface that has the address ``host``. Raises OSError."""
    loop, joined = asyncio.get_running_loop(), []
    try:
        for group in groups:
            sock = await _member(group, host, port)
            transport, _ = await loop.create_datagram_endpoint(partial(Membership, group, udp), sock=sock)
            joined.append(transport)
    except OSError:
        for transport in joined:
            transport.close()
        raise
    return joined


async def _member(group: str, host: str, port: int) -> socket.socket:
    """A socket that hears what is sent to a group, and nothing else."""
    address, _, scope = group.partition("%")
    if ipaddress.ip_address(address).version == 4:
        sock = _plain(socket.AF_INET)
        sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        return _bound(sock, (address, port), socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                      socket.inet_aton(address) + socket.inet_aton(await _ipv4(host)))
    index = _index(scope, host)
    sock = _plain(socket.AF_INET6)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
    return _bound(sock, (address, port, 0, index), socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                  socket.inet_pton(socket.AF_INET6, address) + struct.pack("@I", index))


def _plain(family: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock


def _bound(sock: socket.socket, address: Any, level: int, option: int, value: bytes) -> socket.socket:
    try:
        sock.setsockopt(level, option, value)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


async def _ipv4(host: str) -> str:
    """The IPv4 address that a host means; that of any interface for one that has none."""
    if not host or host == "::":
        return "0.0.0.0"  # noqa: S104 - the system chooses the interface
    found = await asyncio.get_running_loop().getaddrinfo(host, 0, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    return str(found[0][4][0])


def _index(scope: str, host: str) -> int:
    """The number of the interface behind the ``%`` of a group; without it loopback for such a host, else the system's.

    Raises OSError for one that is reached from elsewhere while ``host`` is not.
    """
    index = int(scope) if scope.isdigit() else socket.if_nametoindex(scope) if scope else 0
    if not is_loopback(host):
        return index
    loopback = socket.if_nametoindex(_LOOPBACK)
    if index not in (0, loopback):
        raise OSError(f"coap.multicast_groups: {scope} is another interface than that of coap.host, {host}")
    return loopback
