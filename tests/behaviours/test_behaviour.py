"""The port between operations and behaviours: who is called when, what is undone, what outlives a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cse.behaviour import Behaviour
from cse.behaviours.table import BEHAVIOURS
from cse.core import Call
from cse.operations.change import Draft
from cse.storage.memory import MemoryStore
from cse.storage.port import InstanceRecord, StoreError, WriteSet
from cse.work import Work
from resources.errors import BadRequest
from resources.model import Resource
from resources.status import Status
from tests.rig import Rig, only, settle

CONTAINER = 3


class Watchful(Behaviour):
    """Notes what it is told of containers; refuses the label ``no``; counts its creations in the state."""

    def __init__(self, core: Any) -> None:
        super().__init__(core)
        self.seen: list[str] = []

    async def prepare(self, draft: Draft) -> None:
        if "no" in draft.attributes.get("lbl", ()):
            raise BadRequest("lbl: no")
        draft.attributes["lbl"] = [*draft.attributes.get("lbl", ()), "seen"]

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:
        resource.state = {"by": call.originator if call else None}
        self.seen.append(f"created {resource.rn}")
        work.undo.append(lambda: self.seen.append(f"undone {resource.rn}"))
        work.after(lambda: self.seen.append(f"durable {resource.rn}"))
        work.put(resource)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self.seen.append(f"updated {resource.rn} {sorted(given)}")

    def removed(self, work: Work, resource: Resource) -> None:
        self.seen.append(f"removed {resource.rn}")

    def instance_added(self, work: Work, parent: Resource, record: InstanceRecord,
                       attributes: Mapping[str, Any]) -> None:
        self.seen.append(f"added {attributes['con']}")

    def instance_removed(self, work: Work, parent: Resource, record: InstanceRecord) -> None:
        self.seen.append("taken")

    def restored(self, resource: Resource) -> None:
        self.seen.append(f"restored {resource.rn} {resource.state}")

    async def started(self) -> None:
        self.seen.append("started")


@pytest.fixture
def behaviours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cse.engine.BEHAVIOURS", {**BEHAVIOURS, CONTAINER: Watchful})


def watchful(rig: Rig) -> list[str]:
    behaviour = rig.cse.core.behaviours[CONTAINER]
    assert isinstance(behaviour, Watchful)
    return behaviour.seen


@pytest.mark.usefixtures("behaviours")
async def test_a_behaviour_follows_the_life_of_its_resources() -> None:
    rig = await Rig.open()
    await rig.made("cse", 3, {"rn": "c"})
    assert only(await rig.update("cse/c", {"m2m:cnt": {"mni": 3}}))["lbl"] == ["seen", "seen"]
    await rig.made("cse/c", 4, {"con": "x", "rn": "i"})
    await rig.delete("cse/c/i")
    await rig.made("cse/c", 3, {"rn": "inner"})
    await rig.delete("cse/c")
    assert watchful(rig) == [
        "started", "created c", "durable c", "updated c ['mni']", "added x", "taken", "created inner", "durable inner",
        "removed inner", "removed c",
    ]
    await rig.close()


@pytest.mark.usefixtures("behaviours")
async def test_what_a_behaviour_refuses_is_not_done() -> None:
    rig = await Rig.open()
    assert (await rig.create("cse", 3, {"rn": "c", "lbl": ["no"]})).status == Status.BAD_REQUEST
    assert (await rig.retrieve("cse/c")).status == Status.NOT_FOUND
    await rig.made("cse", 3, {"rn": "c"})
    assert (await rig.update("cse/c", {"m2m:cnt": {"lbl": ["no"]}})).status == Status.BAD_REQUEST
    assert only(await rig.retrieve("cse/c"))["lbl"] == ["seen"]
    await rig.close()


@pytest.mark.usefixtures("behaviours")
async def test_state_is_kept_over_a_restart_and_never_shown() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    shown = await rig.made("cse/cae1", 3, {"rn": "c"}, "Cae1")
    await rig.close()
    assert "state" not in shown
    assert "by" not in shown
    rig = await Rig.open(store=store, clock=rig.clock)
    assert watchful(rig) == ["restored c {'by': 'Cae1'}", "started"]
    assert only(await rig.retrieve("cse/cae1/c")) == shown
    await rig.close()


class FailingStore(MemoryStore):
    """A store whose writes can be made to fail."""

    failing = False

    async def write(self, changes: WriteSet) -> None:
        if self.failing:
            raise StoreError("full")
        await super().write(changes)


@pytest.mark.usefixtures("behaviours")
async def test_a_failed_write_has_no_consequences() -> None:
    store = FailingStore()
    rig = await Rig.open(store=store)
    store.failing = True
    assert (await rig.create("cse", 3, {"rn": "c"})).status == Status.INTERNAL_SERVER_ERROR
    assert watchful(rig) == ["started", "created c", "undone c"]
    await rig.close()


async def test_watchers_are_told_of_changes_that_are_durable() -> None:
    rig = await Rig.open()
    core, seen = rig.cse.core, list[str]()
    ri = (await rig.made("cse", 3, {"rn": "c"}))["ri"]

    def note(resource: Resource) -> Callable[[], None] | None:
        seen_now = f"{resource.attributes['cni']} {core.tree.holds(resource)}"
        return lambda: seen.append(seen_now)

    core.watch(ri, note)
    await rig.made("cse/c", 4, {"con": "1"})
    await rig.update("cse/c", {"m2m:cnt": {"mni": 3}})
    await rig.delete("cse/c")
    core.unwatch(ri, note)
    assert core.watchers == {}
    assert seen == ["1 True", "1 True", "1 False"]
    await rig.close()


class Broken(Behaviour):
    """Fails in the middle of a unit of work, for resources with the label ``now``."""

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:
        self._fail(resource)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self._fail(resource)

    def removed(self, work: Work, resource: Resource) -> None:
        self._fail(resource)

    def instance_added(self, work: Work, parent: Resource, record: InstanceRecord,
                       attributes: Mapping[str, Any]) -> None:
        self._fail(parent)

    def _fail(self, resource: Resource) -> None:
        if resource.rn == "bad" or "mni" in resource.attributes:
            raise ZeroDivisionError


async def test_a_unit_of_work_that_fails_half_way_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cse.engine.BEHAVIOURS", {**BEHAVIOURS, CONTAINER: Broken})
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.made("cse", 3, {"rn": "c"})
    before = only(await rig.retrieve("cse/c"))
    assert (await rig.create("cse", 3, {"rn": "bad"})).status == Status.INTERNAL_SERVER_ERROR
    assert (await rig.update("cse/c", {"m2m:cnt": {"mni": 1}})).status == Status.INTERNAL_SERVER_ERROR
    assert (await rig.retrieve("cse/bad")).status == Status.NOT_FOUND
    assert only(await rig.retrieve("cse/c")) == before
    container = rig.cse.core.tree.find("cse/c")
    assert container is not None
    await rig.made("cse/c", 4, {"con": "x"})
    held = container.attributes
    container.attributes = {**held, "mni": 1}
    for operation in (rig.create("cse/c", 4, {"con": "y"}), rig.delete("cse/c")):
        assert (await operation).status == Status.INTERNAL_SERVER_ERROR
    container.attributes = held
    assert only(await rig.retrieve("cse/c/la"))["con"] == "x"
    shown = only(await rig.retrieve("cse/c"))
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert only(await rig.retrieve("cse/c")) == shown
    await rig.close()


class Early(Behaviour):
    """Tells something while the CSE starts."""

    async def started(self) -> None:
        box = self.core.tree.find("cse/c")
        if box is not None:
            work = Work()
            self.core.notifier.post(work, box, {"sur": "early"}, ["http://sink/x"])
            await self.core.commit(work)


async def test_what_is_told_during_the_start_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cse.engine.BEHAVIOURS", {**BEHAVIOURS, CONTAINER: Early})
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.made("cse", 3, {"rn": "c"})
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    await settle(200)
    assert rig.sink.contents() == [{"m2m:sgn": {"sur": "early"}}]
    await rig.close()
