"""Open the store that the settings name. A store is one module with ``async def open_store(settings)``."""

from __future__ import annotations

import importlib

from cse.settings import StoreSettings
from cse.storage.port import Store, StoreError


async def open_store(settings: StoreSettings) -> Store:
    """Open the store of ``settings.kind``: a module of this folder, or the dotted path of a module elsewhere.

    Raises StoreError when there is no such store, its package is missing, or it cannot be opened.
    """
    name = settings.kind if "." in settings.kind else f"{__package__}.{settings.kind}"
    if not all(part.isidentifier() for part in name.split(".")):
        raise _unknown(settings.kind)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise _unknown(settings.kind) from None
        raise StoreError(f"store kind {settings.kind!r} needs the package {error.name!r}, which is missing") from error
    open_ = getattr(module, "open_store", None)
    if open_ is None or module.__name__ == __name__:
        raise _unknown(settings.kind)
    store: Store = await open_(settings)
    return store


def _unknown(kind: str) -> StoreError:
    return StoreError(f"unknown store kind {kind!r} in [store]: expected 'sqlite', 'memory' or a dotted module path")
