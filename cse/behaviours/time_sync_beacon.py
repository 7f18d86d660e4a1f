"""timeSyncBeacon: others are told what time it is, regularly or when somebody's clock is wrong (TSB-1).

A beacon that cannot be delivered is not sent later: its time would be wrong.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.clock import seconds_of, timestamp
from resources.duration import seconds_of_duration
from resources.model import Resource
from resources.time_sync_beacon import PERIODIC

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.work import Work

#: No timer is set beyond this.
LAST_S = 253_402_300_799.0


class BeaconBehaviour(Behaviour):
    """The beacons of one CSE: timers for the periodic ones, a look at the requests of those whose clock is watched."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._watching: dict[str, list[Resource]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """Begin once it is durable."""
        work.after(lambda: self.restored(resource))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """Go by what it says now."""
        work.after(lambda: self.restored(resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """No beacons any more."""
        work.after(lambda: self._forget(resource))

    def restored(self, resource: Resource) -> None:
        """Have it sent in its rhythm, which counts from its creation, also after a restart."""
        self._forget(resource)
        if resource.attributes["bcnc"] == PERIODIC:
            self._wind(resource)
            return
        requester = self.core.identity.entity(resource.attributes["bcnr"])
        self._watching.setdefault(requester, []).append(resource)
        if self.hear not in self.core.arrivals:
            self.core.arrivals.append(self.hear)

    async def stop(self) -> None:
        """Give up what is under way."""
        sending = tuple(self._sending.values())
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    def hear(self, call: Call) -> None:
        """A request has come: compare when its originator says it was sent with now."""
        beacons, sent = self._watching.get(call.originator), call.request.originating_timestamp
        if beacons is None or sent is None:
            return
        difference = abs(seconds_of(sent) - call.now)
        for beacon in beacons:
            if difference > seconds_of_duration(beacon.attributes["bcnt"]):
                self._send(beacon)

    def _wind(self, beacon: Resource) -> None:
        interval = seconds_of_duration(beacon.attributes["bcni"])
        begin, now = seconds_of(beacon.attributes["ct"]), self.core.clock.time()
        due = begin + interval * (math.floor((now - begin) / interval) + 1)
        if due <= now:
            due += interval
        if due < LAST_S:
            self.core.timers.at(_key(beacon), due, lambda: self._beat(beacon))

    def _beat(self, beacon: Resource) -> None:
        self._send(beacon)
        self._wind(beacon)

    def _send(self, beacon: Resource) -> None:
        """Tell the time, unless the last one is still on its way."""
        if beacon.ri in self._sending:
            return
        content = {"m2m:tsbn": {"ctm": timestamp(self.core.clock.time())}}
        targets = list(dict.fromkeys(beacon.attributes["bcnu"]))
        task = asyncio.get_running_loop().create_task(self._deliver(targets, content))
        self._sending[beacon.ri] = task
        task.add_done_callback(lambda _: self._sending.pop(beacon.ri, None))

    async def _deliver(self, targets: list[str], content: Mapping[str, Any]) -> None:
        await asyncio.gather(*(self.core.notifier.ask(target, content) for target in targets))

    def _forget(self, beacon: Resource) -> None:
        self.core.timers.cancel(_key(beacon))
        for requester, beacons in tuple(self._watching.items()):
            left = [one for one in beacons if one is not beacon]
            if left:
                self._watching[requester] = left
            else:
                del self._watching[requester]
        if not self._watching and self.hear in self.core.arrivals:
            self.core.arrivals.remove(self.hear)


def _key(beacon: Resource) -> tuple[str, str]:
    return "timeSyncBeacon", beacon.ri
