"""Text that came from a stranger, made safe to show: nothing invisible, nothing that steers a terminal or a parser."""

from __future__ import annotations

import re
import shlex

#: Control characters (line feed and tab excepted), lone surrogates, non-characters, and what reorders text.
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_SPACE = re.compile(r"\s+")


def visible(text: str) -> str:
    r"""Return the text with each character that cannot be shown written as ``\x1b`` or ``\u202e``; CR LF becomes LF."""
    return _UNSHOWN.sub(_escaped, text.replace("\r\n", "\n"))


def one_line(text: str, limit: int = 0) -> str:
    """Return the text on one line; with a limit, cut to that many characters."""
    line = _SPACE.sub(" ", visible(text)).strip()
    return f"{line[: limit - 1]}…" if 0 < limit < len(line) else line


def bounded(text: str, limit: int) -> str:
    """Return the first characters of a text, and how many more there were."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… {len(text) - limit:,} more characters: see the JSON report"


def span(seconds: float) -> str:
    """Return a duration as a person says it: ``0.4 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def repeat_command(template: str, case_id: str) -> str:
    """Return the command that runs one case again."""
    return template.replace("{id}", shlex.quote(case_id))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
