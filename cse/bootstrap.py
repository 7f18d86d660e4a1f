"""First and every start: the CSEBase, its access policy, resources of an initial tree, the working set."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cse.clock import timestamp
from cse.codecs import Limits, decode
from cse.core import Core
from cse.primitive import Operation, RequestPrimitive
from cse.storage.port import ResourceRecord
from cse.work import Work
from resources.access_control_policy import ACCESS_CONTROL_POLICY
from resources.cse_base import CSE_BASE
from resources.model import Permission, Resource, ResourceType

log = logging.getLogger("banyan.start")

CSE_TYPES = {"IN": 1, "MN": 2, "ASN": 3}

#: Name of the policy that governs the CSEBase itself; the settings decide what is in it.
BASE_POLICY = "base-access"

#: AEs that are registered here, whatever their stem.
REGISTERED_AES = ["C*", "S*"]

_TRUSTED = Limits(max_depth=1000, max_members=10**9)


class StartError(Exception):
    """The CSE cannot start: what is stored, or its settings, do not fit."""


def restore(core: Core, records: Iterable[ResourceRecord]) -> None:
    """Put all stored structural resources into the working set, parents before children."""
    for record in records:
        attributes = decode(record.body, _TRUSTED)
        parent = core.tree.by_id.get(record.pi) if record.pi else None
        type_ = _type_of(core, record, attributes, parent)
        resource = Resource(type_, attributes, record.creator, parent)
        resource.encoded = record.body
        if record.state:
            resource.state = decode(record.state, _TRUSTED)
        core.tree.add(resource)
        core.notifier.attached(resource)
        behaviour = core.behaviours.get(record.ty)
        if behaviour is not None:
            behaviour.restored(resource)


def _type_of(
    core: Core, record: ResourceRecord, attributes: dict[str, Any], parent: Resource | None
) -> ResourceType:
    """The type of a stored resource; raises StartError when it, or its model, is not known any more."""
    place = f"the store holds {parent.path if parent is not None else ''}/{attributes['rn']} ({record.ri})"
    type_ = core.registry.type_of(record.ty, attributes)
    if type_ is None:
        raise StartError(f"{place} of type {record.ty}, which is not known here")
    short = core.registry.discriminators.get(record.ty)
    if type_.discriminator is None and short in attributes:
        raise StartError(f"{place}, a {type_.name} of the model {attributes[short]}, which no model file describes; "
                         "put its file back into the folder that the setting models.folder names")
    return type_


async def settle_base(core: Core) -> bool:
    """Create the CSEBase and its policy, or bring them in line with the settings; True at first start."""
    first = not core.tree.by_id
    base = _base_attributes(core)
    if not first and core.tree.root.attributes["csi"] != base["csi"]:
        raise StartError(f"the store belongs to CSE {core.tree.root.attributes['csi']}, not to {base['csi']}")
    work = Work()
    if first:
        core.tree.add(Resource(core.registry.by_number[CSE_BASE.number], base, core.identity.cse_id))
    root = core.tree.root
    policy = root.children.get(BASE_POLICY) or _new_policy(core, root)
    policy.attributes = {**policy.attributes, "pv": _base_privileges(core), "pvs": _administration(core)}
    kept = () if first else ("ct", "nl")
    given = {name: root.attributes[name] for name in kept if name in root.attributes}
    root.attributes = {**base, **given, "acpi": [policy.ri]}
    work.put(root)
    work.put(policy)
    await core.commit(work)
    return first


def _base_attributes(core: Core) -> dict[str, Any]:
    now = timestamp(core.clock.time())
    identity, settings = core.identity, core.settings
    return {
        "ty": CSE_BASE.number, "ri": identity.cse_id[1:], "pi": "", "rn": identity.cse_name, "ct": now, "lt": now,
        "csi": identity.cse_id, "cst": CSE_TYPES[settings.cse_type], "spi": identity.sp_id,
        "srt": _supported_types(core), "srv": list(settings.releases), "csz": list(core.codecs.names),
        "poa": [],
    }


def _supported_types(core: Core) -> list[int]:
    """Numbers of the types of this CSE; some are for an IN-CSE alone (CRE-1)."""
    infrastructure = core.settings.cse_type == "IN"
    return sorted(type_.number for type_ in core.registry.by_number.values() if infrastructure or not type_.in_only)


def _new_policy(core: Core, root: Resource) -> Resource:
    now = core.clock.time()
    stamp = timestamp(now)
    attributes = {
        "ty": ACCESS_CONTROL_POLICY.number, "ri": f"acp-{BASE_POLICY}", "pi": root.ri, "rn": BASE_POLICY, "ct": stamp,
        "lt": stamp, "et": timestamp(now + 100 * 365 * 86400),
    }
    policy = Resource(core.registry.by_number[ACCESS_CONTROL_POLICY.number], attributes, core.identity.cse_id, root)
    core.tree.add(policy)
    return policy


def _base_privileges(core: Core) -> dict[str, Any]:
    """Registered AEs read and discover the CSEBase and create what the settings allow under it (ACP-11)."""
    rules: list[dict[str, Any]] = [{"acor": REGISTERED_AES, "acop": Permission.RETRIEVE | Permission.DISCOVERY}]
    types = sorted(core.registry.number_of(name) for name in core.settings.registration.child_types)
    if types:
        rules.append({"acor": REGISTERED_AES, "acop": Permission.CREATE, "acod": [{"chty": types}]})
    return {"acr": rules}


def _administration(core: Core) -> dict[str, Any]:
    return {"acr": [{"acor": [core.identity.cse_id, *sorted(core.administrators)], "acop": 63}]}


async def plant(core: Core, path: str) -> None:
    """Create the resources of an initial tree: a JSON list of {to, ty, pc, fr}, in this order.

    ``fr`` defaults to the first administrator. Raises StartError that names the entry.
    """
    entries = _entries(path)
    administrator = next(iter(sorted(core.administrators)), "")
    for number, entry in enumerate(entries, start=1):
        await _plant_one(core, f"initial tree {path}, entry {number}", entry, administrator)
    log.info("created %d resources of %s", len(entries), path)


def _entries(path: str) -> list[Any]:
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StartError(f"initial tree {path}: {error}") from None
    if not isinstance(entries, list):
        raise StartError(f"initial tree {path}: expected a list of {{to, ty, pc}}")
    return entries


async def _plant_one(core: Core, place: str, entry: Any, administrator: str) -> None:
    if not isinstance(entry, dict) or not {"to", "ty", "pc"} <= entry.keys() <= {"to", "ty", "pc", "fr"}:
        raise StartError(f"{place}: expected an object with to, ty, pc and optionally fr")
    originator = entry.get("fr", administrator)
    if not originator:
        raise StartError(f"{place}: no originator; give fr, or cse.administrators in the settings")
    response = await core.handle(RequestPrimitive(
        Operation.CREATE, entry["to"], originator, "initial-tree", core.settings.releases[-1],
        resource_type=entry["ty"], content=entry["pc"], internal=True,
    ))
    if not response.status.succeeded:
        reason = (response.content or {}).get("m2m:dbg", "")
        raise StartError(f"{place}: {response.status.value} {response.status.name}: {reason}")


