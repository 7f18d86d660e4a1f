"""Pages beside the resource tree: health, metrics, the web console."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    """What a page answers to a GET."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


Route = Callable[[], Awaitable[Page]]

SECURITY_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'",
}


def static_pages(folder: Path, prefix: str) -> dict[str, Route]:
    """Return the files below a folder by path; ``index.html`` also answers for its folder.

    The set of paths is fixed here, so no request can name a file outside of the folder. Hidden files and links that
    leave the folder are left out; contents are read when asked for.
    """
    pages: dict[str, Route] = {}
    root = folder.resolve()
    for file in sorted(root.rglob("*")):
        relative = file.relative_to(root)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or not file.is_file() or not file.resolve().is_relative_to(root):
            continue
        route = _file(file)
        pages[prefix + relative.as_posix()] = route
        if file.name == "index.html":
            parent = prefix + relative.parent.as_posix()
            pages[f"{parent.removesuffix('.').rstrip('/')}/"] = route
    return pages


def _file(file: Path) -> Route:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "json")):
        kind += "; charset=utf-8"

    async def page() -> Page:
        try:
            return Page(file.read_bytes(), kind)  # noqa: ASYNC240 - small local files
        except OSError:
            return Page(b"not found", status=404)

    return page
