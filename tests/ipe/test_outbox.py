"""Values wait for the CSE in a file: nothing is lost, nothing is there twice, and polls do not wait."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from cse.client import Client, RequestFailed, Status, Unreachable, connect
from ipe.forward import Waiting
from ipe.modbus.replay import Row
from ipe.modbus.simulator import Meter, MeterServer
from ipe.outbox import Outbox
from ipe.points import Point, Value
from ipe.runner import Runner
from ipe.settings import IpeSettings, SettingsError, read_settings, settings_from
from ipe.start import build
from tests.ipe.fakes import FakeClient, FakeClock, FakeDriver
from tests.outages.paths import free_port
from tests.outages.processes import Killable

POWER = Point("power", "0", "kW", period_s=10)
TABLE = {"protocol": "fake", "points": "p.csv", "name": "meter", "ae_id": "Cmeter", "outbox": "file"}


class NamingClient(FakeClient):
    """A CSE where an instance that has a name is there once; ``deaf`` acknowledgements are lost, ``refused`` values
    are not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.deaf = 0
        self.refused: dict[Value, Status] = {}

    async def create(self, parent: str, kind: str, attributes: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        self._check()
        path = f"{parent}/{attributes['rn']}"
        status = self.refused.get(json.loads(attributes["con"]).get("value"))
        if status is not None:
            raise RequestFailed(status, "refused", "CREATE")
        if path in self.names:
            raise RequestFailed(Status.CONFLICT, "is there", "CREATE")
        self.names.add(path)
        created = await super().create(parent, kind, attributes, **options)
        if self.deaf:
            self.deaf -= 1
            raise Unreachable("the acknowledgement was lost")
        return created


class Site:
    """A runner with an outbox between fakes; ``start`` again is as after a power failure."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.clock, self.client, self.driver = FakeClock(), NamingClient(), FakeDriver({"power": 0})
        self.settings: IpeSettings = settings_from({**TABLE, **settings}, "test")
        self.start()

    def start(self) -> None:
        self.waiting = Waiting(self.folder / "meter.outbox", self.settings.outbox_most)
        self.runner: Runner[str] = Runner(
            cast(Client, self.client), self.driver, [POWER], self.settings, waiting=self.waiting, clock=self.clock,
            jitter=lambda: 1.0,
        )  # fmt: skip

    @property
    def outbox(self) -> Outbox[str]:
        assert self.runner._outbox is not None
        return self.runner._outbox

    async def measure(self, *values: Value) -> None:
        for value in values:
            self.driver.values["power"] = value
            await self.clock.sleep(await self.runner.poll())

    def values(self) -> list[Any]:
        return [each["value"] for each in self.client.instances.get("-/meter/power", [])]


async def test_polls_go_on_without_a_cse_and_everything_arrives_in_order(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.client.failure = Unreachable("gone")
    await site.measure(1, 2)
    site.driver.reachable = False
    await site.measure(3)
    site.driver.reachable = True
    await site.measure(4)
    with pytest.raises(Unreachable):
        await site.outbox.send_all()
    site.client.failure = None
    await site.outbox.send_all()
    told = [(each["value"], each["quality"]) for each in site.client.instances["-/meter/power"]]
    assert told == [(1, "good"), (2, "good"), (2, "stale"), (4, "good")]
    assert [each["state"] for each in site.client.instances["-/meter/status"]] == ["online", "stale", "online"]
    assert len(site.waiting) == 0


async def test_what_was_not_sent_outlives_a_power_failure_and_names_go_on(tmp_path: Path) -> None:
    site = Site(tmp_path)
    await site.measure(1, 2)
    site.clock.now_s -= 20  # a machine without a clock of its own wakes up in the past
    site.start()
    await site.measure(3)
    await site.outbox.send_all()
    assert site.values() == [1, 2, 3]
    assert sorted(int(path.rpartition("-")[2]) for path in site.client.names) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("killed", [False, True])
async def test_one_whose_acknowledgement_was_lost_is_there_once(tmp_path: Path, killed: bool) -> None:
    site = Site(tmp_path)
    await site.measure(1, 2, 3)
    site.client.deaf = 1
    with pytest.raises(Unreachable):
        await site.outbox.send_all()
    if killed:
        site.start()
    await site.outbox.send_all()
    assert site.values() == [1, 2, 3]
    assert len(site.waiting) == 0


async def test_the_newest_go_first_if_that_is_wanted(tmp_path: Path) -> None:
    site = Site(tmp_path, recovery="newest_first")
    await site.measure(1, 2, 3)
    await site.outbox.send_all()
    assert site.values() == [3, 2, 1]


async def test_a_full_outbox_lets_the_oldest_go(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(tmp_path, outbox_most=2)
    await site.measure(1, 2, 3)
    await site.outbox.send_all()
    assert site.values() == [2, 3]
    assert "2 so far" in caplog.text


async def test_one_that_is_never_taken_does_not_hold_up_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path)
    await site.measure(1, 2)
    site.client.refused = {1: Status.NOT_ACCEPTABLE}
    await site.outbox.send_all()
    assert site.values() == [2]
    assert "does not take it" in caplog.text
    await site.measure(3, 4)
    site.client.refused = {3: Status.NOT_FOUND}
    with pytest.raises(RequestFailed):
        await site.outbox.send_all()
    await site.outbox.send_all()
    assert site.values() == [2, 4]


async def test_one_that_may_be_taken_later_waits(tmp_path: Path) -> None:
    site = Site(tmp_path)
    await site.measure(1)
    site.client.refused = {1: Status.ORIGINATOR_HAS_NO_PRIVILEGE}
    for _ in range(3):
        with pytest.raises(RequestFailed):
            await site.outbox.send_all()
    assert [sample.point for _, sample in site.waiting.take(9)] == ["power"]
    assert site.client.instances["-/meter/status"]


async def test_a_full_disk_stops_no_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def put(*_: Any) -> int:
        raise OSError("disk full")

    site = Site(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(site.waiting, "put", put)
        await site.measure(1, 2)
    await site.measure(3)
    await site.outbox.send_all()
    assert site.values() == [1, 2, 3]


async def test_stopping_without_a_cse_leaves_the_last_word_in_the_file(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.client.failure = Unreachable("gone")
    task = asyncio.create_task(site.runner.run())
    while not len(site.waiting):  # noqa: ASYNC110 - the runner knows no event of the test
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    site.client.failure = None
    site.start()
    await site.outbox.send_all()
    assert site.client.instances["-/meter/power"][-1]["quality"] == "stale"
    assert site.client.instances["-/meter/status"][-1]["reason"] == "the IPE was stopped"


@pytest.mark.parametrize("wrong", [{"outbox": "yes"}, {"recovery": "fast"}, {"outbox_most": 0}])
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"{next(iter(wrong))} is .*; expected"):
        settings_from({**TABLE, **wrong}, "test")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "meter.toml").write_text(
        'protocol = "modbus"\npoints = "p.csv"\nname = "meter"\noutbox = "file"\n[device]\nhost = "127.0.0.1"\n'
    )
    (tmp_path / "p.csv").write_text("name,table,address,type\npower,input,0,float32\n")
    (tmp_path / "meter.outbox").write_text("something else, and long enough to be no header of a database at all" * 9)
    with pytest.raises(SettingsError, match="outbox"):
        build(read_settings(tmp_path / "meter.toml"), cast(Client, FakeClient()))


class Processes:
    """A CSE and an IPE with an outbox, each of which can be killed."""

    def __init__(self, folder: Path, device_port: int) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        (folder / "banyan.toml").write_text(
            f'[cse]\ncse_id = "/banyan"\n[store]\npath = "{folder}/banyan.db"\n'
            f'[http]\nport = {self._port}\n[log]\nlevel = "ERROR"\n'
        )
        (folder / "points.csv").write_text(
            "name,table,address,type,period_s\npower,input,0,float32,0.03\nenergy,input,2,uint32,0.05\n"
        )
        (folder / "meter.toml").write_text(
            f'protocol = "modbus"\npoints = "points.csv"\nname = "meter"\nae_id = "Cmeter"\ncse = "{self.url}"\n'
            'readers = ["Creader"]\noutbox = "file"\nreconnect_first_s = 0.05\nreconnect_limit_s = 0.1\n'
            f'[device]\nhost = "127.0.0.1"\nport = {device_port}\n'
        )
        program = "from cse.cli.main import main; raise SystemExit(main())"
        run = ("-c", program, "run", "--config", str(folder / "banyan.toml"))
        self.cse = Killable((sys.executable, *run), quiet=True)
        self.ipe = Killable((sys.executable, "-m", "ipe", str(folder / "meter.toml")), quiet=True)
        self._file = folder / "meter.outbox"

    async def stored(self, more: int) -> None:
        """Return when the outbox counted that many more."""
        wanted = self.counted() + more
        async with asyncio.timeout(30):
            while self.counted() < wanted:  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.02)

    def counted(self) -> int:
        waiting = Waiting(self._file)
        last = waiting.state("last")
        waiting.close()
        return int(last["sequence"]) if last else 0

    def left(self) -> int:
        waiting = Waiting(self._file)
        number = len(waiting)
        waiting.close()
        return number


async def test_the_history_is_complete_over_kills_of_both(tmp_path: Path) -> None:
    server = MeterServer(Meter([Row(datetime(2015, 6, 1), 10.0)], start_s=0.0), port=0)  # noqa: DTZ001 - local time
    site = Processes(tmp_path, await server.start())
    try:
        await site.ipe.start()
        await site.stored(10)
        await site.cse.start()
        reader = await connect(site.url)
        await reader.until_reachable(30)
        await reader.register("N.test", "Creader", ae_id="Creader")
        for victims in ([site.ipe], [site.cse], [site.cse, site.ipe], [site.ipe]):
            await site.stored(20)
            for victim in victims:
                await victim.kill()
            await site.ipe.start()
            await site.stored(10)
            await site.cse.start()
            await reader.until_reachable(30)
        await site.stored(10)
        assert site.ipe._process is not None
        async with asyncio.timeout(30):
            while site.left() > 20:  # noqa: ASYNC110 - another process sends
                await asyncio.sleep(0.02)
            site.ipe._process.terminate()
            assert await site.ipe._process.wait() == 0
        site.ipe._process = None
        assert site.left() == 0
        histories = [await reader.history(f"-/meter/{name}") for name in ("power", "energy", "status")]
        await reader.close()
    finally:
        for each in (site.ipe, site.cse):
            await each.kill()
        await server.stop()
    sequences = [[int(each["rn"].rpartition("-")[2]) for each in history] for history in histories]
    assert all(each == sorted(each) for each in sequences)
    assert sorted(one for each in sequences for one in each) == list(range(1, site.counted() + 1))
