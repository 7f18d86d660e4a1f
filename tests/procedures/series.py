"""A time series and its points, for the tests of time series."""

from __future__ import annotations

from typing import Any

from cse.clock import timestamp_of
from tests.rig import Rig, only

SERIES = "cse/cae1/ts"
SINK = "http://sink/ts"


async def series(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Make a timeSeries ``cse/cae1/ts``."""
    return await rig.made("cse/cae1", 29, {"rn": "ts", **attributes}, "Cae1")


async def monitored(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Make a timeSeries that expects a point every 10 s and waits 4 s for it."""
    return await series(rig, **{"pei": 10_000, "peid": 1000, "mdt": 4000, "mdd": True, **attributes})


async def point(rig: Rig, dgt: Any, con: Any = "1", **attributes: Any) -> dict[str, Any]:
    """Put a point into the series."""
    return await rig.made(SERIES, 30, {"dgt": dgt, "con": con, **attributes}, "Cae1")


class Beat:
    """The times at which points of a series are expected: ``beat(n)``, from the rig's next full second on."""

    def __init__(self, rig: Rig, interval_s: float = 10.0) -> None:
        self.first_s = float(int(rig.clock.now) + 1)
        self.interval_s = interval_s

    def __call__(self, number: int, offset_s: float = 0.0) -> str:
        return timestamp_of(round((self.first_s + number * self.interval_s + offset_s) * 1_000_000))

    async def until(self, rig: Rig, number: int, offset_s: float = 0.0) -> None:
        """Move the rig's clock to the n-th time, and so much further."""
        await rig.clock.advance(self.first_s + number * self.interval_s + offset_s - rig.clock.now)


async def missing(rig: Rig) -> list[str]:
    """``mdlt``; ``mdc`` is its length."""
    attributes = only(await rig.retrieve(SERIES))
    listed: list[str] = attributes.get("mdlt", [])
    assert attributes["mdc"] == len(listed)
    return listed


async def subscribe(rig: Rig, num: int = 2, dur: str = "PT1M", **attributes: Any) -> dict[str, Any]:
    """Subscribe a sink to missing points."""
    return await rig.made(SERIES, 23, {
        "rn": "s", "nu": [SINK], "enc": {"net": [8], "md": {"num": num, "dur": dur}}, **attributes,
    }, "Cae1")


def reports(rig: Rig) -> list[dict[str, Any]]:
    """``m2m:tsn`` of the notifications that came."""
    return [one["m2m:sgn"]["nev"]["rep"]["m2m:tsn"] for one in rig.sink.contents(SINK)]
