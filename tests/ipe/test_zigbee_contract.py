"""The contract of drivers, with a bridge of paho-mqtt at a Mosquitto."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipe.driver import DeviceUnreachable, PointError
from ipe.points import Value
from ipe.zigbee.mapping import Feature, cell, decode, devices_of, encode, scalar
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.ipe import zigbee
from tests.ipe.contract import Bench, DiscoveringContract, DriverContract, SubscribingContract


@pytest.fixture
def bridge_port(tmp_path: Path) -> Iterator[tuple[zigbee.Bridge, int]]:
    broker = Mosquitto(tmp_path, persistent=False)
    broker.start()
    bridge = zigbee.Bridge(broker.port)
    bridge.start()
    yield bridge, broker.port
    bridge.stop()
    broker.stop()


@pytest.fixture
def bridge(bridge_port: tuple[zigbee.Bridge, int]) -> zigbee.Bridge:
    return bridge_port[0]


@pytest.fixture
def bench(bridge_port: tuple[zigbee.Bridge, int]) -> Bench:
    bridge, port = bridge_port

    async def stop() -> None:
        bridge.stop()

    async def start() -> None:
        bridge.start()

    async def change(name: str, value: Value) -> None:
        assert name == "a_temperature"
        bridge.say("hall/climate", {"temperature": value, "contact": False})

    return Bench("zigbee", {"host": "127.0.0.1", "port": port, "timeout_s": 2.0}, zigbee.POINTS,
                 readable=zigbee.READABLE, writable={"light": False, "brightness": 77, "x": 0.25, "startup": 1},
                 missing="gone", refused=("brightness", 999), stop=stop, start=start, change=change)  # fmt: skip


class TestZigbee(DriverContract, DiscoveringContract, SubscribingContract):
    async def test_the_other_part_of_a_composite_goes_with_it(
        self, bench: Bench, driver: Any, bridge: zigbee.Bridge
    ) -> None:
        await driver.write(bench.list_["x"], 0.2)
        assert bridge.sets[-1] == {"color": {"x": 0.2, "y": 0.4}}

    async def test_what_is_discovered_says_limits_and_models(self, driver: Any) -> None:
        rows = {row["name"]: row for row in await driver.discover()}
        assert set(rows) == {"hall_climate_temperature", "hall_climate_contact", "lamp_state", "lamp_brightness",
                             "lamp_color_x", "lamp_color_y", "lamp_startup", "lamp_power"}  # fmt: skip
        assert rows["hall_climate_temperature"]["module"] == "temperature"
        assert (rows["lamp_brightness"]["highest"], rows["lamp_power"]["writable"]) == ("254", "no")

    @pytest.mark.parametrize("offline", [b"offline", b'{"state":"offline"}', b"?"])
    async def test_an_offline_device_has_no_values_until_it_says_them_again(
        self, bench: Bench, driver: Any, bridge: zigbee.Bridge, offline: bytes
    ) -> None:
        points, told = bench.pick(["a_temperature"]), asyncio.Queue[Any]()
        await driver.subscribe(points, lambda *one: told.put_nowait(one))
        bridge.say("hall/climate/availability", offline)
        assert str((await told.get())[1]) == "the device is offline"
        bridge.say("hall/climate", {"temperature": 1})
        bridge.say("hall/climate/availability", b"online")
        bridge.say("hall/climate", {"contact": True})
        bridge.say("lamp", {"brightness": 3})
        assert (await driver.read(bench.pick(["brightness"])))["brightness"] == 3
        assert isinstance((await driver.read(points))["a_temperature"], PointError)

    async def test_a_set_without_confirmation_fails(self, bench: Bench, bridge: zigbee.Bridge, tmp_path: Path) -> None:
        bench.settings = {**bench.settings, "timeout_s": 0.7}
        driver = bench.open(tmp_path)
        await driver.connect()
        with pytest.raises(PointError, match="no confirmation"):
            await driver.write(bench.list_["brightness"], 7)
        await driver.close()


def test_damaged_messages_never_crash_and_give_no_other_value(bench: Bench, tmp_path: Path) -> None:
    asyncio.run(_damaged(bench, tmp_path))


async def _damaged(bench: Bench, folder: Path) -> None:
    driver: Any = bench.open(folder)
    await driver.connect()
    points, chance = bench.pick(["a_temperature", "contact"]), random.Random(1)
    messages = {"hall/climate": b'{"temperature":21.5,"contact":false}', "hall/climate/availability": b"online",
                "bridge/devices": json.dumps(zigbee.DEVICES).encode(),
                "bridge/state": b'{"state":"online"}'}  # fmt: skip
    hostile = [b"", b"[" * 100_000, b'{"temperature":NaN}', b'{"temperature":1e999}', b'{"temperature":true}',
               b'{"temperature":"21.5"}', b'{"temperature":[1]}', b'{"temperature":' + b"9" * 5000 + b"}",
               b'{"temperature":' + b"9" * 400 + b"}", b'{"temperature":1,"temperature":2}', b"\xff", b"null",
               b'{"temperature":null}', b'{"temperature":{}}']  # fmt: skip
    for payload in hostile:
        driver._states.clear()
        driver._take("zigbee2mqtt/hall/climate", payload)
        assert all(isinstance(driver._value(point.address), PointError) for point in points), payload[:50]
    for _ in range(2000):
        topic = chance.choice(list(messages))
        damaged = bytearray(messages[topic])
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        del damaged[chance.choice((len(damaged), chance.randrange(len(damaged)))) :]
        before = {point.name: driver._value(point.address) for point in points}
        driver._take(f"zigbee2mqtt/{topic}", bytes(damaged))
        for point in points:
            value = driver._value(point.address)
            if not isinstance(value, PointError) and value != before[point.name]:
                said = json.loads(damaged)[point.address.path[0]]
                assert topic == "hall/climate"
                assert said is (not value) if point.name == "contact" else (type(said), said) == (type(value), value)
        driver._take("zigbee2mqtt/bridge/devices", messages["bridge/devices"])
        driver._take("zigbee2mqtt/hall/climate/availability", messages["hall/climate/availability"])
    await driver.close()


def test_cells_are_read_as_they_were_meant() -> None:
    for value in (True, False, 1, 0.5, "1", "true", "ON", 'say "x"', "null"):
        assert (type(scalar(cell(value))), scalar(cell(value))) == (type(value), value)


def test_true_is_no_number_and_one_is_not_true() -> None:
    number, switch = Feature("a", ("b",), "numeric"), Feature("a", ("b",), "binary", True, False)
    for feature, wrong in ((number, True), (number, "1"), (switch, 1), (switch, "ON"), (number, 10**400)):
        with pytest.raises(PointError):
            decode(feature, wrong)
    with pytest.raises(PointError):
        encode(number, True)
    assert devices_of(b"{}") is None


async def test_a_broker_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    bench = Bench("zigbee", {"host": "127.0.0.1", "port": 1, "timeout_s": 1.0}, zigbee.POINTS, {}, {}, "gone",
                  None, None)  # type: ignore[arg-type] # fmt: skip
    with pytest.raises(DeviceUnreachable):
        await bench.open(tmp_path).connect()
