"""Connections that AEs have opened to this CSE and over which they can be asked (WebSocket: TS-0020 6).

The connection that an AE used last is its own, or the one before it where that has ended; over the connection of a
gateway there are several AEs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.tree import Tree
from resources.ae import AE
from resources.model import Resource


class Connection(Protocol):
    """An open connection; ``send`` raises ``cse.client.transport.Unreachable``."""

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer."""


class OpenConnections:
    """Who can be reached over which connection.

    ``in_use``: there is a binding whose connections AEs open, so an AE without a point of access may come by one.
    ``returned`` is called with an AE that has a connection, or a new one.
    """

    def __init__(self, tree: Tree, *, in_use: bool = False) -> None:
        self.in_use = in_use
        self.returned: Callable[[Resource], None] = lambda _: None
        self._tree = tree
        self._by_entity: dict[str, tuple[Resource, list[Connection]]] = {}
        self._entities: dict[Connection, set[str]] = {}

    def asks(self, originator: str, connection: Connection) -> None:
        """A request came over a connection: it is that of its originator from now on, if that is an AE of this CSE."""
        entity = self._tree.by_id.get(self._tree.identity.entity(originator)) if originator else None
        if entity is not None:
            self._attach(entity, connection)

    def registered(self, address: str, connection: Connection) -> None:
        """An AE was registered over a connection; ``address`` is that of its resource."""
        entity = self._tree.find(address)
        if entity is not None:
            self._attach(entity, connection)

    def closed(self, connection: Connection) -> None:
        """A connection is no more."""
        for ri in self._entities.pop(connection, ()):
            connections = self._by_entity[ri][1]
            connections.remove(connection)
            if not connections:
                del self._by_entity[ri]

    def of(self, entity: Resource) -> Connection | None:
        """The open connection of an AE."""
        resource, connections = self._by_entity.get(entity.ri, (None, ()))
        return connections[-1] if resource is entity and connections else None

    def comes(self, entity: Resource) -> bool:
        """True for an AE that cannot be called but may come by itself, so that what is for it waits until it does."""
        return self.in_use and entity.type.number == AE.number and not entity.attributes.get("poa") \
            and entity.attributes.get("rr") is True

    def _attach(self, entity: Resource, connection: Connection) -> None:
        if self.of(entity) is connection or entity.type.number != AE.number:
            return
        before, known = self._by_entity.get(entity.ri, (None, []))
        if before is not entity:  # another AE had this ID: its connections are not those of this one
            for one in known:
                self._entities[one].discard(entity.ri)
            known = []
        self._by_entity[entity.ri] = entity, [*(one for one in known if one is not connection), connection]
        self._entities.setdefault(connection, set()).add(entity.ri)
        self.returned(entity)
