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
