from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance_tests.reports import junit
from conformance_tests.reports.summary import by_area
from conformance_tests.verdict import Report, Verdict
from tests.conformance.reports import samples


def written(report: Report, folder: Path) -> ET.Element:
    junit.write(report, folder / "report.xml")
    return ET.parse(folder / "report.xml").getroot()


def test_there_is_a_suite_for_each_area_with_its_counts(tmp_path: Path) -> None:
    report = samples.typical(300)
    root = written(report, tmp_path)
    assert [suite.get("name") for suite in root] == sorted({result.area for result in report.results})
    for suite, tally in zip(root, by_area(report.results), strict=True):
        assert int(suite.get("tests", "")) == len(suite.findall("testcase")) == tally.cases
        assert int(suite.get("failures", "")) == len(suite.findall("*/failure")) == tally.verdicts[Verdict.FAIL]
        assert int(suite.get("errors", "")) == len(suite.findall("*/error")) == tally.verdicts[Verdict.INCONCLUSIVE]
        assert (
            int(suite.get("skipped", "")) == len(suite.findall("*/skipped")) == tally.verdicts[Verdict.NOT_APPLICABLE]
        )
    assert int(root.get("tests", "")) == 300


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        (Verdict.FAIL, "failure"),
        (Verdict.INCONCLUSIVE, "error"),
        (Verdict.NOT_APPLICABLE, "skipped"),
        (Verdict.PASS, None),
    ],
)
def test_each_verdict_has_its_element(verdict: Verdict, element: str | None, tmp_path: Path) -> None:
    root = written(samples.report([samples.result(1, verdict, reason="why\nand where")]), tmp_path)
    (case,) = root.iter("testcase")
    assert case.get("classname") == "conformance.DMR"
    assert case.get("name") == "TC_CSE_DMR_CRE_001_CNT"
    told = [child for child in case if child.tag in {"failure", "error", "skipped"}]
    assert [child.tag for child in told] == ([element] if element else [])
    for child in told:
        assert child.get("message") == "why and where"
        assert child.text == "why\nand where"


def test_the_messages_and_how_to_repeat_are_in_the_output(tmp_path: Path) -> None:
    root = written(samples.report([samples.result(1, Verdict.FAIL)]), tmp_path)
    output = root.findtext(".//system-out") or ""
    assert "Repeat: banyan-conformance run" in output
    assert "--select TC_CSE_DMR_CRE_001_CNT" in output
    assert "--- steps 1, 0.013 s, tester -> CSE ---\nPOST /cse-in/ae-4711 HTTP/1.1" in output
    assert "--- answer ---\nHTTP/1.1 201 Created\nX-M2M-RSC: 2001" in output


def test_what_xml_forbids_is_written_as_escapes(tmp_path: Path) -> None:
    root = written(samples.hostile(), tmp_path)
    output = root.findtext(".//system-out") or ""
    for seen in (r"\x00\x01\x08\x0b\x0c\x1b[31mred", r"\u202egnp.exe", r"\ud800 lone \udfff", r"\ufffe\uffff"):
        assert seen in output
    assert "</script><script>window.hit=1</script>" in output


def test_huge_messages_are_cut(tmp_path: Path) -> None:
    written(samples.hostile(), tmp_path)
    assert (tmp_path / "report.xml").stat().st_size < 400_000


def test_a_run_of_no_case_is_a_document(tmp_path: Path) -> None:
    assert written(samples.report([]), tmp_path).get("tests") == "0"
