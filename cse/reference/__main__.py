"""``python -m cse.reference [FOLDER]``: write the reference documentation; a test keeps it in step with the tables."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cse.reference import markdown, schemas
from resources.registry import Registry

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def files(registry: Registry) -> dict[str, str]:
    """Every file by its path below the folder."""
    types = [type_ for type_ in registry.types if markdown.documented(type_)]
    return {**markdown.pages(registry), "schemas.json": _by_line(schemas.bundle(types, registry))}


def _by_line(content: dict[str, Any]) -> str:
    """JSON with one definition per line, so that a change shows as one."""
    definitions = ",\n".join(f"{json.dumps(name)}: {json.dumps(schema)}" for name, schema in content["$defs"].items())
    head = json.dumps({**content, "$defs": {}})
    return head.replace('"$defs": {}', f'"$defs": {{\n{definitions}\n}}') + "\n"


def write(folder: Path, registry: Registry) -> int:
    """Write what is new or changed, remove what no type stands behind; returns how many files changed."""
    wanted = files(registry)
    changed = 0
    for path in [*folder.rglob("*.md"), *folder.rglob("*.json")]:
        if path.relative_to(folder).as_posix() not in wanted:
            path.unlink()
            changed += 1
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed += 1
    return changed


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    sys.stdout.write(f"{write(target, Registry.default())} files of {target} changed\n")
