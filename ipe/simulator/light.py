"""A light model of the building: a node per zone, an air handler per floor. No dependency, a year in seconds.

It is for demonstrations and fast tests, with the signals of the large model; its figures are plausible, not
calibrated. Each zone stores heat in air and structure and exchanges it with outside, with sun, people, lights,
sockets and supply air. Air: TS = supply temperature, flow between 20 and 100 % of its design; a zone calls for
cooling above its set-point, and reheats below the other one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ipe.simulator.building import FLOORS, METERS, SETTINGS, WEATHER, ZONES, Zone
from ipe.simulator.model import AIR, OPEN, within

STEP_S = 60.0
CP = 1006.0  # J/(kg K)
HEIGHT_M = 2.74
#: W/(m2 K) of the facade, share of glass, share of sun that comes in, W/(m2 K) of the roof.
WALL_U, GLASS_U, GLASS_SHARE, SUN_SHARE, ROOF_U = 0.6, 3.2, 0.33, 0.39, 0.35
#: J/(m2 K) of air, furniture and structure that follow the air.
CAPACITY = 110_000.0
LIGHT_W, SOCKET_W, NIGHT_LIGHT, NIGHT_SOCKET = 10.76, 10.76, 0.05, 0.4
AREA_PER_PERSON_M2, PERSON_W = 18.6, 120.0
FLOW_PER_M2, LEAST_FLOW = 0.0048, 0.2  # kg/(s m2), share
FAN_W_PER_KG_S, OUTDOOR_SHARE = 1_900.0, 0.2
LIFTS_KW, FACADE_KW, WATER_KW, BURNER = 6.0, 14.8, 2.0, 0.8
BAND_K, REHEAT_W_PER_M2 = 1.0, 60.0


@dataclass(slots=True)
class Weather:
    """Air temperature (°C), relative humidity (%), sun on a horizontal square metre (W), its height (radian)."""

    temperature: float
    humidity: float
    sun: float
    height: float


def weather_at(time_s: float) -> Weather:
    """A year of a continental climate at 42° north: seasons, days, and spells of some days."""
    moment = datetime.fromtimestamp(time_s, UTC)
    year = (moment.timetuple().tm_yday - 1 + time_s % 86_400 / 86_400) / 365.25
    hour = time_s % 86_400 / 3_600
    spell = math.sin(time_s / 86_400 / 1.7) + math.sin(time_s / 86_400 / 2.9 + 1)
    temperature = 10.5 - 14 * math.cos(2 * math.pi * (year - 0.055)) + 5 * math.cos(2 * math.pi * (hour - 15.5) / 24)
    declination = math.radians(-23.45) * math.cos(2 * math.pi * (year + 0.027))
    sine = math.sin(math.radians(42)) * math.sin(declination) - math.cos(math.radians(42)) * math.cos(
        declination
    ) * math.cos(2 * math.pi * hour / 24)
    sun = max(0.0, sine) * 950 * (0.65 + 0.15 * spell)
    return Weather(
        temperature + 2.2 * spell, min(98.0, max(25.0, 68 - 14 * spell - 0.02 * sun)), sun, math.asin(sine)
    )


class LightModel:
    """The building from ``start_s`` on (the building's local time taken as UTC, whole minutes)."""

    def __init__(self, start_s: float) -> None:
        self._time_s = start_s - start_s % STEP_S
        self._given: dict[str, float] = {}
        self._temperature = {(floor, zone.name): 23.0 for floor in FLOORS for zone in ZONES}
        self._values: dict[str, float] = {}
        self._show()

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
        """Go on by a minute."""
        self._time_s += STEP_S
        self._show()

    def close(self) -> None:
        """Nothing to end."""

    def _show(self) -> None:
        weather = weather_at(self._time_s)
        powers = dict.fromkeys((meter.name for meter in METERS), 0.0)
        self._values.update({
            f"{WEATHER}/outdoor_temperature": weather.temperature, f"{WEATHER}/outdoor_humidity": weather.humidity,
            f"{WEATHER}/sun": weather.sun,
        })  # fmt: skip
        for floor in FLOORS:
            self._floor(floor, weather, powers)
        powers["exterior"] = FACADE_KW if weather.sun == 0 else 0.0
        powers["equipment"] += LIFTS_KW if within(self._time_s, OPEN) else 0.3
        powers["gas"] += WATER_KW if within(self._time_s, OPEN) else 0.2
        powers["main"] = sum(powers[meter.name] for meter in METERS[1:] if meter.carrier == "electricity")
        self._values.update({f"meters/{name}": power for name, power in powers.items()})

    def _setting(self, key: str, scheduled: float) -> float:
        value = self._values[key] = self._given.get(key, scheduled)
        return value

    def _floor(self, floor: str, weather: Weather, powers: dict[str, float]) -> None:
        """One floor for one step: its zones, then what its air handler had to do for them."""
        running = within(self._time_s, AIR)
        scheduled = 12.8 if weather.temperature > 16 else 15.6
        supply = self._setting(f"{floor}/supply_setpoint", scheduled)
        flow = back = 0.0
        for zone in ZONES:
            zone_flow, reheat_w, light_w, socket_w = self._zone(floor, zone, weather, supply, running)
            flow += zone_flow
            back += zone_flow * self._temperature[floor, zone.name]
            powers["heating"] += reheat_w / 1_000
            powers["lights"] += light_w / 1_000
            powers["equipment"] += socket_w / 1_000
        most = FLOW_PER_M2 * sum(zone.area_m2 for zone in ZONES)
        fan_kw = FAN_W_PER_KG_S * most * (flow / most) ** 2.5 / 1_000
        mixed = (
            OUTDOOR_SHARE * weather.temperature + (1 - OUTDOOR_SHARE) * back / flow if flow else weather.temperature
        )
        if supply < weather.temperature < mixed:
            mixed = weather.temperature  # the outside air cools for nothing
        efficiency = max(2.0, 4.4 - 0.06 * (weather.temperature - 20))
        cooling_kw = 1.25 * flow * CP * max(0.0, mixed - supply) / 1_000 / efficiency
        powers["fans"] += fan_kw
        powers["cooling"] += cooling_kw
        powers["gas"] += flow * CP * max(0.0, supply - mixed) / 1_000 / BURNER
        self._values.update({
            f"{floor}/supply_temperature": supply if running else self._temperature[floor, "core"],
            f"{floor}/supply_flow": flow, f"{floor}/fan_power": fan_kw, f"{floor}/cooling_power": cooling_kw,
            f"{floor}/running": float(running),
        })  # fmt: skip

    def _zone(
        self, floor: str, zone: Zone, weather: Weather, supply: float, running: bool
    ) -> tuple[float, float, float, float]:
        """One zone for one step; returns its air (kg/s) and the W of its reheat, lights and sockets."""
        key, before = f"{floor}/{zone.name}_", self._temperature[floor, zone.name]
        is_open = within(self._time_s, OPEN)
        cool = self._setting(f"{key}cooling_setpoint", 24.0 if running else 26.7)
        heat = self._setting(f"{key}heating_setpoint", 21.0 if running else 15.6)
        level = self._setting(f"{key}light_level", 100.0 if is_open else 100 * NIGHT_LIGHT)
        people = zone.area_m2 / AREA_PER_PERSON_M2 * _presence(self._time_s)
        light_w = LIGHT_W * zone.area_m2 * level / 100
        socket_w = SOCKET_W * zone.area_m2 * (1.0 if is_open else NIGHT_SOCKET)
        gain_w = people * PERSON_W + light_w + socket_w + _sun_w(zone, weather, self._time_s)
        exchange = _exchange(floor, zone)
        calls = min(1.0, max(0.0, (before - cool) / BAND_K))
        flow = FLOW_PER_M2 * zone.area_m2 * (LEAST_FLOW + (1 - LEAST_FLOW) * calls) if running else 0.0
        lacks = min(1.0, max(0.0, (heat - before) / BAND_K))
        reheat_w = REHEAT_W_PER_M2 * zone.area_m2 * lacks
        outwards = exchange + flow * CP
        inwards = gain_w + reheat_w + exchange * weather.temperature + flow * CP * supply
        rest = inwards / outwards
        after = rest + (before - rest) * math.exp(-outwards * STEP_S / (CAPACITY * zone.area_m2))
        self._temperature[floor, zone.name] = after
        self._values.update({
            f"{key}temperature": after, f"{key}occupants": round(people), f"{key}light_power": light_w / 1_000,
            f"{key}humidity": min(70.0, max(20.0, 45 + (weather.humidity - 60) * 0.2 + people / zone.area_m2 * 60)),
        })  # fmt: skip
        return flow, reheat_w, light_w, socket_w


def _presence(time_s: float) -> float:
    """The share of people who are there: they come from 7 to 9, eat at noon, go from 17 to 19."""
    if not within(time_s, OPEN):
        return 0.0
    hour = time_s % 86_400 / 3_600
    lunch = 0.4 * max(0.0, 1 - abs(hour - 12.5))
    return max(0.0, min(1.0, (hour - 7) / 2, (19 - hour) / 2) * 0.95 - lunch)


def _exchange(floor: str, zone: Zone) -> float:
    """W/K between a zone and outside, leaks included."""
    wall = zone.facade_m * HEIGHT_M * (GLASS_SHARE * GLASS_U + (1 - GLASS_SHARE) * WALL_U)
    roof = ROOF_U * zone.area_m2 if floor == FLOORS[-1] else 0.0
    leaks = 0.15 * zone.facade_m * HEIGHT_M
    return wall + roof + leaks + 0.02 * zone.area_m2


def _sun_w(zone: Zone, weather: Weather, time_s: float) -> float:
    """W of sun through the windows: what falls on the facade when the sun stands before it, and the sky's share."""
    if zone.facing is None or weather.sun <= 0:
        return 0.0
    azimuth = 180 + (time_s % 86_400 / 3_600 - 12) * 15
    before = max(0.0, math.cos(math.radians(azimuth - zone.facing))) * math.cos(weather.height)
    direct = weather.sun * min(2.0, before / max(0.2, math.sin(weather.height)))
    return zone.facade_m * HEIGHT_M * GLASS_SHARE * SUN_SHARE * (0.6 * direct + 0.2 * weather.sun)
