"""Whatever stands in an attribute of whatever type, the answer is no failure of the CSE (5000), and it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from cse.codecs import decode, encode
from cse.primitive import Operation, RequestPrimitive
from cse.storage.memory import MemoryStore
from resources.model import ResourceType
from resources.status import Status
from tests.procedures.minimal import content, opened, originator_of, place
from tests.procedures.test_every_type import TYPES
from tests.resources.samples import leaves, replaced
from tests.rig import LIMITS, Rig, settle

HOSTILE: tuple[Any, ...] = (
    None, "", "\x00", "a" * 5000, "../..", "//", "/banyan", "cse", "*", -1, 0, 2**64 - 1, 1e308, True, [], {}, [None],
    [[]], {"": None}, [{"a": [{"b": {}}]}], "PT0S", "P99999999999Y", "99999999T999999", "20990230T250000",
)


async def asked(rig: Rig, operation: Operation, to: str, fr: str, body: Any = None,
                ty: int | None = None) -> dict[str, Any]:
    """The attributes in the answer, empty where the request was refused; it must not have failed."""
    request = RequestPrimitive(operation, to, fr, "r", "3", resource_type=ty, content=body)
    response = await rig.cse.handle(request)
    assert response.status != Status.INTERNAL_SERVER_ERROR
    if not response.status.succeeded or not response.content:
        return {}
    (found,) = decode(encode(response.content), LIMITS).values()
    return dict(found)


@pytest.mark.parametrize("type_", [pytest.param(type_, id=type_.name) for type_ in TYPES if type_.creatable])
async def test_attributes_at_creation_and_in_an_update(type_: ResourceType, caplog: pytest.LogCaptureFixture) -> None:
    rig = await opened(MemoryStore())
    parent = next(one for one in type_.parents if one != "remoteCSE")
    to, fr = await place(rig, parent), originator_of(type_, parent)
    ((root, whole),) = (await content(rig, type_, fr, to)).items()
    places = {(short,) for short in type_.by_short} | {tuple(keys) for _, keys in leaves(whole)}
    made = (await asked(rig, Operation.CREATE, to, fr, {root: whole}, type_.number)).get("ri")
    for keys in sorted(places, key=str):
        for value in HOSTILE:
            changed = {root: {**whole, keys[0]: value} if len(keys) == 1 else replaced(whole, [*keys], value)}
            other = (await asked(rig, Operation.CREATE, to, fr, changed, type_.number)).get("ri")
            if other is not None and other != made:
                await asked(rig, Operation.DELETE, other, fr)
            if made is not None and len(keys) == 1:
                await asked(rig, Operation.UPDATE, made, fr, {root: {keys[0]: value}})
    await settle()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    await rig.close()
