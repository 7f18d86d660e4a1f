"""Changes that the CSE makes by itself, without a request: resources made for others, attributes it keeps up."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from cse.clock import timestamp
from cse.core import Core
from cse.operations.placing import place
from cse.work import Work
from resources.model import Resource, ResourceType


def make(core: Core, work: Work, parent: Resource, type_: ResourceType, attributes: Mapping[str, Any], *,
         creator: str) -> Resource:
    """Create a structural resource inside a unit of work; the universal attributes are filled in.

    ``attributes`` are trusted. ``rn`` and ``ri`` may be left out; ``et`` is the parent's unless given, and never later.
    """
    now = core.clock.time()
    stamp, ri = timestamp(now), attributes.get("ri") or f"{type_.short}-{secrets.token_hex(6)}"
    latest = parent.attributes.get("et") or timestamp(now + core.settings.default_expiration_s)
    whole = {
        "rn": ri, **core.validator.defaults(type_), **attributes, "ty": type_.number, "ri": ri, "pi": parent.ri,
        "ct": stamp, "lt": stamp, "et": min(attributes.get("et", latest), latest),
    }
    resource = Resource(type_, whole, creator, parent)
    place(core, work, resource)
    return resource


def amend(core: Core, work: Work, resource: Resource, changes: Mapping[str, Any], *, tell: bool = False) -> None:
    """Set attributes inside a unit of work, None removes; ``tell``: subscribers see it as an update (SUB-14).

    ``lt`` becomes now unless it is among the changes.
    """
    before = resource.attributes
    after = {name: value for name, value in {**before, **changes}.items() if value is not None}
    after["lt"] = changes.get("lt") or timestamp(core.clock.time())
    if "st" in after:
        after["st"] += 1
    resource.attributes = after

    def undo() -> None:
        resource.attributes, resource.encoded = before, None

    work.undo.append(undo)
    work.put(resource)
    if tell:
        core.notifier.updated(work, resource, changes, before)
        behaviour = core.behaviours.get(resource.type.number)
        if behaviour is not None:
            behaviour.updated(work, resource, before, changes)
