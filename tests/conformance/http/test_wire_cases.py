"""Wire cases as data: what is written stands for bytes, and faults of who wrote it are found when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance_tests.case import CatalogueError
from conformance_tests.http.raw import EndOfSending, Pause
from conformance_tests.http.wire_cases import Message, Outcome, WireCase, load_wire

MESSAGE = Message(
    {"cse": "in", "parent": "in/p", "host": "h:80", "root": "/r"},
    "/r",
    {"Host": "h:80", "X-M2M-Origin": "CAdmin", "X-M2M-RI": "r1"},
)
PLAIN = {"id": "WIRE/x", "purpose": "p", "request": {}, "expect": 2000}


def loaded(tmp_path: Path, *cases: dict[str, Any]) -> list[WireCase]:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump({"area": "robustness", "cases": list(cases)}))
    return load_wire(tmp_path)


def test_the_cases_of_the_suite_can_be_read_and_sent() -> None:
    cases = load_wire()
    assert len(cases) > 300
    names = ["csi", "spid", "admin", "ri", "rvi", "unique", "cse_encoded", "cse_encoded_twice"]
    message = Message({**MESSAGE.variables, **dict.fromkeys(names, "x")}, "", MESSAGE.headers)
    for case in cases:
        message.pieces(case.send)
        assert case.purpose[0].isupper() or case.purpose[0].isdigit() or case.purpose.startswith("X-M2M")
        assert "<" not in case.id + case.purpose
        assert len(case.id) < 100
        assert all(message.text(address) for address in (*case.absent, *case.present))


def test_a_request_is_correct_but_for_what_is_given() -> None:
    assert MESSAGE.request() == (b"GET /r/in HTTP/1.1\r\nHost: h:80\r\nX-M2M-Origin: CAdmin\r\nX-M2M-RI: r1\r\n\r\n")
    created = MESSAGE.request("POST", "/${parent}", ty=3, content={"a": "${cse}"}, headers={"x-m2m-RI": None})
    assert created == (
        b"POST /r/in/p HTTP/1.1\r\nHost: h:80\r\nX-M2M-Origin: CAdmin\r\nContent-Type: application/json;ty=3\r\n"
        b'Content-Length: 11\r\n\r\n{"a": "in"}'
    )
    odd = MESSAGE.request(
        "PUT", "*", "HTTP/1.0", {"Content-Length": -1}, ["a:b"], body=["\xff", {"fill": "x", "times": 3}]
    )
    assert odd.startswith(b"PUT * HTTP/1.0\r\n")
    assert odd.endswith(b"Content-Length: -1\r\na:b\r\n\r\n\xffxxx")


def test_pieces_are_bytes_pauses_and_the_end() -> None:
    given = ["\x00\xff${cse}$${", {"pause": 0.5}, {"fill": "ab", "times": 2}, {"end": True}]
    assert MESSAGE.pieces(given) == [b"\x00\xffin${", Pause(0.5), b"abab", EndOfSending()]


def test_an_unknown_variable_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"\$\{nobody\} is unknown"):
        MESSAGE.pieces(["${nobody}"])


def test_rows_make_cases(tmp_path: Path) -> None:
    rows = [[{"key": "a", "code": 4000}, {"key": "b", "code": [4000, "closed"]}]]
    entry = {"id": "WIRE/x-<key>", "purpose": "p <key>", "for": rows, "send": ["<key>"], "expect": "<code>"}
    first, second = loaded(tmp_path, entry)
    assert (first.id, first.send, first.answers) == ("WIRE/x-a", ("a",), ((Outcome(rsc=("4000",)),),))
    assert second.answers == ((Outcome(rsc=("4000",)), "closed"),)


def test_outcomes(tmp_path: Path) -> None:
    expect = ["4xxx", [{"status": ["4xx", 501], "rsc": ["absent", 4000]}, "silent"], {"ri": "r1"}, {}]
    (case,) = loaded(tmp_path, {**PLAIN, "expect": expect})
    assert [str(outcome) for outcome in case.answers[0]] == [
        "X-M2M-RSC 4xxx",
        "status 4xx/501 with X-M2M-RSC absent/4000",
        "silent",
        "X-M2M-RI r1",
        "any answer",
    ]


def test_a_case_that_works_in_a_container_needs_one(tmp_path: Path) -> None:
    (case,) = loaded(tmp_path, {**PLAIN, "request": {"target": "/${parent}"}})
    assert case.uses_parent
    assert case.needs == ("type:container",)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"purpos": "x"}, "'purpos'"),
        ({"send": ["x"]}, "either request or send"),
        ({"answers": [2000]}, "either expect or answers"),
        ({"expect": "maybe"}, "'maybe' is no outcome"),
        ({"expect": {"code": 1}}, "is no outcome"),
        ({"then": "open"}, "closed or usable"),
        ({"request": {"methd": "GET"}}, "cannot be sent"),
        ({"request": {"body": [{"pause": 1}, 5]}}, "cannot be sent"),
        ({"for": [{"table": "types"}]}, "have their rows with them"),
    ],
)
def test_faults_of_who_wrote_a_case(tmp_path: Path, changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(CatalogueError, match=fault):
        loaded(tmp_path, {**PLAIN, **changed})


def test_no_identifier_stands_twice(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="WIRE/x stands there twice"):
        loaded(tmp_path, PLAIN, PLAIN)
