"""DIS-5: an interworking proxy is asked for what nobody has found yet."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.rig import Rig, only


class Proxy:
    """An AE that is asked: ``offers`` are made when it is, ``answer`` is what it says."""

    def __init__(self, rig: Rig, answer: Status = Status.OK, said: Any = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._rig = rig
        self._answer = answer
        self._said = said

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Make a container, then answer."""
        assert request.content is not None
        self.asked.append(request.content["m2m:sgn"])
        if self._answer == Status.OK:
            for name in ("lamp", "door"):
                await self._rig.cse.handle(RequestPrimitive(
                    Operation.CREATE, "cse/ipe", "Cipe", name, "3",
                    resource_type=3, content={"m2m:cnt": {"rn": name, "lbl": [name]}}))
        return ResponsePrimitive(self._answer, request.request_id, content=self._said)


async def proxy(rig: Rig, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Proxy:
    """Register the proxy ``cse/ipe``; what is sent to it goes to a Proxy."""
    await rig.register("Cipe", "ipe", poa=["http://ipe/"])
    one = Proxy(rig, **more)
    monkeypatch.setattr(rig.sink, "send", one.send)
    return one


def wanted(**conditions: Any) -> FilterCriteria:
    """Criteria of a discovery on demand."""
    return FilterCriteria(conditions, usage=3)


async def test_dis_5_what_is_made_on_demand_is_found(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    ipe = await proxy(rig, monkeypatch)
    answer = await rig.retrieve("cse/ipe", "Cipe", fc=wanted(lbl=["lamp"]))
    assert answer.content == {"m2m:uril": ["cse/ipe/lamp"]}
    assert ipe.asked == [{"idr": {"or": "/banyan/Cipe", "fc": {"fu": 3, "lbl": ["lamp"]}}, "sur": "/banyan/Cipe"}]
    answer = await rig.retrieve("cse/ipe", "Cipe", rcn=6, fc=wanted(lbl=["lamp"]))
    assert answer.content == {"m2m:rrl": {"rrf": [{"nm": "lamp", "typ": 3, "val": "cse/ipe/lamp"}]}}
    assert len(ipe.asked) == 1


async def test_dis_5_the_search_is_repeated_over_what_it_says(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"m2m:uril": ["cse/ipe/door", "cse/ipe/lamp", "cse/nothing", "/other/cse/x", 7, "cse/ipe/lamp/la", "//"]}
    await proxy(rig, monkeypatch, said=said)
    answer = await rig.retrieve("cse/ipe", "Cipe", fc=wanted(ty=[3], lbl=["door", "other"]))
    assert answer.content == {"m2m:uril": ["cse/ipe/door"]}


@pytest.mark.parametrize("said", [{"m2m:uril": "text"}, {"m2m:uril": {}}, {"x": 1}, {"m2m:uril": [[]]}, {}])
async def test_dis_5_an_answer_that_is_none_means_search_again(rig: Rig, monkeypatch: pytest.MonkeyPatch,
                                                               said: Any) -> None:
    await proxy(rig, monkeypatch, said=said)
    answer = await rig.retrieve("cse/ipe", "Cipe", fc=wanted(lbl=["lamp"]))
    assert answer.content == {"m2m:uril": ["cse/ipe/lamp"]}


@pytest.mark.parametrize("status", [Status.DISCOVERY_DENIED_BY_IPE, Status.BAD_REQUEST])
async def test_dis_5_a_refusal_is_passed_on(rig: Rig, monkeypatch: pytest.MonkeyPatch, status: Status) -> None:
    await proxy(rig, monkeypatch, answer=status)
    assert (await rig.retrieve("cse/ipe", "Cipe", fc=wanted(lbl=["lamp"]))).status == status


async def test_dis_5_a_proxy_that_cannot_be_reached(rig: Rig) -> None:
    await rig.register("Cipe", "ipe", poa=["http://ipe/"])
    rig.sink.answer = lambda url, content: None
    answer = await rig.retrieve("cse/ipe", "Cipe", fc=wanted(lbl=["lamp"]))
    assert answer.status == Status.TARGET_NOT_REACHABLE


async def test_dis_5_nobody_is_asked_for_what_is_there_or_where_no_proxy_is(rig: Rig,
                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    ipe = await proxy(rig, monkeypatch)
    await rig.made("cse/ipe", 3, {"rn": "there", "lbl": ["x"]}, "Cipe")
    assert (await rig.retrieve("cse/ipe", "Cipe", fc=wanted(lbl=["x"]))).content == {"m2m:uril": ["cse/ipe/there"]}
    assert (await rig.retrieve("cse/ipe/there", "Cipe", fc=wanted(lbl=["y"]))).content == {"m2m:uril": []}
    assert (await rig.retrieve("cse", fc=wanted(lbl=["y"]))).content == {"m2m:uril": []}
    assert (await rig.retrieve("cse/ipe", "Cae1", fc=wanted(lbl=["y"]))).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert ipe.asked == []
    assert only(await rig.retrieve("cse/ipe/there"))["rn"] == "there"
