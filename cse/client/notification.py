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
    ``originator`` is who did it, when the subscription asks for that (``eeno``, or ``om`` in ``enc``).
    """

    subscription: str
    event_type: int | None = None
    root: str = ""
    representation: Mapping[str, Any] = field(default_factory=dict)
    uri: str = ""
    verification: bool = False
    deletion: bool = False
    creator: str = ""
    originator: str = ""


def unpack(content: Mapping[str, Any] | None) -> Iterator[Notification]:
    """Read the content of a NOTIFY in the order of its events; raises ValueError when it is no notification."""
    content = content or {}
    several: Any
    if "m2m:sgn" in content:
        several = [content["m2m:sgn"]]
    elif "m2m:agn" in content:
        aggregated = content["m2m:agn"]
        several = aggregated.get("m2m:sgn") if isinstance(aggregated, Mapping) else None
    else:
        raise ValueError(f"expected m2m:sgn or m2m:agn, got {', '.join(content) or 'no content'}")
    if not isinstance(several, list) or not all(isinstance(each, Mapping) for each in several):
        raise ValueError("expected an object in m2m:sgn, and a list of them in m2m:agn")
    for each in several:
        yield _notification(each)


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
        originator=_originator(event.get("om")),
    )


def _originator(monitored: object) -> str:
    return str(monitored.get("or", "")) if isinstance(monitored, Mapping) else ""


def _representation(rep: object) -> tuple[str, object]:
    if isinstance(rep, Mapping) and rep:
        root, body = next(iter(rep.items()))
        return str(root), body
    return "", {}
