import json
from pathlib import Path

import pytest

from conformance_tests.reports import json_report
from conformance_tests.reports.json_report import UnreadableReport
from tests.conformance.reports import samples


@pytest.mark.parametrize("make", [samples.typical, samples.hostile])
def test_a_report_is_read_back_as_it_was(make: object, tmp_path: Path) -> None:
    report = make()  # type: ignore[operator]
    json_report.write(report, tmp_path / "report.json")
    assert json_report.read(tmp_path / "report.json") == report


def test_an_empty_report_is_read_back() -> None:
    report = samples.report([])
    assert json_report.loads(json_report.dumps(report)) == report


def changed(**changes: object) -> str:
    return json.dumps(json.loads(json_report.dumps(samples.typical(3))) | changes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no JSON"),
        ("<html>", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        ("[]", 'has no "format": "banyan-conformance-report"'),
        ('{"format": "junit"}', 'has no "format"'),
        (changed(version=2), "has format version 2; this suite reads version 1"),
        (changed(results=None), "is damaged"),
        (changed(results=[{"id": "x"}]), "is damaged: 'area' is missing"),
        (changed(target=["x"]), "is damaged"),
        (changed(features="abc"), 'expected a list of texts, found "abc"'),
        (changed(started=3), "expected a text, found 3"),
        (changed(seed="x"), "is damaged"),
    ],
)
def test_a_file_that_is_no_report_is_told_apart(text: str | bytes, told: str) -> None:
    with pytest.raises(UnreadableReport) as refused:
        json_report.loads(text)
    assert told in str(refused.value)


def test_an_unknown_verdict_is_damage() -> None:
    text = json_report.dumps(samples.typical(3)).replace('"pass"', '"perhaps"')
    with pytest.raises(UnreadableReport, match="'perhaps' is not a valid Verdict"):
        json_report.loads(text)


def test_the_file_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(UnreadableReport, match=r"a\.json: has no"):
        json_report.read(tmp_path / "a.json")
    with pytest.raises(UnreadableReport, match=r"b\.json: cannot be read: No such file"):
        json_report.read(tmp_path / "b.json")
    with pytest.raises(UnreadableReport, match="cannot be read"):
        json_report.read(tmp_path)
