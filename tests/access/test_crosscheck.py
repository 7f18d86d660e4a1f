"""Compiled, remembered decisions against a plain reading of the rules, on random policies (seeded)."""

from __future__ import annotations

import fnmatch
import random
from typing import Any

import pytest

from cse.access.decision import AccessControl, Facts
from tests.access.conftest import IDENTITY, FixedClock, SmallTree

ORIGINATORS = ["Cae1", "Cae2", "Cae12", "Sae1", "/cse1", "/cse1/C1", "/cse10", "/cse10/C1", "/banyan", "//o.x/c/C1"]
ENTRIES = [*ORIGINATORS, "all", "*", "C*", "Cae?", "/cse1/*", "/cse*", "//o.x", "//sp.example", "cse/friends", "r@x.y",
           "/banyan/Cae1", "//sp.example/banyan/Cae2", "/Sae1", "Cae1 ", "C[ae]*"]  # fmt: skip
MEMBERS = {"Cae2", "/cse1"}
CONTEXTS = [{"acip": {"ipv4": ["10.0.0.0/8"]}}, {"aclr": {"accc": ["FR"]}}, {"acl": 3},
            {"acip": {"ipv4": ["10.0.0.0/8"]}, "aclr": {"accc": ["FR"]}}]  # fmt: skip
DETAILS = [{"ty": 3, "chty": [4]}, {"chty": [3, 4]}, {"ty": 2, "chty": [4]}]
NAMES = ["lbl", "mni", "mbs"]


def random_rule(chance: random.Random) -> dict[str, Any]:
    rule: dict[str, Any] = {"acor": chance.sample(ENTRIES, chance.randint(0, 3)), "acop": chance.randint(0, 63)}
    optional = {
        "acco": chance.sample(CONTEXTS, chance.randint(0, 2)),
        "acod": chance.sample(DETAILS, chance.randint(0, 2)),
        "acaf": chance.random() < 0.5,
        "aca": chance.sample(NAMES, chance.randint(0, 2)),
        "later": 1,
    }
    likely = dict.fromkeys(optional, 0.2) | {"later": 0.03}
    return rule | {member: value for member, value in optional.items() if chance.random() < likely[member]}


def names(entry: str, originator: str) -> bool:
    """ACP-4 read naively, with the standard library's glob segment by segment."""
    if entry in ("all", "*"):
        return True
    if entry == "cse/friends":
        return originator in MEMBERS
    if "@" in entry or " " in entry or "[" in entry:
        return False
    local = not originator.startswith("/")
    if originator.startswith("//"):
        absolute = originator
    elif originator.startswith("/"):
        absolute = "//sp.example" + originator
    else:
        absolute = ("//sp.example/" if originator.startswith("S") else "//sp.example/banyan/") + originator
    if entry.startswith("//") and "/" not in entry[2:]:
        return absolute.startswith(entry + "/")
    if entry.startswith("/") and not entry.startswith("//"):
        entry = "//sp.example" + entry
    if not entry.startswith("/"):
        return local and fnmatch.fnmatchcase(originator, entry)
    parts, wanted = absolute.split("/"), entry.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def meets(context: dict[str, Any], facts: Facts) -> bool:
    return (
        "acl" not in context
        and ("acip" not in context or (facts.address or "").startswith("10."))
        and ("aclr" not in context or facts.location == "FR")
    )


def about(details: dict[str, Any], permission: int, child: int | None) -> bool:
    if permission == 1:
        return child in details["chty"] and details.get("ty", 3) == 3
    return details.get("ty") == 3


def plainly(
    rules: list[dict[str, Any]], originator: str, permission: int, child: int | None, facts: Facts
) -> bool:
    covered: set[str] = set()
    touched = (facts.attributes if permission in (1, 2, 4) else None) or frozenset()
    for rule in rules:
        if (
            "later" not in rule
            and any(names(entry, originator) for entry in rule["acor"])
            and rule["acop"] & permission
            and (not rule.get("acco") or any(meets(context, facts) for context in rule["acco"]))
            and (not rule.get("acod") or any(about(details, permission, child) for details in rule["acod"]))
            and (not rule.get("acaf") or facts.authenticated)
        ):
            if "aca" not in rule:
                return True
            covered.update(rule["aca"])
    return bool(touched) and touched <= covered


@pytest.mark.parametrize("seed", range(40))
def test_decisions_equal_a_plain_reading_of_the_rules(seed: int) -> None:
    chance = random.Random(seed)
    tree = SmallTree()
    access = AccessControl(tree, IDENTITY, [], FixedClock())
    tree.add("csr", "peer", tree.root, csi="/cse1")
    tree.add("grp", "friends", tree.root, mid=["Cae2", "id-peer"])
    policies = [[random_rule(chance) for _ in range(chance.randint(0, 4))] for _ in range(3)]
    for number, rules in enumerate(policies):
        tree.policy(f"p{number}", *rules)
    linked = chance.sample(range(3), chance.randint(1, 3))
    container = tree.add("cnt", "c", tree.root, acpi=[f"id-p{number}" for number in linked])
    rules = [rule for number in linked for rule in policies[number]]
    for _ in range(150):
        originator, permission = chance.choice(ORIGINATORS), 1 << chance.randint(0, 5)
        child = chance.choice([3, 4, 23]) if permission == 1 else None
        facts = Facts(
            chance.choice([None, "10.0.0.1", "11.0.0.1"]),
            chance.choice([None, "FR", "DE", (48.0, 2.0)]),
            chance.random() < 0.5,
            chance.choice([None, frozenset(chance.sample(NAMES, chance.randint(0, 2)))]),
        )
        expected = plainly(rules, originator, permission, child, facts)
        actual = access.permitted(container, originator, permission, facts, child_type=child)
        assert actual is expected, (rules, originator, permission, child, facts)
