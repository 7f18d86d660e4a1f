"""The suite finds faults: each seeded defect makes a case fail whose name says why."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from conformance_tests.session import Options
from conformance_tests.verdict import Verdict
from tests.conformance.defects.seeding import ROOT, Defect, read_defects
from tests.conformance.suite import CLAIMS, named, open_registration, play

DEFECTS = read_defects()
CAUGHT = [defect for defect in DEFECTS.values() if defect.caught_by]
#: Every fifth is seeded in each run of the tests, all of them in the long one.
SHARE = 5
#: Long enough for a notification on a busy machine, short enough for one that never comes.
PATIENCE_S = 3.0


@asynccontextmanager
async def faulty(defect: Defect | None) -> AsyncIterator[str]:
    """A CSE in a process of its own, with the defect."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.conformance.defects.serve", *([defect.name] if defect else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        assert url, "the CSE with the defect does not start"
        await open_registration(url)
        yield url
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def test_there_are_at_least_60_defects_and_95_percent_are_caught() -> None:
    assert len(DEFECTS) >= 60
    assert len(CAUGHT) / len(DEFECTS) >= 0.95
    assert all(defect.caught_by or defect.missed for defect in DEFECTS.values())


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_changes_the_source_and_nothing_but_its_place(defect: Defect) -> None:
    compile(defect.source(), defect.file, "exec")
    assert defect.before != defect.after


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param(defect, id=defect.name, marks=[] if place % SHARE == 0 else pytest.mark.long)
        for place, defect in enumerate(CAUGHT)
    ],
)
async def test_a_defect_is_caught(defect: Defect) -> None:
    async with faulty(defect) as url:
        outcome = await play(url, named(*defect.caught_by), options=Options(patience_s=PATIENCE_S, claims=CLAIMS))
    assert [one.id for one in outcome.results if one.verdict is Verdict.FAIL], outcome.results
