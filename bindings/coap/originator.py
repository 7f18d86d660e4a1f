"""Whether a request comes from whom it says: by the PSK identity or the certificate of its session."""

from __future__ import annotations

from collections.abc import Sequence

from cse.primitive import Operation, RequestPrimitive
from resources.ae import AE
from resources.errors import OriginatorError
from resources.status import Status


def check(request: RequestPrimitive, names: Sequence[str] | None, cse_id: str) -> None:
    """Raise OriginatorError (4103) unless ``names``, which the peer has proved, cover ``fr``; None: it proved nothing.

    A name is an AE-ID, with or without the CSE-ID of this CSE before it; a CSE-ID covers whatever is behind it, because
    a CSE forwards requests of its AEs. An AE that asks for an ID with its registration has no other name yet.
    """
    originator = request.originator
    if names and (_asks_for_id(request) or any(_covers(name, originator, cse_id) for name in names)):
        return
    proved = ", ".join(names)[:80] if names else "nobody"
    raise OriginatorError(
        f"fr: {originator[:80]!r} is not whom the peer has proved to be by its key or certificate ({proved})",
        Status.ORIGINATOR_HAS_NO_PRIVILEGE,
    )


def _covers(name: str, originator: str, cse_id: str) -> bool:
    own = f"{cse_id}/"
    return name.removeprefix(own) == originator.removeprefix(own) or (
        name.startswith("/") and name.count("/") == (3 if name.startswith("//") else 1)
        and originator.startswith(f"{name}/")
    )  # fmt: skip


def _asks_for_id(request: RequestPrimitive) -> bool:
    return (
        request.operation is Operation.CREATE
        and request.resource_type == AE.number
        and request.originator in {"", "C", "S"}
    )
