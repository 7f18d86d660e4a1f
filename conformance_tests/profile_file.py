"""The profile of a CSE as a file: the options of ``run`` that stay the same, and facts about the CSE."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance_tests.case import CatalogueError
from conformance_tests.errors import CommandError
from conformance_tests.yaml_files import read_yaml

#: Profiles that come with the suite; they are named without folder and ending.
PROFILES = Path(__file__).with_name("profiles")
#: Keys that stand for options of one value, and for options that may be repeated.
_SINGLE = ("url", "originator", "cse_base", "sp_id", "app_id", "rvi", "listen", "notify_host")
_LISTS = ("ae_id", "claim", "without")
#: Keys that complete the target, with their types.
_FACTS: Mapping[str, type] = {"registree": str, "denied": dict}


def apply_profile(options: argparse.Namespace) -> None:
    """Complete the options with the profile; what stands on the command line prevails. Raises CommandError."""
    options.given = {name: getattr(options, name) for name in (*_SINGLE, *_LISTS)}
    options.defaults = {"rvi": "3", "jobs": 8, "patience": 5.0, "timeout": 10.0}
    options.target_facts = {}
    profile = _read(options.profile) if options.profile else {}
    for name, value in profile.items():
        _apply(options, name, value)
    for name, example in (("url", "http://127.0.0.1:8080"), ("originator", "CAdmin")):
        if not getattr(options, name):
            raise CommandError(f"--{name} is missing, such as --{name} {example}")


def _apply(options: argparse.Namespace, name: str, value: Any) -> None:
    if name in _FACTS:
        if not isinstance(value, _FACTS[name]):
            raise _wrong(options.profile, name, f"is no {_FACTS[name].__name__}")
        options.target_facts[name] = value
    elif name in _LISTS:
        listed = value if isinstance(value, list) else [value]
        given = getattr(options, name)
        opposite = options.given.get({"claim": "without", "without": "claim"}.get(name, ""), [])
        if name != "ae_id" or not given:
            setattr(options, name, [*given, *(str(one) for one in listed if one not in opposite)])
    elif isinstance(value, str | int | float):
        if getattr(options, name) in (None, options.defaults.get(name)):
            setattr(options, name, str(value))
    else:
        raise _wrong(options.profile, name, "is no text")


def _read(path: Path) -> Mapping[str, Any]:
    shipped = {one.stem: one for one in PROFILES.glob("*.yaml")}
    try:
        profile = read_yaml(path if path.exists() else shipped.get(str(path), path))
    except OSError as error:
        names = ", ".join(sorted(shipped))
        told = f"{error.strerror or error}; a profile is a file, or one that comes with the suite: {names}"
        raise CommandError(f"{path}: cannot be read: {told}") from error
    except CatalogueError as error:
        raise CommandError(str(error)) from error
    known = (*_SINGLE, *_LISTS, *_FACTS)
    if not isinstance(profile, Mapping):
        raise CommandError(f"{path}: expected a mapping with some of {', '.join(known)}")
    if unknown := [str(name) for name in profile if name not in known]:
        raise _wrong(path, ", ".join(unknown), f"is unknown; a profile has {', '.join(known)}")
    return profile


def _wrong(path: Path, name: str, what: str) -> CommandError:
    return CommandError(f"{path}: {name} {what}")
