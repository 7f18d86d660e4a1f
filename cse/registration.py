"""Registration: who may speak to this CSE, and how an AE gets its AE-ID (procedures section 7, AE-1 … AE-6)."""

from __future__ import annotations

import secrets
from fnmatch import fnmatchcase
from typing import Any

from cse.behaviours.service_subscription import check_subscription
from cse.core import Call, Core
from cse.identifiers import AE_ID_STEM
from resources.ae import AE
from resources.errors import BadRequest, OperationNotAllowed, OriginatorError
from resources.remote_cse import REMOTE_CSE
from resources.status import Status


def check_originator(call: Call) -> None:
    """V7: a request other than a registration comes from somebody this CSE knows.

    Administrators, registered AEs and other CSEs (or AEs behind them) pass; the rest is 4106. In the name of this CSE
    only the CSE itself asks: whoever could would own what it owns.
    """
    core, originator = call.core, call.originator
    if originator.startswith("/"):
        if core.identity.entity(originator) == core.identity.cse_id and not call.request.internal:
            raise OriginatorError(f"fr: {originator!r} is this CSE, which does not ask from outside; "
                                  "ask with an AE-ID of your own",
                                  Status.ORIGINATOR_NOT_AUTHENTICATED)
        return
    registered = core.tree.by_id.get(originator)
    if registered is not None and registered.type.number == AE.number and call.live(registered):
        return
    if originator in core.administrators:
        return
    raise OriginatorError(
        f"fr: {originator!r} is not registered here; register an AE first (CREATE with ty=2 at the CSEBase)",
        Status.ORIGINATOR_NOT_AUTHENTICATED,
    )


def assign_cse_id(call: Call) -> str:
    """The CSE-ID of a CSE that registers (CSR-1); raises 4005 for an AE, 4117 for one that is here already."""
    cse_id = call.originator
    if not cse_id.startswith("/") or cse_id.count("/") != 1 or cse_id == call.core.identity.cse_id:
        raise OperationNotAllowed(f"fr: {cse_id!r} is not the CSE-ID of another CSE; only a CSE registers as remoteCSE")
    if any(one.type.number == REMOTE_CSE.number and one.attributes["csi"] == cse_id
           for one in call.core.tree.root.children.values()):
        raise OriginatorError(f"fr: {cse_id} is registered already", Status.ORIGINATOR_HAS_ALREADY_REGISTERED)
    return cse_id


def assign_ae_id(call: Call, given: dict[str, Any]) -> str:
    """Decide the AE-ID stem of a registration (AE-2, AE-3); raises 4103, 4117, 4126, 4128 or 4000."""
    core = call.core
    rules = core.settings.registration
    app_id = given["api"]
    if not app_id.startswith(("R", "r", "N")):
        raise BadRequest(f"api: an App-ID starts with R, r or N, got {app_id!r}")
    if not any(fnmatchcase(app_id, pattern) for pattern in rules.app_ids):
        raise OriginatorError(f"api: App-ID {app_id!r} may not register here", Status.APP_RULE_VALIDATION_FAILED)
    wanted = call.originator
    if wanted.startswith("/"):
        raise BadRequest(f"fr: {wanted!r} belongs to another CSE; an AE registers with its own stem, or C or S")
    if wanted in ("", "C", "S"):
        wanted = _fresh_stem(core, wanted or "C")
    elif not AE_ID_STEM.fullmatch(wanted):
        raise BadRequest(f"fr: an AE-ID stem starts with C or S, got {wanted!r}; use C to have one assigned")
    if wanted in core.administrators:
        raise OriginatorError(f"fr: {wanted!r} is an administrator; an AE registers with an AE-ID of its own, "
                              "or with C to have one assigned", Status.APP_RULE_VALIDATION_FAILED)
    if not any(fnmatchcase(wanted, pattern) for pattern in rules.ae_ids):
        raise OriginatorError(f"fr: AE-ID {wanted!r} may not register here", Status.APP_RULE_VALIDATION_FAILED)
    if wanted in (core.identity.cse_name, core.identity.cse_id[1:]):
        raise OriginatorError(f"fr: {wanted!r} is the CSE itself", Status.APP_RULE_VALIDATION_FAILED)
    check_subscription(call, app_id, wanted)
    known = core.tree.by_id.get(wanted)
    if known is not None and known.attributes.get("et", "~") > call.stamp:  # else it is gone: its place is free
        raise OriginatorError(f"fr: {wanted} is registered already; delete that AE to register again",
                              Status.ORIGINATOR_HAS_ALREADY_REGISTERED)
    return wanted


def _fresh_stem(core: Core, kind: str) -> str:
    while True:
        stem = kind + secrets.token_hex(6)
        if stem not in core.tree.by_id:
            return stem

