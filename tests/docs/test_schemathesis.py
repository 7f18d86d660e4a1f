"""A running CSE against its own description, for a short while; the long run is in tests/long."""

from __future__ import annotations

import pytest

from tests.described import new_seed, serving, try_out

REQUESTS = 216


@pytest.mark.timeout(300)
def test_the_cse_does_what_its_description_says() -> None:
    seeded = new_seed()
    with serving() as url:
        trial = try_out(url, REQUESTS, seeded)
    assert trial.failures == {}, f"BANYAN_SEED={seeded}\n{trial}"
    assert trial.requests >= REQUESTS * 0.8
