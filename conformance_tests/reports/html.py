"""A report as one HTML file for a person: no network, no build step, nothing of the CSE's text becomes markup."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from conformance_tests.reports.junit import transcript
from conformance_tests.reports.markup import CLASSES, SIGNS, bar, document, escape, heading, icon, tile, worst
from conformance_tests.reports.summary import SEVERITY, Tally, by_area, by_feature, total, worst_first
from conformance_tests.reports.text import bounded, span
from conformance_tests.status_codes import NAMES
from conformance_tests.verdict import CaseResult, Exchange, Report, Verdict

#: Characters of one message that the page holds; the JSON report has all.
MESSAGE_LIMIT = 60_000
#: Columns of the tables, worst first.
_COLUMNS = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE)
_HEADS = {Verdict.NOT_APPLICABLE: "n/a", Verdict.INCONCLUSIVE: "incon."}
#: Cases listed, with their messages, where scripts do not run.
_WITHOUT_SCRIPT = 200


def write(report: Report, path: Path) -> None:
    """Write the page."""
    path.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """Return the page."""
    title = report.target.get("name") or report.target.get("csi") or report.target.get("url", "CSE")
    tally = total(report.results)
    parts = (
        '<a class="skip" href="#cases">To the cases</a><main class="wrap">',
        _head(report, title),
        _score(tally),
        '<div class="tables">',
        _table("area", "By area", by_area(report.results)),
        _table("feature", "By feature", by_feature(report.results)),
        "</div>",
        _cases(report, tally),
        _about(report),
        '</main><p class="away" id="said" role="status"></p>',
    )
    return document(f"{_verdict_in_title(tally)} {title}: conformance report", "\n".join(parts), _data(report))


def _verdict_in_title(tally: Tally) -> str:
    failed = tally.verdicts[Verdict.FAIL]
    return f"{SIGNS[Verdict.FAIL]} {failed}" if failed else SIGNS[worst(tally)]


def _head(report: Report, title: str) -> str:
    return heading(
        "oneM2M conformance report",
        title,
        report.target.get("url", ""),
        {
            "Started": _moment(report.started),
            "Duration": span(report.duration_s),
            "Releases": report.target.get("releases", ""),
            "CSE-ID": report.target.get("csi", ""),
            "Seed": str(report.seed),
            "Suite": report.suite_version,
        },
    )


def _moment(timestamp: str) -> str:
    """Return an ISO 8601 timestamp for reading; anything else stays as it is."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return timestamp
    return f"{moment:%d %b %Y, %H:%M:%S} {moment.tzname() or ''}".rstrip()


def _score(tally: Tally) -> str:
    passed = "all-pass" if tally.applicable and tally.verdicts[Verdict.PASS] == tally.applicable else ""
    tiles = "".join(
        tile(tally.verdicts[verdict], str(verdict), CLASSES[verdict], f"#{urlencode({'verdict': str(verdict)})}")
        for verdict in SEVERITY
    )
    return (
        '<section class="card score" aria-label="Verdicts">'
        f'<p class="share {passed}"><b>{tally.passed_percent}</b>'
        f"<span>of {tally.applicable:,} applicable cases pass</span></p>"
        f'<div class="tiles">{tiles}</div>{bar(tally)}</section>'
    )


def _table(key: str, title: str, tallies: list[Tally]) -> str:
    heads = "".join(
        f'<th scope="col" class="n"><abbr title="{verdict}">{_HEADS.get(verdict, str(verdict))}</abbr></th>'
        for verdict in _COLUMNS
    )
    rows = "".join(_row(key, tally) for tally in tallies)
    return (
        f'<section class="card"><h2>{title}</h2><div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f'<table><thead><tr><th scope="col">{key.capitalize()}</th>{heads}'
        f'<th scope="col" class="line"><span class="away">Share</span></th></tr></thead><tbody>{rows}</tbody></table>'
        "</div></section>"
    )


def _row(key: str, tally: Tally) -> str:
    cells = "".join(_cell(verdict, tally.verdicts[verdict]) for verdict in _COLUMNS)
    quiet = "" if tally.applicable else ' class="quiet"'
    name = escape(tally.name).replace(":", ":<wbr>")
    if key != "feature" or ":" in tally.name:
        name = f'<a href="#{escape(urlencode({key: tally.name}, errors="replace"))}">{name}</a>'
    return f'<tr{quiet}><th scope="row">{name}</th>{cells}<td class="line">{bar(tally)}</td></tr>'


def _cell(verdict: Verdict, count: int) -> str:
    return f'<td class="n {CLASSES[verdict]}">{count:,}</td>' if count else '<td class="n none">·</td>'


def _cases(report: Report, tally: Tally) -> str:
    chips = "".join(
        f'<button type="button" class="chip {CLASSES[verdict]}" data-verdict="{verdict}" aria-pressed="false">'
        f'{verdict}<span class="count">{tally.verdicts[verdict]:,}</span></button>'
        for verdict in SEVERITY
        if tally.verdicts[verdict]
    )
    areas = _options(sorted({result.area for result in report.results}))
    features = _options(sorted({name for result in report.results for name in result.needs}))
    return (
        '<section class="card" id="cases" aria-label="Cases">'
        '<div class="tools" id="tools" hidden role="search">'
        '<input type="search" id="text" placeholder="Search id, purpose, reason, rule …  ( / )" aria-label="Search">'
        f'<div class="chips" role="group" aria-label="Verdict">{chips}</div>'
        f'<select id="area" aria-label="Area"><option value="">All areas</option>{areas}</select>'
        f'<select id="feature" aria-label="Feature"><option value="">All features</option>{features}</select>'
        '<select id="sort" aria-label="Order"><option value="">Worst first</option>'
        '<option value="id">By identifier</option><option value="slow">Slowest first</option></select></div>'
        '<p class="found"><span id="found" role="status"></span>'
        '<button type="button" class="plain" id="clear" hidden>Clear filters</button>'
        '<button type="button" class="plain" id="open" hidden>Open or close all</button></p>'
        '<div id="list"></div><p class="none-found" id="nothing" hidden>No case matches.</p>'
        f"<noscript>{_without_script(report)}</noscript></section>"
    )


def _options(names: Iterable[str]) -> str:
    return "".join(f'<option value="{escape(name)}">{escape(name)}</option>' for name in names)


def _without_script(report: Report) -> str:
    """Return the cases in trouble as they are shown where scripts do not run (mail, some CI servers)."""
    trouble = [one for one in worst_first(report.results) if one.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}]
    cases = "".join(
        f'<details class="case"><summary>{icon(one.verdict)}<span class="id">{escape(one.id)}</span>'
        f'<span class="purpose">{escape(one.purpose)}</span><span class="area">{escape(one.area)}</span></summary>'
        f'<div class="inside"><p class="reason {CLASSES[one.verdict]}"><span>{escape(one.reason)}</span></p>'
        f"<pre>{escape(bounded(transcript(one.exchanges), 5_000))}</pre></div></details>"
        for one in trouble[:_WITHOUT_SCRIPT]
    )
    told = "Scripts do not run here, so only cases that failed or are inconclusive are listed."
    return f'<p class="found">{told}</p>{cases or "<p>There are none.</p>"}'


def _about(report: Report) -> str:
    claims = "".join(f"<li>{escape(name)}</li>" for name in report.features)
    target = "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in report.target.items() if value)
    return (
        '<section class="card claims"><h2>The run</h2>'
        f'<div class="repeat"><code id="command">{escape(report.command)}</code>'
        '<button type="button" data-copy="command">Copy command</button></div>'
        f"<details><summary>What the CSE is and claims ({len(report.features)} features)</summary>"
        f"<ul>{target}</ul><ul>{claims}</ul></details></section>"
    )


def _data(report: Report) -> dict[str, Any]:
    return {"repeat": report.repeat, "codes": NAMES, "cases": [_case(one) for one in worst_first(report.results)]}


def _case(result: CaseResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "area": result.area,
        "purpose": result.purpose,
        "refs": result.refs,
        "needs": result.needs,
        "verdict": str(result.verdict),
        "reason": result.reason,
        "note": result.note,
        "observed": result.observed,
        "seconds": round(result.duration_s, 3),
        "exchanges": [_exchange(one) for one in result.exchanges],
    }


def _exchange(one: Exchange) -> list[Any]:
    texts = (bounded(one.request, MESSAGE_LIMIT), bounded(one.response, MESSAGE_LIMIT))
    return [one.direction, round(one.at_s, 3), one.step, *texts]
