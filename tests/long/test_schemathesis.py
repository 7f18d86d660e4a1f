"""A running CSE against its own description: 20,000 requests, half of them wrong on purpose."""

from __future__ import annotations

import pytest

from tests.described import PRESCRIBED, new_seed, serving, try_out

REQUESTS = 20_500


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_the_cse_does_what_its_description_says_for_long() -> None:
    seeded = new_seed()
    with serving() as url:
        trial = try_out(url, REQUESTS, seeded)
    print(f"BANYAN_SEED={seeded}\n{trial}")
    assert trial.failures == {}
    assert trial.requests >= 20_000
    assert {int(rsc) for _, http, rsc in trial.answers if http >= 500} <= PRESCRIBED.keys()
