"""HTTP status codes that go with response status codes (TS-0009 6.3)."""

from __future__ import annotations

from collections.abc import Mapping

_OF_CLASS: Mapping[int, int] = {1: 202, 2: 200, 4: 400, 5: 500, 6: 500}
#: What the class does not tell.
_OF_CODE: Mapping[int, int] = {
    2001: 201,
    4001: 501,
    4005: 405,
    4008: 504,
    4015: 415,
    5207: 406,
    **dict.fromkeys((4101, 4103, 4106, 4107, 4108, 4109, *range(4111, 4118), 4126, 4127, 4128), 403),
    **dict.fromkeys((4004, 4118, 4119, 4121, 5103, 5107, 6003, 6005), 404),
    **dict.fromkeys((4104, 4105, 4124, 5106, 5219, 5220, 6028, 6029), 409),
    **dict.fromkeys((4125, 5001, 5206), 501),
    **dict.fromkeys((5105, 5203, 5205, 5208, 5214, 5215, 5218, 5222), 403),
    **dict.fromkeys((6010, 6022, 6023, 6024), 400),
    **dict.fromkeys((6030, 6031), 504),
}


def http_status(rsc: int) -> int:
    """Return the HTTP status that goes with a response status code; one that nobody knows goes by its class."""
    return _OF_CODE.get(rsc) or _OF_CLASS.get(rsc // 1000, 500)
