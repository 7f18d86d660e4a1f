"""The suite against a stranger that claims AE and container only, and against nobody."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from conformance_tests.session import Options
from conformance_tests.verdict import Verdict
from tests.conformance.stand_in import stand_in
from tests.conformance.suite import catalogue, play

#: What a small CSE may leave out, and its tester says so.
LACKS = ("option:discovery", "option:filter-criteria", "option:partial-retrieval", "option:result-content")
OWN_TYPES = {"type:AE", "type:container", "type:CSEBase"}


async def test_a_stranger_is_tested_for_what_it_claims_and_its_faults_are_found() -> None:
    async with stand_in() as url:
        outcome = await play(url, catalogue().cases, options=Options(lacks=LACKS, patience_s=2))
    results = {one.id: one for one in outcome.results}
    for one in outcome.results:
        others = [need for need in one.needs if need.startswith("type:") and need not in OWN_TYPES]
        assert (one.verdict is Verdict.NOT_APPLICABLE) or not others, one
        assert one.verdict is Verdict.PASS or one.reason
    passed = [one.id for one in outcome.results if one.verdict is Verdict.PASS]
    assert len(passed) >= 100
    # creationTime can be changed; an attribute that the type does not have is taken; nothing expires.
    for fault in ("TC_CSE_DMR_UPD_007_CNT_CT", "TC_CSE_DMR_UPD_009_CNT_EXC", "DEL-2/resource-expires-container"):
        assert results[fault].verdict is Verdict.FAIL, results[fault]
        assert results[fault].exchanges


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/mounted"])
async def test_where_nobody_listens_it_ends_at_once_and_says_so(url: str) -> None:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "conformance_tests", "run", "--url", url, "--originator", "CAdmin"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 3, output
    assert time.monotonic() - began < 20  # 5 s on a machine with nothing else to do
    assert url in output.decode()
    assert "Traceback" not in output.decode()
