"""One CSE without its edges: ports in, a handler of primitives out. Runs in tests without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cse import bootstrap, expiration
from cse.access.decision import AccessControl
from cse.answers import Answers
from cse.behaviours.table import BEHAVIOURS
from cse.client.transport import Sender
from cse.clock import Clock, SystemClock
from cse.codecs import JSON_ONLY, Codecs
from cse.connections import OpenConnections
from cse.core import Core
from cse.device_management import Adapter
from cse.dispatcher import Dispatcher, Meter
from cse.fanout.repetition import SeenGroupRequests
from cse.identifiers import Identity
from cse.instances import Instances
from cse.location_server import LocationServer
from cse.multicast import Memberships
from cse.notifications.delivery import Delivery
from cse.notifications.notifier import Notifier
from cse.notifications.points import PointsOfAccess
from cse.notifications.targets import Targets
from cse.polling import PollingQueues
from cse.settings import CseSettings, StoreSettings
from cse.storage.committer import Committer
from cse.storage.port import Store
from cse.timers import Timers
from cse.tree import Tree
from cse.validation import Validator
from cse.work import Work
from resources.registry import Registry


@dataclass(slots=True)
class Ports:
    """What a CSE is given. ``senders`` maps a URL scheme to the client side of a binding.

    ``adapters`` lead to devices, ``location_server`` to positions. ``accepts_connections``: AEs may open connections
    over which they are asked. ``codecs`` are the serialisations of its bindings, ``multicast_groups`` the addresses of
    the groups that they listen on.
    """

    store: Store
    senders: Mapping[str, Sender] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    registry: Registry = field(default_factory=Registry.default)
    committing: StoreSettings = field(default_factory=StoreSettings)
    meter: Meter | None = None
    adapters: Sequence[Adapter] = ()
    location_server: LocationServer | None = None
    accepts_connections: bool = False
    codecs: Codecs = JSON_ONLY
    multicast_groups: Sequence[str] = ()


class Cse:
    """A running CSE: ``handle`` answers primitives, ``core`` is its inside."""

    def __init__(self, core: Core, dispatcher: Dispatcher) -> None:
        self.core = core
        #: Answers a request primitive; never raises.
        self.handle = dispatcher.handle
        self._expiry: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: CseSettings, ports: Ports) -> Cse:
        """Read the store, make or check the CSEBase, plant the initial tree at first start, go on with the outbox.

        Raises StartError or StoreError.
        """
        core, dispatcher = await _assemble(settings, ports)
        core.answers.restore(await ports.store.answers())
        core.timers.hold()  # what became due meanwhile is done when everything is there
        undelivered = await ports.store.outbox()  # what comes from now on is released by itself
        bootstrap.restore(core, await ports.store.load())
        cse = cls(core, dispatcher)
        if await bootstrap.settle_base(core):
            core.timers.go()
            if settings.initial_tree:
                await bootstrap.plant(core, settings.initial_tree)
        for behaviour in core.behaviours.values():
            await behaviour.started()
        core.notifier.release(undelivered)
        core.timers.go()
        for behaviour in core.behaviours.values():
            behaviour.opened()
        cse._expiry = asyncio.create_task(expiration.run(core))
        return cse

    async def reachable_at(self, points_of_access: list[str]) -> None:
        """Say in the CSEBase where this CSE can be reached, once its bindings know."""
        root = self.core.tree.root
        root.attributes = {**root.attributes, "poa": points_of_access}
        work = Work()
        work.put(root)
        await self.core.commit(work)

    def release(self) -> None:
        """Answer those who wait for something to come: the CSE ends soon."""
        self.core.polling.stop()

    async def close(self) -> None:
        """Stop, write what was accepted, close the store."""
        self.release()
        if self._expiry is not None:
            self._expiry.cancel()
            await asyncio.gather(self._expiry, return_exceptions=True)
        for behaviour in self.core.behaviours.values():
            await behaviour.stop()
        await self.core.timers.stop()
        await self.core.notifier.delivery.stop()
        await self.core.committer.close()


async def _assemble(settings: CseSettings, ports: Ports) -> tuple[Core, Dispatcher]:
    identity = Identity(settings.cse_id, settings.sp_id, settings.cse_name)
    committer = Committer(ports.store, max_batch=ports.committing.max_batch, linger_s=ports.committing.linger_s)
    last_seq, last_id = await ports.store.high_water()
    tree = Tree(identity)
    targets = Targets(tree, identity, ports.senders, settings.notification_timeout_s, PointsOfAccess(ports.clock))
    delivery = Delivery(targets)
    timers = Timers(ports.clock)
    dispatcher = Dispatcher(ports.meter)
    core = dispatcher.core = delivery.core = targets.core = Core(
        settings=settings,
        identity=identity,
        registry=ports.registry,
        validator=Validator(ports.registry),
        tree=tree,
        committer=committer,
        instances=Instances(committer, last_seq),
        access=AccessControl(tree, identity, settings.administrators, ports.clock),
        clock=ports.clock,
        timers=timers,
        polling=PollingQueues(timers, ports.clock, settings.request_timeout_s),
        notifier=Notifier(delivery, identity.cse_id, last_id),
        administrators=frozenset(identity.entity(one) for one in settings.administrators),
        seen=SeenGroupRequests(),
        answers=Answers(settings, ports.clock),
        connections=OpenConnections(tree, in_use=ports.accepts_connections),
        handle=dispatcher.handle,
        adapters=ports.adapters,
        location_server=ports.location_server,
        codecs=ports.codecs,
        multicast=Memberships(ports.multicast_groups),
    )
    core.connections.returned = core.notifier.reachable
    core.behaviours.update({number: behaviour(core) for number, behaviour in BEHAVIOURS.items()})
    return core, dispatcher
