"""Files that are printed from the settings: ``python -m cse.settings_print`` renews them.

They are ``config/default.toml``, ``config/schema.json``, the table of ``docs/settings.md``, and the schema of files
that the settings lead to, ``config/model_schema.json``; a test keeps them in step with the code.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from cse.settings import Settings
from cse.settings_file import kinds, value_of
from cse.settings_rules import RULES
from resources import model_format

_SCHEMA_TYPES: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string", list[str]: "array"}
_HEADER = "# Every setting with its default. A file needs only what differs: docs/settings.md.\n"
_MARK = "<!-- printed by python -m cse.settings_print; do not edit below -->"


def toml_value(value: object) -> str:
    """Write a setting's value as TOML."""
    if isinstance(value, float):
        return f"{value:.1f}" if value == int(value) else repr(value)
    return json.dumps(value)


def default_file() -> str:
    """Return the commented default file."""
    lines = [_HEADER]
    for table, keys in groupby(kinds(), key=lambda key: key.rpartition(".")[0]):
        lines.append(f"[{table}]")
        for key in keys:
            lines.append(f"# {RULES[key].about}{_values(key)}")
            lines.append(f"{key.rpartition('.')[2]} = {toml_value(value_of(Settings(), key))}")
        lines.append("")
    return "\n".join(lines)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a settings file."""
    root = _table_schema()
    for key, kind in kinds().items():
        *tables, name = key.split(".")
        node = root
        for table in tables:
            node = node["properties"].setdefault(table, _table_schema())
        bounds = RULES[key].schema()
        typed = {"type": _SCHEMA_TYPES[kind], "description": RULES[key].about, "default": value_of(Settings(), key)}
        node["properties"][name] = typed | ({"items": {"type": "string"} | bounds} if kind == list[str] else bounds)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Banyan settings"} | root


def table() -> str:
    """Return the settings as a Markdown table."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for key in kinds():
        default = toml_value(value_of(Settings(), key))
        rows.append(f"| `{key}` | `{default}` | {RULES[key].about}{_values(key)} |")
    return "\n".join(rows) + "\n"


def files(root: Path) -> dict[Path, str]:
    """Return path -> right content of every printed file below the project's root."""
    document = root / "docs" / "settings.md"
    written = document.read_text(encoding="utf-8").partition(_MARK)[0]
    return {
        root / "config" / "default.toml": default_file(),
        root / "config" / "schema.json": json.dumps(schema(), indent=2) + "\n",
        root / "config" / "model_schema.json": json.dumps(model_format.schema(), indent=2) + "\n",
        document: f"{written}{_MARK}\n\n{table()}",
    }


def _table_schema() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _values(key: str) -> str:
    choices = RULES[key].choices
    return f" Values: {', '.join(choices)}." if choices else ""


if __name__ == "__main__":
    for path, text in files(Path(__file__).parents[1]).items():
        path.write_text(text, encoding="utf-8")
