"""What every store has to do, whatever product it stands on."""

from __future__ import annotations

from cse.storage.port import Store, WriteSet
from tests.storage.conftest import Reopen
from tests.storage.records import LATE, SOON, answer, event, instance, numbers, put, resource


async def test_new_store_is_empty(store: Store) -> None:
    assert list(await store.load()) == []
    assert list(await store.outbox()) == []
    assert list(await store.answers()) == []
    assert await store.high_water() == (0, 0)
    assert await store.newest("cnt-1") is None
    assert list(await store.instances("cnt-1")) == []
    assert list(await store.instance_keys("cnt-1")) == []


async def test_everything_written_is_there_after_reopen(store: Store, reopen: Reopen) -> None:
    record = resource("cnt-1", body=b'{"lbl":["\xc3\xa9"]}')._replace(state=b'{"since":1}')
    history, due = instance(5, name="a"), event(3)
    await store.write(put(record, history, due))
    store = await reopen(store)
    assert list(await store.load()) == [record]
    assert await store.instance(5) == history
    assert list(await store.outbox()) == [due]
    assert await store.high_water() == (5, 3)


async def test_resources_come_parents_first_in_order_of_creation(store: Store, reopen: Reopen) -> None:
    await store.write(put(resource("z"), resource("m", "z")))
    await store.write(put(resource("a", "m")))
    await store.write(put(resource("z", body=b'{"st":1}')))
    store = await reopen(store)
    assert [record.ri for record in await store.load()] == ["z", "m", "a"]
    assert next(iter(await store.load())).body == b'{"st":1}'


async def test_resource_created_again_gets_a_new_place(store: Store, reopen: Reopen) -> None:
    await store.write(put(resource("Cae"), resource("x")))
    await store.write(WriteSet(resources={"Cae": None}))
    assert [record.ri for record in await store.load()] == ["x"]
    await store.write(put(resource("Cae", "x")))
    store = await reopen(store)
    assert [record.ri for record in await store.load()] == ["x", "Cae"]


async def test_removal_of_what_is_not_there_is_no_error(store: Store) -> None:
    await store.write(
        WriteSet(resources={"no": None}, instances={9: None}, outbox={9: None}, trimmed={"no": 9}, dropped={"no"})
    )
    assert list(await store.load()) == []


async def test_empty_write(store: Store) -> None:
    await store.write(WriteSet())
    assert await store.high_water() == (0, 0)


async def test_instance_by_number_and_name(store: Store) -> None:
    await store.write(put(instance(1, "cnt-1", "a"), instance(2, "cnt-2", "a"), instance(3, "cnt-1")))
    assert await store.instance(2) == instance(2, "cnt-2", "a")
    assert await store.instance(4) is None
    assert await store.instance_named("cnt-1", "a") == instance(1, "cnt-1", "a")
    assert await store.instance_named("cnt-2", "a") == instance(2, "cnt-2", "a")
    assert await store.instance_named("cnt-1", "b") is None
    assert await store.instance_named("cnt-3", "a") is None


async def test_instance_by_key(store: Store, reopen: Reopen) -> None:
    first, second = instance(1, "cnt-1", key="t1"), instance(2, "cnt-2", "named", key="t1")
    await store.write(put(first, second, instance(3, "cnt-1", "t1")))
    store = await reopen(store)
    assert await store.instance_with_key("cnt-1", "t1") == first
    assert await store.instance_with_key("cnt-2", "t1") == second
    assert await store.instance_with_key("cnt-1", "t2") is None
    assert await store.instance(2) == second
    assert list(await store.instances("cnt-2")) == [second]


async def test_key_is_free_again_once_its_instance_is_gone(store: Store) -> None:
    await store.write(put(*(instance(seq, f"cnt-{seq}", key="t") for seq in (1, 2, 3))))
    changes = put(instance(4, "cnt-1", key="t"), instance(5, "cnt-2", key="t"))
    changes.trimmed["cnt-1"] = 1
    changes.instances[2] = None
    changes.dropped.add("cnt-3")
    await store.write(changes)
    assert await store.instance_with_key("cnt-1", "t") == instance(4, "cnt-1", key="t")
    assert await store.instance_with_key("cnt-2", "t") == instance(5, "cnt-2", key="t")
    assert await store.instance_with_key("cnt-3", "t") is None
    await store.write(put(instance(6, "cnt-3", key="t")))
    assert await store.instance_with_key("cnt-3", "t") is not None


async def test_instance_put_again_is_replaced(store: Store) -> None:
    await store.write(put(instance(1, name="a")))
    changed = instance(1, name="a", expires=SOON)
    await store.write(put(changed))
    assert list(await store.instances("cnt-1")) == [changed]


async def test_newest_and_the_one_before(store: Store) -> None:
    await store.write(put(*(instance(seq, f"cnt-{seq % 2}") for seq in range(1, 8))))
    assert await store.newest("cnt-1") == instance(7, "cnt-1")
    assert await store.newest("cnt-1", before=7) == instance(5, "cnt-1")
    assert await store.newest("cnt-1", before=1) is None


async def test_instances_of_a_parent_in_pages(store: Store) -> None:
    await store.write(put(*(instance(seq, f"cnt-{seq % 2}") for seq in (7, 3, 1, 2, 5))))
    assert numbers(await store.instances("cnt-1")) == [1, 3, 5, 7]
    assert numbers(await store.instances("cnt-1", limit=2)) == [1, 3]
    assert numbers(await store.instances("cnt-1", after=3, limit=2)) == [5, 7]
    assert numbers(await store.instances("cnt-1", after=7)) == []
    assert numbers(await store.instances("cnt-1", limit=0)) == []


async def test_keys_are_those_of_the_instances(store: Store) -> None:
    odd = 'quote " slash \\ \u00e9 \u4e16'
    await store.write(put(instance(4), instance(2, name=odd, expires=SOON), instance(3, "cnt-2")))
    assert list(await store.instance_keys("cnt-1")) == [(2, odd, SOON), (4, None, LATE)]
    assert list(await store.instance_keys("cnt-1", after=2)) == [(4, None, LATE)]


async def test_trim_takes_up_to_and_including(store: Store) -> None:
    await store.write(put(*(instance(seq) for seq in range(1, 6)), instance(2_000, "cnt-2")))
    changes = put(instance(6))
    changes.trimmed["cnt-1"] = 3
    await store.write(changes)
    assert numbers(await store.instances("cnt-1")) == [4, 5, 6]
    assert numbers(await store.instances("cnt-2")) == [2_000]


async def test_drop_takes_all_of_a_parent(store: Store) -> None:
    await store.write(put(instance(1), instance(2, "cnt-2")))
    await store.write(WriteSet(dropped={"cnt-1"}))
    assert await store.newest("cnt-1") is None
    assert await store.instance(1) is None
    assert await store.newest("cnt-2") is not None


async def test_trim_drop_and_removal_win_over_puts_of_the_same_write(store: Store) -> None:
    changes = put(instance(1), instance(2), instance(3, "cnt-2"), resource("cnt-2"))
    changes.trimmed["cnt-1"] = 1
    changes.dropped.add("cnt-2")
    changes.resources["cnt-2"] = None
    changes.instances[4] = None
    await store.write(changes)
    assert numbers(await store.instances("cnt-1")) == [2]
    assert list(await store.instances("cnt-2")) == []
    assert list(await store.load()) == []


async def test_name_is_free_again_within_the_write_that_removes_it(store: Store) -> None:
    await store.write(put(instance(1, name="a"), instance(2, name="b"), instance(3, "cnt-2", "c")))
    changes = put(instance(5, name="a"), instance(6, name="b"), instance(7, "cnt-2", "d"))
    changes.trimmed["cnt-1"] = 1
    changes.instances[2] = None
    await store.write(changes)
    assert await store.instance_named("cnt-1", "a") == instance(5, name="a")
    assert await store.instance_named("cnt-1", "b") == instance(6, name="b")
    assert await store.instance_named("cnt-2", "c") == instance(3, "cnt-2", "c")


async def test_expired_in_order_of_expiry(store: Store) -> None:
    times = {1: "20260103T000000", 2: "20260101T000000,5", 3: "20260102T000000", 4: LATE}
    await store.write(put(*(instance(seq, expires=when) for seq, when in times.items())))
    assert numbers(await store.expired("20260103T000000", 10)) == [2, 3, 1]
    assert numbers(await store.expired("20260103T000000", 2)) == [2, 3]
    assert numbers(await store.expired("20260101T000000", 10)) == []


async def test_outbox_by_number_until_removed(store: Store, reopen: Reopen) -> None:
    await store.write(put(event(2), event(10), event(1)))
    await store.write(WriteSet(outbox={2: None, 10: event(10, b'{"again":1}')}))
    store = await reopen(store)
    assert list(await store.outbox()) == [event(1), event(10, b'{"again":1}')]


async def test_answers_by_number_until_forgotten(store: Store, reopen: Reopen) -> None:
    await store.write(WriteSet(answers={one: answer(one) for one in (3, 1, 2)}))
    store = await reopen(store)
    assert list(await store.answers()) == [answer(1), answer(2), answer(3)]
    await store.write(WriteSet(answers={4: answer(4)}, forgotten=2))
    store = await reopen(store)
    assert list(await store.answers()) == [answer(3), answer(4)]
    await store.write(WriteSet(answers={5: answer(5), 6: answer(6)}, forgotten=5))
    assert list(await store.answers()) == [answer(6)], "what is forgotten is not put"


def test_what_is_forgotten_later_counts() -> None:
    first = WriteSet(answers={1: answer(1)}, forgotten=0)
    first.merge(WriteSet(answers={2: answer(2)}, forgotten=1))
    first.merge(WriteSet(answers={3: answer(3)}))
    assert first.answers_kept() == [answer(2), answer(3)]
    assert WriteSet(forgotten=1)
    assert WriteSet(answers={1: answer(1)})


async def test_number_is_never_given_out_twice(store: Store, reopen: Reopen) -> None:
    await store.write(put(instance(41), event(7)))
    await store.write(WriteSet(instances={41: None, 40: None}, outbox={7: None}))
    assert await store.high_water() == (41, 7)
    await store.write(WriteSet(instances={50: None}, outbox={8: None}))
    store = await reopen(store)
    assert await store.high_water() == (50, 8)
    assert list(await store.outbox()) == []


async def test_close_twice(store: Store) -> None:
    await store.close()
    await store.close()


def test_write_set_is_false_only_when_empty() -> None:
    assert not WriteSet()
    assert WriteSet(dropped={"cnt-1"})
    assert WriteSet(outbox={1: None})
