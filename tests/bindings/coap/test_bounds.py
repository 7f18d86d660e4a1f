"""What is kept of peers: stores that cannot grow, rates, few lines in a log."""

from __future__ import annotations

import logging

import pytest

from bindings.coap.kept import ENTRY_BYTES, Kept
from bindings.coap.peers import MAX_PEERS, Complaints, Rates


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_oldest_leave_when_newer_ones_need_the_room() -> None:
    kept: Kept[int, str] = Kept(Time(), 10, 3 * (ENTRY_BYTES + 10))
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
    assert kept.size_bytes == ENTRY_BYTES


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
