"""The energy monitor as an AE: subscribes to a meter, keeps energy in its own containers, raises the peak alarm."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ae_samples.monitor.alarms import RAISED, AlarmEvent, PeakAlarm, threshold_from
from ae_samples.monitor.counting import Counting
from ae_samples.monitor.energy import Reading
from ae_samples.monitor.hub import RELOAD
from ae_samples.monitor.intervals import Interval, Total, day_borders, day_of
from ae_samples.monitor.records import (
    TO_KW,
    TO_KWH,
    alarm_of,
    alarm_record,
    content_of,
    device_of,
    interval_of,
    interval_record,
    sample_of,
    total_of,
    total_record,
)
from ae_samples.monitor.settings import MonitorSettings
from ae_samples.monitor.view import ALARMS_SHOWN, DAYS_SHOWN, View
from cse.client import Client, Clock, Notification, RequestFailed, Status, SystemClock, Unreachable
from cse.clock import timestamp

Instance = Mapping[str, Any]
_log = logging.getLogger(__name__)

QUARTERS, HOURS, DAYS, ALARMS = "energy-15min", "energy-hour", "energy-day", "alarms"
#: Containers of the monitor and how many instances they keep: 40 days, 1 year, 10 years, the last 1,000 changes.
CONTAINERS = {QUARTERS: 3840, HOURS: 8784, DAYS: 3660, ALARMS: 1000}
LEARNING_DAYS = 28
READ_BACK = 2000
INBOX = 10_000
JSON_CONTENT = "application/json:0"


class Monitor:
    """Watches one meter. ``run`` never ends by itself: when the CSE is lost it starts again from what is stored."""

    def __init__(self, client: Client, settings: MonitorSettings, view: View, clock: Clock | None = None) -> None:
        self.settings = settings
        self.view = view
        self._client = client
        self._clock: Clock = clock or SystemClock()
        self._zone = settings.zone
        self._home = f"-/{settings.name}"
        self._counting = Counting(settings, self._zone)
        self._alarm = PeakAlarm(settings.alarm_threshold_kw or None, settings.alarm_hysteresis)
        self._inbox: asyncio.Queue[tuple[str, Instance]] = asyncio.Queue(INBOX)
        self._missed = False
        self._seen: dict[str, str] = {}
        self._device = ("waiting", "")
        self._heard = self._clock.time()

    async def run(self) -> None:
        """Work until cancelled."""
        attempt = 0
        while True:
            try:
                await self._start()
                attempt = 0
                await self._work()
            except (Unreachable, RequestFailed) as failure:
                lost = isinstance(failure, Unreachable)
                text = "The CSE does not answer" if lost else f"The CSE refuses: {failure}"
                self.view.connection("disconnected" if lost else "waiting", text)
                (_log.info if attempt else _log.warning)("monitor: %s; trying again", failure)
                await self._clock.sleep(min(5.0, 0.5 * 2**attempt))
                attempt = min(attempt + 1, 10)

    async def _start(self) -> None:
        settings = self.settings
        await self._client.register(settings.app_id, settings.name, ae_id=settings.ae_id, lbl=["ae/monitor"])
        for name, instances in CONTAINERS.items():
            await self._client.ensure(self._home, "cnt", name, {"mni": instances, "lbl": [f"energy/{name}"]})
        await self._wait_for_meter()
        for name in (settings.power, settings.energy, settings.status):
            await self._client.subscribe(f"{settings.meter}/{name}", self._receiver(name), name=f"sub-{settings.name}")
        await self._restore()

    async def _wait_for_meter(self) -> None:
        """Wait until the meter has its containers and we may read them."""
        for name in (self.settings.power, self.settings.energy, self.settings.status):
            while True:
                try:
                    await self._client.retrieve(f"{self.settings.meter}/{name}", attributes=("rn",))
                    break
                except RequestFailed as failure:
                    if failure.status not in (Status.NOT_FOUND, Status.ORIGINATOR_HAS_NO_PRIVILEGE):
                        raise
                    self.view.connection("waiting", f"Waiting for the meter ({self.settings.meter}/{name})")
                    await self._clock.sleep(0.5)

    def _receiver(self, name: str) -> Callable[[Notification], Awaitable[None]]:
        async def receive(notification: Notification) -> None:
            if notification.root != "m2m:cin":
                return
            try:
                self._inbox.put_nowait((name, notification.representation))
            except asyncio.QueueFull:
                self._missed = True

        return receive

    async def _restore(self) -> None:
        """Continue from what is stored: no interval twice, none lost."""
        settings, view = self.settings, self.view
        stored = [each for i in await self._history(QUARTERS, LEARNING_DAYS * 96) if (each := interval_of(i))]
        view.quarters = {each.start: each for each in stored}
        view.days = {d.start: d for i in await self._history(DAYS, DAYS_SHOWN) if (d := total_of(i))}
        view.alarms.clear()
        view.alarms.extend(a for i in await self._history(ALARMS, ALARMS_SHOWN) if (a := alarm_of(i)))
        self._restore_alarm()
        self._counting = Counting(settings, self._zone)
        self._learn(stored[-1].end if stored else 0.0)
        for closed in self._counting.replay(stored):
            await self._write_total(closed)
        meter = await self._client.history(f"{settings.meter}/{settings.energy}", limit=READ_BACK)
        readings = [s.reading for i in meter if (s := sample_of(i, TO_KWH)) and s.good]
        for reading in self._counting.resume(stored, readings):
            await self._count(reading)
        for instance in await self._client.history(f"{settings.meter}/{settings.power}", limit=READ_BACK):
            await self._take(settings.power, instance, live=False)
        await self._poll(settings.status)
        self.view.hub.publish(RELOAD, {})

    async def _history(self, container: str, limit: int) -> list[dict[str, Any]]:
        return await self._client.history(f"{self._home}/{container}", limit=limit)

    def _restore_alarm(self) -> None:
        last = self.view.alarms[-1] if self.view.alarms else None
        self._alarm.restart()
        if last is not None:
            self._alarm.last_time = last.time
            self._alarm.active = last if last.state == RAISED else None

    async def _work(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self.settings.check_s):
                    name, instance = await self._inbox.get()
            except TimeoutError:
                self._missed = True
            else:
                await self._take(name, instance)
            if self._missed and self._inbox.empty():
                self._missed = False
                await self._catch_up()

    async def _catch_up(self) -> None:
        """Look for what no notification told."""
        settings = self.settings
        await self._poll(settings.status)
        for name in (settings.power, settings.energy):
            newest = await self._client.latest(f"{settings.meter}/{name}")
            if newest is None or str(newest.get("ct", "")) <= self._seen.get(name, ""):
                continue
            for instance in await self._client.history(f"{settings.meter}/{name}", limit=READ_BACK):
                if str(instance.get("ct", "")) > self._seen.get(name, ""):
                    await self._take(name, instance)
        self._show_device()

    def _show_device(self) -> None:
        """Show what the IPE says of the device, unless it says nothing any more."""
        limit_s = self.settings.silent_s
        silent = self._device[0] == "online" and self._clock.time() - self._heard > limit_s
        self.view.connection(*(("stale", f"No value for more than {limit_s:g} seconds") if silent else self._device))

    async def _poll(self, name: str) -> None:
        instance = await self._client.latest(f"{self.settings.meter}/{name}")
        if instance is not None:
            await self._take(name, instance)

    async def _take(self, name: str, instance: Instance, *, live: bool = True) -> None:
        settings = self.settings
        self._seen[name] = max(self._seen.get(name, ""), str(instance.get("ct", "")))
        if name == settings.status:
            self._device = device_of(instance)
            self._show_device()
        elif name == settings.power and (sample := sample_of(instance, TO_KW)):
            now = self._clock.time()
            self.view.power(sample, now if live else None)
            if live:
                self._heard = now
                self._show_device()
        elif name == settings.energy and (sample := sample_of(instance, TO_KWH)) and sample.good:
            await self._count(sample.reading)
        if live:
            path = f"{settings.meter.partition('/')[2]}/{name}"
            self.view.resource(path, content_of(instance), str(instance.get("ct", "")))

    async def _count(self, reading: Reading) -> None:
        """Count a reading and write the intervals that it closes."""
        quarters = self._counting.read(reading)
        for quarter in quarters:
            await self._write_quarter(quarter)
        self.view.open_quarter = self._counting.open
        if quarters:
            self.view.energy()

    async def _write_quarter(self, quarter: Interval) -> None:
        if quarter.start < max(self.view.quarters, default=quarter.start) - self.settings.max_late_s:
            self._set_back(quarter.start)
        await self._write(QUARTERS, timestamp(quarter.start)[:15], interval_record(quarter), ["energy/15min"])
        self.view.quarters[quarter.start] = quarter
        for closed in self._counting.roll_up(quarter):
            await self._write_total(closed)
        if quarter.complete:
            await self._watch_peak(quarter)

    def _set_back(self, now: float) -> None:
        """The clock of the source was set back: what lies in its future is stored, but not shown or learnt from."""
        self.view.quarters = {start: each for start, each in self.view.quarters.items() if start < now}
        self.view.days = {start: each for start, each in self.view.days.items() if each.end <= now}
        self._alarm.restart()

    async def _write_total(self, closed: tuple[str, Total]) -> None:
        kind, total = closed
        name = {"hour": HOURS, "day": DAYS}[kind]
        await self._write(name, timestamp(total.start)[:15], total_record(total), [f"energy/{kind}"])
        if kind == "day":
            self.view.days[total.start] = total
            self._learn(total.end)

    def _learn(self, until: float) -> None:
        """Forget what is too old, and take the threshold from the days before ``until`` unless it is given."""
        oldest = until - LEARNING_DAYS * 86400
        self.view.quarters = {start: each for start, each in self.view.quarters.items() if start >= oldest}
        if not self.settings.alarm_threshold_kw:
            midnight, _ = day_borders(day_of(until, self._zone), self._zone)
            past = [each.demand_kw for each in self.view.quarters.values() if each.complete and each.end <= midnight]
            self._alarm.threshold_kw = threshold_from(past)
        self.view.threshold_kw = self._alarm.threshold_kw

    async def _watch_peak(self, quarter: Interval) -> None:
        event = self._alarm.update(quarter.end, quarter.demand_kw)
        if event is not None:
            await self._write_alarm(event)

    async def _write_alarm(self, event: AlarmEvent) -> None:
        name = f"peak-{timestamp(event.time)[:15]}-{event.state}"
        await self._write(ALARMS, name, alarm_record(event), ["alarm/peak", f"state/{event.state}"])
        self.view.alarm(event)
        _log.info("peak alarm %s: %.1f kW (threshold %.1f kW)", event.state, event.value_kw, event.threshold_kw)

    async def _write(self, container: str, name: str, record: dict[str, Any], labels: list[str]) -> None:
        """Write an instance; its name says what it is, so that a second time is refused and does no harm."""
        try:
            body = await self._client.create(f"{self._home}/{container}", "cin", {
                "rn": name, "cnf": JSON_CONTENT, "con": json.dumps(record), "lbl": labels,
            })  # fmt: skip
        except RequestFailed as failure:
            if failure.status is not Status.CONFLICT:
                raise
            return
        self.view.resource(f"{self.settings.name}/{container}", record, str(body.get("ct", "")))
