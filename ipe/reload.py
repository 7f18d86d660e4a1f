"""A point list that is read again when its file changes, so that a running IPE takes it without a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from ipe.points import Point, PointListError

A = TypeVar("A")
#: How often the file is looked at, at most.
LOOK_S = 2.0
_log = logging.getLogger(__name__)


class PointFile(Generic[A]):
    """The file of a point list. ``read`` reads it and raises PointListError."""

    def __init__(self, path: Path, read: Callable[[], Sequence[Point[A]]]) -> None:
        self._path = path
        self._read = read
        self._taken = self._seen = self._stamp()

    async def changed(self) -> Sequence[Point[A]] | None:
        """Return the points of a file that was changed; None when it was not, or is wrong, which is logged.

        A file is read when it was the same twice, so that one that is being written is not taken for a shorter list.
        """
        stamp, before = self._stamp(), self._seen
        self._seen = stamp
        if stamp in (None, self._taken) or stamp != before:
            return None
        self._taken = stamp
        try:
            return await asyncio.to_thread(self._read)
        except PointListError as error:
            _log.error("the changed point list is refused, the old one goes on: %s", error)
            return None

    def _stamp(self) -> tuple[int, int, int] | None:
        """What tells one state of the file from another; None while there is none."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
