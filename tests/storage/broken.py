"""A store that is broken on purpose: it says that a write is durable and does it later.

Tests that claim to find lost acknowledgements have to fail with it: ``kind = "tests.storage.broken"``.
"""

from __future__ import annotations

from typing import Any, cast

from cse.settings import StoreSettings
from cse.storage.committer import Committer
from cse.storage.port import Store, WriteSet
from cse.storage.sqlite import open_sqlite

DELAY_S = 0.1


async def open_store(settings: StoreSettings) -> Store:
    return cast(Store, EarlyStore(await open_sqlite(settings.path)))


class EarlyStore:
    """Reads see everything, so that nothing but a kill tells it from a sound store."""

    suspends = False

    def __init__(self, store: Store) -> None:
        self._later = Committer(store, linger_s=DELAY_S)

    async def write(self, changes: WriteSet) -> None:
        self._later.submit(changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._later.store if name in {"load", "outbox", "high_water", "answers"} else self._later, name)
