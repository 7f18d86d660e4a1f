"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from ae_samples.monitor.service import MonitorService
from ae_samples.monitor.settings import MonitorSettings
from cse.client import Client
from tests.ae.monitor.fake_cse import FakeCse
from tests.ae.monitor.feed import Meter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
def cse() -> FakeCse:
    return FakeCse()


@pytest.fixture
async def meter(cse: FakeCse) -> Meter:
    meter = Meter(Client(cse.transport(), "Cmeter"))
    await meter.install()
    return meter


@pytest.fixture
async def service(cse: FakeCse, meter: Meter) -> AsyncIterator[str]:
    settings = MonitorSettings(port=0, title="House", register_size_kwh=meter.size, alarm_threshold_kw=195.0)
    service = MonitorService(Client(cse.transport(), "Cmonitor", receiver=cse.receiver), settings)
    url = await service.start()
    async with asyncio.timeout(5):
        while "meter/status/sub-monitor" not in cse.resources:  # noqa: ASYNC110 - the fake has no event for it
            await asyncio.sleep(0.01)
    yield url
    await service.stop()


@pytest.fixture
async def open_page(service: str) -> AsyncIterator[Open]:
    """Open the page; at the end fail on anything that the browser complained about."""
    complaints: list[str] = []
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        async def open_(width: int = 1400, height: int = 900) -> Any:
            page = await browser.new_page(viewport={"width": width, "height": height})
            page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(service)
            return page

        yield open_
        await browser.close()
    assert complaints == []


async def test_the_page_shows_and_follows_the_meter(open_page: Open, meter: Meter) -> None:
    await meter.steps([None] * 170)
    page = await open_page()
    expect = api.expect
    await expect(page.locator("#title")).to_have_text("House")
    await expect(page.locator("#device")).to_contain_text("online")
    await expect(page.locator("#clock")).to_contain_text("13 Mar 2015")
    assert await page.locator("#curve canvas").count() == 1
    assert await page.locator(".bar-hour").count() == 24
    await expect(page.locator("#days li")).to_have_count(2)
    await expect(page.locator("#alarms li").first).to_contain_text("Cleared")
    await expect(page.locator('#tree [data-path="meter/power"]')).to_contain_text("kW")
    await meter.step(240.0)
    await expect(page.locator("#now")).to_have_text("240")
    await expect(page.locator('#tree [data-path="meter/power"] .latest')).to_have_text("240 kW")
    await expect(page.locator("#alarms li").first).to_contain_text("Active")
    await expect(page.locator("#alarms-count")).to_have_text("1 active")


async def test_the_page_before_the_first_value(open_page: Open, meter: Meter) -> None:
    page = await open_page()
    await api.expect(page.locator("#trend")).to_have_text("Waiting for the first value")
    await api.expect(page.locator("#curve-empty")).to_be_visible()
    await meter.step(50.0)
    await api.expect(page.locator("#now")).to_have_text("50")
    await api.expect(page.locator("#curve canvas")).to_be_visible()


async def test_the_page_finds_the_monitor_again(cse: FakeCse, meter: Meter) -> None:
    service = MonitorService(Client(cse.transport(), "Cmonitor", receiver=cse.receiver), MonitorSettings(port=0))
    url = await service.start()
    port = int(url.rstrip("/").rpartition(":")[2])
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(url)
        await api.expect(page.locator("#device")).to_contain_text("online")
        await service.stop()
        await api.expect(page.locator("#device")).to_contain_text("Reconnecting")
        await api.expect(page.locator("#banner")).to_be_visible()
        await meter.step(77.0)
        again = MonitorService(
            Client(cse.transport(), "Cmonitor", receiver=cse.receiver), MonitorSettings(port=port)
        )
        await again.start()
        await api.expect(page.locator("#now")).to_have_text("77", timeout=10_000)
        await api.expect(page.locator("#banner")).to_be_hidden()
        await browser.close()
        await again.stop()


async def test_the_page_works_by_keyboard_and_fits_a_telephone(open_page: Open, meter: Meter) -> None:
    await meter.steps([100.0] * 20)
    page = await open_page(390, 800)
    await api.expect(page.locator("#now")).to_have_text("100")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.locator("#hours").focus()
    await page.keyboard.press("ArrowRight")
    await api.expect(page.locator("#hours-readout")).to_contain_text("00:00 · today")
    branch = page.locator('#tree [data-path="meter"]')
    await branch.focus()
    await page.keyboard.press("Enter")
    await api.expect(page.locator('#tree [data-path="meter/power"]')).to_be_hidden()


async def test_floors_show_their_zones_and_what_is_out_of_bounds(open_page: Open, cse: FakeCse, meter: Meter) -> None:
    await meter.step()
    proxy = Client(cse.transport(), "Cfloor2")
    await proxy.register("N.floor", "floor2", ae_id="Cfloor2")

    async def says(point: str, value: float) -> None:
        await proxy.ensure("-/floor2", "cnt", point, {})
        await proxy.create(f"-/floor2/{point}", "cin", {"con": json.dumps({"value": value, "unit": ""})})

    for zone, warm in (("core", 23.5), ("south", 27.0), ("north", 18.0)):
        for point, value in (("temperature", warm), ("cooling_setpoint", 24.0), ("heating_setpoint", 21.0)):
            await says(f"{zone}_{point}", value)
    await says("south_light_level", 40.0)
    page = await open_page()
    await api.expect(page.locator(".floor figcaption")).to_have_text("Floor 2")
    await api.expect(page.locator(".room.core")).to_contain_text("23.5 °C")
    states = [await page.locator(f".room.{zone}").get_attribute("data-state") for zone in ("core", "south", "north")]
    assert states == ["fine", "warm", "cold"]
    await api.expect(page.locator(".room.south")).to_contain_text("light 40 %")
    await says("south_temperature", 24.5)
    await api.expect(page.locator(".room.south")).to_contain_text("24.5 °C", timeout=20_000)
    assert await page.locator(".room.south").get_attribute("data-state") == "fine"


async def test_without_floors_there_is_no_card_of_them(open_page: Open, meter: Meter) -> None:
    await meter.step()
    page = await open_page()
    await api.expect(page.locator('#tree [data-path="meter/power"]')).to_contain_text("kW")
    await api.expect(page.locator("#floors")).to_be_hidden()
