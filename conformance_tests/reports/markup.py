"""What the pages share: the document with its policy, bars, and text that cannot become markup."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from conformance_tests.reports.summary import SEVERITY, Tally
from conformance_tests.reports.text import visible
from conformance_tests.verdict import Verdict

#: Verdict -> its class in page.css, and the sign that tells it without colour.
CLASSES: Mapping[Verdict, str] = {verdict: str(verdict) for verdict in Verdict} | {Verdict.NOT_APPLICABLE: "na"}
SIGNS: Mapping[Verdict, str] = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✕",
    Verdict.INCONCLUSIVE: "?",
    Verdict.NOT_APPLICABLE: "\N{EN DASH}",
}
#: Order of the segments of a bar, and the least share (of 100) that is still seen.
_SEGMENTS = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE)
_LEAST = 0.8


def escape(text: object) -> str:
    """Return text for use in an element or a quoted attribute."""
    return html.escape(visible(str(text)))


def document(title: str, body: str, data: Any = None) -> str:
    """Return a page that needs nothing but itself; ``data`` is what ``page.js`` draws (none: a page without script)."""
    style = _asset("page.css")
    script = _asset("page.js") if data is not None else ""
    allowed = {"style-src": _hash(style), "script-src": _hash(script) if script else "'none'", "img-src": "data:"}
    rules = {"default-src": "'none'", **allowed, "base-uri": "'none'", "form-action": "'none'"}
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    embedded = f'<script type="application/json" id="data">{json_in_script(data)}</script>\n' if script else ""
    scripts = f"{embedded}<script>{script}</script>\n" if script else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n'
        f"<body>\n{body}\n{scripts}</body>\n</html>\n"
    )


def json_in_script(data: Any) -> str:
    """Return JSON that cannot end the ``script`` element that it stands in."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def bar(tally: Tally) -> str:
    """Return a stacked bar as SVG: no inline style, so that the policy can forbid it."""
    counts = [(verdict, tally.verdicts[verdict]) for verdict in _SEGMENTS if tally.verdicts[verdict]]
    shares = [max(100 * count / tally.cases, _LEAST) for _, count in counts]
    whole, x, parts = sum(shares), 0.0, []
    for (verdict, _), share in zip(counts, shares, strict=True):
        width = 100 * share / whole
        parts.append(f'<rect class="{CLASSES[verdict]}" x="{x:.2f}%" width="{width:.2f}%" height="100%"/>')
        x += width
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts) or "no cases"
    return f'<svg class="bar" role="img" aria-label="{told}"><title>{told}</title>{"".join(parts)}</svg>'


def icon(verdict: Verdict) -> str:
    """Return the round sign of a verdict, with its word for a screen reader."""
    return (
        f'<span class="icon {CLASSES[verdict]}" title="{verdict}"><i aria-hidden="true">{SIGNS[verdict]}</i>'
        f'<span class="away">{verdict}</span></span>'
    )


def facts(entries: Mapping[str, str]) -> str:
    """Return a list of names and values; empty values are left out."""
    shown = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in entries.items() if value)
    return f'<dl class="facts">{shown}</dl>'


def heading(eyebrow: str, title: str, beneath: str, entries: Mapping[str, str]) -> str:
    """Return the head of a page."""
    return (
        f'<header class="top"><div><p class="eyebrow">{escape(eyebrow)}</p><h1>{escape(title)}</h1>'
        f'<p class="url">{escape(beneath)}</p></div>{facts(entries)}</header>'
    )


def tile(count: int, name: str, css_class: str, href: str = "") -> str:
    """Return a large number with its name, a link when it leads somewhere."""
    element, target = ("a", f' href="{escape(href)}"') if href and count else ("div", "")
    zero = "" if count else " zero"
    return f'<{element} class="tile {css_class}{zero}"{target}><b>{count:,}</b><span>{escape(name)}</span></{element}>'


def worst(tally: Tally) -> Verdict:
    """Return the worst verdict that occurs."""
    return next((verdict for verdict in SEVERITY if tally.verdicts[verdict]), Verdict.NOT_APPLICABLE)


def _asset(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
