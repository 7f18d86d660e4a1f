"""Results of asynchronous requests on their way to those who are told (RTP-8).

Who is still to be told is kept with the ``<request>``, so a restart goes on with it; told twice is possible, never
not at all as long as the target can be reached within the time that notifications are tried again.
"""

from __future__ import annotations

import asyncio
import logging

from cse.clock import seconds_of
from cse.core import Core
from cse.notifications.outlet import without_secrets
from cse.storage.port import StoreError
from cse.work import Work
from resources.model import Resource
from resources.status import Status

log = logging.getLogger("banyan.requests")

FIRST_PAUSE_S = 0.25
#: Answers that mean: nobody has it yet.
NOT_DELIVERED = frozenset({Status.TARGET_NOT_REACHABLE, Status.REQUEST_TIMEOUT})


class Results:
    """The results of one CSE that somebody waits for."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    def tell(self, resource: Resource) -> None:
        """Send a durable result to everybody who is to be told."""
        for target in () if self._stopped else (resource.state or {}).get("tell", ()):
            task = asyncio.get_running_loop().create_task(self._tell(resource, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Those who have not been told yet are told after the next start."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self, resource: Resource, target: str) -> None:
        core, pause = self._core, FIRST_PAUSE_S
        until = core.clock.time() + core.settings.notification_retry_s
        content = {"m2m:rsp": resource.attributes["ors"]}
        while True:
            polled = core.notifier.delivery.targets.fetches(target)
            timeout_s = seconds_of(resource.attributes["et"]) - core.clock.time() if polled else None
            status = (await core.notifier.delivery.send(target, content, timeout_s=timeout_s)).status
            if status not in NOT_DELIVERED or (core.clock.time() + pause > until and not polled):
                break
            if not core.tree.holds(resource):
                return
            await core.clock.sleep(pause)
            pause = min(2 * pause, 60.0)
        if not status.succeeded:
            log.warning("the result of a request was not accepted by %s: %s %s", without_secrets(target),
                        status.value, status.name)
        self._told(resource, target)

    def _told(self, resource: Resource, target: str) -> None:
        if not self._core.tree.holds(resource):
            return
        left = [one for one in (resource.state or {}).get("tell", ()) if one != target]
        work = Work()
        work.keep(resource, tell=left or None)
        try:
            self._core.submit(work)
        except StoreError as error:
            log.error("who was told a result cannot be written: %s", error)
