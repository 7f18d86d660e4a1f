"""From an exception to one clear line, a hint, and an exit code."""

from __future__ import annotations

import errno
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cse.cli import exit_codes

if TYPE_CHECKING:
    from cse.client import RequestFailed

LONGER = "--timeout S gives the CSE more time"
#: What to try next, by response status code.
HINTS = {
    4004: "`banyan tree` shows what is there",
    4008: LONGER,
    4103: "--from names another originator; access control policies (acp) decide who may do what",
    4105: "`banyan update` changes what is there; another rn=NAME creates a second one",
    4108: "look at the parent with `banyan get`; not every type may stand under every other",
    4117: "that AE-ID is registered already; `banyan delete` it first or take another",
    4126: "the settings under [cse.registration] say which AE-IDs and App-IDs may register",
    5204: "the CSE could not call back: something has to listen at nu and answer; `banyan watch` does, "
          "its --listen HOST:PORT and --url say where; an AE needs a poa or a pollingChannel",
}
_REFUSED_TEXT = re.compile(r": [^.\[: ]+: expected .*, got '(?P<text>.*)'$", re.DOTALL)
#: A module missing from these is a fault of ours, not an extra that is not installed.
OWN_PACKAGES = ("cse", "resources", "bindings", "ipe", "ae_samples")
#: Library -> the extra that brings it, where that is not [http].
EXTRAS = {"aiocoap": "coap", "amqtt": "broker", "cbor2": "cbor", "gmqtt": "mqtt", "pymodbus": "modbus"}


class UsageError(Exception):
    """The command line is wrong; ``hint`` says what would be right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Failure:
    """What the user is told: one line, a hint ('' for none), and facts for ``--json``."""

    message: str
    exit_code: int
    hint: str = ""
    status: int | None = None

    def as_object(self) -> dict[str, Any]:
        """Return the machine-readable form."""
        members = {"status": self.status, "message": self.message, "hint": self.hint, "exit_code": self.exit_code}
        return {"error": {name: value for name, value in members.items() if value not in (None, "")}}


def failure_of(error: Exception) -> Failure | None:
    """Explain an exception of a command; None when it is not one that a user can do something about."""
    if isinstance(error, UsageError):
        return Failure(str(error), exit_codes.USAGE, error.hint)
    from cse.bootstrap import StartError
    from cse.client import RequestFailed, Unreachable
    from cse.settings_file import SettingsError
    from cse.storage.port import StoreError
    from resources.errors import CseError
    from resources.model_files import ModelError

    if isinstance(error, Unreachable):
        return Failure(f"no answer: {error}", exit_codes.NOT_REACHABLE, _remedy(str(error)))
    if isinstance(error, RequestFailed):
        return _refused(error)
    if isinstance(error, SettingsError):
        return Failure(
            str(error), exit_codes.USAGE, "`banyan config show` prints all settings and where they come from"
        )
    if isinstance(error, ModelError):
        return Failure(str(error), exit_codes.USAGE, "docs/models.md describes the form of model files")
    if isinstance(error, CseError):
        return Failure(error.message, exit_codes.USAGE)
    if isinstance(error, StartError | StoreError):
        return Failure(f"the CSE cannot start: {error}", exit_codes.USAGE)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(OWN_PACKAGES):
        extra = EXTRAS.get((error.name or "").partition(".")[0], "http")
        hint = f"install what it belongs to: pip install 'banyan-cse[{extra}]', or [demo] for the demonstration"
        return Failure(f"{error.name} is not installed", exit_codes.USAGE, hint)
    if isinstance(error, OSError):
        hint = "--http HOST:PORT or --listen HOST:PORT takes another" if error.errno == errno.EADDRINUSE else ""
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
        return Failure(text, exit_codes.USAGE, hint)
    return None


def _remedy(silence: str) -> str:
    """What helps when nobody answers, by what is said of it."""
    if "authori" in silence or "user name or password" in silence:
        return ("the broker wants a login: mqtt://HOST?cse=/ID&user=NAME&password_file=FILE; the one inside has made "
                "broker-logins.NAME for each administrator, `banyan broker passwd` makes more")
    if silence.endswith("no answer in time"):
        return LONGER
    return "`banyan run` starts a CSE; --cse URL or BANYAN_CSE names another"


def _refused(error: RequestFailed) -> Failure:
    hint = HINTS.get(int(error.status), "")
    if error.request_line.endswith("from nobody") and error.status in (4000, 4103):
        hint = "say who asks: --from ORIGINATOR or BANYAN_ORIGINATOR"
    elif error.status == 4105 and ": rn: " not in str(error):
        hint = ""
    elif error.status == 4000 and _would_be_json(str(error)):
        hint = "NAME=TEXT gives a text; a number, a list or true is NAME:=JSON, for example mni:=10"
    return Failure(str(error), exit_codes.exit_code_of(error.status), hint, int(error.status))


def _would_be_json(message: str) -> bool:
    """Whether a text was refused that written as JSON would be something else: '200', 'true', '["a"]'."""
    found = _REFUSED_TEXT.search(message)
    if found is None:
        return False
    try:
        return not isinstance(json.loads(found["text"]), str)
    except json.JSONDecodeError:
        return False
