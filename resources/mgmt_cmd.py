"""mgmtCmd: a device management command with its arguments; ``exe`` set by an UPDATE runs it (TS-0001 9.6.16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import exec_req_args_list_type
from resources.datatypes import Invalid, text
from resources.enumerations import cmd_type, exec_mode_type
from resources.errors import NetworkError
from resources.model import Hooks, ResourceType, row
from resources.simple_types import boolean_type, duration, node_id, non_negative_integer
from resources.status import Status

if TYPE_CHECKING:
    from resources.model import Change

DESCRIPTION = text("xs:string", r".{0,256}", "a text of at most 256 characters")

#: Names of the command types.
COMMANDS = {1: "RESET", 2: "REBOOT", 3: "UPLOAD", 4: "DOWNLOAD", 5: "SOFTWAREINSTALL", 6: "SOFTWAREUNINSTALL",
            7: "SOFTWAREUPDATE"}
#: The member of ``exra`` that goes with a command type.
ARGUMENTS = {1: "rst", 2: "rbo", 3: "uld", 4: "dld", 5: "swin", 6: "swun", 7: "swup"}
_MANDATORY = {
    member.short: [inner.short for inner in member.type.members if inner.required]
    for member in exec_req_args_list_type.members
}
#: Command types that do nothing without arguments.
WITH_ARGUMENTS = frozenset(number for number, member in ARGUMENTS.items() if _MANDATORY[member])


def _refusing(name: str, check: Callable[[Any], None], status: Callable[[Any], Status]) -> Callable[[Any], None]:
    """A check that refuses with another status than 4000."""

    def checked(value: Any) -> None:
        try:
            check(value)
        except Invalid as problem:
            raise NetworkError(str(problem.within(name)), status(value)) from None

    return checked


def _wrong_arguments(value: Any) -> Status:
    """6024 when all that is wrong with arguments may be that some are missing, else 6023."""
    entries = [(short, entry) for short, listed in value.items() if isinstance(listed, list) for entry in listed] \
        if isinstance(value, dict) else []
    lacking = any(isinstance(entry, dict) and not entry.keys() >= set(_MANDATORY.get(short, ()))
                  for short, entry in entries)
    return Status.INSUFFICIENT_ARGUMENTS if lacking else Status.INVALID_ARGUMENTS


async def check_arguments(change: Change) -> None:
    """The arguments are those of the command type (6023)."""
    kind, given = change.attributes["cmt"], change.attributes.get("exra") or {}
    others = given.keys() - {ARGUMENTS[kind]}
    if others:
        raise NetworkError(f"exra: command type {kind} goes with {ARGUMENTS[kind]!r}, not with {min(others)!r}",
                           Status.INVALID_ARGUMENTS)


_COMMAND = replace(cmd_type, check=_refusing("cmt", cmd_type.check, lambda _: Status.INVALID_CMDTYPE))
_ARGUMENTS = replace(exec_req_args_list_type, check=_refusing("exra", exec_req_args_list_type.check, _wrong_arguments))

MGMT_CMD = ResourceType(
    number=12,
    short="mgc",
    name="mgmtCmd",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("dc", "description", DESCRIPTION),
        row("cmt", "cmdType", _COMMAND, create=MANDATORY, update=NP, single=True),
        row("exra", "execReqArgs", _ARGUMENTS),
        row("exe", "execEnable", boolean_type, single=True, default=False),
        row("ext", "execTarget", node_id, create=MANDATORY, single=True),
        row("exm", "execMode", exec_mode_type, default=1),
        row("exf", "execFrequency", duration),
        row("exy", "execDelay", duration, default="PT0S"),
        row("exn", "execNumber", non_negative_integer, default=1),
    ),
    hooks=Hooks(check=check_arguments),
)
