"""Requests that come twice: known by originator, identifier and content, within bounds."""

from __future__ import annotations

import pytest

from bindings.mqtt.repetition import Answers
from cse.primitive import Repetition


def request(originator: str, payload: bytes) -> Repetition:
    return Repetition.of(originator, "r1", payload)


ONE, OTHER = request("Cae1", b"p"), request("Cae2", b"p")
ANOTHER = request("Cae1", b"q")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_the_same_request_has_the_same_answer(clock: Clock) -> None:
    answers = Answers(10, 1000, 60.0, clock)
    assert answers.find(ONE) is None
    answers.end(ONE, answers.begin(ONE), b"answer")
    seen = answers.find(ONE)
    assert seen is not None
    assert seen.answer.result() == b"answer"
    assert answers.find(OTHER) is None


async def test_one_that_is_worked_on_is_known(clock: Clock) -> None:
    answers = Answers(10, 1000, 60.0, clock)
    begun = answers.begin(ONE)
    assert answers.find(ONE) is begun
    assert not begun.answer.done()


async def test_an_identifier_that_is_used_again_for_something_else_is_another_request(clock: Clock) -> None:
    answers = Answers(10, 1000, 60.0, clock)
    answers.end(ONE, answers.begin(ONE), b"answer")
    assert answers.find(ANOTHER) is None
    answers.end(ANOTHER, answers.begin(ANOTHER), b"another")
    assert len(answers) == 1
    assert answers.find(ONE) is None


async def test_what_failed_to_be_answered_may_be_asked_again(clock: Clock) -> None:
    answers = Answers(10, 1000, 60.0, clock)
    answers.give_up(ONE, answers.begin(ONE))
    assert answers.find(ONE) is None


async def test_answers_are_bounded_in_number_bytes_and_time(clock: Clock) -> None:
    answers = Answers(3, 10, 60.0, clock)
    for number in range(5):
        answers.end(request(str(number), b"p"), answers.begin(request(str(number), b"p")), b"a")
    assert [answers.find(request(str(number), b"p")) is not None for number in range(5)] == [False] * 2 + [True] * 3
    answers.end(ONE, answers.begin(ONE), b"a" * 10)
    assert len(answers) == 1
    clock.now = 61.0
    assert answers.find(ONE) is None
    assert len(answers) == 0


async def test_one_that_was_pushed_out_while_it_was_worked_on_costs_nothing(clock: Clock) -> None:
    answers = Answers(1, 10, 60.0, clock)
    first = answers.begin(ONE)
    answers.end(OTHER, answers.begin(OTHER), b"a")
    answers.end(ONE, first, b"a" * 9)
    answers.end(OTHER, answers.begin(OTHER), b"a" * 10)
    assert answers.find(OTHER) is not None
