"""A store that cannot grow: what is in it leaves after a time, or when newer entries need the room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

#: What an entry costs besides its value: keys, tuples, its place in the dictionary.
ENTRY_BYTES = 400


class Kept(Generic[Key, Value]):
    """Entries live ``lifetime_s`` after they were put and are at most ``max_bytes`` together; the oldest go first."""

    def __init__(self, time: Callable[[], float], lifetime_s: float, max_bytes: int) -> None:
        self._time = time
        self._lifetime_s = lifetime_s
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Key, tuple[float, int, Value]] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: Key, value: Value, size_bytes: int) -> None:
        """Keep a value of this size, in place of the one before."""
        self.pop(key)
        now = self._time()
        size_bytes += ENTRY_BYTES
        self._entries[key] = (now + self._lifetime_s, size_bytes, value)
        self.size_bytes += size_bytes
        while self._entries:
            oldest = next(iter(self._entries))
            ends, size, _ = self._entries[oldest]
            if ends > now and self.size_bytes <= self._max_bytes:
                return
            del self._entries[oldest]
            self.size_bytes -= size

    def get(self, key: Key) -> Value | None:
        """Return a value, None if it is not there any more."""
        entry = self._entries.get(key)
        return None if entry is None or entry[0] <= self._time() else entry[2]

    def pop(self, key: Key) -> None:
        """Forget a value."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= entry[1]
