"""Reading files of device models (JSON or TOML) and saying what is wrong with them, and where."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from resources.datatypes import DataType, Invalid, shown
from resources.model_format import FRAME, MODEL

#: What model files are named.
SUFFIXES = (".json", ".toml")


class ModelError(Exception):
    """Model files are wrong; ``problems`` has one line for each: the file, the place, what would be right."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def files_of(*paths: Path) -> list[Path]:
    """The model files among paths: a folder stands for all files in it and below it. Raises ModelError."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES and one.is_file())
        elif not path.exists():
            raise ModelError([f"{path}: there is no such file or folder"])
        elif path.suffix not in SUFFIXES:
            raise ModelError([f"{path}: expected a folder or a file named *.json or *.toml"])
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def read(path: Path) -> dict[str, Any]:
    """Read a model file and check its form; raises ModelError."""
    document = _parsed(path)
    problem = _problem(FRAME, document, "")
    models = document.get("models") if isinstance(document, dict) else None
    problems = [] if problem is None else [problem]
    for index, model in enumerate(models if isinstance(models, list) else ()):
        problem = _problem(MODEL, model, place_of(index, model))
        if problem is not None:
            problems.append(problem)
    if problems:
        raise ModelError(f"{path}: {problem}" for problem in problems)
    checked: dict[str, Any] = document
    return checked


def place_of(index: int, model: Any) -> str:
    """Where a model is in its file: its number and, if it can be told, its name."""
    name = model.get("name") if isinstance(model, dict) else None
    return f"models[{index}]" + (f" ({name[:40]})" if isinstance(name, str) else "")


def _problem(type_: DataType, value: Any, place: str) -> str | None:
    try:
        type_.check(value)
    except Invalid as problem:
        return str(problem.within(place)) if place else str(problem)
    return None


def _parsed(path: Path) -> Any:
    parse, form = (tomllib.loads, "TOML") if path.suffix == ".toml" else (_json, "JSON")
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError([f"{path}: cannot be read: {error.strerror}"]) from None
    except RecursionError:
        raise ModelError([f"{path}: is nested too deep for a model file"]) from None
    except ValueError as error:  # what the parsers raise, and UnicodeDecodeError
        raise ModelError([f"{path}: is no {form}: {error}"]) from None


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a member that comes twice is an error, as it is in TOML."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {shown(twice)} comes twice in one object")
    return members

