"""Request and response primitives: the only thing a binding gives to the core and gets back (TS-0004 6.4).

Field names are the snake_case of the standard's long names; the short names of the wire are in ``cse.parameters``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from resources.model import Operation
from resources.status import Status

__all__ = ["FilterCriteria", "Operation", "Repetition", "RequestPrimitive", "ResponsePrimitive"]

#: Primitive content: one root element. Parts may be ``cse.codecs.Raw``: JSON that is already encoded.
Content = dict[str, Any]


@dataclass(slots=True)
class FilterCriteria:
    """``fc`` (TS-0004 7.3.3.17). ``conditions`` maps a tag (``lbl``, ``ty``, ``crb`` …) to its values, already typed.

    ``atr``, ``catr`` and ``patr`` hold (name, value) pairs. Handling conditions have their own fields; ``permissions``
    (``ops``) are the permission bits asked for with rcn 12.
    """

    conditions: dict[str, list[Any]] = field(default_factory=dict)
    usage: int | None = None
    operation: int = 1
    limit: int | None = None
    level: int | None = None
    offset: int | None = None
    relative_path: str | None = None
    content_syntax: int | None = None
    permissions: int | None = None


class Repetition(NamedTuple):
    """How a request that comes twice is known: ``key`` is who asks under which identifier, ``digest`` is for what."""

    key: bytes
    digest: bytes

    @classmethod
    def of(cls, originator: str, request_id: str, payload: bytes) -> Repetition:
        """Of a request in a payload."""
        return cls(_digest(f"{originator} {request_id}".encode("utf-8", "surrogatepass")), _digest(payload))

    def part(self, to: str) -> Repetition:
        """Of a request that this one becomes (GRP-13)."""
        return Repetition(_digest(self.key + to.encode("utf-8", "surrogatepass")), self.digest)


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


@dataclass(slots=True)
class RequestPrimitive:
    """A request. ``originator`` is ``fr`` ('' when absent); times are as received (``m2m:absRelTimestamp`` text).

    ``content`` is the decoded ``pc``. ``attribute_list`` is a partial RETRIEVE (``atrl``). ``source_address`` is the
    IP address of the peer (for ``acip``); ``authenticated`` the entity that the transport proved, if any.
    ``on_partial`` is told what a fan-out has so far, as its aggregated content, while it goes on (GRP-15).
    ``ticket`` (``cse.core.Ticket``) keeps the outcome of one that was acknowledged; ``replace`` does not copy it.
    ``verified``: an address that has accepted to be told what a group forwards (GRP-20). ``governed``: CMDH rules have
    been applied to it. ``internal``: this CSE makes it, so the originator is who it says, the CSE itself for example.
    No binding sets these three. ``by_multicast``: it came to a group of servers, not to this one alone. ``repetition``
    is set by bindings whose messages may come twice; then what changes something is done once (``cse.answers``).
    ``replace`` does not copy it.
    """

    operation: Operation
    to: str
    originator: str = ""
    request_id: str = ""
    release_version: str | None = None
    resource_type: int | None = None
    content: Content | None = None
    result_content: int | None = None
    filter_criteria: FilterCriteria | None = None
    result_type: int = 1
    response_type: int = 3
    notification_targets: list[str] | None = None
    request_expiration: str | None = None
    result_expiration: str | None = None
    operation_execution: str | None = None
    result_persistence: str | None = None
    originating_timestamp: str | None = None
    event_category: int | None = None
    delivery_aggregation: bool | None = None
    group_request_id: str | None = None
    group_targets: list[str] | None = None
    attribute_list: list[str] | None = None
    vendor_information: str | None = None
    semantic_query: bool | None = None
    primitive_profile: str | None = None
    unsupported: list[str] = field(default_factory=list)
    source_address: str | None = None
    authenticated: str | None = None
    on_partial: Callable[[dict[str, Any]], None] | None = None
    verified: str | None = field(default=None, compare=False, repr=False)
    governed: bool = field(default=False, compare=False, repr=False)
    internal: bool = field(default=False, compare=False, repr=False)
    by_multicast: bool = field(default=False, compare=False, repr=False)
    ticket: Any = field(default=None, init=False, compare=False, repr=False)
    repetition: Repetition | None = field(default=None, init=False, compare=False, repr=False)


@dataclass(slots=True)
class ResponsePrimitive:
    """A response. ``content`` as in the request; ``content_status`` and ``content_offset`` per RCN-4."""

    status: Status
    request_id: str = ""
    content: Content | None = None
    release_version: str | None = None
    to: str | None = None
    originator: str | None = None
    content_status: int | None = None
    content_offset: int | None = None
    created_address: str | None = None
