"""Hostile values in every attribute of every type: answered in time, no failure; what is refused leaves no trace."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from cse.codecs import encode
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.storage.memory import MemoryStore
from resources.model import ResourceType
from resources.status import Status
from tests.procedures.minimal import content, opened, originator_of, place
from tests.procedures.test_every_type import REGISTRY, TYPES
from tests.resources.samples import leaves, replaced
from tests.rig import Rig

#: Values of every kind; what stands in braces is an address of the resource itself or of what is above it.
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, -(2**63) - 1, 1e-308, 0.5, "", " ", "x" * 10_000, "..", "//", "/", "/x/y/z", "//a/b/c",
    "{self}", "{self}/fopt", "{self}/la", "{parent}", "cse/#x", "http://[::1", "a\u202eb\ufffe", "\ud7ff\U0010ffff",
    "٣", "P1Y1M1DT1H1M1.1S", "99991231T235959", "00010101T000000", [], [[[[]]]], [None], {}, {"a": {"b": [1]}},
    ["{self}"] * 300,
)  # fmt: skip
#: Seconds that one request may take.
PATIENCE_S = 5.0
#: Some of the many models of a flexContainer, and every other type that a request makes.
MODELS = [one for one in REGISTRY.types if one.number == 28 and one.discriminator is not None]
EVERY = [one for one in TYPES if one.creatable and one.number != 28] + MODELS[:: max(1, len(MODELS) // 6)]


class Place:
    """A resource of one type beside which others are made, and what is there when nothing has happened."""

    def __init__(self, rig: Rig, type_: ResourceType, to: str, fr: str) -> None:
        self.rig, self.type, self.to, self.fr = rig, type_, to, fr
        self.root, self.whole, self.own = "", dict[str, Any](), ""

    @classmethod
    async def of(cls, type_: ResourceType) -> Place:
        rig = await opened(MemoryStore())
        parent = next(one for one in type_.parents if one != "remoteCSE")
        made = cls(rig, type_, await place(rig, parent), originator_of(type_, parent))
        ((made.root, made.whole),) = (await content(rig, type_, made.fr, made.to)).items()
        answer = await made.ask(Operation.CREATE, made.to, made.whole)
        made.own = _inside(answer).get("ri", "")
        return made

    async def ask(self, operation: Operation, to: str, inside: Any = None) -> ResponsePrimitive:
        body = None if inside is None else {self.root: inside}
        request = RequestPrimitive(operation, to, self.fr, "r", "4", content=body,
                                   resource_type=self.type.number if operation is Operation.CREATE else None)
        answer = await asyncio.wait_for(self.rig.cse.handle(request), PATIENCE_S)
        assert answer.status != Status.INTERNAL_SERVER_ERROR, (operation, str(inside)[:500], answer.content)
        encode(answer.content)
        return answer

    def filled(self, value: Any) -> Any:
        """A hostile value about this very resource."""
        if isinstance(value, str):
            return value.replace("{self}", self.own or "x").replace("{parent}", self.to)
        return [self.filled(one) for one in value] if isinstance(value, list) else value

    def tree(self) -> dict[str, Any]:
        """What is stored; a resource of the CSE's own may come and go."""
        return {ri: (one.attributes, one.state) for ri, one in self.rig.cse.core.tree.by_id.items()}

    async def try_creation(self, inside: Any) -> None:
        before = self.tree()
        answer = await self.ask(Operation.CREATE, self.to, inside)
        if answer.status.succeeded:
            other = _inside(answer).get("ri")
            if other is not None and other != self.own:
                await self.ask(Operation.DELETE, other)
        else:
            assert self.tree().keys() <= before.keys() | self._kept(), (inside, answer.content)

    def _kept(self) -> set[str]:
        """Policies and requests that the CSE makes for asking later."""
        return {ri for ri, one in self.rig.cse.core.tree.by_id.items() if one.type.number == 17}

    async def try_update(self, inside: Any) -> None:
        found = self.rig.cse.core.tree.by_id.get(self.own)
        if found is None:
            return
        before = dict(found.attributes)
        answer = await self.ask(Operation.UPDATE, self.own, inside)
        if not answer.status.succeeded and found.type.short != "tram":
            assert found.attributes == before, (inside, answer.content)


def _inside(answer: ResponsePrimitive) -> dict[str, Any]:
    inside = next(iter((answer.content or {}).values()), None)
    return inside if answer.status.succeeded and isinstance(inside, dict) else {}


def keys_of(type_: ResourceType, whole: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Every attribute, and every place in the values of a minimal content."""
    places = {(short,) for short in type_.by_short} | {tuple(keys) for _, keys in leaves(whole)}
    yield from sorted(places, key=str)


@pytest.mark.parametrize("type_", [pytest.param(type_, id=type_.name) for type_ in EVERY])
async def test_each_attribute(type_: ResourceType, caplog: pytest.LogCaptureFixture) -> None:
    place = await Place.of(type_)
    for number, keys in enumerate(keys_of(type_, place.whole)):
        for value in VALUES[number % 2::2]:
            hostile = place.filled(value)
            one = len(keys) == 1
            await place.try_creation({**place.whole, keys[0]: hostile} if one
                                     else replaced(place.whole, [*keys], hostile))
            if one:
                await place.try_update({keys[0]: hostile})
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    await place.rig.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("type_", [pytest.param(type_, id=type_.name) for type_ in EVERY])
async def test_several_attributes_at_random(type_: ResourceType, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    place, dice = await Place.of(type_), random.Random(seed)
    names = sorted(type_.by_short)
    for _ in range(300):
        chosen = dice.sample(names, min(len(names), dice.randint(1, 4)))
        hostile = {name: place.filled(dice.choice(VALUES)) for name in chosen}
        if dice.random() < 0.5:
            await place.try_creation({**place.whole, **hostile})
        else:
            await place.try_update(hostile)
        if dice.random() < 0.02:
            await place.rig.clock.advance(dice.choice((0.5, 30, 7200)))
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    await place.rig.close()
