"""A store that cannot grow: what is in it leaves after a time, or when newer entries need the room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

#: What an entry costs besides its value: keys, tuples, its places in the dictionaries; and what its owner costs.
ENTRY_BYTES, OWNER_BYTES = 500, 600
#: Who has more than this part of the room makes place before all others.
_SHARES = 8


@dataclass(slots=True)
class _Owner(Generic[Key]):
    """The keys of one peer, oldest first, and what they take."""

    keys: OrderedDict[Key, None] = field(default_factory=OrderedDict)
    size_bytes: int = 0


class Kept(Generic[Key, Value]):
    """Entries live ``lifetime_s`` after they were put and are at most ``max_bytes`` together.

    When there is no room the oldest go first: those of an owner that has more than its share, an eighth, and only where
    nobody has, those of all. So a peer that fills the store pushes itself out, not the others.
    """

    def __init__(self, time: Callable[[], float], lifetime_s: float, max_bytes: int) -> None:
        self._time = time
        self._lifetime_s = lifetime_s
        self._max_bytes = max_bytes
        self._share_bytes = max_bytes // _SHARES
        self._entries: OrderedDict[Key, tuple[float, int, Value, Hashable]] = OrderedDict()
        self._owners: dict[Hashable, _Owner[Key]] = {}
        self._greedy: dict[Hashable, None] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: Key, value: Value, size_bytes: int, owner: Hashable = None) -> None:
        """Keep a value of this size, in place of the one before."""
        self.pop(key)
        now = self._time()
        size_bytes += ENTRY_BYTES
        self._entries[key] = (now + self._lifetime_s, size_bytes, value, owner)
        held = self._owners.get(owner)
        if held is None:
            held = self._owners[owner] = _Owner()
            self.size_bytes += OWNER_BYTES
        held.keys[key] = None
        held.size_bytes += size_bytes
        if held.size_bytes > self._share_bytes:
            self._greedy[owner] = None
        self.size_bytes += size_bytes
        while self._entries:
            oldest = next(iter(self._entries))
            if self._entries[oldest][0] > now:
                break
            self.pop(oldest)
        while self.size_bytes > self._max_bytes and self._entries:
            self.pop(self._next_to_go(owner))

    def get(self, key: Key) -> Value | None:
        """Return a value, None if it is not there any more."""
        entry = self._entries.get(key)
        return None if entry is None or entry[0] <= self._time() else entry[2]

    def pop(self, key: Key) -> None:
        """Forget a value."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        _, size_bytes, _, owner = entry
        self.size_bytes -= size_bytes
        held = self._owners[owner]
        del held.keys[key]
        held.size_bytes -= size_bytes
        if held.size_bytes <= self._share_bytes:
            self._greedy.pop(owner, None)
        if not held.keys:
            del self._owners[owner]
            self.size_bytes -= OWNER_BYTES

    def _next_to_go(self, owner: Hashable) -> Key:
        """The entry that makes room for one of ``owner``."""
        if not self._greedy:
            return next(iter(self._entries))
        greedy = owner if owner in self._greedy else next(iter(self._greedy))
        return next(iter(self._owners[greedy].keys))
