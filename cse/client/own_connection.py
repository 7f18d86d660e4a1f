"""Being told without a URL of one's own: over the connection that requests go out on, or whatever an AE is told by."""

from __future__ import annotations

import uuid

from cse.client.notification import unpack
from cse.client.receiver import Receiver, Route
from cse.client.transport import TwoWay
from cse.primitive import RequestPrimitive


class EntityReceiver(Receiver):
    """Subscriptions name the AE itself as their target, so what arrives is known by its subscription."""

    def __init__(self, way: str) -> None:
        super().__init__(f"{way}:")

    def name(self) -> str | None:
        """A name that no other subscription has."""
        return f"sub-{uuid.uuid4().hex}"

    def target(self, url: str, originator: str, address: str) -> str:
        """The AE that subscribes."""
        self._routes[url.rpartition("/")[2]].address = address
        return originator

    def _route_of(self, request: RequestPrimitive) -> Route | None:
        try:
            subscription = next(unpack(request.content)).subscription
        except (ValueError, StopIteration):
            return next(iter(self._routes.values()), None)  # which says what is wrong with it
        named = [one for one in self._routes.values() if _last(one.address) == _last(subscription)]
        if len(named) > 1:
            named = [one for one in named if subscription.endswith(f"/{one.address.removeprefix('-/')}")]
        return named[0] if named else None


class ConnectionReceiver(EntityReceiver):
    """Calls back with what a CSE sends over a transport that it asks over too."""

    def __init__(self, transport: TwoWay) -> None:
        super().__init__("connection")
        self._transport = transport

    async def ready(self, originator: str) -> None:  # noqa: ARG002 - whoever asks over the transport
        """Have the transport listen, and come back when its connection is lost."""
        await self._transport.listen(self.receive)

    def target(self, url: str, originator: str, address: str) -> str:
        """The AE that subscribes, or where the transport says that it hears."""
        entity = super().target(url, originator, address)
        return self._transport.heard_at(entity)


def _last(address: str) -> str:
    return address.rpartition("/")[2]
