"""One CSE per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with an administrator and one registered AE ``Cae1`` (resource ``cse/cae1``)."""
    rig = await Rig.open()
    await rig.register()
    yield rig
    await rig.close()


@pytest.fixture
async def others(rig: Rig) -> None:
    """Two more AEs, and a container of Cae1 that has no policy yet."""
    await rig.register("Cae2")
    await rig.register("Cae3")
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")


@pytest.fixture
async def boxes(rig: Rig) -> None:
    """Three containers of Cae1: ``cse/cae1/b1`` … ``b3``."""
    for number in (1, 2, 3):
        await rig.made("cse/cae1", 3, {"rn": f"b{number}"}, "Cae1")
