"""A comparison as one HTML page; it needs no script."""

from __future__ import annotations

from collections.abc import Mapping

from conformance_tests.reports.diff import TITLES, Change, Comparison, Kind
from conformance_tests.reports.junit import transcript
from conformance_tests.reports.markup import CLASSES, bar, document, escape, heading, icon, tile
from conformance_tests.reports.summary import total
from conformance_tests.reports.text import bounded
from conformance_tests.verdict import CaseResult, Report, Verdict

#: Kind -> how it is coloured, as the verdict of that class.
_CLASSES: Mapping[Kind, str] = {Kind.WORSE: "fail", Kind.BETTER: "pass", Kind.OTHER: "inconclusive"}
#: Characters of messages shown for one side of a case.
_MESSAGES_LIMIT = 12_000
#: Changes of one kind whose details are in the page, so that two very different CSEs do not fill it.
_DETAILED = 300


def page(comparison: Comparison) -> str:
    """Return the page."""
    worse = len(comparison.of(Kind.WORSE))
    judgement = f"{worse:,} got worse" if worse else "Nothing got worse"
    tiles = "".join(
        tile(len(comparison.of(kind)), TITLES[kind], _CLASSES.get(kind, ""), f"#{kind.name.lower()}") for kind in Kind
    )
    parts = (
        '<main class="wrap">',
        heading(
            "oneM2M conformance: two reports compared", judgement, "", {"Without a difference": f"{comparison.same:,}"}
        ),
        f'<section class="card" aria-label="Changes"><div class="tiles six">{tiles}</div></section>',
        f'<div class="sides">{_side("Before", comparison.before)}{_side("After", comparison.after)}</div>',
        *(_changes(kind, comparison.of(kind)) for kind in Kind),
        "</main>",
    )
    return document(f"{judgement}: conformance compared", "\n".join(parts))


def _side(title: str, report: Report) -> str:
    tally = total(report.results)
    counts = "".join(f'<li class="{CLASSES[one]}">{tally.verdicts[one]:,} {one}</li>' for one in Verdict)
    name = report.target.get("name") or report.target.get("csi") or "CSE"
    return (
        f'<section class="card side"><h2>{title} <b>{escape(name)}</b></h2>'
        f'<p class="muted">{escape(report.target.get("url", ""))} · {escape(report.started)} · suite '
        f'{escape(report.suite_version)}</p>{bar(tally)}<ul class="counts">{counts}</ul></section>'
    )


def _changes(kind: Kind, changes: list[Change]) -> str:
    if not changes:
        return ""
    opened = kind is Kind.WORSE
    listed = "".join(_change(change, number < _DETAILED) for number, change in enumerate(changes))
    return (
        f'<section class="card" id="{kind.name.lower()}"><details{" open" if opened or len(changes) < 30 else ""}>'
        f"<summary><b>{TITLES[kind]}</b> · {len(changes):,}</summary>{listed}</details></section>"
    )


def _change(change: Change, detailed: bool) -> str:
    sides = [("Before", change.before), ("After", change.after)]
    icons = " → ".join(icon(one.verdict) for _, one in sides if one)
    line = (
        f'{icons}<span class="id">{escape(change.case.id)}</span>'
        f'<span class="muted">{escape(change.verdicts)}</span><span>{escape(change.case.purpose)}</span>'
    )
    if not detailed:
        return f'<div class="change flat">{line}</div>'
    told = "".join(_seen(name, one) for name, one in sides if one)
    return f'<details class="change"><summary>{line}</summary><div class="inside two">{told}</div></details>'


def _seen(name: str, result: CaseResult) -> str:
    reason = f"<span>{escape(result.reason)}</span>" if result.reason else ""
    outcomes = "".join(f'<p class="muted">observed {escape(one)}</p>' for one in result.observed)
    messages = escape(bounded(transcript(result.exchanges), _MESSAGES_LIMIT))
    shown = f'<div class="message"><pre tabindex="0">{messages}</pre></div>' if messages else ""
    return (
        f'<div><p class="reason {CLASSES[result.verdict]}"><b>{name}: {result.verdict}</b>{reason}</p>'
        f"{outcomes}{shown}</div>"
    )
