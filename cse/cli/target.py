"""A target as a URL or as an identifier."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from cse.cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class Target:
    """``cse_url`` is '' when only an identifier was given; ``query`` holds the fields of the URL, split at ``+``."""

    to: str
    cse_url: str = ""
    query: list[tuple[str, list[str]]] = field(default_factory=list)


def target_of(text: str, cse_url: str) -> Target:
    """Read ``cse/meter``, ``/other-cse/x``, ``//sp/cse/x``, ``-`` or a whole URL; raises UsageError.

    A URL that starts with ``cse_url`` keeps its root path out of the identifier (TS-0009 6.2.2).
    """
    if "://" not in text:
        if not text:
            raise UsageError("the target is empty", "expected an identifier such as cse/meter, or - for the CSEBase")
        return Target(text)
    parts = urlsplit(text)
    base = f"{parts.scheme}://{parts.netloc}"
    path = parts.path
    root = urlsplit(cse_url).path.rstrip("/")
    if root and cse_url.startswith(base) and f"{path}/".startswith(f"{root}/"):
        base, path = base + root, path[len(root) :]
    return Target(_identifier(unquote(path)), base, _pairs(parts.query))


def _identifier(path: str) -> str:
    path = path.strip("/")
    if path.startswith("~/"):
        return path[1:]
    if path.startswith("_/"):
        return f"/{path[1:]}"
    return path or "-"


def _pairs(query: str) -> list[tuple[str, list[str]]]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(unquote(name), [unquote(value) for value in values.split("+")]) for name, _, values in pairs]
