"""The catalogue as files: what is wrong in it is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance_tests.case import CatalogueError
from conformance_tests.loading import load_catalogue
from tests.conformance.suite import catalogue

TYPES = """
cnt: {long: container, ty: 3, root: "m2m:cnt", feature: "type:container", release: 1}
bat: {long: battery, ty: 13, root: "m2m:bat", mgd: 1006, feature: "mgmt:battery", release: 1}
mgo: {long: mgmtObj, ty: 13, root: "m2m:mgo", feature: "type:mgmtObj", release: 1}
"""


def load(folder: Path, cases: str) -> dict[str, tuple[str, ...]]:
    """Write a catalogue of one file, load it, and return the needs of each case."""
    (folder / "tables").mkdir()
    (folder / "tables" / "types.yaml").write_text(TYPES)
    (folder / "some.yaml").write_text(cases)
    return {case.id: case.needs for case in load_catalogue(folder).cases}


def test_needs_come_from_the_file_the_case_and_its_steps(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
needs: [release:3]
cases:
- id: A
  purpose: words
  needs: [option:batch]
  given: [{ae: ae}, {listen: hook}]
  steps: [{eventually: {create: bat}}, {discover: ae, by: admin}, {retrieve: "${spid}/x"}]
- {id: B, purpose: words, steps: [{create: cnt, ask: {rcn: 3}}, {retrieve: x, ask: {rcn: 4}, expect: 4000}]}
""",
    )
    assert set(found["A"]) == {
        *("release:3", "option:batch", "type:AE", "tester:listen", "mgmt:battery", "type:mgmtObj", "option:discovery"),
        *("option:admin", "tester:sp-id"),
    }
    assert set(found["B"]) == {"release:3", "type:container", "option:result-content"}


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ("- no mapping", "some.yaml: expected a mapping with area, needs and a list of cases"),
        ("cases: [{id: A, purpose: p, steps: []}]", "some.yaml: A: a case without steps shows nothing"),
        ("cases: [{id: A, steps: [{wait: 1}]}]", "some.yaml: A: 'purpose'"),
        ("cases: [{id: A, purpose: p, steps: [{wiat: 1}]}]", "A: a step has one verb of ae, create, .*; this has wiat"),
        ("cases: [{id: A, purpose: p, steps: [{wait: 1, expct: 2}]}]", "A: wait has no expct"),
        ("cases: [{id: A, purpose: p, steps: [{wait: 1, retrieve: x}]}]", "A: a step has one verb"),
        ("cases: [{id: A, purpose: p, steps: [{create: cntt}]}]", "A: cntt is the short name of no type"),
        ("cases: [{id: A, purpose: p, stepps: [], steps: [{wait: 1}]}]", "A: unknown stepps; a case has"),
        (
            "cases: [{id: A, purpose: p, steps: [{wait: 1}], for: [{table: none}]}]",
            "A: there is no table none; there are types",
        ),
        ("cases: [{id: A, id: B, purpose: p}]", "some.yaml is no YAML: the key 'id' stands there twice"),
        ("cases: [\n{id: A", "some.yaml is no YAML"),
        (
            "cases: [{id: A, purpose: p, steps: [{wait: 1}]}, {id: A, purpose: p, steps: [{wait: 1}]}]",
            "A stands in some.yaml",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, cases: str, told: str) -> None:
    with pytest.raises(CatalogueError, match=told):
        load(tmp_path, cases)


def test_an_option_that_a_comma_has_cut_is_refused(tmp_path: Path) -> None:
    (tmp_path / "features.yaml").write_text("option:x: {description: attribute x (y, release 4), default: claimed}")
    with pytest.raises(CatalogueError, match="option:x has description and default, not description, release 4"):
        load(tmp_path, "cases: []")


def test_words_of_yaml_1_1_stay_words(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "types.yaml").write_text(TYPES)
    (tmp_path / "some.yaml").write_text(
        "cases: [{id: A, purpose: p, steps: [{let: {a: [on, no, 12:30, 010, true, 1e3]}}]}]"
    )
    (case,) = load_catalogue(tmp_path).cases
    assert case.steps[0]["let"]["a"] == ["on", "no", "12:30", 10, True, 1000.0]


def test_the_catalogue_has_at_least_900_cases_and_only_known_features() -> None:
    loaded = catalogue()
    assert len(loaded.cases) >= 900
    prefixes = ("type:", "mgmt:", "model:", "release:", "tester:")
    for case in loaded.cases:
        unknown = [need for need in case.needs if not need.startswith(prefixes) and need not in loaded.options]
        assert not unknown, f"{case.id}: {unknown} stand not in features.yaml"


def test_cases_do_not_depend_on_times_below_a_second_or_on_our_names() -> None:
    for case in catalogue().cases:
        text = repr((case.given, case.steps))
        assert "banyan" not in text, case.id
        for step in (*case.given, *case.steps):
            assert float(step.get("wait", 1)) >= 1, case.id
            assert float(step.get("for", 1)) >= 1, case.id
