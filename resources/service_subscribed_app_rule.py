"""serviceSubscribedAppRule: which applications may register with which credentials (TS-0001 9.6.29)."""

from resources.common import UNANNOUNCED, UNIVERSAL
from resources.datatypes import list_of, text
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import list_of_m2m_id, role_id

#: IDs in which ``*`` stands for any run of characters.
_pattern = text("m2m:ID", r"[A-Za-z0-9\-._~*/:@]+", "an identifier, * in it stands for anything")
_patterns = list_of(_pattern, list_of_m2m_id.name, least=1)

#: What an allowed App-ID begins with.
APP_ID_STARTS = ("*", "R", "N")


async def check(change: Change) -> None:
    """SSP-1: allowed App-IDs are App-IDs, with a wildcard or without."""
    for number, pattern in enumerate(change.given.get("aai") or ()):
        if not pattern.startswith(APP_ID_STARTS):
            raise BadRequest(f"aai[{number}]: an App-ID starts with R or N, a pattern may with *; got {pattern!r}")


SERVICE_SUBSCRIBED_APP_RULE = ResourceType(
    number=19,
    short="asar",
    name="serviceSubscribedAppRule",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("apci", "applicableCredIDs", _patterns),
        row("aai", "allowedApp-IDs", _patterns),
        row("aae", "allowedAEs", _patterns),
        row("ari", "allowedRole-IDs", list_of(role_id), release=3),
    ),
    in_only=True,
    hooks=Hooks(check=check),
)
