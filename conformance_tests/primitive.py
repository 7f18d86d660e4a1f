"""Request and response primitives as a tester sees them, free of any binding (TS-0004 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Operations by the name of the step that asks for them.
CREATE, RETRIEVE, UPDATE, DELETE, NOTIFY = 1, 2, 3, 4, 5
OPERATIONS: Mapping[str, int] = {
    "create": CREATE,
    "retrieve": RETRIEVE,
    "update": UPDATE,
    "delete": DELETE,
    "notify": NOTIFY,
}


@dataclass(slots=True)
class Request:
    """A request primitive. ``None`` means that the parameter is not sent.

    ``parameters`` holds everything else by short name: ``rcn``, ``rvi``, ``rt`` (a number), ``rtu`` (list of
    notification targets),
    ``rqet``, ``rset``, ``oet``, ``rp``, ``ec``, ``gid``, ``drt``, ``ot``, ``sqi``, ``atrl`` (list of names),
    ``fc`` (mapping of filter criteria
    by short name), ``accept`` (media type of the answer) ...
    ``headers`` overrides what the HTTP mapping writes; a value ``None`` removes the header.
    """

    op: int
    to: str
    fr: str | None
    rqi: str | None
    ty: int | None = None
    pc: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Response:
    """A response primitive, and what the binding showed of it.

    ``rsc`` is None when the answer names no (valid) response status code. ``pc`` is the decoded content, None
    when there is none;
    content that cannot be decoded is a text in ``broken``.
    """

    rsc: int | None
    rqi: str | None = None
    pc: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    broken: str | None = None


class NoAnswer(Exception):
    """The CSE closed the connection, answered no HTTP or did not answer in time; the text says which."""
