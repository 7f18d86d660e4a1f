"""A report as JUnit XML, in the form that Jenkins, GitLab, GitHub actions and Azure read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from conformance_tests.reports.summary import Tally, by_area, total
from conformance_tests.reports.text import bounded, one_line, repeat_command, visible
from conformance_tests.verdict import CaseResult, Exchange, Report, Verdict

#: Verdict -> the element that tells it. A pass has none.
ELEMENTS = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error", Verdict.NOT_APPLICABLE: "skipped"}
#: Characters of one message and of all messages of a case: CI servers refuse files that are too large.
MESSAGE_LIMIT, CASE_LIMIT = 8_000, 64_000


def write(report: Report, path: Path) -> None:
    """Write a report."""
    tree = ElementTree(document(report))
    indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def document(report: Report) -> Element:
    """Return the element ``testsuites`` with one ``testsuite`` for each area."""
    root = Element("testsuites", _attributes("oneM2M conformance", total(report.results), report.duration_s))
    for tally in by_area(report.results):
        _suite(root, report, tally)
    return root


def transcript(exchanges: Sequence[Exchange]) -> str:
    """Return messages as plain text, each with its step and time."""
    return "\n\n".join(_exchange(one) for one in exchanges)


def _suite(root: Element, report: Report, tally: Tally) -> None:
    results = sorted((one for one in report.results if one.area == tally.name), key=lambda one: one.id)
    suite = SubElement(root, "testsuite", _attributes(tally.name, tally, sum(one.duration_s for one in results)))
    suite.set("timestamp", visible(report.started))
    properties = SubElement(suite, "properties")
    told = {**report.target, "seed": str(report.seed), "suite": report.suite_version, "command": report.command}
    for name, value in told.items():
        SubElement(properties, "property", name=visible(name), value=visible(value))
    for result in results:
        _case(suite, report, result)


def _case(suite: Element, report: Report, result: CaseResult) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"conformance.{visible(result.area).replace('.', '-')}",
        name=visible(result.id),
        time=f"{result.duration_s:.3f}",
    )
    if element := ELEMENTS.get(result.verdict):
        told = SubElement(case, element, message=one_line(result.reason, 500) or str(result.verdict))
        told.set("type", str(result.verdict))
        told.text = visible(result.reason)
    if output := _output(report, result):
        SubElement(case, "system-out").text = output


def _output(report: Report, result: CaseResult) -> str:
    lines = [result.purpose]
    lines += [f"References: {', '.join(result.refs)}"] if result.refs else []
    lines += [f"Observed: {one}" for one in result.observed]
    lines += [f"Note: {result.note}"] if result.note else []
    if result.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}:
        lines.append(f"Repeat: {repeat_command(report.repeat, result.id)}")
    head = visible("\n".join(lines))
    return f"{head}\n\n{bounded(transcript(result.exchanges), CASE_LIMIT)}" if result.exchanges else head


def _exchange(one: Exchange) -> str:
    arrow = "tester -> CSE" if one.direction == "out" else "CSE -> tester"
    request, response = (visible(bounded(text, MESSAGE_LIMIT)) for text in (one.request, one.response))
    return f"--- {visible(one.step)}, {one.at_s:.3f} s, {arrow} ---\n{request}\n--- answer ---\n{response}"


def _attributes(name: str, tally: Tally, seconds: float) -> dict[str, str]:
    return {
        "name": visible(name),
        "tests": str(tally.cases),
        "failures": str(tally.verdicts[Verdict.FAIL]),
        "errors": str(tally.verdicts[Verdict.INCONCLUSIVE]),
        "skipped": str(tally.verdicts[Verdict.NOT_APPLICABLE]),
        "time": f"{seconds:.3f}",
    }
