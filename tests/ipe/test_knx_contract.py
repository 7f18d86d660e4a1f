"""The contract of drivers, with an interface of knxd, and what is KNX's own."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xknx import XKNX
from xknx.cemi.cemi_frame import CEMIFrame, CEMILData
from xknx.cemi.const import CEMIMessageCode
from xknx.telegram import GroupAddress, Telegram
from xknx.telegram.apci import GroupValueRead

from ipe.driver import DeviceUnreachable, PointError
from ipe.knx.driver import KNX, KnxDriver
from ipe.knx.link import _Telegrams
from ipe.manifest import find_protocol
from ipe.points import Point, PointListError, Value, read_points
from tests.ipe import knx
from tests.ipe.contract import LIMIT_S, Bench, DriverContract, SubscribingContract, like


@pytest.fixture
def knx_device() -> Iterator[knx.Device]:
    with knx.running() as device:
        yield device


def points_of(folder: Path, text: str) -> dict[str, Point[Any]]:
    path = folder / "points.csv"
    path.write_text(text, encoding="utf-8")
    return {point.name: point for point in read_points(path, KNX.columns, KNX.address)}


def opened(port: int) -> KnxDriver:
    driver = KNX.open(find_protocol("knx").check({"host": "127.0.0.1", "port": port, "timeout_s": 1.0}))
    assert isinstance(driver, KnxDriver)
    return driver


class TestKnx(DriverContract, SubscribingContract):
    @pytest.fixture
    async def bench(self, knx_device: knx.Device) -> Bench:
        async def stop() -> None:
            await asyncio.to_thread(knx_device.stop)

        async def start() -> None:
            await asyncio.to_thread(knx_device.start)

        async def change(name: str, value: Value) -> None:
            octets = {"temperature": "010d14", "presence": "0000", "energy": "01003d0905", "mode": "0107",
                      "power": "01418c0000"}
            raw = {"temperature": 0x0801, "presence": 0x0802, "power": 0x0803, "energy": 0x0804, "mode": 0x0805}
            await asyncio.to_thread(knx_device.tell, raw[name], octets[name])

        return Bench(
            "knx", {"host": "127.0.0.1", "port": knx_device.port, "timeout_s": 1.0}, knx.POINTS,
            readable=knx.READABLE, writable={"lamp": True, "dimmer": 60, "setpoint": 21.5, "blind": 200},
            missing="gone", stop=stop, start=start, change=change)


async def test_no_socket_is_left_of_an_interface_that_is_silent() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        driver = opened(silent.getsockname()[1])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", ResourceWarning)
            with pytest.raises(DeviceUnreachable, match="no tunnel"):
                await driver.connect()
            gc.collect()
    assert [str(each.message) for each in said] == []


async def test_a_value_that_is_none_is_an_error_of_the_point(knx_device: knx.Device, tmp_path: Path) -> None:
    points = points_of(tmp_path, knx.POINTS)
    driver = opened(knx_device.port)
    await driver.connect()
    knx_device.tell(0x0801, "017fff")
    knx_device.tell(0x0803, "017fc00000")
    knx_device.tell(0x0802, "0101")
    await asyncio.sleep(0.3)
    values = await driver.read([points[name] for name in ("temperature", "power", "presence", "mode")])
    assert [name for name, value in values.items() if isinstance(value, PointError)] == \
        ["temperature", "power", "presence"]
    assert "9.001" in str(values["temperature"])
    assert "no number" in str(values["power"])
    await driver.close()


async def test_a_point_that_nobody_answers_for_is_heard(knx_device: knx.Device, tmp_path: Path) -> None:
    points = points_of(tmp_path, "name,group,dpt,ask,writable\nwind,4/0/1,9.005,no,no\nlock,4/0/2,1.001,no,yes\n")
    driver = opened(knx_device.port)
    await driver.connect()
    (before,) = (await driver.read([points["wind"]])).values()
    assert isinstance(before, PointError)
    assert "4/0/1: nothing was heard" in str(before)
    told = asyncio.Event()
    await driver.subscribe([points["wind"]], lambda _name, _what: told.set())
    knx_device.tell(0x2001, "010c1a")
    async with asyncio.timeout(LIMIT_S):
        await told.wait()
    assert like((await driver.read([points["wind"]]))["wind"], 21.0)
    await driver.write(points["lock"], True)
    assert (await driver.read([points["lock"]]))["lock"] is True
    await driver.close()


async def test_a_tunnel_that_the_interface_closes_is_told(knx_device: knx.Device, tmp_path: Path) -> None:
    points = points_of(tmp_path, knx.POINTS)
    driver = opened(knx_device.port)
    await driver.connect()
    told: list[tuple[str, Any]] = []
    assert await driver.subscribe([points["mode"]], lambda *one: told.append(one)) == {"mode"}
    driver._lost()
    assert isinstance(told[0][1], PointError)
    await driver.close()


async def test_a_confirmation_that_says_it_failed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Knxd never says so; an interface on a twisted pair does when no device acknowledges."""
    xknx = XKNX()
    telegrams = _Telegrams(xknx, lambda _group, _payload: None)
    sent: list[CEMIFrame] = []

    async def send(frame: CEMIFrame) -> None:
        sent.append(frame)
        assert isinstance(frame.data, CEMILData)
        other = CEMILData(src_addr=frame.data.src_addr, dst_addr=GroupAddress("9/0/1"), tpci=frame.data.tpci,
                          payload=frame.data.payload)
        mine = CEMILData(src_addr=frame.data.src_addr, dst_addr=frame.data.dst_addr, tpci=frame.data.tpci,
                         payload=frame.data.payload, flags=dataclasses.replace(frame.data.flags, confirm_error=True))
        telegrams.handle_cemi_frame(CEMIFrame(code=CEMIMessageCode.L_DATA_CON, data=other))
        assert not telegrams.failed
        telegrams.handle_cemi_frame(CEMIFrame(code=CEMIMessageCode.L_DATA_CON, data=mine))

    monkeypatch.setattr(type(xknx.knxip_interface), "send_cemi", lambda _self, frame: send(frame))
    await telegrams.send_telegram(Telegram(GroupAddress("1/2/3"), payload=GroupValueRead()))
    assert telegrams.failed
    assert len(sent) == 1


@pytest.mark.parametrize(("row", "said"), [
    ("a,0/0/0,9.001", "group address"), ("a,32/0/0,9.001", "group address"), ("a,1/2/3,temperature", "data point type"),
    ("a,1/2/3,16.000", "data point type"), ("a,1/2/3,9.9999", "data point type"),
])  # fmt: skip
def test_a_wrong_row_says_what_would_be_right(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(PointListError, match=said):
        points_of(tmp_path, f"name,group,dpt\n{row}\n")


@pytest.mark.parametrize(("dpt", "value"), [
    ("1.001", 2), ("5.001", 101), ("9.001", 1e9), ("20.102", 0.5), ("13.010", 2**31), ("9.001", True), ("14.056", 1e39),
])  # fmt: skip
async def test_what_does_not_fit_is_not_sent(tmp_path: Path, dpt: str, value: Value) -> None:
    point = points_of(tmp_path, f"name,group,dpt,writable\na,1/2/3,{dpt},yes\n")["a"]
    with pytest.raises(PointError, match=r"fit|expected"):
        await opened(1).write(point, value)
