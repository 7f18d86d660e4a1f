"""Work of unknown length in a thread of its own, with an end: for queries that a request brings along.

The thread is ended by an exception between two steps of the interpreter, so a computation in Python cannot outlive
its time. That time is the machine's, not the CSE's clock: it bounds work and is no behaviour.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

Result = TypeVar("Result")

#: Seconds between two attempts to end a thread; a library may catch the first.
INSISTENCE_S = 0.02


class Overdue(Exception):
    """The work took longer than it may."""


class _End(BaseException):
    """Raised inside the thread."""


class Bounded:
    """Runs one piece of work after the other, each for at most ``limit_s`` seconds."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what the work returns, raise what it raises; Overdue when its time is over."""
        async with self._turn:
            thread = _Thread(work, asyncio.get_running_loop())
            thread.start()
            try:
                await asyncio.wait_for(asyncio.shield(thread.over), self._limit_s)
            except TimeoutError:
                raise Overdue from None
            finally:
                await _end(thread)
            return thread.outcome()


class _Thread(threading.Thread, Generic[Result]):
    """One piece of work; ``over`` is done when the thread has nothing left to do."""

    def __init__(self, work: Callable[[], Result], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="bounded", daemon=True)
        self.over = loop.create_future()
        self._work = work
        self._loop = loop
        self._result: list[Result] = []
        self._error: Exception | None = None

    def run(self) -> None:
        """Do the work; whatever it raises is kept."""
        try:
            self._result.append(self._work())
        except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
            self._error = error
        except _End:
            self._error = Overdue()
        with suppress(_End, RuntimeError):  # the loop may be closed
            self._loop.call_soon_threadsafe(self._finished)

    def _finished(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def outcome(self) -> Result:
        """What came of it."""
        if self._error is not None:
            raise self._error
        return self._result[0]


async def _end(thread: _Thread[Result]) -> None:
    """Wait until a thread is gone; one that still works is told to stop, again and again."""
    while thread.is_alive():
        if not thread.over.done() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_End))
        await asyncio.sleep(INSISTENCE_S if not thread.over.done() else 0)
