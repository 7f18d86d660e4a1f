"""list, explain, coverage and diff: what needs no CSE."""

import json
from pathlib import Path

import pytest

from conformance_tests import coverage
from conformance_tests.case import Case
from conformance_tests.cli import main
from conformance_tests.commands import catalogue as commands
from conformance_tests.errors import CommandError
from conformance_tests.explaining import explain
from conformance_tests.loading import Catalogue, load_catalogue
from conformance_tests.reports import json_report
from conformance_tests.selection import select
from conformance_tests.types import ResourceTypes
from conformance_tests.verdict import Verdict
from tests.conformance.reports import samples

TYPES = ResourceTypes({"cnt": {"ty": 3, "long": "container", "root": "m2m:cnt", "feature": "type:container"}})


def case(case_id: str, area: str = "DMR", refs: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> Case:
    steps = (
        {"create": "cnt", "named": "twin", "with": {"mni": 3}, "expect": [4105, {"rsc": 2001, "attrs": {"mni": 3}}]},
        {"eventually": {"retrieve": "box", "expect": 4004}, "within": 5},
        {"repeat": 2, "steps": [{"delete": "box"}]},
        {"either": [[{"quiet": "hook", "for": 2}], [{"check": "${x}", "is": "$integer"}]]},
        {"background": "poll", "does": {"retrieve": "pcu"}},
    )
    return Case(case_id, area, f"What {case_id} shows", refs, needs, ({"ae": "ae"},), steps, note="a decision")


CASES = (
    case("TC_CSE_DMR_CRE_001_CNT", refs=("CNT-1",), needs=("type:container",)),
    case("TC_CSE_DMR_CRE_0011", refs=("CNT-12", "TS-0004 7.4.6")),
    case("TP/oneM2M/CSE/GMG/007", "GMG", needs=("type:group",)),
    case("CNT-3/oldest-go", "container", refs=("CNT-3", "CNT-1")),
)
SECTIONS = (
    {"section": 1, "title": "Containers", "rules": {"CNT-1": None, "CNT-2": None, "CNT-3": None, "CNT-4": "why"}},
)


@pytest.fixture(autouse=True)
def _catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    uncovered = {"TC_AE_DMR_CRE_001": "tests an AE", "TC_CSE_DMR_DEL_001": "later"}
    catalogue = Catalogue(CASES, TYPES, {}, uncovered, SECTIONS)
    monkeypatch.setattr(commands, "read_catalogue", lambda: catalogue)
    monkeypatch.setattr(commands, "with_wire", lambda cases: cases)


@pytest.mark.parametrize(
    ("expressions", "places"),
    [
        ([], [0, 1, 2, 3]),
        (["TC_CSE_DMR_CRE_001_CNT"], [0]),
        (["TC_CSE_DMR_CRE_001"], [0]),
        (["TC_CSE_*"], [0, 1]),
        (["dmr"], [0, 1]),
        (["CNT-1"], [0, 3]),
        (["CNT-3"], [3]),
        (["TS-0004 7.4.6"], [1]),
        (["type:group,container"], [2, 3]),
        (["TP/oneM2M/CSE/GMG"], [2]),
    ],
)
def test_an_expression_chooses_cases(expressions: list[str], places: list[int]) -> None:
    assert select(CASES, expressions) == tuple(CASES[place] for place in places)


def test_an_area_may_have_commas_in_its_name() -> None:
    cases = (*CASES, case("RET-1/x", "create, retrieve"))
    assert select(cases, ["Create, retrieve"]) == cases[4:]
    assert select(cases, ["DMR, GMG"], ["create, retrieve"]) == CASES[:3]


def test_what_is_skipped_is_left_out() -> None:
    assert select(CASES, ["DMR"], ["CNT-12"]) == (CASES[0],)


def test_an_expression_that_names_nothing_is_refused_with_what_could_be_meant() -> None:
    with pytest.raises(CommandError, match=r"no case is named by 'CNT-33': did you mean CNT-3"):
        select(CASES, ["DMR", "CNT-33"])
    with pytest.raises(CommandError, match="areas are DMR, GMG, container"):
        select(CASES, [], ["§§§"])


def test_list_prints_a_table_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--select", "DMR"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "TC_CSE_DMR_CRE_001_CNT  DMR  What TC_CSE_DMR_CRE_001_CNT shows",
        "TC_CSE_DMR_CRE_0011     DMR  What TC_CSE_DMR_CRE_0011 shows",
        "",
        "2 cases",
    ]
    assert main(["list", "--json", "--select", "GMG"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["needs"] == ["type:group"]


def test_explain_tells_messages_and_expectation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "CNT-3/oldest-go"]) == 0
    told = capsys.readouterr().out
    for line in (
        "CNT-3/oldest-go\n  What CNT-3/oldest-go shows",
        "References: CNT-3, CNT-1",
        "Note:       a decision",
        "  1. Register an AE, called ae from here on",
        '  1. CREATE container (cnt)\n     resource name: twin\n     attributes: {"mni": 3}\n',
        '     expect: 4105 CONFLICT or 2001 CREATED, attributes {"mni": 3}',
        "  2. Repeat until it holds\n     within (s): 5\n     - RETRIEVE box\n       expect: 4004 NOT FOUND",
        "  3. 2 times\n     1. DELETE box",
        "     a)\n       1. No notification comes to hook\n          for (s): 2\n     b)",
        "  5. Start in the background, called poll\n     - RETRIEVE pcu",
    ):
        assert line in told


def test_explain_of_an_unknown_case_says_what_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "TC_CSE_DMR_CRE_001_CMT"]) == 2
    assert "did you mean TC_CSE_DMR_CRE_001_CNT" in capsys.readouterr().err


def test_coverage_counts_purposes_by_group_and_rules_by_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "--reasons"]) == 0
    told = capsys.readouterr().out
    for line in (
        "DMR                 3        2          1        0      2",
        "GMG                 1        1          0        0      1",
        "AE-DMR              1        0          1        0      0",
        "own cases           1        1          0        0      1",
        "1 Containers           4        2          1        1      2",
        "  1: tests an AE (TC_AE_DMR_CRE_001)",
        "  1: no reason given (CNT-2)",
    ):
        assert f"\n{line}\n" in told


def test_coverage_as_a_page_tells_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "--markdown"]) == 0
    told = capsys.readouterr().out
    for line in (
        "4 cases of a CSE's behaviour and 0 of malformed and hostile HTTP",
        "| DMR | data management and repository: create, retrieve, update, delete | 3 | 2 | 1 |",
        "| GMG | groups | 1 | 1 | 0 |",
        "| all |  | 5 | 3 | 2 |",
        "| 1 | tests an AE | TC_AE_DMR_CRE_001 |",
        "| 1 Containers | 4 | 2 | 2 | 2 |",
        "| CNT-2 | not yet |",
        "| container | 1 |",
    ):
        assert f"\n{line}" in told


def test_a_purpose_of_either_form_has_its_group() -> None:
    ids = ("TC_CSE_DMR_X", "TP/oneM2M/CSE/GMG/007", "TC_AE_REG_CRE_001", "CNT-3/x", "TCX_CSE_DMR_")
    assert [coverage.group_of(one) for one in ids] == ["DMR", "GMG", "AE-REG", "", ""]


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, verdict in zip(paths, (Verdict.PASS, Verdict.FAIL), strict=True):
        json_report.write(samples.report([samples.result(1, verdict)]), path)
    return [str(path) for path in paths]


def test_diff_tells_by_its_exit_status_whether_something_got_worse(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "diff.html"
    assert main(["diff", *two, "--html", str(page)]) == 1
    assert "pass → fail            TC_CSE_DMR_CRE_001_CNT" in capsys.readouterr().out
    assert "1 got worse" in page.read_text()
    assert main(["diff", *reversed(two), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"][0]["kind"] == "better"


def test_diff_of_what_is_no_report_is_refused(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.json").write_text("{}")
    assert main(["diff", two[0], str(tmp_path / "c.json")]) == 2
    assert "c.json: has no" in capsys.readouterr().err
    assert main(["diff", *two, "--html", str(tmp_path / "no" / "x.html")]) == 2
    assert "cannot be written: No such file" in capsys.readouterr().err


def test_every_case_of_the_catalogue_can_be_explained() -> None:
    real = load_catalogue()
    for one in real.cases:
        assert explain(one, real.types).startswith(one.id)
