"""The monitor as one thing to start and stop: its AE and its page."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from ae_samples.monitor.hub import Hub
from ae_samples.monitor.monitor import Monitor
from ae_samples.monitor.page import Page
from ae_samples.monitor.settings import MonitorSettings
from ae_samples.monitor.view import View
from cse.client import Client, Clock

_log = logging.getLogger(__name__)


class MonitorService:
    """An energy monitor over a client that has a receiver. The page is served before the CSE is there."""

    def __init__(self, client: Client, settings: MonitorSettings, clock: Clock | None = None) -> None:
        self.view = View(settings.zone, Hub(), settings.title)
        self.monitor = Monitor(client, settings, self.view, clock)
        self.page = Page(self.view, client, settings)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start both and return the URL of the page."""
        url = await self.page.start()
        self._task = asyncio.create_task(self.monitor.run(), name="monitor")
        self._task.add_done_callback(self._ended)
        return url

    async def stop(self) -> None:
        """Stop both; what is not finished is continued at the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._task
        await self.page.stop()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Tell about a fault of the monitor itself, which ends it; the page goes on and says so."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the monitor stopped", exc_info=error)
            self.view.connection("disconnected", "The monitor has stopped because of a fault; its log says more")
