"""A CSE with one of everything that goes on by itself, its load, and what must be so whenever the process dies.

A strand is one promise: it prepares its resources, loads them step by step, and says what is not as promised.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.robustness.crash import Book, Crash
from tests.robustness.test_kill import free_port

#: Until everything that was begun is done.
LIMIT_S = 60.0
AE = "Cworld"
POLLED = "Cpolled"
PLACE = "/cse/w"
#: Settings: polls do not wait long, nobody polls when the subscription is made, and no fast machine makes too many
#: requests that are kept.
MORE = "polling_timeout_s = 0.2\nverify_subscriptions = false\nmax_requests_per_originator = 100_000\n"


class World(Crash):
    """The process. ``told`` is what came to the sink, by the last part of the URL."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "sqlite", free_port(), "", Book())
        self._config.write_text(self._config.read_text().replace("[store]", f"{MORE}[store]"))
        self.told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.sink = ""
        self.numbers = itertools.count(1)
        self.strands: list[Strand] = [kind(self) for kind in STRANDS]

    async def take(self, request: RequestPrimitive) -> ResponsePrimitive | None:
        """What comes to the sink."""
        self.told[request.to.rpartition("/")[2]].append(dict(request.content or {}))
        return None

    async def ask(self, method: str, path: str, ty: int | None = None, content: Any = None, fr: str = AE,
                  **headers: str) -> tuple[int, Any]:
        """Send a request to a path below ``PLACE``, or with a ``/`` to any; returns status and content."""
        kind = "application/json" if ty is None else f"application/json;ty={ty}"
        whole = {"X-M2M-Origin": fr, "X-M2M-RI": f"w{next(self.numbers)}", "X-M2M-RVI": "4",
                 **{f"X-M2M-{name}": value for name, value in headers.items()}}
        data = None if content is None else json.dumps(content)
        if data is not None:
            whole["Content-Type"] = kind
        url = f"{self._base}{path if path.startswith('/') else f'{PLACE}/{path}'}"
        async with self._session.request(method, url, data=data, headers=whole) as answer:
            body = await answer.read()
            return int(answer.headers["X-M2M-RSC"]), json.loads(body) if body else None

    async def make(self, path: str, ty: int, root: str, fr: str = AE, **attributes: Any) -> dict[str, Any]:
        """Create what must succeed; ``path`` is the parent."""
        code, content = await self.ask("POST", path, ty, {root: attributes}, fr)
        assert code == Status.CREATED, content
        found: dict[str, Any] = next(iter(content.values()))
        return found

    async def boxes(self, *names: str) -> None:
        """Make containers."""
        for name in names:
            await self.make(PLACE, 3, "m2m:cnt", rn=name)

    async def put(self, name: str, con: Any) -> None:
        """Make an instance."""
        code, content = await self.ask("POST", name, 4, {"m2m:cin": {"con": con}})
        assert code == Status.CREATED, content

    async def get(self, path: str, fr: str = AE) -> dict[str, Any]:
        """The attributes of what must be there."""
        code, content = await self.ask("GET", path, fr=fr)
        assert code == Status.OK, (path, content)
        found: dict[str, Any] = next(iter(content.values()))
        return found

    async def contents(self, name: str) -> list[Any]:
        """What the instances of a container say, oldest first; half applied counters fail.

        Many instances are read page by page: an answer during which some were added is asked for again.
        """
        limit = time.monotonic() + LIMIT_S
        while True:
            container = await self.get(f"{name}?rcn=4&ty=3+4&lvl=1")
            found = [one["con"] for one in container.get("m2m:cin", [])]
            if container["cni"] == len(found):
                return found
            assert time.monotonic() < limit, (name, container["cni"], len(found))

    async def prepare(self) -> None:
        """Make everything."""
        await self.make("/cse", 2, "m2m:ae", rn="w", api="Nw", rr=True, srv=["4"], poa=[self.sink])
        for strand in self.strands:
            await strand.prepare()

    async def load(self, duration_s: float, how: signal.Signals) -> None:
        """Have all strands at work, and end the process in the middle."""
        workers = [asyncio.create_task(strand.work()) for strand in self.strands for _ in range(strand.workers)]
        await asyncio.wait(workers, timeout=duration_s)
        self._process.send_signal(how)
        await asyncio.wait_for(self._process.wait(), LIMIT_S)
        if how == signal.SIGTERM:
            assert self._process.returncode == 0
        await asyncio.gather(*workers)

    async def violations(self) -> list[str]:
        """What is not as promised once everything has been done."""
        found = await asyncio.gather(*(strand.settled() for strand in self.strands))
        return [one for each in found for one in each]


class Strand:
    """One promise."""

    #: That take steps at the same time.
    workers = 2

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent = 0

    async def prepare(self) -> None:
        """Make what is needed."""

    async def step(self) -> None:
        """One request that is acknowledged, or several."""

    async def broken(self) -> str:
        """What is not as promised (yet); empty when all is."""
        return ""

    async def work(self) -> None:
        """Step by step until the process is gone."""
        try:
            while True:
                self.sent += 1
                await self.step()
        except (aiohttp.ClientError, OSError):
            pass

    async def settled(self) -> list[str]:
        """What stays broken."""
        limit = time.monotonic() + LIMIT_S
        while True:
            found = await self.broken()
            if not found or time.monotonic() > limit:
                return [f"{type(self).__name__}: {found}"] if found else []
            await asyncio.sleep(0.05)


def action(rn: str, out: str, con: Any, sri: str, **more: Any) -> dict[str, Any]:
    """An action that makes an instance."""
    primitive = {"op": 1, "to": "cse", "fr": AE, "rqi": "a", "rvi": "4", "ty": 4, "pc": {"m2m:cin": {"con": con}}}
    return {"rn": rn, "sri": sri, "evm": 3, "orc": f"cse/w/{out}", "apv": primitive, **more}


class Actions(Strand):
    """Executed once for each change that asks for it, and not more often than they count."""

    MOST = 25

    async def prepare(self) -> None:
        """A source, and two containers for what the actions make."""
        await self.world.boxes("in", "out", "few")
        criteria = {"sbjt": "con", "optr": 3, "thld": 0}
        for name, more in (("out", {}), ("few", {"ecp": self.MOST})):
            await self.world.make(PLACE, 65, "m2m:actr", **action(f"act-{name}", name, "on", "cse/w/in/la",
                                                                   evc=criteria, **more))

    async def step(self) -> None:
        """A change."""
        await self.world.put("in", self.sent)

    async def broken(self) -> str:
        """Count."""
        came, out, few = [len(await self.world.contents(name)) for name in ("in", "out", "few")]
        good = out == came and few == min(came, self.MOST)
        return "" if good else f"{came} changes, {out} executions, {few} of those that are counted"


class Process(Strand):
    """The states take turns, and each time that one is entered its action is performed once."""

    async def prepare(self) -> None:
        """Two states that lead to each other."""
        make = self.world.make
        await self.world.boxes("switch", "entered")
        await make(PLACE, 63, "m2m:prmr", rn="p")
        for name in ("s1", "s2"):
            await make("p", 64, "m2m:stte", rn=name)
            await make(f"p/{name}", 65, "m2m:actr", **action("act", "entered", name, "cse/w/switch/la",
                                                             evc={"sbjt": "con", "optr": 1, "thld": "never"}))
        for name, other in (("s1", "s2"), ("s2", "s1")):
            transition = {"evc": {"sbjt": "con", "optr": 1, "thld": other}, "nxst": f"cse/w/p/{other}"}
            await self._update(f"p/{name}", "m2m:stte", stac=f"cse/w/p/{name}/act", sttrs=[transition])
        await self._update("p", "m2m:prmr", inst="cse/w/p/s1")
        await self._update("p", "m2m:prmr", prct=1)

    async def _update(self, path: str, root: str, **given: Any) -> None:
        code, content = await self.world.ask("PUT", path, None, {root: given})
        assert code == Status.UPDATED, content

    async def step(self) -> None:
        """Lead to the other state."""
        await self.world.put("switch", ("s1", "s2")[self.sent % 2])

    async def broken(self) -> str:
        """Count."""
        entered = await self.world.contents("entered")
        process = await self.world.get("p")
        active = [one for one in ("s1", "s2") if (await self.world.get(f"p/{one}"))["sact"]]
        ahead = entered.count("s1") - entered.count("s2")
        good = process["prst"] == 3 and active == (["s1"] if ahead else ["s2"]) and ahead in (0, 1)
        return "" if good else f"prst {process['prst']}, {active} is active, s1 was entered {ahead} times more than s2"


class Polled(Strand):
    """What is for an entity that polls waits for it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.fetched: set[Any] = set()

    async def prepare(self) -> None:
        """An AE that cannot be called."""
        await self.world.make("/cse", 2, "m2m:ae", POLLED, rn="polled", api="Np", rr=False, srv=["4"])
        await self.world.make("/cse/polled", 15, "m2m:pch", POLLED, rn="pch", rqag=True)
        await self.world.boxes("heard")
        await self.world.make("heard", 23, "m2m:sub", nu=[f"/crash/{POLLED}"], enc={"net": [3]})

    async def step(self) -> None:
        """Something to hear."""
        await self.world.put("heard", self.sent)

    async def broken(self) -> str:
        """Fetch and answer until nothing comes, then look whether all has come."""
        while await self._poll():
            pass
        missing = set(await self.world.contents("heard")) - self.fetched
        return f"{len(missing)} of {self.sent} notifications were never there to be fetched" if missing else ""

    async def _poll(self) -> bool:
        """Fetch once; False: nothing was there."""
        code, content = await self.world.ask("GET", "/cse/polled/pch/pcu", fr=POLLED)
        if code != Status.OK:
            return False
        for request in content["m2m:agrp"]["m2m:rqp"]:
            answer = {"m2m:rsp": {"rsc": 2000, "rqi": request["rqi"], "rvi": "4"}}
            code, _ = await self.world.ask("POST", "/cse/polled/pch/pcu", None, answer, fr=POLLED)
            if code == Status.OK:
                self.fetched.add(request["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"])
        return True


class Coincidence(Strand):
    """A crossResourceSubscription misses no window that is complete: with one at work each ``b`` completes one."""

    workers = 1

    async def prepare(self) -> None:
        """Two containers."""
        await self.world.boxes("a", "b")
        await self.world.make(PLACE, 48, "m2m:crs", nu=[f"{self.world.sink}/crs"], rrat=["cse/w/a", "cse/w/b"], twt=2,
                              tws="PT1H", encs={"encn": [{"net": [3]}]})

    async def step(self) -> None:
        """Both, one after the other."""
        await self.world.put("a", 1)
        await self.world.put("b", 1)

    async def broken(self) -> str:
        """Count."""
        complete = len(await self.world.contents("b"))
        told = len(self.world.told["crs"])
        return "" if told >= complete else f"{complete} windows were complete, {told} were told"


class Collected(Strand):
    """A group forwards what its members tell, together."""

    async def prepare(self) -> None:
        """A group that collects four, or for half a second."""
        await self.world.boxes("g1", "g2")
        await self.world.make(PLACE, 9, "m2m:grp", rn="g", mt=3, mnm=2, mid=["cse/w/g1", "cse/w/g2"],
                              nar={"num": 4, "dur": "PT0.5S"})
        code, content = await self.world.ask("POST", "g/fopt", 23, {"m2m:sub": {
            "nu": [f"{self.world.sink}/unused"], "enc": {"net": [3]}, "nfu": f"{self.world.sink}/together"}})
        assert code == Status.OK, content

    async def step(self) -> None:
        """In one of them."""
        await self.world.put(f"g{1 + self.sent % 2}", self.sent)

    async def broken(self) -> str:
        """Compare."""
        stored = {*await self.world.contents("g1"), *await self.world.contents("g2")}
        came = {one["nev"]["rep"]["m2m:cin"]["con"] for each in self.world.told["together"]
                for one in each["m2m:agn"]["m2m:sgn"]}
        return f"{len(stored - came)} of {len(stored)} were not forwarded" if stored - came else ""


class Scheduled(Strand):
    """What a schedule holds back is held back, all of it, until the schedule is gone."""

    async def prepare(self) -> None:
        """A schedule that never opens."""
        await self.world.boxes("shut")
        await self.world.make("shut", 23, "m2m:sub", rn="s", nu=[f"{self.world.sink}/shut"], enc={"net": [3]}, pn=2)
        await self.world.make("shut/s", 18, "m2m:sch", rn="when", se={"sce": ["* * * * * * 2001"]})

    async def step(self) -> None:
        """Something that waits."""
        await self.world.put("shut", self.sent)

    async def settled(self) -> list[str]:
        """Nothing came; then all."""
        early = self.world.told["shut"]
        await self.world.ask("DELETE", "shut/s/when")
        return [*([f"Scheduled: {len(early)} came outside of the schedule"] if early else []), *await super().settled()]

    async def broken(self) -> str:
        """Compare."""
        came = {one["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] for one in self.world.told["shut"]}
        missing = set(await self.world.contents("shut")) - came
        return f"{len(missing)} are lost" if missing else ""


class Counted(Strand):
    """Each retrieval that was answered is counted, none twice (CNT-13)."""

    FIRST = 1_000_000

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.lowest = self.FIRST

    async def prepare(self) -> None:
        """An instance that counts."""
        await self.world.boxes("counted")
        await self.world.make("counted", 4, "m2m:cin", rn="n", con="x", dcnt=self.FIRST)

    async def step(self) -> None:
        """Retrieve it."""
        self.lowest = min(self.lowest, (await self.world.get("counted/n"))["dcnt"])

    async def broken(self) -> str:
        """What is left is less than anybody has seen, and not less than was asked for."""
        self.sent += 1
        left, lowest = (await self.world.get("counted/n"))["dcnt"], self.lowest
        self.lowest = min(left, lowest)
        good = self.FIRST - self.sent - 1 <= left <= lowest
        return "" if good else f"dcnt is {left}, {lowest} has been seen, asked for {self.sent} times"


class History(Strand):
    """A flexContainer has an instance for each update that was acknowledged."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.acknowledged = {0}

    async def prepare(self) -> None:
        """A thermometer with a history."""
        await self.world.make(PLACE, 28, "cod:tempe", rn="temp", curT0=0, fcied=True,
                              cnd="org.onem2m.common.moduleclass.temperature")

    async def step(self) -> None:
        """An update."""
        value = self.sent
        code, content = await self.world.ask("PUT", "temp", None, {"cod:tempe": {"curT0": value}})
        assert code == Status.UPDATED, content
        self.acknowledged.add(value)

    async def broken(self) -> str:
        """Compare."""
        shown = await self.world.get("temp?rcn=4")
        values = [one["curT0"] for one in shown["cod:tempeInst"]]
        good = self.acknowledged <= set(values) and shown["cni"] == len(values) and shown["curT0"] == values[-1]
        return "" if good else f"cni {shown['cni']}, {len(values)} instances, {len(self.acknowledged)} acknowledged"


class Transactions(Strand):
    """Of two requests both are done, or none, and nothing stays locked."""

    async def prepare(self) -> None:
        """Two containers."""
        await self.world.boxes("ta", "tb")

    async def step(self) -> None:
        """One in each; of those that come at the same time one may be refused."""
        requests = [{"op": 1, "to": f"cse/w/{name}", "fr": AE, "rqi": f"t{self.sent}", "mi": {"ty": 4, "rvi": "4"},
                     "pc": {"m2m:cin": {"con": self.sent}}} for name in ("ta", "tb")]
        code, content = await self.world.ask("POST", PLACE, 50, {"m2m:tram": {"tmr": 20, "rqps": {"req": requests}}})
        assert code == Status.CREATED, content

    async def broken(self) -> str:
        """Compare."""
        _, found = await self.world.ask("GET", "/cse?fu=1&ty=50+51", fr="CAdmin")
        if found["m2m:uril"]:
            return f"not over: {found['m2m:uril']}"
        first, second = [sorted(await self.world.contents(name)) for name in ("ta", "tb")]
        return "" if first == second else f"{len(first)} in one, {len(second)} in the other"


class Results(Strand):
    """Who asked for a result to be told is told it, delayed requests are done, each once."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.promised: set[str] = set()

    async def prepare(self) -> None:
        """A container."""
        await self.world.boxes("later")

    async def step(self) -> None:
        """A request that is done in a moment."""
        con = f"v{self.sent}"
        code, content = await self.world.ask(
            "POST", "later?rt=2", 4, {"m2m:cin": {"con": con}}, RTU=f"{self.world.sink}/results",
            OET="300" if self.sent % 3 else "0")
        assert code == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH, content
        self.promised.add(con)

    async def broken(self) -> str:
        """Compare."""
        stored = await self.world.contents("later")
        told = {one["m2m:rsp"]["pc"]["m2m:cin"]["con"] for one in self.world.told["results"]}
        good = len(set(stored)) == len(stored) and self.promised <= set(stored) and set(stored) <= told
        return "" if good else f"{len(self.promised)} promised, {len(stored)} done, {len(told)} told"


class Beacons(Strand):
    """The time is told again after each start."""

    async def prepare(self) -> None:
        """Every second."""
        await self.world.make(PLACE, 60, "m2m:tsb", bcnu=[f"{self.world.sink}/time"], bcnc=1, bcni="PT1S")

    async def step(self) -> None:
        """Nothing to do."""
        await self.world.get("/cse/w")

    async def settled(self) -> list[str]:
        """Wait for one."""
        self.world.told["time"].clear()
        return await super().settled()

    async def broken(self) -> str:
        """Wait."""
        return "" if self.world.told["time"] else "no beacon comes"


STRANDS: tuple[Callable[[World], Strand], ...] = (
    Actions, Process, Polled, Coincidence, Collected, Scheduled, Counted, History, Transactions, Results, Beacons,
)
