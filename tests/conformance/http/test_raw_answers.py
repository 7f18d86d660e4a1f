"""Answers out of bytes: whole ones, parts of one, and what is none."""

from __future__ import annotations

import pytest

from conformance_tests.http.raw_answers import read_answers

HEAD = b"HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\n"
PLAIN = HEAD + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX-Trailer: a\r\n\r\n"


@pytest.mark.parametrize("one", [PLAIN, CHUNKED, PLAIN.replace(b"\r\n", b"\n"), PLAIN.replace(b" OK", b"")])
def test_one_answer(one: bytes) -> None:
    answers, rest = read_answers(one, closed=False)
    assert [(answer.status, answer.response.rsc, answer.body) for answer in answers] == [(200, 2000, b"{}")]
    assert rest == b""


@pytest.mark.parametrize("one", [PLAIN, CHUNKED])
def test_no_part_of_an_answer_is_one(one: bytes) -> None:
    for end in range(len(one)):
        assert read_answers(one[:end], closed=True) == ([], one[:end])


def test_several_answers_and_what_is_left() -> None:
    answers, rest = read_answers(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN + CHUNKED + b"rubbish", closed=False)
    assert [answer.status for answer in answers] == [200, 200]
    assert rest == b"rubbish"


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    one = HEAD + b"\r\nabc"
    assert read_answers(one, closed=False) == ([], one)
    (answer,), rest = read_answers(one, closed=True)
    assert (answer.body, rest) == (b"abc", b"")


def test_answers_without_a_body() -> None:
    assert len(read_answers(HEAD + b"Content-Length: 5\r\n\r\n", closed=False, bodiless=True)[0]) == 1
    assert len(read_answers(b"HTTP/1.1 204 No Content\r\n\r\n", closed=False)[0]) == 1


@pytest.mark.parametrize(
    "none",
    [
        b"SSH-2.0\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}}\r\n",
    ],
)
def test_what_is_no_answer(none: bytes) -> None:
    assert read_answers(none, closed=True) == ([], none)
