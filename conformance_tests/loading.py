"""The catalogue: files of this package become cases."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance_tests.case import Case, CatalogueError, Step
from conformance_tests.expansion import Table, expand
from conformance_tests.steps import OPTIONS, VERBS
from conformance_tests.types import ResourceTypes
from conformance_tests.yaml_files import read_yaml

CATALOGUE = Path(__file__).with_name("catalog")
#: Files of the catalogue that hold no cases.
FACTS = {"features.yaml", "rules.yaml", "uncovered.yaml"}
_KEYS = {"id", "purpose", "refs", "for", "needs", "given", "steps", "note", "alone", "takes", "area"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All cases and the facts beside them.

    ``uncovered`` leads from identifiers of TS-0018 without a case to the reason; ``sections`` are those of
    ``rules.yaml``; ``options`` leads from a feature to its description and whether a CSE claims it by default.
    """

    cases: tuple[Case, ...]
    types: ResourceTypes
    options: Mapping[str, Mapping[str, Any]]
    uncovered: Mapping[str, str]
    sections: tuple[Mapping[str, Any], ...]


def load_catalogue(folder: Path = CATALOGUE) -> Catalogue:
    """Read, expand and check every file; raises CatalogueError naming file, case and fault."""
    types = ResourceTypes(read_yaml(folder / "tables" / "types.yaml"))

    @functools.cache
    def table(name: str) -> Table:
        path = folder / "tables" / f"{name}.yaml"
        if not path.exists():
            raise CatalogueError(f"there is no table {name}; there are {_names(folder / 'tables')}")
        found: Table = read_yaml(path)
        return found

    cases: dict[str, Case] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name in FACTS:
            continue
        for case in _cases(path, table, types):
            if case.id in cases:
                raise CatalogueError(f"{case.id} stands in {cases[case.id].source} and in {case.source}")
            cases[case.id] = case
    uncovered = {one: row["reason"] for row in _facts(folder / "uncovered.yaml") for one in row["ids"]}
    options: Any = _facts(folder / "features.yaml") or {}
    for name, option in options.items():
        if set(option) != {"description", "default"}:
            raise CatalogueError(f"features.yaml: {name} has description and default, not {', '.join(option)}")
    return Catalogue(tuple(cases.values()), types, options, uncovered, tuple(_facts(folder / "rules.yaml")))


def _facts(path: Path) -> Any:
    return (read_yaml(path) if path.exists() else None) or []


def _names(folder: Path) -> str:
    return ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))


def _cases(path: Path, table: Any, types: ResourceTypes) -> Iterator[Case]:
    content = read_yaml(path)
    if not isinstance(content, Mapping) or not isinstance(content.get("cases"), list):
        raise CatalogueError(f"{path.name}: expected a mapping with area, needs and a list of cases")
    for entry in content["cases"]:
        name = str(entry.get("id")) if isinstance(entry, Mapping) else repr(entry)
        try:
            for expanded in expand(entry, table):
                yield _case(expanded, content, types, path.name)
        except (CatalogueError, KeyError, TypeError) as error:
            raise CatalogueError(f"{path.name}: {name}: {error}") from error


def _case(entry: Mapping[str, Any], content: Mapping[str, Any], types: ResourceTypes, source: str) -> Case:
    if unknown := set(entry) - _KEYS:
        raise CatalogueError(f"unknown {', '.join(sorted(map(str, unknown)))}; a case has {', '.join(sorted(_KEYS))}")
    given, steps = tuple(entry.get("given", ())), tuple(entry["steps"])
    if not steps:
        raise CatalogueError("a case without steps shows nothing")
    needs = {*content.get("needs", ()), *entry.get("needs", ())}
    for step in (*given, *steps):
        needs |= _needs(step, types)
    if "${spid}" in repr((given, steps)):
        needs.add("tester:sp-id")
    return Case(
        id=str(entry["id"]),
        area=str(entry.get("area", content.get("area", path_stem(source)))),
        purpose=str(entry["purpose"]),
        refs=tuple(map(str, entry.get("refs", ()))),
        needs=tuple(sorted(needs)),
        given=given,
        steps=steps,
        note=str(entry.get("note", "")),
        alone=bool(entry.get("alone", False)),
        takes_s=float(entry.get("takes", 1)),
        source=source,
    )


def path_stem(name: str) -> str:
    """Return the file's name as words."""
    return name.removesuffix(".yaml").replace("_", " ")


def verb_of(step: Step) -> str:
    """Return the one verb of a step; raises CatalogueError when there is none, two, or an unknown option."""
    if not isinstance(step, Mapping):
        raise CatalogueError(f"a step is a mapping with one verb, not {step!r}")
    verbs = [key for key in step if key in VERBS]
    if len(verbs) != 1:
        raise CatalogueError(f"a step has one verb of {', '.join(VERBS)}; this has {', '.join(map(str, step))}")
    if unknown := set(step) - {verbs[0]} - OPTIONS[verbs[0]]:
        raise CatalogueError(f"{verbs[0]} has no {', '.join(sorted(map(str, unknown)))}")
    return str(verbs[0])


def _needs(step: Step, types: ResourceTypes) -> set[str]:
    verb = verb_of(step)
    needs = {need for one in _inner(step) for need in _needs(one, types)} | _asked(step)
    if step.get("by") == "admin" and verb != "ae":
        needs.add("option:admin")
    if verb == "create" and "ty" not in (step.get("ask") or {}):
        needs |= types.features(step["create"])
    return needs | _OF_VERB.get(verb, set())


#: Verb -> the features it needs.
_OF_VERB = {"ae": {"type:AE"}, "listen": {"tester:listen"}, "discover": {"option:discovery"}}
#: Request parameter -> the feature it needs.
_OF_PARAMETER = {"fc": "option:filter-criteria", "atrl": "option:partial-retrieval"}


def _asked(step: Step) -> set[str]:
    """Return the features that the request parameters of a step need where it expects success."""
    asked = step.get("ask") or {}
    needs = {feature for name, feature in _OF_PARAMETER.items() if name in asked}
    if asked.get("rcn", 1) not in {1, "1"} and _expects_success(step.get("expect")):
        needs.add("option:result-content")
    return needs


def _expects_success(expect: Any) -> bool:
    code = expect.get("rsc") if isinstance(expect, Mapping) else expect
    return code is None or str(code) == "$success" or str(code).startswith("2")


def _inner(step: Step) -> list[Step]:
    """Return the steps inside a step."""
    found: list[Step] = list(step.get("steps", ())) if "repeat" in step else []
    found += [step["eventually"]] if "eventually" in step else []
    found += [step["does"]] if "background" in step else []
    found += [one for way in step.get("either", ()) for one in way]
    return found
