"""Every hostile input gets its exact answer or a closed connection, and the next peer is served as if nothing was."""

from __future__ import annotations

import logging

import pytest

from tests.bindings.http.conftest import Target
from tests.bindings.http.hostile_cases import CASES, Case
from tests.bindings.http.raw import exchange, message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_hostile_input(case: Case, hostile_target: Target, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    host, port = hostile_target.host, hostile_target.port
    got = await exchange(
        host,
        port,
        *case.pieces,
        expected=len(case.answers),
        until_closed=case.closes,
        half_close=case.half_close,
    )
    assert tuple((answer.status, answer.rsc) for answer in got.answers) == case.answers
    assert got.closed or not case.closes, "the connection should have been closed"
    assert not caplog.records, "input of a peer is no incident"

    after = await exchange(host, port, message())
    assert [(answer.status, answer.rsc) for answer in after.answers] == [(200, 2000)]
    assert after.answers[0].headers["x-m2m-ri"] == "r1"


def test_case_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) > 100
