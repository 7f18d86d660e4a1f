"""The place, name and expiration time of what is created (ADR-5, CRE-4, CRE-5)."""

from __future__ import annotations

from typing import Any

from cse.clock import timestamp
from cse.core import Call, Core
from cse.identifiers import NAME
from cse.instances import is_generated
from cse.work import Work
from resources.errors import BadRequest, Conflict, NotFound
from resources.model import Resource


def has_expired(resource: Resource, stamp: str) -> bool:
    """True for what is gone for everybody, and goes from the tree with the next sweep (DEL-2)."""
    expires: str | None = resource.attributes.get("et")
    return expires is not None and expires <= stamp


def check_name(parent: Resource, name: str | None, stamp: str) -> None:
    """ADR-5: a valid name that is neither in use under the parent nor one of its virtual children.

    What has expired by the moment ``stamp`` uses no name any more.
    """
    if name is None:
        return
    if not NAME.fullmatch(name):
        raise BadRequest(f"rn: {name!r} is no resource name; allowed are letters, digits and - . _")
    holder = parent.children.get(name)
    if (holder is not None and not has_expired(holder, stamp)) or name in parent.type.virtual:
        raise Conflict(f"rn: {name!r} is in use under {parent.path}; choose another name")


def expiration(call: Call, parent: Resource, wanted: str | None) -> str:
    """The expiration time that is given: at most the parent's and the local maximum (CRE-4)."""
    settings = call.core.settings
    if wanted is not None and wanted <= call.stamp:
        raise BadRequest(f"et: {wanted} is in the past; it is {call.stamp} now")
    limit = timestamp(call.now + settings.max_expiration_s)
    of_parent: str = parent.attributes.get("et", limit)
    return min(wanted or timestamp(call.now + settings.default_expiration_s), limit, of_parent)


def check_creator(given: dict[str, Any], originator: str) -> dict[str, Any]:
    """CRE-5: ``cr`` comes as null and becomes the originator."""
    return {**given, "cr": originator} if "cr" in given else given


def place(core: Core, work: Work, resource: Resource, call: Call | None = None) -> None:
    """Put a new structural resource into the tree, and tell its parent's subscribers and its behaviour."""
    assert resource.parent is not None
    core.tree.add(resource)
    work.undo.append(lambda: core.tree.remove(resource))
    work.put(resource)
    core.notifier.child_created(work, resource.parent, resource)
    core.notifier.attached(resource, work)
    behaviour = core.behaviours.get(resource.type.number)
    if behaviour is not None:
        behaviour.created(work, resource, call)


async def check_place(call: Call, name: str | None) -> None:
    """ADR-5 for a parent that keeps instances too; the last check, others may have been there since the first."""
    core, parent = call.core, call.target.resource
    if name is not None and parent.type.instance is not None:
        instance = core.registry.by_name[parent.type.instance]  # its name is the same for every specialization
        if is_generated(instance.short, name) or await core.instances.named(parent, name) is not None:
            raise Conflict(f"rn: {name!r} is in use under {parent.path}, or has the form of a generated name")
    if not core.tree.holds(parent):
        raise NotFound(f"to: {parent.path} is gone")
    check_name(parent, name, call.stamp)
