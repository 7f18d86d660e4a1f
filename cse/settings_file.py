"""Where settings come from: defaults, then one TOML file, then the environment.

A table of the file is a dataclass of ``cse.settings``, a key one of its fields. ``BANYAN_HTTP__PORT=9090`` overrides
``http.port``: two underscores part the levels. Everything unknown is an error that names the nearest known name.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from cse.settings import Settings
from cse.settings_rules import RULES, contradictions

PREFIX = "BANYAN_"
#: Variables of the command line that share the prefix and are no settings.
NOT_SETTINGS = frozenset({"BANYAN_CSE", "BANYAN_ORIGINATOR", "BANYAN_TRANSPORT"})

_TYPE_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list[str]: "a list of texts",
}


class SettingsError(Exception):
    """A setting is unknown or wrong; the message names the source, the key and what would be right."""


class Given(NamedTuple):
    """A value that is not the default: ``source`` is ``file`` or ``environment``, ``place`` its name there."""

    value: Any
    source: str
    place: str


def load(path: str | None, environ: Mapping[str, str], *, type_names: AbstractSet[str] | None = None) -> Settings:
    """Return checked settings of one CSE; without a ``path`` those of the environment and the defaults.

    ``type_names`` are the resource types that ``cse.registration.child_types`` may name; None leaves them unchecked.
    Raises SettingsError.
    """
    settings = Settings()
    given = _given(path, environ)
    for key, (value, _, place) in given.items():
        _check(key, value, place)
        _assign(settings, key, value)
    for key, wrong in contradictions(settings):
        raise SettingsError(f"{_place_of(key, given)}: {wrong}")
    if type_names is not None:
        _check_child_types(settings, given, type_names)
    return settings


def origin_of(path: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return for every key whether its value is of the ``default``, the ``file`` or the ``environment``.

    Raises SettingsError.
    """
    given = _given(path, environ)
    return {key: given[key].source if key in given else "default" for key in kinds()}


def kinds() -> dict[str, Any]:
    """Return dotted key -> type of every setting, in the order of declaration."""
    return dict(_kinds_below(Settings, ""))


def value_of(settings: Settings, key: str) -> Any:
    """Return the value of a dotted key."""
    node: Any = settings
    for name in key.split("."):
        node = getattr(node, name)
    return node


def _kinds_below(table: type, prefix: str) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(table)
    for entry in dataclasses.fields(table):
        kind = hints[entry.name]
        if dataclasses.is_dataclass(kind):
            yield from _kinds_below(kind, f"{prefix}{entry.name}.")  # type: ignore[arg-type]
        else:
            yield prefix + entry.name, kind


def _tables() -> set[str]:
    return {key[:end] for key in kinds() for end in range(len(key)) if key[end] == "."}


def _assign(settings: Settings, key: str, value: Any) -> None:
    table, _, name = key.rpartition(".")
    setattr(value_of(settings, table), name, value)


def _given(path: str | None, environ: Mapping[str, str]) -> dict[str, Given]:
    given = {} if path is None else dict(_from_file(path))
    given.update(_from_environment(environ))
    return given


def _from_file(path: str) -> Iterator[tuple[str, Given]]:
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        raise SettingsError(f"{path}: not a TOML file: {error}") from error
    for key, value in _flat(document, "", path):
        yield key, Given(float(value) if _is_whole_for_float(key, value) else value, "file", f"{path}: {key}")


def _flat(table: Mapping[str, Any], prefix: str, path: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        key = prefix + name
        if key in _tables():
            if not isinstance(value, dict):
                raise SettingsError(f"{path}: {key}: a table is expected: [{key}]")
            yield from _flat(value, key + ".", path)
        elif key in kinds():
            yield key, value
        else:
            kind = "table" if isinstance(value, dict) else "key"
            raise SettingsError(f"{path}: {key}: unknown {kind}{_nearest(key, [*kinds(), *_tables()])}")


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    variables = {_variable(key): key for key in kinds()}
    tables = tuple(PREFIX + table.upper() + "_" for table in _tables())
    for name, text in environ.items():
        if name in variables:
            key = variables[name]
            yield key, Given(_parsed(kinds()[key], text, name), "environment", f"environment: {name}")
        elif name.startswith(tables) and name not in NOT_SETTINGS:
            raise SettingsError(f"environment: {name}: unknown setting{_nearest(name, variables)}")


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "__")


def _parsed(kind: Any, text: str, name: str) -> Any:
    """Read the text of a variable: lists are separated by commas."""
    try:
        if kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if kind == list[str]:
            return [part.strip() for part in text.split(",") if part.strip()]
        return kind(text)
    except (KeyError, ValueError):
        raise SettingsError(f"environment: {name}: expected {_TYPE_NAMES[kind]}, got {text!r}") from None


def _check(key: str, value: Any, place: str) -> None:
    kind = kinds()[key]
    if not _is_of(kind, value):
        raise SettingsError(f"{place}: expected {_TYPE_NAMES[kind]}, got {value!r}")
    if not RULES[key].allows(value):
        raise SettingsError(f"{place}: expected {RULES[key].expected()}, got {value!r}")


def _check_child_types(settings: Settings, given: Mapping[str, Given], type_names: AbstractSet[str]) -> None:
    key = "cse.registration.child_types"
    for name in settings.cse.registration.child_types:
        if name not in type_names:
            wrong = f"{name!r} is no known resource type{_nearest(name, type_names)}"
            raise SettingsError(f"{_place_of(key, given)}: {wrong}")


def _is_of(kind: Any, value: Any) -> bool:
    if kind == list[str]:
        return isinstance(value, list) and all(isinstance(member, str) for member in value)
    return type(value) is kind


def _is_whole_for_float(key: str, value: Any) -> bool:
    return kinds()[key] is float and type(value) is int


def _place_of(key: str, given: Mapping[str, Given]) -> str:
    return given[key].place if key in given else key


def _nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message: the known name that the writer most likely meant."""
    known = list(known)
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if not found:  # a right key in the wrong table
        found = [other for other in known if other.rpartition(".")[2] == name.rpartition(".")[2]]
    return f"; did you mean {found[0]}?" if found else f"; known are {', '.join(sorted(known))}"
