"""What is kept of peers: stores that cannot grow, rates, few lines in a log."""

from __future__ import annotations

import logging

import pytest

from bindings.coap.blocks import Block, Transfers
from bindings.coap.kept import ENTRY_BYTES, OWNER_BYTES, Kept
from bindings.coap.mapping import Message
from bindings.coap.options import BLOCK1, URI_PATH
from bindings.coap.peers import MAX_PEERS, Rates
from cse.security.complaints import Complaints


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_oldest_leave_when_newer_ones_need_the_room() -> None:
    kept: Kept[int, str] = Kept(Time(), 10, 3 * (ENTRY_BYTES + 10) + OWNER_BYTES)
    for number in range(4):
        kept.put(number, str(number), 10)
    assert [kept.get(number) for number in range(4)] == [None, "1", "2", "3"]
    kept.put(1, "new", 10)
    kept.put(4, "4", 10)
    assert [kept.get(number) for number in range(5)] == [None, "new", None, "3", "4"]
    kept.put(5, "too large for all of it", 10**6)
    assert (len(kept), kept.size_bytes) == (0, 0)


def test_entries_live_for_a_time() -> None:
    time = Time()
    kept: Kept[str, str] = Kept(time, 10, 10**6)
    kept.put("a", "a", 0)
    time.now = 9
    kept.put("b", "b", 0)
    time.now = 10
    assert (kept.get("a"), kept.get("b")) == (None, "b")
    kept.put("c", "c", 0)
    assert len(kept) == 2
    kept.pop("c")
    kept.pop("c")
    assert kept.size_bytes == ENTRY_BYTES + OWNER_BYTES


def test_who_fills_the_store_pushes_itself_out() -> None:
    kept: Kept[tuple[str, int], int] = Kept(Time(), 10, 100 * ENTRY_BYTES)
    for number in range(3):
        kept.put(("quiet", number), number, 100, "quiet")
    for number in range(1000):
        kept.put(("greedy", number), number, 100, "greedy")
    assert [kept.get(("quiet", number)) for number in range(3)] == [0, 1, 2]
    assert kept.get(("greedy", 999)) == 999
    assert kept.get(("greedy", 0)) is None
    assert kept.size_bytes <= 100 * ENTRY_BYTES
    for number in range(30):
        kept.put((f"late {number}", 0), number, 100, f"late {number}")
    assert kept.get(("quiet", 0)) == 0, "others that come make room at the cost of the greedy one too"
    assert kept.get(("late 0", 0)) == 0


def test_many_small_owners_cannot_grow_the_store_either() -> None:
    kept: Kept[int, int] = Kept(Time(), 10, 50 * ENTRY_BYTES)
    for number in range(1000):
        kept.put(number, number, 0, number)
    assert kept.size_bytes <= 50 * ENTRY_BYTES
    assert len(kept) == 50 * ENTRY_BYTES // (ENTRY_BYTES + OWNER_BYTES)
    assert kept.get(999) == 999
    for number in range(1000):
        kept.pop(number)
    assert (len(kept), kept.size_bytes) == (0, 0)


def test_a_peer_cannot_push_out_the_unfinished_upload_of_another() -> None:
    transfers = Transfers(Time(), 100_000, 200_000)

    def block(name: str, number: int, *, more: bool) -> Message:
        options = [(URI_PATH, name.encode()), (BLOCK1, Block(number, more, 6).to_bytes())]
        return Message(2, options, b"x" * 1024)

    for number in range(3):
        assert transfers.take(("quiet", 1), block("a", number, more=True), "quiet")
    for number in range(2000):
        assert transfers.take(("greedy", number), block(f"n{number}", 0, more=True), "greedy")
    last = block("a", 3, more=False)
    assert transfers.take(("quiet", 1), last, "quiet") is None
    assert len(last.payload) == 4096
    assert transfers.size_bytes <= 200_000


def test_a_rate_is_each_peers_own_and_comes_back() -> None:
    time = Time()
    rates = Rates(time, 2)
    assert [rates.admits("a") for _ in range(3)] == [True, True, False]
    assert rates.admits("b")
    time.now = 0.5
    assert [rates.admits("a") for _ in range(2)] == [True, False]
    time.now = 100
    assert [rates.admits("a") for _ in range(3)] == [True, True, False]
    assert all(Rates(time, 0).admits("a") for _ in range(100))


def test_the_number_of_peers_is_bounded() -> None:
    rates = Rates(Time(), 1)
    for number in range(MAX_PEERS + 10):
        rates.admits(str(number))
    assert len(rates._peers) == MAX_PEERS


def test_a_peer_is_complained_about_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    time = Time()
    complaints = Complaints(time, logging.getLogger("x"))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            complaints.tell("a", "noise")
        complaints.tell("b", "noise")
        time.now = 60
        complaints.tell("a", "again")
        for number in range(1000):
            complaints.tell(f"invented {number}", "noise")
    lines = [each.getMessage() for each in caplog.records]
    assert lines[:4] == ["a: noise", "b: noise", "2 more messages that were refused", "a: again"]
    assert len(lines) < 80
