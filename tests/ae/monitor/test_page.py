import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from ae_samples.monitor.alarms import CLEARED, RAISED, AlarmEvent
from ae_samples.monitor.hub import Hub
from ae_samples.monitor.intervals import Interval
from ae_samples.monitor.page import Page
from ae_samples.monitor.records import Sample
from ae_samples.monitor.settings import MonitorSettings
from ae_samples.monitor.view import View
from cse.client import Client
from tests.ae.monitor.fake_cse import FakeCse
from tests.ae.monitor.feed import THURSDAY, Meter


@pytest.fixture
def cse() -> FakeCse:
    return FakeCse()


@pytest.fixture
def view() -> View:
    return View(ZoneInfo("Europe/Zurich"), Hub(queue_size=4, max_readers=2), "House")


@pytest.fixture
async def url(cse: FakeCse, view: View) -> AsyncIterator[str]:
    page = Page(view, Client(cse.transport(), "Cmonitor"), MonitorSettings(port=0), heartbeat_s=0.05)
    yield await page.start()
    await page.stop()


@pytest.fixture
async def browser(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(url) as session:
        yield session


async def events(response: aiohttp.ClientResponse, count: int) -> list[tuple[str, Any]]:
    """Read named events, skipping heartbeats."""
    found: list[tuple[str, Any]] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            line = (await response.content.readline()).decode()
            if line.startswith("event: "):
                data = (await response.content.readline()).decode().removeprefix("data: ")
                found.append((line[7:-1], json.loads(data)))
    return found


async def test_the_page_and_its_parts_are_served_with_security_headers(browser: aiohttp.ClientSession) -> None:
    files = {
        "/": "text/html", "/main.js": "text/javascript", "/style.css": "text/css", "/icon.svg": "image/svg+xml",
        "/vendor/uplot/uPlot.iife.min.js": "text/javascript",
    }  # fmt: skip
    for path, kind in files.items():
        async with browser.get(path) as response:
            assert response.status == 200
            assert response.content_type == kind
            assert "script-src 'self'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_the_page_has_no_inline_script_or_style_and_no_foreign_address(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/") as response:
        html = await response.text()
    assert "<style" not in html
    assert " style=" not in html
    assert "//" not in html.replace("<!doctype html>", "")
    assert all("src=" in tag for tag in html.split("<script")[1:])


async def test_an_unchanged_file_is_not_sent_again(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/main.js") as response:
        tag = response.headers["ETag"]
    async with browser.get("/main.js", headers={"If-None-Match": tag}) as response:
        assert response.status == 304


@pytest.mark.parametrize("path", ["/nothing", "/../pyproject.toml", "/%2e%2e/pyproject.toml", "/vendor", "/api"])
async def test_only_known_paths_are_served(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.get(path) as response:
        assert response.status == 404
        assert "error" in await response.json()


async def test_only_reading_is_possible(browser: aiohttp.ClientSession) -> None:
    async with browser.post("/api/state", data=b"x" * 5000) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "host", ["evil.example", "[", "a:b:c", "127.0.0.1:99999999", "127.0.0.1@evil.example", "localhost.evil.example", ""]
)
async def test_a_foreign_or_malformed_host_name_is_refused(browser: aiohttp.ClientSession, host: str) -> None:
    async with browser.get("/api/state", headers={"Host": host}) as response:
        assert response.status == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8090", "[::1]:8090", "[::1]"])
async def test_the_names_of_this_machine_are_known(browser: aiohttp.ClientSession, host: str) -> None:
    async with browser.get("/api/state", headers={"Host": host}) as response:
        assert response.status == 200


async def test_an_event_stream_is_read_and_not_asked_about(browser: aiohttp.ClientSession) -> None:
    async with browser.head("/api/events") as response:
        assert response.status == 405


async def test_the_state_of_an_empty_monitor(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/api/state") as response:
        state = await response.json()
    assert state["power"] is None
    assert state["device"]["state"] == "waiting"
    assert state["energy"]["hours"] == []
    assert state["alarms"] == {"threshold": None, "list": []}
    assert response.headers["Cache-Control"] == "no-store"


async def test_the_state_shows_power_trend_peak_and_alarms(browser: aiohttp.ClientSession, view: View) -> None:
    for minutes, kw in ((0, 100.0), (15, 180.0), (30, 120.0)):
        view.power(Sample(THURSDAY + minutes * 60, kw))
    view.alarm(AlarmEvent(RAISED, 900.0, 150.0, 140.0, 900.0, 150.0))
    view.alarm(AlarmEvent(CLEARED, 1800.0, 90.0, 140.0, 900.0, 160.0))
    view.alarm(AlarmEvent(RAISED, 600.0, 150.0, 140.0, 600.0, 150.0))
    async with browser.get("/api/state") as response:
        state = await response.json()
    assert state["power"]["value"] == 120.0
    assert state["power"]["trend"] == -20.0
    assert state["power"]["peak"] == {"time": THURSDAY + 900, "value": 180.0}
    assert state["curve"]["start"] == THURSDAY
    assert state["curve"]["power"] == [100.0, 180.0, 120.0]
    assert [(a["state"], a["since"]) for a in state["alarms"]["list"]] == [("raised", 600.0), ("cleared", 900.0)]


async def test_a_new_day_begins_a_new_curve(browser: aiohttp.ClientSession, view: View) -> None:
    view.power(Sample(THURSDAY - 900, 100.0))
    view.power(Sample(THURSDAY, 110.0))
    async with browser.get("/api/state") as response:
        state = await response.json()
    assert state["curve"]["times"] == [THURSDAY]
    assert state["power"]["trend"] == 10.0


async def test_the_curve_keeps_few_points_a_minute_and_never_loses_the_peak(view: View) -> None:
    for second in range(600):
        view.power(Sample(THURSDAY + second, 500.0 if second == 130 else 100.0 + second % 7))
    state = view.snapshot()
    assert len(state["curve"]["times"]) <= 40
    assert state["curve"]["times"] == sorted(state["curve"]["times"])
    assert state["curve"]["times"][-1] == THURSDAY + 599
    assert state["power"]["peak"] == {"time": THURSDAY + 130, "value": 500.0}


async def test_after_a_restart_the_curve_begins_with_the_stored_demand(view: View) -> None:
    for n in range(4):
        view.quarters[THURSDAY + 900 * n] = Interval(THURSDAY + 900 * n, THURSDAY + 900 * (n + 1), 25.0 + n)
    view.power(Sample(THURSDAY + 3600, 90.0))
    state = view.snapshot()
    assert state["curve"]["power"] == [100.0, 104.0, 108.0, 90.0]
    assert state["power"]["peak"]["value"] == 108.0


async def test_an_old_value_that_is_sent_again_as_stale_only_fades_the_power(view: View) -> None:
    view.power(Sample(THURSDAY, 100.0))
    view.power(Sample(THURSDAY + 7200, 110.0))
    view.power(Sample(THURSDAY, 100.0, good=False))
    view.power(Sample(THURSDAY + 7200, 110.0, good=False))
    power = view.snapshot()["power"]
    assert (power["time"], power["good"]) == (THURSDAY + 7200, False)


async def test_events_follow_the_data_and_silence_has_a_heartbeat(browser: aiohttp.ClientSession, view: View) -> None:
    view.power(Sample(THURSDAY, 100.0))
    async with browser.get("/api/events") as response:
        assert response.content_type == "text/event-stream"
        assert (await events(response, 1))[0][0] == "hello"
        async with asyncio.timeout(5):
            while (await response.content.readline()) != b": still here\n":
                pass
        view.power(Sample(THURSDAY + 900, 120.0))
        view.connection("stale", "no answer")
        (first, power), (second, device) = await events(response, 2)
    assert (first, power["value"], power["trend"]) == ("power", 120.0, 20.0)
    assert (second, device) == ("device", {"state": "stale", "text": "no answer"})


async def test_a_reader_that_went_away_is_forgotten(browser: aiohttp.ClientSession, view: View) -> None:
    async with browser.get("/api/events") as response:
        await events(response, 1)
        assert view.hub.readers == 1
    async with asyncio.timeout(5):
        while view.hub.readers:  # noqa: ASYNC110 - sockets close when they close
            await asyncio.sleep(0.01)


async def test_there_is_a_limit_of_readers(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/api/events") as first, browser.get("/api/events") as second:
        await events(first, 1)
        await events(second, 1)
        async with browser.get("/api/events") as third:
            assert third.status == 503


async def test_a_slow_reader_is_told_to_load_again() -> None:
    hub = Hub(queue_size=3)
    with hub.reader() as queue:
        for number in range(5):
            hub.publish("power", number)
        assert queue.get_nowait().startswith(b"event: reload\n")
        assert queue.get_nowait() == b"event: power\ndata: 4\n\n"
        assert queue.empty()
    assert hub.readers == 0


async def test_the_tree_shows_kinds_and_latest_values(browser: aiohttp.ClientSession, cse: FakeCse) -> None:
    meter = Meter(Client(cse.transport(), "Cmeter"))
    await meter.install()
    await meter.step(42.0)
    async with browser.get("/api/tree") as response:
        tree = await response.json()
    (ae,) = tree["children"]
    assert (tree["name"], tree["type"], ae["name"], ae["type"]) == ("cse", 5, "meter", 2)
    power = next(child for child in ae["children"] if child["name"] == "power")
    assert (power["path"], power["latest"]["value"]["value"]) == ("meter/power", 42.0)


async def test_a_tree_without_a_cse_is_an_error_of_the_gateway(browser: aiohttp.ClientSession, cse: FakeCse) -> None:
    cse.down = True
    async with browser.get("/api/tree") as response:
        assert response.status == 502
        assert "error" in await response.json()


def test_an_unknown_time_zone_is_named() -> None:
    with pytest.raises(ValueError, match="Mars/Olympus"):
        _ = MonitorSettings(time_zone="Mars/Olympus").zone
