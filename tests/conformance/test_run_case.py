"""How a case becomes a verdict: steps, captures, cleaning up; against the stand-in and against what answers badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from conformance_tests.case import Case, Step
from conformance_tests.http.client import HttpClient
from conformance_tests.primitive import CREATE, RETRIEVE, Request
from conformance_tests.profile import Target, Unusable
from conformance_tests.runner import PREFIX, Progress, order
from conformance_tests.session import Options, Session
from conformance_tests.verdict import CaseResult, Verdict
from tests.conformance.stand_in import stand_in
from tests.conformance.suite import ADMIN, catalogue


def case(given: list[Step], steps: list[Step], name: str = "CASE/one", **more: Any) -> Case:
    return Case(name, "area", "purpose", ("REF-1",), more.pop("needs", ()), tuple(given), tuple(steps), **more)


async def run(url: str, *cases: Case, options: Options | None = None) -> list[CaseResult]:
    async with Session(
        HttpClient(url, 2), Target(url, ADMIN), catalogue(), options or Options(patience_s=1)
    ) as session:
        return (await session.run(cases, Progress())).results


async def one(given: list[Step], steps: list[Step]) -> CaseResult:
    async with stand_in() as url:
        return (await run(url, case(given, steps)))[0]


AE: Step = {"ae": "ae"}
BOX: Step = {"create": "cnt", "named": "box", "with": {"lbl": ["a"]}, "as": "box"}


async def test_what_holds_is_a_pass_and_keeps_no_messages() -> None:
    found = await one([AE, BOX], [{"retrieve": "box", "expect": {"rsc": 2000, "attrs": {"rn": "box", "lbl": ["a"]}}}])
    assert (found.verdict, found.reason, found.exchanges, found.observed) == (Verdict.PASS, "", [], ())


async def test_what_fails_in_the_steps_is_a_fail_with_place_expectation_and_messages() -> None:
    found = await one([AE, BOX], [{"retrieve": "cse"}, {"retrieve": "box", "expect": {"attrs": {"lbl": ["b"]}}}])
    assert found.verdict is Verdict.FAIL
    assert found.reason == "steps 2 (retrieve box): lbl[0] is 'a', expected 'b'"
    assert [exchange.step for exchange in found.exchanges] == [
        "given 1",
        "given 2",
        "steps 1",
        "steps 2",
    ]
    assert "GET /" in found.exchanges[-1].request


async def test_what_fails_before_is_inconclusive() -> None:
    found = await one([AE, {**BOX, "with": {"mni": -1}}], [{"retrieve": "box"}])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.startswith(
        "given 2 (create cnt): the answer is 4000 (mni is a whole number from 0), expected success"
    )


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([{"retrieve": "${nothing}"}], "${nothing} leads nowhere"),
        ([{"retrieve": "cse", "as": "x"}, {"check": "${x.nope}", "is": 1}], "${x.nope} leads nowhere"),
        ([{"check": "a", "is": "$b"}], "$b is no matcher"),
        ([{"quiet": "hook"}], "there is no `listen: hook` before this step"),
        ([{"retrieve": "cse", "ask": {"nonsense": 1}}], "nonsense"),
    ],
)
async def test_a_fault_of_the_case_is_inconclusive(steps: list[Step], told: str) -> None:
    found = await one([], steps)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert told in found.reason


async def test_where_several_outcomes_are_permitted_the_seen_one_is_recorded() -> None:
    either: Step = {"either": [[{"retrieve": "cse", "expect": 4004}], [{"retrieve": "cse", "expect": 2000}]]}
    alternatives = {"any": [{"rsc": 4000}, {"rsc": 2000, "root": "m2m:cb"}]}
    found = await one(
        [], [{"retrieve": "cse", "expect": [2000, 4004]}, either, {"retrieve": "cse", "expect": alternatives}]
    )
    assert found.observed == ("steps 1: 2000", "steps 2: way 2", "steps 3: 2000")


async def test_steps_that_order_others() -> None:
    found = await one(
        [AE, BOX],
        [
            {"let": {"name": "part"}},
            {"repeat": 3, "steps": [{"create": "cnt", "under": "box", "named": "${name}${n}"}]},
            {"eventually": {"retrieve": "${box.path}/part3"}, "within": 1},
            {"background": "later", "does": {"retrieve": "box"}},
            {"join": "later", "expect": {"attrs": {"rn": "box"}}, "as": "late"},
            {"check": "${late.lbl.0}", "is": "a"},
        ],
    )
    assert found.verdict is Verdict.PASS, found.reason


async def test_what_never_holds_is_tried_until_its_time_is_over() -> None:
    found = await one([], [{"eventually": {"retrieve": "cse", "expect": 4004}, "within": 1}])
    assert found.verdict is Verdict.FAIL
    assert "still after 1 s: the answer is 2000, expected 4004" in found.reason


async def test_an_ae_speaks_with_the_identifier_that_it_was_given_instead_of_its_own() -> None:
    found = await one([{"ae": "ae", "by": "Cunwanted"}], [{"retrieve": "ae", "by": "Cunwanted"}])
    assert found.verdict is Verdict.PASS, found.reason
    found = await one([{"ae": "ae", "by": "C"}], [{"retrieve": "ae", "by": "C"}])
    assert found.verdict is Verdict.FAIL


async def test_an_answer_without_content_has_nothing_that_must_not_be_there() -> None:
    async def silent(http: web.BaseRequest) -> web.Response:
        if http.rel_url.raw_path == "/-":
            return web.json_response({"m2m:cb": {"csi": "/x", "ri": "x", "rn": "x"}}, headers={"X-M2M-RSC": "2000"})
        return web.Response(status=403, headers={"X-M2M-RSC": "4103"})

    forbidding = [{"$without": ["m2m:cnt"]}, {"$not": {"m2m:cnt": "$object"}}]
    refused: list[Step] = [{"retrieve": "x/y", "expect": {"rsc": 4103, "pc": matcher}} for matcher in forbidding]
    async with serving(silent) as url:
        passing, failing = await run(
            url,
            case([], refused, "CASE/forbidding"),
            case([], [{"retrieve": "x/y", "expect": {"rsc": 4103, "pc": {"m2m:dbg": "$any"}}}], "CASE/wanting"),
        )
    assert (passing.verdict, failing.verdict) == (Verdict.PASS, Verdict.FAIL)


async def test_nothing_is_left_behind() -> None:
    failing: list[Step] = [{"create": "cnt", "under": "cse", "named": "${unique}"}, {"retrieve": "cse", "expect": 4004}]
    async with stand_in() as url:
        await run(url, case([AE, BOX], failing), case([AE], failing, "CASE/two"))
        async with HttpClient(url) as client:
            children = Request(RETRIEVE, "stand-in", ADMIN, "1", parameters={"rvi": "3", "rcn": 6})
            assert (await client.send(children))[0].pc["m2m:rrl"]["rrf"] == []


async def test_leftovers_of_an_old_run_are_removed_and_those_of_others_stay() -> None:
    names = [f"{PREFIX}5f000000-1", f"{PREFIX}7fffffff-1", "somebody"]
    async with stand_in() as url, HttpClient(url) as client:
        for name in names:
            made = Request(CREATE, "stand-in", ADMIN, "1", 3, {"m2m:cnt": {"rn": name}}, {"rvi": "3"})
            assert (await client.send(made))[0].rsc == 2001
        async with Session(HttpClient(url), Target(url, ADMIN), catalogue(), Options()) as session:
            assert session.outcome.leftovers == 1
        found = [
            await client.send(Request(RETRIEVE, f"stand-in/{name}", ADMIN, "2", parameters={"rvi": "3"}))
            for name in names
        ]
    assert [response.rsc for response, _, _ in found] == [4004, 2000, 2000]


async def test_features_decide_what_applies() -> None:
    async with stand_in() as url:
        found = await run(url, case([], [{"wait": 1}], needs=("type:group", "option:batch")))
    assert found[0].verdict is Verdict.NOT_APPLICABLE
    assert found[0].reason == "not claimed: type:group"


async def test_a_notification_is_waited_for_compared_and_missed() -> None:
    async with stand_in() as url:
        post: Step = {"let": {"x": 1}}
        found = await run(
            url,
            case([], [{"listen": "hook"}, post, {"quiet": "hook", "for": 1}], "CASE/quiet"),
            case([], [{"listen": "hook"}, {"notified": "hook", "within": 1}], "CASE/missed"),
        )
    assert [result.verdict for result in found] == [Verdict.PASS, Verdict.FAIL]
    assert found[1].reason == "steps 2 (notified hook): no notification within 1 s"


def test_the_order_is_random_with_a_seed_and_long_cases_start_first() -> None:
    cases = [case([], [{"wait": 1}], f"CASE/{n}", takes_s=5.0 if n == 7 else 1.0) for n in range(20)]
    first = order(cases, 1)
    assert first == order(list(reversed(cases)), 1)
    assert first != order(cases, 2)
    assert first[0].id == "CASE/7"
    assert {one.id for one in first} == {one.id for one in cases}


@asynccontextmanager
async def serving(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 404, "text": "no"}, "answers HTTP 404 without X-M2M-RSC"),
        ({"status": 403, "headers": {"X-M2M-RSC": "4103"}}, "answered with 4103 .*--originator is who may read it"),
        ({"headers": {"X-M2M-RSC": "2000"}}, "holds no m2m:cb with a csi"),
    ],
)
async def test_a_server_that_is_no_cse_is_told_as_such(answer: dict[str, Any], told: str) -> None:
    async def always(_: web.BaseRequest) -> web.Response:
        return web.Response(**answer)

    async with serving(always) as url:
        with pytest.raises(Unusable, match=told):
            await run(url)


async def test_a_cse_that_falls_silent_gives_verdicts_nevertheless() -> None:
    base = '{"m2m:cb": {"csi": "/x", "ri": "x", "rn": "x", "srt": [2, 3, 5], "srv": ["3"]}}'

    async def answer(http: web.BaseRequest) -> web.Response:
        if http.rel_url.raw_path not in {"/-", "/x"}:
            await asyncio.sleep(60)
        return web.Response(text=base, content_type="application/json", headers={"X-M2M-RSC": "2000"})

    async with serving(answer) as url:
        (found,) = await run(url, case([], [{"retrieve": "x/y"}]))
    assert found.verdict is Verdict.FAIL
    assert found.reason.startswith("steps 1 (retrieve x/y): no answer to RETRIEVE x/y: no answer in 2")
