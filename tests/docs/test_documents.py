"""What the documents point at exists: files, headings, make targets, commands, settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from cse.cli.main import build_parser
from cse.settings_file import kinds
from resources.device_models import standard
from resources.registry import Registry

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

of_each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings."""
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code(text: str) -> str:
    """Return all code of a document, blocks and phrases."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


@of_each_document
def test_links_lead_somewhere(document: Path) -> None:
    wrong = []
    text = re.sub(r"`[^`\n]+`", "", document.read_text(encoding="utf-8"))  # code has brackets of its own
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            wrong.append(link)
    assert wrong == []


@of_each_document
def test_make_targets_exist(document: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code(document.read_text(encoding="utf-8"))))
    assert named - TARGETS == set()


@of_each_document
def test_commands_exist(document: Path) -> None:
    commands = {word for action in build_parser()._actions for word in (action.choices or ())}
    named = set(
        re.findall(r"^(?:`|\$ )?banyan ([a-z][a-z-]*)", code(document.read_text(encoding="utf-8")), re.MULTILINE)
    )
    assert commands
    assert named - commands == set()


@of_each_document
def test_settings_exist(document: Path) -> None:
    tables = "|".join({key.partition(".")[0] for key in kinds()})
    named = set(re.findall(rf"`((?:{tables})\.[a-z_.]*_[a-z_.]*)`", document.read_text(encoding="utf-8")))
    assert {name for name in named - kinds().keys() if not is_module(name)} == set()


def test_the_index_leads_to_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    pages = {page for page in pages if not page.startswith("reference/")} - {"README.md"}
    assert {page for page in pages if f"({page}" not in index} == set()


def test_the_numbers_of_the_readme_are_those_of_the_tables() -> None:
    types = Registry.default().types
    base = [type_ for type_ in types if type_.base is None and type_.number < 10_000]
    objects = [type_ for type_ in types if type_.base == "mgmtObj"]
    announced = {type_.number for type_ in types if type_.number > 10_000}
    models = len([type_ for type_ in standard().types if type_.base == "flexContainer"])
    for document, number, what in [
        ("README.md", len(base), "resource types"), ("README.md", len(objects), "management objects"),
        ("README.md", len(announced), "announced variants"), ("README.md", models, "of the standard and your own"),
        ("docs/models.md", models, "models for buildings and energy"),
        ("CHANGELOG.md", len(base), "resource types"), ("CHANGELOG.md", len(objects), "management objects"),
    ]:
        text = (ROOT / document).read_text(encoding="utf-8")
        assert re.search(rf"\b{number}\s.{{,20}}?{what}", text, re.DOTALL), (number, what)


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"]]
    wanted += [name for extra in project["project"]["optional-dependencies"].values() for name in extra]
    wanted += [name for group in project["dependency-groups"].values() for name in group if isinstance(name, str)]
    names = {re.split(r"[\[<>=; ]", line)[0].lower() for line in wanted} - {"banyan-cse"}
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    assert {name for name in names if name not in reasons} == set()
