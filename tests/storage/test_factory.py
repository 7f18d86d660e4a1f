"""A store is named by its kind; what cannot be opened is said in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cse.settings import StoreSettings
from cse.storage.factory import open_store
from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError


async def test_kind_is_a_module_of_the_folder() -> None:
    assert isinstance(await open_store(StoreSettings(kind="memory")), MemoryStore)


async def test_kind_may_be_a_module_elsewhere(tmp_path: Path) -> None:
    store = await open_store(StoreSettings(kind="tests.storage.broken", path=str(tmp_path / "banyan.db")))
    assert await store.high_water() == (0, 0)
    await store.close()


@pytest.mark.parametrize("kind", ["mongodb", "port", "factory", "no.such.module", "cse.storage.no", "", ".", "a..b"])
async def test_unknown_kind_is_refused(kind: str) -> None:
    with pytest.raises(StoreError, match=r"unknown store kind .* in \[store\]: expected 'sqlite', 'memory'"):
        await open_store(StoreSettings(kind=kind))


async def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "needy.py").write_text("import a_package_that_is_missing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(StoreError, match="needs the package 'a_package_that_is_missing'"):
        await open_store(StoreSettings(kind="elsewhere.needy"))
    assert "elsewhere.needy" not in sys.modules
