"""HTTP messages as text for people: what was on the wire, without secrets and not longer than one reads."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

#: Longer bodies are cut.
LONGEST = 20_000
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


def request_text(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    """Return a request as text."""
    return _message(f"{method} {target} HTTP/1.1", headers, body)


def response_text(status: int, headers: Iterable[tuple[str, str]], body: bytes, reason: str | None = None) -> str:
    """Return an answer as text."""
    if reason is None:
        reason = _PHRASES.get(status, "")
    return _message(f"HTTP/1.1 {status} {reason}".rstrip(), headers, body)


def body_text(body: bytes) -> str:
    """Return bytes as text: UTF-8 where they are, escapes where they are not, cut at ``LONGEST``."""
    text = body[:LONGEST].decode(errors="backslashreplace").replace("\0", "\\x00")
    left = len(body) - LONGEST
    return f"{text}\n[... {left} more bytes]" if left > 0 else text


def _message(start: str, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    lines = [start, *(f"{name}: {_shown(name, value)}" for name, value in headers)]
    return "\n".join(lines) + (f"\n\n{body_text(body)}" if body else "\n")


def _shown(name: str, value: str) -> str:
    shown = "(not shown)" if name.lower() in _SECRET else value
    return shown if len(shown) <= LONGEST else f"{shown[:200]}[... {len(shown) - 200} more characters]"
