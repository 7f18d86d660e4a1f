"""Settings of one IPE: one TOML file, a ``[device]`` table for the protocol."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipe.points import nearest


class SettingsError(Exception):
    """The settings of an IPE are wrong; the message says where and what would be right."""


@dataclass(frozen=True, slots=True)
class IpeSettings:
    """Who the IPE is, where its CSE is, what it reads. Times in seconds.

    ``readers`` may retrieve, discover and subscribe, ``commanders`` may write commands, ``operators`` also at the
    priorities 1 to 8, and may release what others commanded: originators as in an access control policy (``CAdmin``,
    ``all``). ``clock`` names the point that is the device's own clock (seconds since 1970 UTC): it is read with every
    poll, stamps its values, and gets no container. ``max_instances`` 0: as many as the CSE keeps. A command older than
    ``command_max_age_s`` is refused; 0 accepts any age. ``outbox``
    ``file`` (or ``none``): values wait for the CSE in ``outbox_file``, at most ``outbox_most``, and go as ``recovery``
    says. Points that the device tells of by itself are read every ``heartbeat_s`` besides. ``device`` are the settings
    of the protocol.
    """

    protocol: str
    points: Path
    name: str
    cse: str = "http://127.0.0.1:8080"
    ae_id: str = "C"
    app_id: str = "N.banyan.ipe"
    release_version: str = "3"
    readers: list[str] = field(default_factory=list)
    commanders: list[str] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    clock: str = ""
    max_instances: int = 0
    command_max_age_s: float = 60.0
    outbox: str = "none"
    outbox_most: int = 1_000_000
    recovery: str = "oldest_first"
    heartbeat_s: float = 10.0
    reconnect_first_s: float = 1.0
    reconnect_limit_s: float = 60.0
    receiver_host: str = "127.0.0.1"
    receiver_port: int = 0
    receiver_url: str = ""
    device: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outbox_file(self) -> Path:
        """Where values wait: beside the point list."""
        return self.points.parent / f"{self.name}.outbox"


#: What a value of the file must be, by the annotation of its field.
KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,), "Path": (str,), "int": (int,), "float": (int, float), "list[str]": (list,),
    "Mapping[str, Any]": (dict,),
}  # fmt: skip

#: Settings that are one of some words; the first is the default.
WORDS: Mapping[str, tuple[str, ...]] = {
    "outbox": ("none", "file"), "recovery": ("oldest_first", "newest_first"),
}  # fmt: skip


def read_settings(path: Path) -> IpeSettings:
    """Read a settings file; ``points`` is relative to it. Raises SettingsError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None
    settings = settings_from(table, str(path))
    return dataclasses.replace(settings, points=path.parent / settings.points)


def settings_from(table: Mapping[str, Any], where: str) -> IpeSettings:
    """Check a table of settings; ``where`` is named in errors. Raises SettingsError."""
    fields = {each.name: each for each in dataclasses.fields(IpeSettings)}
    for key, value in table.items():
        if key not in fields:
            raise SettingsError(f"{where}: unknown key {key!r}{nearest(key, fields)}; keys are {', '.join(fields)}")
        check_kind(f"{where}: {key}", value, str(fields[key].type))
    for key in ("protocol", "points", "name"):
        if not table.get(key):
            raise SettingsError(f"{where}: {key!r} is missing")
    for key, words in WORDS.items():
        if table.get(key, words[0]) not in words:
            raise SettingsError(f"{where}: {key} is {table[key]!r}; expected {' or '.join(words)}")
    if table.get("outbox_most", 1) < 1:
        raise SettingsError(f"{where}: outbox_most is {table['outbox_most']}; expected at least 1")
    return IpeSettings(**{**table, "points": Path(table["points"])})


def check_kind(where: str, value: object, kind: str) -> None:
    """Raise SettingsError when a value is not of the kind (a key of ``KINDS``)."""
    fits = isinstance(value, KINDS[kind]) and not isinstance(value, bool)
    if fits and isinstance(value, list):
        fits = all(isinstance(each, str) for each in value)
    if not fits:
        raise SettingsError(f"{where} is {value!r}; expected {kind}")
