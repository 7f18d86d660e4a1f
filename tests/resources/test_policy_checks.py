"""accessControlPolicy: rule ACP-1."""

from __future__ import annotations

from typing import Any

import pytest

from resources.errors import BadRequest
from tests.resources.fake import REGISTRY, FakeChange, resource

ACP = REGISTRY.by_short["acp"]
RULES = {"acr": [{"acor": ["all"], "acop": 63}]}


async def test_acp_1_a_policy_with_a_rule_for_itself_is_accepted() -> None:
    assert (await FakeChange(ACP, {"pv": {}, "pvs": RULES}).run())["pvs"] == RULES


@pytest.mark.parametrize("empty", [{}, {"acr": []}])
async def test_acp_1_a_policy_without_a_rule_for_itself_is_refused(empty: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="pvs: holds no rule"):
        await FakeChange(ACP, {"pv": RULES, "pvs": empty}).run()


async def test_acp_1_the_last_rule_cannot_be_updated_away() -> None:
    policy = resource("acp", "acp1", pv={}, pvs=RULES)
    with pytest.raises(BadRequest, match="pvs: holds no rule"):
        await FakeChange(ACP, {"pvs": {"acr": []}}, current=policy).run()
    await FakeChange(ACP, {"pv": {"acr": []}}, current=policy).run()
