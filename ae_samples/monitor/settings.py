"""Settings of the energy monitor."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ae_samples.monitor.energy import Register


@dataclass(slots=True)
class MonitorSettings:
    """``[monitor]``: which meter to watch, as whom, and where to show it. Energies in kWh, power in kW.

    ``meter`` is the address of the meter's AE. ``alarm_threshold_kw`` 0 takes the threshold from the data of the past
    days. ``register_size_kwh`` 0 means that the register never rolls over. After ``silent_s``
    without a value the meter counts as stale. ``allowed_hosts`` are further names under which browsers may call.
    """

    cse_url: str = "http://127.0.0.1:8080"
    ae_id: str = "Cmonitor"
    app_id: str = "N.banyan.monitor"
    name: str = "monitor"
    title: str = "Building"
    meter: str = "-/meter"
    power: str = "power"
    energy: str = "energy"
    status: str = "status"
    host: str = "127.0.0.1"
    port: int = 8090
    allowed_hosts: list[str] = field(default_factory=list)
    time_zone: str = "Europe/Zurich"
    alarm_threshold_kw: float = 0.0
    alarm_hysteresis: float = 0.05
    register_size_kwh: float = 0.0
    register_step_kwh: float = 1.0
    max_power_kw: float = 5000.0
    max_gap_s: float = 1800.0
    max_late_s: float = 3600.0
    check_s: float = 10.0
    silent_s: float = 300.0

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the building; raises ValueError when it is not known."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"time_zone: {self.time_zone!r} is not known; expected for example Europe/Zurich "
                             "(a system without zone data needs the package tzdata)") from error

    @property
    def register(self) -> Register:
        """What is known of the meter's register."""
        return Register(self.register_size_kwh or None, self.max_power_kw, self.register_step_kwh, self.max_late_s)
