"""The building at work: the model is stepped as time goes, controllers and meters show what it says."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from cse.clock import Clock, SystemClock
from ipe.simulator.building import CONTROLLERS
from ipe.simulator.controllers import Controller
from ipe.simulator.faults import FaultError, Faults
from ipe.simulator.meters import Gateway
from ipe.simulator.model import Model

_log = logging.getLogger(__name__)

#: How often commands are taken and values shown, in seconds.
TICK_S = 0.2
#: How far the building may lag before that is said, and then its time goes on from where it is.
LAG_S = 5.0
SLOWEST, FASTEST = 1.0, 3_600.0


@dataclass(frozen=True, slots=True)
class Ports:
    """UDP port of each controller and TCP port of the meters; 0 takes a free one."""

    host: str = "127.0.0.1"
    controllers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CONTROLLERS, 0))
    meters: int = 0


class Building:
    """A model behind field devices, ``speed`` times as fast as ``clock``."""

    def __init__(
        self, model: Model, *, speed: float = 1.0, ports: Ports | None = None, faults: Faults | None = None,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"speed {speed:g}; expected {SLOWEST:g} to {FASTEST:g}")
        self.model = model
        self.speed = speed
        self.ports = ports or Ports()
        self._faults = faults or Faults()
        self._clock = clock or SystemClock()
        self._start_s = model.time_s
        self._behind_s = 0.0
        self.gateway = Gateway(self._faults, self.ports.host, self.ports.meters)
        self.controllers: list[Controller] = []

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Serve until cancelled; ``ready`` is set when ``ports`` tells where. Raises OSError."""
        async with AsyncExitStack() as stack:
            stack.callback(self.model.close)
            controllers = {name: _udp_port(self.ports.host, port) for name, port in self.ports.controllers.items()}
            self.controllers = [
                Controller(name, self._faults, self.ports.host, port) for name, port in controllers.items()
            ]
            self._show()
            for controller in self.controllers:
                controller.start()
                stack.callback(controller.stop)
            meters = await self.gateway.start()
            stack.push_async_callback(self.gateway.stop)
            self.ports = Ports(self.ports.host, controllers, meters)
            if ready is not None:
                ready.set()
            await self._tick_forever()

    async def _tick_forever(self) -> None:
        began_s, origin_s = self._clock.time(), self.model.time_s
        while True:
            due_s = origin_s + (self._clock.time() - began_s) * self.speed
            for controller in self.controllers:
                for key, value in controller.commands().items():
                    self.model.set(key, value)
            await asyncio.to_thread(self._advance, due_s)
            late_s = self._clock.time() - began_s - (due_s - origin_s) / self.speed
            if late_s > LAG_S:
                _log.warning("the model is slower than %gx: the building's time lags", self.speed)
                began_s, origin_s = self._clock.time(), self.model.time_s
            self._refresh_faults()
            self._show()
            await self._clock.sleep(TICK_S)

    def _advance(self, due_s: float) -> None:
        """Step as far as whole steps go."""
        while True:
            before_s = self.model.time_s
            if before_s + self._behind_s > due_s:
                return
            self.model.step()
            self._behind_s = self.model.time_s - before_s
            self.gateway.count(self.model.values(), self._behind_s)

    def _refresh_faults(self) -> None:
        try:
            self._faults.refresh(self.model.time_s - self._start_s)
        except FaultError as error:
            _log.error("%s; the faults before it go on", error)

    def _show(self) -> None:
        readings = self._faults.apply(self.model.values())
        for controller in self.controllers:
            controller.show(readings, self.model.time_s)
        self.gateway.show(readings, self.model.time_s)


def _udp_port(host: str, port: int) -> int:
    """Find a port that can be had; raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(f"cannot use UDP {host}:{port}: {error.strerror}") from error
        return int(probe.getsockname()[1])
