"""The building computed by EnergyPlus: the DOE medium office, stepped in closed loop. Extra ``building``.

EnergyPlus runs in a thread of its own and waits after each of its time steps. Set-points and lights are overridden by
its actuators; what is not overridden follows the schedules of the reference building.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import threading
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ipe.simulator.building import FLOORS, METERS, SETTINGS, WEATHER, ZONES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a wrong escape in its sources
    import pyenergyplus
    from pyenergyplus.api import EnergyPlusAPI

REFERENCE = "model/RefBldgMediumOfficeNew2004_Chicago.idf"
CLIMATE = "weather/USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw"
STEPS_PER_HOUR = 12
YEARS = 20
#: A step of EnergyPlus takes milliseconds; its warm-up and sizing some seconds.
PATIENCE_S = 120.0
LIGHT_W_PER_M2 = 10.76
#: Our names of floors and zones, and those of the reference building.
FLOOR_NAMES = dict(zip(FLOORS, ("bot", "mid", "top"), strict=True))
CORES = dict(zip(FLOORS, ("Core_bottom", "Core_mid", "Core_top"), strict=True))
SIDES = {"south": 1, "east": 2, "north": 3, "west": 4}
#: Ours, and EnergyPlus' output variable of a zone with a factor.
ZONE_OUTPUTS: Mapping[str, tuple[str, float]] = {
    "temperature": ("Zone Mean Air Temperature", 1), "humidity": ("Zone Air Relative Humidity", 1),
    "occupants": ("Zone People Occupant Count", 1), "light_power": ("Zone Lights Electricity Rate", 0.001),
    "cooling_setpoint": ("Zone Thermostat Cooling Setpoint Temperature", 1),
    "heating_setpoint": ("Zone Thermostat Heating Setpoint Temperature", 1),
}  # fmt: skip
WEATHER_OUTPUTS: Mapping[str, str] = {
    "outdoor_temperature": "Site Outdoor Air Drybulb Temperature",
    "outdoor_humidity": "Site Outdoor Air Relative Humidity",
    "sun": "Site Direct Solar Radiation Rate per Area",
}  # fmt: skip
#: Electricity:Facility is the first meter, number 0, for which the interface says that there is none; the building
#: makes no electricity, so what it purchases is the same.
METER_NAMES: Mapping[str, str] = {
    "main": "ElectricityPurchased:Facility", "cooling": "Cooling:Electricity", "heating": "Heating:Electricity",
    "fans": "Fans:Electricity", "lights": "InteriorLights:Electricity", "exterior": "ExteriorLights:Electricity",
    "equipment": "InteriorEquipment:Electricity", "gas": "NaturalGas:Facility",
}  # fmt: skip
WEATHER_PERIOD = 3
SUPPLY, SUPPLY_OF_FLOOR = "Seasonal-Reset-Supply-Air-Temp-Sch", "Supply air of VAV_{}"


class EnergyPlusFailed(RuntimeError):
    """EnergyPlus ended by itself; the message has its own first errors."""


def zone_name(floor: str, zone: str) -> str:
    """The reference building's name of a zone."""
    return CORES[floor] if zone == "core" else f"Perimeter_{FLOOR_NAMES[floor]}_ZN_{SIDES[zone]}"


def input_of(text: str, start: datetime) -> str:
    """The reference building with a run period from a date on, our time steps, and without its own reports."""
    text = re.sub(r"^ *Output:[^;]*;.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ *RunPeriodControl:DaylightSavingTime,[^;]*;.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ *Timestep,[^;]*;", f"  Timestep,{STEPS_PER_HOUR};", text, flags=re.MULTILINE)
    text = _supply_of_each_floor(text)
    text = re.sub(r"YES,( *!- Run Simulation for Sizing Periods)", r"NO,\1", text)
    text = re.sub(r"NO,( *!- Run Simulation for Weather File Run Periods)", r"YES,\1", text)
    period = (
        f"  RunPeriod,\n    building,\n    {start.month},\n    {start.day},\n    {start.year},\n"
        f"    12,\n    31,\n    {start.year + YEARS},\n    ,\n    No,\n    No,\n    No,\n    Yes,\n    Yes;\n"
    )
    meters = "".join(f"  Output:Meter,{name},RunPeriod;\n" for name in METER_NAMES.values())
    return re.sub(r"^ *RunPeriod,[^;]*;.*\n", lambda _: period, text, flags=re.MULTILINE) + meters


def _supply_of_each_floor(text: str) -> str:
    """Give each floor's supply air a schedule of its own, so that each can be overridden alone."""
    found = re.search(rf"^ *Schedule:Compact,\s*{SUPPLY},[^;]*;.*\n", text, flags=re.MULTILINE)
    if found is None:
        raise EnergyPlusFailed(f"the reference building has no schedule {SUPPLY}")
    own = [SUPPLY_OF_FLOOR.format(number) for number in range(1, len(FLOORS) + 1)]
    text += "".join(found[0].replace(SUPPLY, name) for name in own)
    for number, name in enumerate(own, 1):
        manager = rf"(SetpointManager:Scheduled,\s*VAV_{number} SAT setpoint,[^;]*?){SUPPLY},"
        text = re.sub(manager, rf"\g<1>{name},", text)
    return text


class EnergyPlusModel:
    """The building from ``start_s`` on (its local standard time taken as UTC); ready when made.

    Raises EnergyPlusFailed.
    """

    def __init__(self, start_s: float) -> None:
        self._api = EnergyPlusAPI()
        self._state = self._api.state_manager.new_state()
        self._folder = tempfile.TemporaryDirectory(prefix="banyan-energyplus-")
        self._given: dict[str, float] = {}
        self._values: dict[str, float] = {}
        self._handles: dict[str, Callable[[], float]] = {}
        self._actuators: dict[str, tuple[int, float]] = {}
        self._day = datetime.fromtimestamp(start_s, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._time_s = self._day.timestamp()
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._ended = self._closing = False
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name="energyplus", daemon=True)
        self._thread.start()
        self._wait()
        while self._time_s < start_s:
            self.step()

    @property
    def time_s(self) -> float:
        """The end of the last step."""
        return self._time_s

    def values(self) -> Mapping[str, float]:
        """All signals and powers by key."""
        return self._values

    def set(self, key: str, value: float | None) -> None:
        """Override a setting, or stop to; raises KeyError for what is none."""
        quantity = SETTINGS[key].quantity
        if value is None:
            self._given.pop(key, None)
        else:
            self._given[key] = min(max(value, quantity.lowest or 0.0), quantity.highest or value)

    def step(self) -> None:
        """Go on by one of EnergyPlus' time steps; raises EnergyPlusFailed."""
        self._go.release()
        self._wait()

    def close(self) -> None:
        """Stop EnergyPlus and remove its files."""
        if self._thread.is_alive():
            self._closing = True
            self._go.release()
            self._thread.join(PATIENCE_S)
        self._api.state_manager.delete_state(self._state)
        with contextlib.suppress(OSError):
            self._folder.cleanup()

    def _wait(self) -> None:
        if not self._done.acquire(timeout=PATIENCE_S) or self._ended:
            raise EnergyPlusFailed(f"EnergyPlus ended: {self._complaint()}")

    def _complaint(self) -> str:
        errors = Path(self._folder.name) / "eplusout.err"
        lines = errors.read_text(encoding="utf-8", errors="replace").splitlines() if errors.exists() else []
        told = " ".join(line.strip() for line in lines if "Severe" in line or "Fatal" in line)
        return self._failure or told[:1000] or "no reason told"

    def _run(self) -> None:
        """The thread of EnergyPlus."""
        data = Path(pyenergyplus.__file__).parent / "data"
        own = Path(self._folder.name) / "building.idf"
        own.write_text(input_of((data / REFERENCE).read_text(encoding="utf-8"), self._day), encoding="utf-8")
        runtime, exchange = self._api.runtime, self._api.exchange
        runtime.set_console_output_status(self._state, False)
        for name, key in self._outputs():
            exchange.request_variable(self._state, name, key)
        runtime.callback_begin_zone_timestep_before_init_heat_balance(self._state, self._command)
        runtime.callback_end_zone_timestep_after_zone_reporting(self._state, self._report)
        runtime.run_energyplus(self._state, ["-w", str(data / CLIMATE), "-d", self._folder.name, str(own)])
        self._ended = True
        self._done.release()

    def _outputs(self) -> list[tuple[str, str]]:
        """Every output variable and its key that is read."""
        asked = [(name, "Environment") for name in WEATHER_OUTPUTS.values()]
        for floor in FLOORS:
            asked += [(name, zone_name(floor, zone.name)) for zone in ZONES for name, _ in ZONE_OUTPUTS.values()]
            asked += [(name, key) for name, key, _ in _handler_outputs(floor).values()]
        return asked

    def _is_running(self) -> bool:
        """True in the run period proper, after sizing and warm-up."""
        exchange = self._api.exchange
        return bool(
            exchange.api_data_fully_ready(self._state)
            and not exchange.warmup_flag(self._state)
            and exchange.kind_of_sim(self._state) == WEATHER_PERIOD
        )

    def _command(self, state: Any) -> None:
        """Before a step: override what is commanded, let go of the rest."""
        if not self._actuators:
            return
        exchange = self._api.exchange
        for key, (handle, factor) in self._actuators.items():
            if key in self._given:
                exchange.set_actuator_value(state, handle, self._given[key] * factor)
            else:
                exchange.reset_actuator(state, handle)

    def _report(self, state: Any) -> None:
        """After a step: tell the values, and wait until the next one is wanted. Nothing may be raised through C."""
        if self._is_running() and not self._closing:
            try:
                self._tell(state)
            except EnergyPlusFailed as error:
                self._failure, self._closing = str(error), True
        if self._closing:
            self._api.runtime.stop_simulation(state)

    def _tell(self, state: Any) -> None:
        if not self._handles:
            self._find(state)
        else:
            self._time_s += timedelta(hours=1).total_seconds() / STEPS_PER_HOUR
        self._values = {key: read() for key, read in self._handles.items()}
        for floor in FLOORS:
            self._values[f"{floor}/running"] = float(self._values[f"{floor}/supply_flow"] > 0.01)
            for zone in ZONES:
                power = self._values[f"{floor}/{zone.name}_light_power"]
                self._values[f"{floor}/{zone.name}_light_level"] = power * 1e5 / (LIGHT_W_PER_M2 * zone.area_m2)
        self._done.release()
        self._go.acquire()

    def _find(self, state: Any) -> None:
        """Look up what is read and what is commanded; raises EnergyPlusFailed."""
        for ours, name in WEATHER_OUTPUTS.items():
            self._handles[f"{WEATHER}/{ours}"] = self._variable(state, name, "Environment", 1)
        for each in METERS:
            self._handles[f"meters/{each.name}"] = self._meter(state, METER_NAMES[each.name])
        for floor in FLOORS:
            for ours, (name, key, factor) in _handler_outputs(floor).items():
                self._handles[f"{floor}/{ours}"] = self._variable(state, name, key, factor)
            key, number = f"{floor}/supply_setpoint", FLOORS.index(floor) + 1
            self._find_actuator(state, key, "Schedule:Compact", "Schedule Value", SUPPLY_OF_FLOOR.format(number))
            for zone in ZONES:
                self._find_zone(state, f"{floor}/{zone.name}_", zone_name(floor, zone.name), zone.area_m2)

    def _find_zone(self, state: Any, begin: str, theirs: str, area_m2: float) -> None:
        for ours, (name, factor) in ZONE_OUTPUTS.items():
            self._handles[f"{begin}{ours}"] = self._variable(state, name, theirs, factor)
        for ours in ("cooling", "heating"):
            control = f"{ours.capitalize()} Setpoint"
            self._find_actuator(state, f"{begin}{ours}_setpoint", "Zone Temperature Control", control, theirs)
        self._find_actuator(state, f"{begin}light_level", "Lights", "Electricity Rate", f"{theirs}_Lights",
                            LIGHT_W_PER_M2 * area_m2 / 100)  # fmt: skip

    def _variable(self, state: Any, name: str, key: str, factor: float) -> Callable[[], float]:
        exchange = self._api.exchange
        handle = _there(exchange.get_variable_handle(state, name, key), name, key)
        return lambda: float(exchange.get_variable_value(state, handle)) * factor

    def _meter(self, state: Any, name: str) -> Callable[[], float]:
        """A meter's joules of the last step, as kW."""
        exchange = self._api.exchange
        handle = _there(exchange.get_meter_handle(state, name), name)
        return lambda: float(exchange.get_meter_value(state, handle)) * STEPS_PER_HOUR / 3_600_000

    def _find_actuator(self, state: Any, key: str, kind: str, control: str, name: str, factor: float = 1.0) -> None:
        handle = self._api.exchange.get_actuator_handle(state, kind, control, name)
        self._actuators[key] = _there(handle, kind, control, name), factor


def _there(handle: int, *names: str) -> int:
    if handle < 0:
        raise EnergyPlusFailed(f"the reference building has no {', '.join(names)}")
    return handle


def _outlet(floor: str) -> str:
    return f"VAV_{FLOORS.index(floor) + 1} Supply Equipment Outlet Node"


def _handler_outputs(floor: str) -> dict[str, tuple[str, str, float]]:
    """Ours, and EnergyPlus' output variable of an air handler, its key, a factor."""
    number = FLOORS.index(floor) + 1
    return {
        "supply_temperature": ("System Node Temperature", _outlet(floor), 1),
        "supply_flow": ("System Node Mass Flow Rate", _outlet(floor), 1),
        "supply_setpoint": ("System Node Setpoint Temperature", _outlet(floor), 1),
        "fan_power": ("Fan Electricity Rate", f"VAV_{number}_Fan", 0.001),
        "cooling_power": ("Cooling Coil Electricity Rate", f"VAV_{number}_CoolC DXCoil", 0.001),
    }
