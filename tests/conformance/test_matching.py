"""The matchers of the suite: what they accept, and that they refuse what is only nearly so."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_tests.case import CatalogueError
from conformance_tests.identifiers import Identifiers
from conformance_tests.matching import MATCHERS, MISSING, WORDS, Matching

IDS = Identifiers("/id-in", "//sp.example", "cse", {"cse/ae/box": "box1", "cse": "base"})
MATCHING = Matching(IDS)

FITS: list[tuple[Any, Any]] = [
    (1, 1),
    ("a", "a"),
    (1, 1.0),
    (None, None),
    ([1, 2], [1, 2]),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({}, {"a": 1}),
    ("$any", None),
    ("$present", 0),
    ("$absent", MISSING),
    ("$null", None),
    ("$string", ""),
    ("$nonempty", "x"),
    ("$nonempty", 0),
    ("$empty", []),
    ("$empty", ""),
    ("$integer", 0),
    ("$number", 1.5),
    ("$boolean", False),
    ("$list", []),
    ("$object", {}),
    ("$timestamp", "20261123T120000"),
    ("$timestamp", "20261123T120000,123456"),
    ({"$set": [2, 1]}, [1, 2]),
    ({"$set": []}, []),
    ({"$set": [{"a": 1}, {"b": "$any"}]}, [{"b": 5}, {"a": 1, "c": 0}]),
    ({"$contains": [1]}, [1, 2]),
    ({"$contains": 1}, [1, 2]),
    ({"$contains": ["a"]}, {"a": 1}),
    ({"$contains": "b"}, "abc"),
    ({"$without": [3]}, [1, 2]),
    ({"$without": ["b"]}, {"a": 1}),
    ({"$oneof": [1, "$absent"]}, MISSING),
    ({"$oneof": [1, 2]}, 2),
    ({"$not": 1}, 2),
    ({"$re": "a+"}, "aaa"),
    ({"$re": "4\\d+"}, 4000),
    ({"$more_than": 1}, 2),
    ({"$at_least": 2}, 2),
    ({"$less_than": 2}, 1),
    ({"$at_most": 2}, 2),
    ({"$more_than": "20260101T000000"}, "20260102T000000"),
    ({"$length": 2}, "ab"),
    ({"$length": {"$at_least": 1}}, [1, 2]),
    ({"$each": "$integer"}, [1, 2]),
    ({"$some": 2}, [1, 2]),
    ({"$exactly": {"a": "$any"}}, {"a": 1}),
    ({"$keys": ["a", "b"]}, {"b": 1, "a": 2}),
    ({"$plus": [2, 1]}, 3),
    ({"$optional": 1}, MISSING),
    ({"$optional": 1}, 1),
    ({"$all": ["$integer", {"$more_than": 1}]}, 2),
    ({"$id": "box1"}, "/id-in/box1"),
    ({"$id": "cse/ae/box"}, "//sp.example/id-in/box1"),
    ({"$id": "-/ae/box"}, "box1"),
    ({"$id": "/id-in"}, "cse"),
    ({"$id": "Sae"}, "/Sae"),
    ({"$id": "box1"}, "/id-in/box1?ct=json"),
    ({"$ids": ["box1", "other"]}, ["/id-in/other", "cse/ae/box"]),
    ({"$ids": []}, []),
    ({"$ids_contain": ["box1"]}, ["x", "cse/ae/box"]),
    ({"$ids_without": ["box1"]}, ["x"]),
]

DIFFERS: list[tuple[Any, Any]] = [
    (1, True),
    (True, 1),
    (0, False),
    (1, "1"),
    ([1, 2], [2, 1]),
    ([1], [1, 2]),
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, MISSING),
    (1, MISSING),
    ("$any", MISSING),
    ("$absent", None),
    ("$null", MISSING),
    ("$string", 1),
    ("$nonempty", ""),
    ("$nonempty", MISSING),
    ("$empty", 0),
    ("$empty", MISSING),
    ("$integer", True),
    ("$integer", 1.5),
    ("$number", "1"),
    ("$boolean", 0),
    ("$timestamp", "20261323T120000"),
    ("$timestamp", "2026-11-23T12:00:00"),
    ("$timestamp", "20261123T250000"),
    ("$timestamp", 20261123),
    ({"$set": [1, 1]}, [1, 2]),
    ({"$set": [1]}, [1, 1]),
    ({"$set": []}, MISSING),
    ({"$contains": [3]}, [1, 2]),
    ({"$contains": [1]}, None),
    ({"$without": [1]}, [1, 2]),
    ({"$without": ["a"]}, {"a": 1}),
    ({"$without": [1]}, MISSING),
    ({"$oneof": [1, 2]}, 3),
    ({"$oneof": [1]}, MISSING),
    ({"$not": 1}, 1),
    ({"$not": 1}, MISSING),
    ({"$re": "a"}, "aa"),
    ({"$more_than": 2}, 2),
    ({"$at_least": 2}, 1),
    ({"$less_than": 2}, 2),
    ({"$at_most": 2}, 3),
    ({"$more_than": 1}, "2"),
    ({"$more_than": 0}, True),
    ({"$length": 2}, "a"),
    ({"$length": 0}, 5),
    ({"$each": 1}, [1, 2]),
    ({"$each": 1}, MISSING),
    ({"$some": 3}, [1, 2]),
    ({"$exactly": {"a": 1}}, {"a": 1, "b": 2}),
    ({"$keys": ["a"]}, {"a": 1, "b": 2}),
    ({"$plus": [1, 1]}, 3),
    ({"$optional": 1}, 2),
    ({"$all": ["$integer", {"$more_than": 5}]}, 2),
    ({"$id": "box1"}, "box2"),
    ({"$id": "box1"}, "/other/box1"),
    ({"$id": "box1"}, "//else.example/id-in/box1"),
    ({"$id": "box1"}, None),
    ({"$ids": ["box1"]}, ["box1", "box1"]),
    ({"$ids": []}, MISSING),
    ({"$ids": ["box1"]}, []),
    ({"$ids_contain": ["box1"]}, ["x"]),
    ({"$ids_without": ["box1"]}, ["cse/ae/box"]),
    ({"$ids_without": ["box1"]}, MISSING),
]


@pytest.mark.parametrize(("expected", "actual"), FITS, ids=repr)
def test_fits(expected: Any, actual: Any) -> None:
    assert list(MATCHING.differences(expected, actual)) == []


@pytest.mark.parametrize(("expected", "actual"), DIFFERS, ids=repr)
def test_differs_and_says_how(expected: Any, actual: Any) -> None:
    told = list(MATCHING.differences(expected, actual, "place"))
    assert told
    assert all("place" in sentence for sentence in told)


@pytest.mark.parametrize("wrong", ["$sometimes", {"$sometimes": 1}])
def test_an_unknown_matcher_is_a_fault_of_the_case(wrong: Any) -> None:
    with pytest.raises(CatalogueError, match=r"\$sometimes is no matcher; there are"):
        list(MATCHING.differences(wrong, 1))


def test_every_matcher_is_tried_both_ways() -> None:
    def used(pairs: list[tuple[Any, Any]]) -> set[str]:
        words = {expected for expected, _ in pairs if isinstance(expected, str)}
        return words | {key for expected, _ in pairs if isinstance(expected, dict) for key in expected}

    assert used(FITS) >= {*WORDS, *MATCHERS}
    assert used(DIFFERS) >= {*MATCHERS}
