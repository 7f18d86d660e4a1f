"""Links between the objects of a CMDH policy (``cmlk``): what they may lead to (MGO-1, TS-0004 D.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.errors import BadRequest
from resources.model import Hooks

if TYPE_CHECKING:
    from resources.model import Change


def linking(*kinds: int) -> Hooks:
    """Hooks that allow links to these mgmtDefinitions alone; one to a resource that is there says what it is."""

    async def check(change: Change) -> None:
        for link in change.given.get("cmlk") or ():
            if link["typ"] not in kinds:
                wanted = ", ".join(map(str, kinds))
                raise BadRequest(f"cmlk.typ: a {change.type.name} links to objects with mgd {wanted}, "
                                 f"not {link['typ']}")
            found = change.find(link["val"])
            if found is not None and found.attributes.get("mgd") != link["typ"]:
                raise BadRequest(f"cmlk.val: {link['val']} is a {found.type.name}, not what typ {link['typ']} says")

    return Hooks(check=check)
