"""What management objects share: rows, and how one is made of its own rows (TS-0001 9.6.15 and annex D)."""

from functools import partial

from resources.common import (
    ACPI,
    ANNOUNCEABLE,
    CSTN,
    DACI,
    ET,
    LBL,
    MA,
    MANDATORY,
    NP,
    OA,
    UNIVERSAL,
)
from resources.complex_types import mgmt_link_ref
from resources.datatypes import enumeration, list_of
from resources.model import Attribute, Hooks, ResourceType, row
from resources.simple_types import list_of_uris, string

NUMBER = 13
NO_HOOKS = Hooks()

#: A row of an object: every one can be announced.
oa_row = partial(row, announce=OA)

#: Rows of every management object but ``mgd``.
COMMON = (
    *UNIVERSAL,
    ET,
    ACPI,
    LBL,
    *ANNOUNCEABLE,
    DACI,
    CSTN,
    oa_row("obis", "objectIDs", list_of_uris, update=NP, release=3),
    oa_row("obps", "objectPaths", list_of_uris, update=NP, release=3),
    oa_row("dc", "description", string, release=3),
    oa_row("cmlk", "mgmtLink", list_of(mgmt_link_ref), release=3),
)


def management_object(
    mgd: int, short: str, name: str, *rows: Attribute, prefix: str = "m2m", release: int = 1,
    hooks: Hooks = NO_HOOKS, parents: tuple[str, ...] = ("node",),
) -> ResourceType:
    """The specialization of mgmtObj with this mgmtDefinition; a row of its own takes the place of a common one.

    It has no ``mgs``: that attribute describes objects no standard defines (``mgd`` 0). ``parents`` are long names of
    types and of other management objects.
    """
    own = {attribute.short for attribute in rows}
    definition = enumeration("m2m:mgmtDefinition", {mgd: name})
    return ResourceType(
        number=NUMBER,
        short=short,
        name=name,
        parents=parents,
        attributes=(
            *(attribute for attribute in COMMON if attribute.short not in own),
            row("mgd", "mgmtDefinition", definition, create=MANDATORY, update=NP, announce=MA, single=True, release=3),
            *rows,
        ),
        prefix=prefix,
        base="mgmtObj",
        discriminator=("mgd", mgd),
        announced_as=f"{short}A",
        release=release,
        hooks=hooks,
    )
