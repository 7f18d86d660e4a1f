"""Requests that come twice over bindings that may repeat them: done once, also when the CSE died in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cse.codecs import decode, encode
from cse.primitive import Operation, Repetition, RequestPrimitive, ResponsePrimitive
from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError, WriteSet
from cse.storage.sqlite import open_sqlite
from resources.status import Status
from tests.rig import ADMIN, LIMITS, Rig


class Kept(MemoryStore):
    """A store that lives on when its CSE ends, as a file does."""


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = await Rig.open(store=Kept())
    await rig.create("cse", 3, {"rn": "c"})
    yield rig
    await rig.close()


def request(
    request_id: str = "r1", content: str = "1", to: str = "cse/c", ty: int = 4, **more: Any
) -> RequestPrimitive:
    """A CREATE as a binding gives it that may give it again."""
    root = {3: "m2m:cnt", 4: "m2m:cin"}[ty]
    inside = {"con": content} if ty == 4 else {"lbl": [content]}
    made = RequestPrimitive(Operation.CREATE, to, ADMIN, request_id, "3", resource_type=ty,
                            content={root: inside}, **more)  # fmt: skip
    made.repetition = Repetition.of(ADMIN, request_id, encode({root: inside}))
    return made


async def ask(rig: Rig, made: RequestPrimitive) -> tuple[Status, Any]:
    response = await rig.cse.handle(made)
    assert (response.request_id, response.release_version) == (made.request_id, made.release_version)
    return response.status, decode(encode(response.content), LIMITS)


async def reopened(rig: Rig) -> Rig:
    """The CSE killed and started again."""
    return await Rig.open(store=rig.cse.core.committer.store, clock=rig.clock)


async def count(rig: Rig) -> int:
    """How many instances there are."""
    return int((await rig.retrieve("cse/c")).content["m2m:cnt"]["cni"])  # type: ignore[index]


async def test_it_is_done_once_and_answered_twice(rig: Rig) -> None:
    first = await ask(rig, request())
    assert first[0] == Status.CREATED
    assert await ask(rig, request()) == first
    assert await count(rig) == 1


async def test_it_is_done_once_over_a_restart(rig: Rig) -> None:
    first = await ask(rig, request())
    again = await reopened(rig)
    assert await ask(again, request()) == first
    assert await count(again) == 1
    await again.close()


async def test_an_update_and_a_delete_too(rig: Rig) -> None:
    update = RequestPrimitive(Operation.UPDATE, "cse/c", ADMIN, "r1", "3", content={"m2m:cnt": {"lbl": ["a"]}})
    update.repetition = Repetition.of(ADMIN, "r1", b"update")
    delete = RequestPrimitive(Operation.DELETE, "cse/c", ADMIN, "r2", "3")
    delete.repetition = Repetition.of(ADMIN, "r2", b"delete")
    first = [await ask(rig, update), await ask(rig, delete)]
    assert [status for status, _ in first] == [Status.UPDATED, Status.DELETED]
    again = await reopened(rig)
    assert [await ask(again, update), await ask(again, delete)] == first, "not 4004: it is the same deletion"
    await again.close()


async def test_an_identifier_used_again_for_something_else_is_another_request(rig: Rig) -> None:
    for content in ("on", "off", "on"):
        assert (await ask(rig, request(content=content)))[0] == Status.CREATED
    assert await count(rig) == 3


async def test_what_cannot_come_twice_is_not_kept(rig: Rig) -> None:
    plain = request()
    plain.repetition = None
    await ask(rig, plain)
    assert (len(rig.cse.core.answers), list(await rig.cse.core.committer.store.answers())) == (0, [])


async def test_what_was_refused_may_be_done_later(rig: Rig) -> None:
    early = request(to="cse/later", ty=3)
    assert (await ask(rig, early))[0] == Status.NOT_FOUND
    await rig.create("cse", 3, {"rn": "later"})
    assert (await ask(rig, early))[0] == Status.CREATED


async def test_an_acknowledgement_is_given_again_and_nothing_is_done_twice(rig: Rig) -> None:
    made = request(response_type=1)
    first = await ask(rig, made)
    assert first[0] == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
    again = await reopened(rig)
    assert await ask(again, request(response_type=1)) == first
    await again.clock.advance(5)
    assert await count(again) == 1
    await again.close()


async def test_a_flexible_request_that_was_done_at_once(rig: Rig) -> None:
    first = await ask(rig, request(response_type=4))
    assert first[0] == Status.CREATED
    again = await reopened(rig)
    assert await ask(again, request(response_type=4)) == first
    assert await count(again) == 1
    await again.close()


async def test_members_of_a_group_are_asked_once_each(rig: Rig) -> None:
    for name in ("a", "b"):
        await rig.create("cse", 3, {"rn": name})
    await rig.create("cse", 9, {"rn": "g", "mnm": 5, "mid": ["cse/a", "cse/b"]})
    made = request(to="cse/g/fopt")
    status, content = await ask(rig, made)
    assert status == Status.OK
    again = await reopened(rig)
    repeated = await ask(again, request(to="cse/g/fopt"))
    for name in ("a", "b"):
        container = (await again.retrieve(f"cse/{name}")).content["m2m:cnt"]  # type: ignore[index]
        assert container["cni"] == 1
    pcs = [[one["pc"] for one in answer["m2m:agr"]["m2m:rsp"]] for answer in (content, repeated[1])]
    assert pcs[0] == pcs[1]
    await again.close()


async def test_the_oldest_are_forgotten(rig: Rig) -> None:
    store = rig.cse.core.committer.store
    await rig.close()
    small = await Rig.open(store=store, clock=rig.clock, max_answers=3, answers_kept_s=60.0)
    for number in range(5):
        await ask(small, request(f"r{number}"))
    assert [record.number for record in await store.answers()] == [3, 4, 5]
    await ask(small, request("r4"))
    assert await count(small) == 5
    await ask(small, request("r0"))
    assert await count(small) == 6, "it was forgotten"
    await small.clock.advance(61)
    await ask(small, request("r4"))
    assert await count(small) == 7, "its time is over"
    assert len(await store.answers()) == 1
    await small.close()


async def test_bytes_are_bounded_also_by_one_answer(rig: Rig) -> None:
    store = rig.cse.core.committer.store
    await rig.close()
    small = await Rig.open(store=store, clock=rig.clock, max_answer_bytes=1000)
    await ask(small, request("r1"))
    await ask(small, request("r2", "x" * 2000))
    assert (len(small.cse.core.answers), list(await store.answers())) == (0, [])
    await ask(small, request("r3"))
    assert len(await store.answers()) == 1
    await small.close()


async def test_the_answer_waits_until_what_it_tells_is_durable(rig: Rig) -> None:
    """A repetition that comes while the first is being written is not answered before that is durable."""
    store = rig.cse.core.committer.store

    async def broken(changes: WriteSet) -> None:
        raise StoreError("the disk is full")

    store.write = broken  # type: ignore[method-assign]
    answers = await _both(rig, request(), request())
    assert [answer.status for answer in answers] == [Status.INTERNAL_SERVER_ERROR] * 2
    assert len(rig.cse.core.answers) == 0


async def _both(rig: Rig, first: RequestPrimitive, second: RequestPrimitive) -> list[ResponsePrimitive]:
    return list(await asyncio.gather(rig.cse.handle(first), rig.cse.handle(second)))


async def test_on_a_file(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "banyan.db")
    rig = await Rig.open(store=store)
    await rig.create("cse", 3, {"rn": "c"})
    first = await ask(rig, request())
    await rig.close()
    again = await Rig.open(store=await open_sqlite(tmp_path / "banyan.db"), clock=rig.clock)
    assert await ask(again, request()) == first
    assert await count(again) == 1
    await again.close()
