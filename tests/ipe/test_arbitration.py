"""Priorities, leases and release of commands to one point."""

from __future__ import annotations

import json

import pytest

from ipe.arbitration import Command, Limits, Refusal, Slots


def command(value: float, priority: int, originator: str = "Ca", *, given_s: float = 100.0,
            until_s: float | None = None) -> Command:
    return Command(value, priority, originator, given_s, until_s)


def test_the_strongest_is_in_force_and_the_next_takes_over() -> None:
    slots = Slots()
    assert slots.winner is None
    schedule, operator, fire = command(21, 16, "Cschedule"), command(23, 8, "Coperator"), command(0, 1, "Cfire")
    assert slots.give(schedule) == schedule
    assert slots.give(fire) == fire
    assert slots.give(operator) == fire
    assert slots.release(1, "Cfire") == operator
    assert slots.release(8, "Coperator") == schedule
    assert slots.release(16, "Cschedule") is None


def test_the_same_priority_is_the_last_ones() -> None:
    slots = Slots()
    slots.give(command(21, 8, "Ca"))
    assert slots.give(command(22, 8, "Cb")) == command(22, 8, "Cb")


def test_a_lease_ends_by_itself() -> None:
    slots = Slots()
    slots.give(command(21, 16))
    slots.give(command(25, 10, until_s=160.0))
    slots.give(command(26, 9, until_s=130.0))
    assert slots.next_end_s == 130.0
    assert slots.expire(129.9) == []
    assert [one.value for one in slots.expire(130.0)] == [26]
    assert slots.winner == command(25, 10, until_s=160.0)
    assert [one.value for one in slots.expire(1000.0)] == [25]
    assert slots.winner == command(21, 16)
    assert slots.next_end_s is None


@pytest.mark.parametrize(("limits", "given", "message"), [
    (Limits(lowest=16, highest=28), command(29, 8), "expected 16 to 28"),
    (Limits(lowest=16), command(15.9, 8), "expected at least 16"),
    (Limits(highest=28), command(28.1, 8), "expected at most 28"),
    (Limits(), command(float("nan"), 8), "expected a number"),
    (Limits(), command(20, 0), "priority 0: expected a whole number from 1"),
    (Limits(), command(20, 17), "priority 17"),
    (Limits(), command(20, 8, until_s=100.0), "ends before it begins"),
    (Limits(longest_lease_s=60), command(20, 8), "at most 60 s"),
    (Limits(longest_lease_s=60), command(20, 8, until_s=161.0), "at most 60 s"),
    (Limits(most_per_s=0.1), command(22.5, 8), "a change of at most 0.1 per second, now 1"),
])
def test_what_is_refused_changes_nothing(limits: Limits, given: Command, message: str) -> None:
    slots = Slots(limits)
    with pytest.raises(Refusal, match=message):
        slots.give(given, present=20, present_s=90.0)
    assert slots.commands == {}


def test_a_move_within_the_rate_is_taken() -> None:
    slots = Slots(Limits(most_per_s=0.1, lowest=16, highest=28))
    assert slots.give(command(21, 8), present=20, present_s=90.0) is not None


def test_release_is_for_who_commanded() -> None:
    slots = Slots()
    slots.give(command(21, 8, "Ca"))
    with pytest.raises(Refusal, match="commanded by Ca"):
        slots.release(8, "Cb")
    with pytest.raises(Refusal, match="nothing is commanded there; commanded are 8"):
        slots.release(9, "Ca")
    assert slots.release(8, "Cadmin", anybody=True) is None
    with pytest.raises(Refusal, match="commanded are none"):
        slots.release(8, "Ca")


def test_slots_survive_a_restart() -> None:
    slots = Slots()
    slots.give(command(21, 16, "Cschedule"))
    slots.give(command(25.5, 8, "Coperator", until_s=160.0))
    again = Slots()
    again.restore(json.loads(json.dumps(slots.to_json())))
    assert again.commands == slots.commands
    assert [one["priority"] for one in slots.to_json()] == [8, 16]
