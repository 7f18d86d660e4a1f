"""Random histories of the whole core, compared with the model after every step; hypothesis shrinks what differs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from cse import expiration
from cse.primitive import ResponsePrimitive
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.rig import ADMIN, Rig, RigClock, only, settle
from tests.whole_core.model import (
    ACP,
    CNT,
    FCNT,
    GRP,
    HIDDEN,
    INSTANCES,
    SHOWN,
    SUB,
    TS,
    Event,
    Model,
    Node,
)

T = TypeVar("T")

ROOTS = {1: "m2m:acp", 2: "m2m:ae", 3: "m2m:cnt", 9: "m2m:grp", 23: "m2m:sub", 28: "cod:tempe", 29: "m2m:ts"}
TEMPERATURE = "org.onem2m.common.moduleclass.temperature"
EVERYBODY = {"acr": [{"acor": ["Cae1", "Cae2"], "acop": 63}]}

MISSING = st.sampled_from(["cse/cae1/none"])
names = st.sampled_from("abc")
people = st.sampled_from([ADMIN, "Cae1", "Cae2", ADMIN])
texts = st.text("xyé", max_size=12)
limits = st.integers(0, 30)
labels = st.lists(st.sampled_from(["red", "blue"]), min_size=1, max_size=2, unique=True)
lives_s = st.one_of(st.none(), st.integers(5, 90))
events = st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True)
rules = st.lists(st.builds(lambda who, bits: {"acor": who, "acop": bits},
                           st.lists(st.sampled_from(["Cae1", "Cae2"]), min_size=1, max_size=2, unique=True),
                           st.sampled_from([1, 2, 3, 6, 8, 15, 63])), min_size=1, max_size=2)
policies = st.one_of(st.none(), st.none(), st.lists(
    st.sampled_from([f"cse/{ae}/{name}" for ae in ("cae1", "cae2") for name in "abc"]), min_size=1, max_size=2,
    unique=True))


class WholeCore(RuleBasedStateMachine):
    """One CSE with two AEs that stay and one that comes and goes."""

    kinds: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store, self.clock, self.model = MemoryStore(), RigClock(), Model()
        self.urls: dict[str, str] = {}
        self.numbers = iter(range(10**6))
        self.rig: Rig

    # the start and the end

    @initialize()
    def start(self) -> None:
        self.do(self.open())
        for stem in ("Cae1", "Cae2"):
            self.register(stem)
            for name, ty in (("a", ACP), ("b", CNT), ("c", TS)):
                given: dict[str, Any] = {"pv": EVERYBODY, "pvs": EVERYBODY} if ty == ACP else {}
                self.make(f"cse/{stem.lower()}", ty, name, stem, given)
        for stem in ("cae1", "cae1/b"):
            self.make(f"cse/{stem}", SUB, "s", "Cae1", {"enc": {"net": [1, 2, 3, 4]}})

    async def open(self) -> None:
        self.rig = await Rig.open(store=self.store, clock=self.clock, expiry_check_s=1e9)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        if hasattr(self, "rig"):
            self.do(self.rig.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    # what happens

    @precondition(lambda self: "cse/cae3" not in self.model.nodes)
    @rule()
    def register_the_third(self) -> None:
        self.register("Cae3")

    def register(self, stem: str) -> None:
        name = stem.lower()
        given = {"rn": name, "api": "Napp", "rr": True, "srv": ["3"]}
        response = self.do(self.rig.create("cse", 2, given, stem))
        self.check(f"register {stem}", self.model.register(name, stem), response)
        if response.status.succeeded:
            self.model.made(f"cse/{name}", only(response)["et"])

    @rule(data=st.data(), name=names, who=people, ty=st.sampled_from([ACP, CNT, CNT, GRP, SUB, SUB, FCNT, TS]),
          lbl=st.one_of(st.none(), labels), linked=policies, life_s=lives_s)
    def create(self, data: st.DataObject, name: str, who: str, ty: int, lbl: list[str] | None,
               linked: list[str] | None, life_s: int | None) -> None:
        to = self.somewhere(data, "parent")
        given = self.contents(data, ty) | ({"lbl": lbl} if lbl else {})
        if linked and ty != ACP:
            given["acpi"] = linked
        self.make(to, ty, name, who, given, life_s)

    def make(self, to: str, ty: int, name: str, who: str, given: dict[str, Any], life_s: int | None = None) -> None:
        sent = given | {"rn": name} | ({"cnd": TEMPERATURE} if ty == FCNT else {})
        if life_s is not None:
            sent["et"] = self.rig.at(life_s)
        url = f"http://sink/{next(self.numbers)}"
        if ty == SUB:
            sent |= {"nu": [url], "nct": 1}
        response = self.do(self.rig.create(to, ty, {ROOTS[ty]: sent}, who))
        self.check(f"create {ty} {name} under {to} by {who}: {sent}", self.model.create(to, ty, name, given, who),
                   response)
        if response.status.succeeded:
            self.urls[url] = f"{to}/{name}"
            self.lifetime(self.model.nodes[f"{to}/{name}"], sent.get("et"), only(response)["et"])

    def contents(self, data: st.DataObject, ty: int) -> dict[str, Any]:
        if ty == ACP:
            return {"pv": {"acr": data.draw(rules, "pv")}, "pvs": {"acr": data.draw(rules, "pvs")}}
        if ty == SUB:
            return {"enc": {"net": data.draw(events, "net")}}
        if ty == GRP:
            return {"mnm": 9, "mid": ["cse/cae1", "cse/cae2"]}
        if ty == FCNT:
            return {"curT0": 20.5}
        return data.draw(st.fixed_dictionaries({}, optional={"mni": limits, "mbs": limits}), "limits")

    def lifetime(self, node: Node, asked: str | None, answered: str) -> None:
        above = self.model.parent(node)
        assert above is not None
        if asked is not None:
            assert answered == min(asked, above.et), (node.path, asked, above.et, answered)
        assert answered <= above.et
        self.model.made(node.path, answered)

    @precondition(lambda self: any(node.ty in INSTANCES for node in self.model.nodes.values()))
    @rule(data=st.data(), cons=st.lists(texts, min_size=1, max_size=4), who=people, minute=st.integers(0, 20),
          life_s=lives_s)
    def add(self, data: st.DataObject, cons: list[str], who: str, minute: int, life_s: int | None) -> None:
        to = self.somewhere(data, "parent", *INSTANCES)
        for number, con in enumerate(cons):
            self.add_one(to, con, who, f"20260101T00{minute + number:02}00", life_s)

    def add_one(self, to: str, con: str, who: str, dgt: str, life_s: int | None) -> None:
        node = self.model.nodes.get(to)
        series = node is not None and node.ty == TS
        sent: dict[str, Any] = {"con": con} | ({"dgt": dgt} if series else {})
        if life_s is not None:
            sent["et"] = self.rig.at(life_s)
        response = self.do(self.rig.create(to, 30 if series else 4, sent, who))
        what = f"add {sent} to {to} by {who}"
        self.check_status(what, self.model.add(to, con, dgt, who), response)
        if response.status.succeeded:
            made = only(response)
            assert made["cs"] == len(con.encode())
            assert made["et"] <= self.model.nodes[to].et
            self.model.named(to, made["rn"], made["et"])
            self.compare(to)
        self.check_told(what)

    @rule(data=st.data(), who=people, lbl=st.one_of(st.none(), labels))
    def update(self, data: st.DataObject, who: str, lbl: list[str] | None) -> None:
        to = self.somewhere(data, "target")
        node = self.model.nodes.get(to)
        change: dict[str, Any] = {"lbl": lbl}
        if node is not None and node.ty in INSTANCES:
            change |= data.draw(st.fixed_dictionaries({}, optional={
                "mni": st.one_of(st.none(), limits), "mbs": st.one_of(st.none(), limits)}), "limits")
        elif node is not None and node.ty == ACP:
            change |= {data.draw(st.sampled_from(["pv", "pvs"]), "which"): {"acr": data.draw(rules, "rules")}}
        elif node is not None and node.ty == FCNT:
            change["curT0"] = data.draw(st.sampled_from([1.5, 22.5]), "curT0")
        elif node is not None and node.ty == SUB:
            change["enc"] = {"net": data.draw(events, "net")}
        self.change(to, change, who)

    @rule(data=st.data(), who=people, linked=policies)
    def link(self, data: st.DataObject, who: str, linked: list[str] | None) -> None:
        to = self.somewhere(data, "target", *(SHOWN.keys() - {ACP}))
        self.change(to, {"acpi": linked}, who, "link")

    def change(self, to: str, change: dict[str, Any], who: str, what: str = "update") -> None:
        node = self.model.nodes.get(to)
        root = ROOTS[node.ty if node is not None else CNT]
        response = self.do(self.rig.update(to, {root: change}, who))
        self.check(f"{what} {to} by {who}: {change}", self.model.update(to, change, who), response)

    @rule(data=st.data(), who=people)
    def retrieve(self, data: st.DataObject, who: str) -> None:
        to = self.somewhere(data, "target")
        response = self.do(self.rig.retrieve(to, who))
        self.check(f"retrieve {to} by {who}", self.model.retrieve(to, who), response)

    @rule(data=st.data(), who=people)
    def delete(self, data: st.DataObject, who: str) -> None:
        to = self.somewhere(data, "target")
        if to in ("cse/cae1", "cse/cae2"):
            return
        above = to.rpartition("/")[0]
        response = self.do(self.rig.delete(to, who))
        self.check(f"delete {to} by {who}", self.model.delete(to, who), response)
        self.compare(above)

    @precondition(lambda self: any(node.instances for node in self.model.nodes.values()))
    @rule(data=st.data(), who=people, end=st.sampled_from(["la", "ol"]))
    def delete_instance(self, data: st.DataObject, who: str, end: str) -> None:
        held = sorted(node.path for node in self.model.nodes.values() if node.instances)
        to = data.draw(st.sampled_from(held), "container")
        response = self.do(self.rig.delete(f"{to}/{end}", who))
        expected = self.model.delete_instance(to, -1 if end == "la" else 0, who)
        self.check(f"delete {to}/{end} by {who}", expected, response)
        self.compare(to)

    @rule(seconds=st.sampled_from([1, 10, 40]), restarted=st.booleans())
    def wait(self, seconds: int, restarted: bool) -> None:
        self.do(self.pass_time(seconds, restarted))
        self.model.expire(self.rig.now)
        self.counted("wait, restart" if restarted else "wait")
        self.check_told(f"wait {seconds} s")
        self.compare_all()

    async def pass_time(self, seconds: int, restarted: bool) -> None:
        if restarted:
            await self.rig.close()
            await self.open()
        await self.clock.advance(seconds)
        await expiration.sweep(self.rig.cse.core)
        await settle()

    # what is compared

    def somewhere(self, data: st.DataObject, label: str, *types: int) -> str:
        """An address, mostly of something that there is (and of one of the types)."""
        known = sorted(node.path for node in self.model.nodes.values() if not types or node.ty in types)
        there = bool(known) and data.draw(st.sampled_from([True] * 9 + [False]), "there")
        return data.draw(st.sampled_from(known) if there else MISSING, label)

    def check(self, what: str, expected: Status, response: ResponsePrimitive) -> None:
        self.check_status(what, expected, response)
        self.check_told(what)

    def check_status(self, what: str, expected: Status, response: ResponsePrimitive) -> None:
        self.counted(f"{what.split(maxsplit=1)[0]} {expected.name}")
        assert response.status == expected, f"{what}\nanswered {response.status!r} {response.content}"

    def counted(self, what: str) -> None:
        type(self).kinds[what] += 1

    def check_told(self, what: str) -> None:
        """What arrived at the sink since the last step is what subscribers were to be told."""
        self.do(settle(80))
        arrived: list[Event] = []
        for url, _, content in self.rig.sink.received:
            told = content["m2m:sgn"]
            if "vrq" not in told:
                (shown,) = told["nev"]["rep"].values()
                arrived.append((self.urls[url], told["nev"]["net"], HIDDEN if isinstance(shown, str) else shown["rn"]))
        self.rig.sink.received.clear()
        assert sorted(arrived) == sorted(self.model.told), f"{what}\ntold {arrived}, expected {self.model.told}"
        self.model.told.clear()

    def compare(self, path: str) -> None:
        """A resource is as the model has it."""
        node = self.model.nodes.get(path)
        if node is None:
            return
        body = only(self.do(self.rig.retrieve(path)))
        shown = {name: body.get(name) for name in SHOWN[node.ty]}
        wrong = {name: (shown[name], value) for name, value in node.shown().items() if shown[name] != value}
        assert wrong == {}, f"{path}: (is, expected) {wrong}"
        if node.instances:
            newest = only(self.do(self.rig.retrieve(f"{path}/la")))
            assert (newest["con"], newest["rn"]) == (node.instances[-1].con, node.instances[-1].rn)

    def compare_all(self) -> None:
        """The whole tree is as the model has it."""
        found = set(self.do(self.rig.discover("cse")))
        assert {path for path in found if path.startswith("cse/cae")} == self.model.addresses()
        for path in self.model.nodes:
            self.compare(path)


def run(steps: int, *, length: int = 60) -> Counter[str]:
    """Run histories until there were so many steps; returns how often each kind of step came to which status."""
    WholeCore.kinds.clear()
    while (left := steps - WholeCore.kinds.total()) > 0:
        run_state_machine_as_test(WholeCore, settings=settings(
            max_examples=left // length + 1, stateful_step_count=length, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), print_blob=False))
    return WholeCore.kinds
