"""Identifiers in all their forms (TS-0001 7.2, rules ADR-1 … ADR-7).

``Identity`` is what a CSE knows of itself; it splits an address into a scope and CSE-relative segments, and brings
entity IDs (AE-ID, CSE-ID) into one comparable form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from resources.errors import BadRequest

SEGMENT = re.compile(r"[A-Za-z0-9\-._~]+")
NAME = re.compile(r"[A-Za-z0-9\-._]+")
AE_ID_STEM = re.compile(r"[CS][A-Za-z0-9\-._~]*")
CSE_ID = re.compile(r"/[A-Za-z0-9\-._~]+")
SP_ID = re.compile(r"//[A-Za-z0-9\-._~]+")

#: How many identifiers are kept split, and how long they may be: what strangers send must not fill the memory.
KNOWN, KNOWN_LENGTH = 16_384, 128


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed ``to``: ``cse`` is None for this CSE, else the foreign CSE as ``/csi`` or ``//sp/csi``.

    ``segments`` is the CSE-relative path; empty means the CSEBase (ADR-3).
    """

    cse: str | None
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """Who a CSE is: ``cse_id`` as ``/csi``, ``sp_id`` as ``//sp``, ``cse_name`` of the CSEBase resource."""

    cse_id: str
    sp_id: str
    cse_name: str

    def address(self, to: str) -> Address:
        """Split ``to`` in any form (ADR-1, ADR-2); raises BadRequest when it is none of them."""
        return (_known_address if len(to) <= KNOWN_LENGTH else _address)(self, to)

    def entity(self, identifier: str) -> str:
        """Normalise an AE-ID or CSE-ID so that equal entities compare equal as text (ADR-7).

        ``Cae1``, ``/csi/Cae1`` and ``//sp/csi/Cae1`` become ``Cae1``; ``/Sae1`` and ``//sp/Sae1`` become ``Sae1``;
        the own CSE-ID becomes ``/csi``; foreign ones stay SP-relative, or absolute in another SP.
        """
        return (_known_entity if len(identifier) <= KNOWN_LENGTH else _entity)(self, identifier)

    def sp_relative(self, identifier: str) -> str:
        """Write a CSE-relative resource ID or AE-ID SP-relative (ADR-6); others stay as they are."""
        if identifier.startswith("/"):
            return identifier
        if identifier.startswith("S") and "/" not in identifier:
            return f"/{identifier}"
        return f"{self.cse_id}/{identifier}"


def _address(identity: Identity, to: str) -> Address:
    if to.startswith("//"):
        sp, _, rest = to[2:].partition("/")
        cse, _, path = rest.partition("/")
        if not sp or not cse:
            raise BadRequest(f"to: {to!r} is no absolute identifier; expected //<sp-id>/<cse-id>/<resource>")
        foreign = None if f"//{sp}" == identity.sp_id and f"/{cse}" == identity.cse_id else f"//{sp}/{cse}"
        if foreign is not None and f"//{sp}" == identity.sp_id:
            foreign = f"/{cse}"
    elif to.startswith("/"):
        cse, _, path = to[1:].partition("/")
        if not cse:
            raise BadRequest(f"to: {to!r} is no SP-relative identifier; expected /<cse-id>/<resource>")
        foreign = None if f"/{cse}" == identity.cse_id else f"/{cse}"
    else:
        foreign, path = None, to
        if not path:
            raise BadRequest("to: is empty; expected the identifier of a resource, for example "
                             f"{identity.cse_name!r}")
    segments = tuple(path.rstrip("/").split("/")) if path else ()
    if foreign is None:
        for segment in segments:
            if not SEGMENT.fullmatch(segment):
                raise BadRequest(f"to: {segment!r} in {to!r} is no resource name or ID; "
                                 "allowed are letters, digits and - . _ ~")
    return Address(foreign, segments)


def _entity(identity: Identity, identifier: str) -> str:
    if identifier.startswith("//"):
        sp, slash, rest = identifier[2:].partition("/")
        if f"//{sp}" != identity.sp_id:
            return identifier
        identifier = f"/{rest}" if slash else identifier
    if identifier.startswith("/"):
        head, _, stem = identifier[1:].partition("/")
        if stem and f"/{head}" == identity.cse_id:
            return stem
        if not stem and head.startswith("S") and f"/{head}" != identity.cse_id:
            return head
    return identifier


_known_address = lru_cache(maxsize=KNOWN)(_address)
_known_entity = lru_cache(maxsize=KNOWN)(_entity)
