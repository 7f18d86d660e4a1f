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
        self._ending: set[asyncio.Task[None]] = set()

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
                await self._end(thread)
            return thread.outcome()

    async def _end(self, thread: _Thread[Result]) -> None:
        """See a thread off, whoever stops waiting for that."""
        ending = asyncio.ensure_future(_ended(thread))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        await asyncio.shield(ending)


class _Thread(threading.Thread, Generic[Result]):
    """One piece of work; ``over`` is done when the thread has nothing left to do."""

    def __init__(self, work: Callable[[], Result], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="bounded", daemon=True)
        self.over = loop.create_future()
        self._work = work
        self._loop = loop
        self._result: list[Result] = []
        self._error: Exception | None = None
        self._guard = threading.Lock()
        self._leaving = False

    def run(self) -> None:
        """Do the work; whatever it raises is kept."""
        try:
            self._result.append(self._work())
        except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
            self._error = error
        except _End:
            self._error = Overdue()
        while not self._leaving:
            with suppress(_End), self._guard:
                self._leaving = True
        with suppress(_End):
            for _ in range(3):  # an end that is still on its way arrives here
                pass
        with suppress(RuntimeError):  # the loop may be closed
            self._loop.call_soon_threadsafe(self._finished)

    def stop(self) -> None:
        """Raise the end inside the thread, unless it has nothing left to do."""
        with self._guard:
            if not self._leaving and self.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(_End))

    def _finished(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def outcome(self) -> Result:
        """What came of it."""
        if self._error is not None:
            raise self._error
        return self._result[0]


async def _ended(thread: _Thread[Result]) -> None:
    """Wait until a thread is gone; one that still works is told to stop, again and again."""
    while thread.is_alive():
        working = not thread.over.done()
        if working:
            thread.stop()
        await asyncio.sleep(INSISTENCE_S if working else 0)
