from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cse.settings import StoreSettings
from cse.storage.factory import open_store
from cse.storage.port import Store

KEEPS = {"memory": False, "sqlite": True}
"""Every store the contract holds for, and whether it keeps what was written when it is closed."""

Reopen = Callable[[Store], Awaitable[Store]]


@pytest.fixture(params=KEEPS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(kind: str, tmp_path: Path) -> StoreSettings:
    return StoreSettings(kind=kind, path=str(tmp_path / "banyan.db"))


@pytest.fixture
async def store(settings: StoreSettings) -> AsyncIterator[Store]:
    store = await open_store(settings)
    yield store
    await store.close()


@pytest.fixture
async def reopen(settings: StoreSettings) -> AsyncIterator[Reopen]:
    """Close a store and open it again; a store that keeps nothing is passed through."""
    opened: list[Store] = []

    async def reopen(store: Store) -> Store:
        if not KEEPS[settings.kind]:
            return store
        await store.close()
        opened.append(await open_store(settings))
        return opened[-1]

    yield reopen
    for store in opened:
        await store.close()
