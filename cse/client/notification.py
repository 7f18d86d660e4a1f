"""Notifications as an AE sees them: ``m2m:sgn`` and ``m2m:agn`` unpacked (TS-0004 7.5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification.

    ``representation`` are the attributes of the resource that the event is about, ``root`` its element name such as
    ``m2m:cin``; with ``nct`` 3 the root is ``m2m:uri`` and ``uri`` the address instead. ``event_type`` is ``net``
    (None when the CSE left it out). ``deletion``: the subscription is gone.
    """

    subscription: str
    event_type: int | None = None
    root: str = ""
    representation: Mapping[str, Any] = field(default_factory=dict)
    uri: str = ""
    verification: bool = False
    deletion: bool = False
    creator: str = ""


def unpack(content: Mapping[str, Any] | None) -> Iterator[Notification]:
    """Read the content of a NOTIFY in the order of its events; raises ValueError when it is no notification."""
    content = content or {}
    if isinstance(single := content.get("m2m:sgn"), Mapping):
        yield _notification(single)
    elif isinstance(several := content.get("m2m:agn"), Mapping) and isinstance(several.get("m2m:sgn"), list):
        for each in several["m2m:sgn"]:
            if not isinstance(each, Mapping):
                raise ValueError("m2m:agn: expected objects in m2m:sgn")
            yield _notification(each)
    else:
        raise ValueError(f"expected m2m:sgn or m2m:agn, got {', '.join(content) or 'no content'}")


def _notification(sgn: Mapping[str, Any]) -> Notification:
    event = sgn.get("nev")
    event = event if isinstance(event, Mapping) else {}
    root, body = _representation(event.get("rep"))
    net = event.get("net")
    return Notification(
        subscription=str(sgn.get("sur", "")),
        event_type=net if isinstance(net, int) else None,
        root=root,
        representation=body if isinstance(body, Mapping) else {},
        uri=body if isinstance(body, str) else "",
        verification=sgn.get("vrq") is True,
        deletion=sgn.get("sud") is True,
        creator=str(sgn.get("cr", "")),
    )


def _representation(rep: object) -> tuple[str, object]:
    if isinstance(rep, Mapping) and rep:
        root, body = next(iter(rep.items()))
        return str(root), body
    return "", {}
