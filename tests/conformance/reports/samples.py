"""Reports to try the writers with: a typical one, a large one, and one of a CSE that means harm."""

import random

from conformance_tests.verdict import CaseResult, Exchange, Report, Verdict

AREAS = ("GEN", "REG", "DMR", "SUB", "SEC", "GMG", "DIS", "TS", "container", "request modes", "flexContainer")
FEATURES = ("type:container", "type:group", "type:subscription", "option:geo-query", "release:4", "tester:listen")
PURPOSES = (
    "A container whose name is in use under the same parent is refused",
    "An originator without the privilege to retrieve gets no representation",
    "The oldest instances go when the maximum number of instances is reached, and the state tag goes on counting",
)
REQUEST = (
    "POST /cse-in/ae-4711 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
    "X-M2M-Origin: C4711\r\nX-M2M-RI: r-000017\r\n"
    "X-M2M-RVI: 3\r\n"
    "Content-Type: application/json;ty=3\r\n\r\n"
    '{"m2m:cnt":{"rn":"twin","mni":3,"lbl":["a","b"],"mbs":12345678901234567890}}'
)
ANSWER = (
    "HTTP/1.1 201 Created\r\nX-M2M-RSC: 2001\r\nX-M2M-RI: r-000017\r\nContent-Type: application/json\r\n\r\n"
    '{"m2m:cnt":{"rn":"twin","ri":"cnt29","pi":"C4711","ty":3,"ct":"20261123T120000","cni":0,"lbl":[],"st":0,"x":{}}}'
)
#: What a hostile CSE may put wherever it can: markup, ends of script elements, control and bidirectional characters.
HOSTILE = (
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<!--<script>",
    "]]>&quot;&#0;",
    "javascript:window.hit=1",
    "\x00\x01\x08\x0b\x0c\x1b[31mred\x1b]0;title\x07\x7f\x85\x9b",
    "\u202egnp.exe\u202c\u2066\u2028\u2029\ufeff\ufffe\uffff",
    "\ud800 lone \udfff",
    "'\"`$(touch x) {id}",
    "\U0001f600\u0301",
)


def result(number: int, verdict: Verdict, area: str = "DMR", **more: object) -> CaseResult:
    trouble = verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}
    case = CaseResult(
        id=f"TC_CSE_{area}_CRE_{number:03}_CNT" if area.isupper() else f"CNT-{number}/words-of-the-case",
        area=area,
        purpose=PURPOSES[number % len(PURPOSES)],
        refs=("ADR-5", "TS-0004 7.2.3.2"),
        needs=(FEATURES[number % len(FEATURES)],) if number % 4 else (),
        verdict=verdict,
        reason="steps 1: expected rsc 4105, the CSE answered 2001 (CREATED)" if trouble else "",
        duration_s=0.02 + number % 7 / 10,
    )
    if trouble:
        case.exchanges = [
            Exchange("out", 0.0, "given 1", REQUEST, ANSWER),
            Exchange("out", 0.013, "steps 1", REQUEST, ANSWER),
        ]
    for name, value in more.items():
        setattr(case, name, value)
    return case


def report(results: list[CaseResult]) -> Report:
    return Report(
        target={"url": "http://127.0.0.1:8080", "csi": "/id-in", "name": "cse-in", "releases": "2a, 3, 4"},
        features=("release:3", *FEATURES),
        seed=4711,
        started="2026-11-23T18:40:12+00:00",
        duration_s=83.4,
        command="banyan-conformance run --url http://127.0.0.1:8080 --originator CAdmin --seed 4711",
        repeat="banyan-conformance run --url http://127.0.0.1:8080 --originator CAdmin --select {id}",
        suite_version="0.1.0",
        results=results,
    )


def typical(cases: int = 1500, seed: int = 1) -> Report:
    dice = random.Random(seed)
    verdicts, weights = list(Verdict), (900, 12, 4, 90)
    results = [result(number, dice.choices(verdicts, weights)[0], dice.choice(AREAS)) for number in range(cases)]
    for case in results[::50]:
        case.observed = ("steps 2: 4000",)
        case.note = "The texts leave open which of the two codes is answered; both pass."
    return report(results)


def hostile() -> Report:
    text = " ".join(HOSTILE)
    cases = []
    for number, verdict in enumerate(Verdict):
        exchanges = [
            Exchange("out", 0.1, text, text, f"HTTP/1.1 200 {text}\r\nX-M2M-RSC: 2000\r\n\r\n{text}"),
            nested(),
            Exchange("in", 1, "", "", ""),
        ]
        cases.append(
            CaseResult(
                f"{text}{number}",
                text,
                text,
                (text,),
                (text, f"x:{text}"),
                verdict,
                text,
                text,
                (text,),
                0.1,
                exchanges,
            )
        )
    hurt = report(cases)
    hurt.target = {"url": text, "csi": text, text: text}
    hurt.features = (text,)
    hurt.command = hurt.repeat = hurt.suite_version = hurt.started = text
    return hurt


def nested() -> Exchange:
    """JSON so deep that indenting it would fill the memory, and a message of 5 MB."""
    return Exchange("out", 0.2, "steps 1", f"POST / HTTP/1.1\r\n\r\n{'[' * 20_000}{']' * 20_000}", "x" * 5_000_000)
