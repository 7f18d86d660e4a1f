"""The table of rules says the truth about the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| (?P<rule>[A-Z]+-?\d+) \| (?P<about>[^|]+) \| (?P<state>[^|]+) \| ?(?P<note>[^|]*)\|")
ROWS = [match.groupdict() for line in (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").splitlines()
        if (match := ROW.fullmatch(line))]
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))


def carried(rule: str) -> bool:
    """True when a test's name has the rule as ``adr_1``, or a text such as the id of a case has it as ``ADR-1``."""
    name = rule.lower().replace("-", "_")
    return re.search(rf"def test_(\w*_)?{name}(_\w*)?\(", TESTS) is not None \
        or re.search(rf"[\"'][^\"'\n]*\b{rule}\b", TESTS) is not None


def test_the_table_has_every_rule_once() -> None:
    rules = [row["rule"] for row in ROWS]
    assert len(rules) == len(set(rules)) > 120
    assert {re.split(r"-?\d", rule)[0] for rule in rules} <= {
        "ADR", "V", "ORD", "CRE", "RET", "UPD", "DEL", "RCN", "FC", "DIS", "ACP", "AE", "CSR", "FWD", "RTP", "CNT",
        "TS", "FCN", "FCI", "SUB", "CRS", "NOT", "NTP", "GRP", "ANN", "PCH", "SCH", "NOD", "MGO", "MGC", "LOC", "SEM",
        "ACT", "PRM", "TSB", "PRP", "SSP"}


@pytest.mark.parametrize("row", [pytest.param(row, id=row["rule"].replace("-", ".")) for row in ROWS])
def test_a_rule_is_covered_as_stated(row: dict[str, str]) -> None:
    assert row["state"] in ("covered", "not covered")
    if row["state"] == "covered":
        assert carried(row["rule"]), f"no test carries {row['rule']}"
    else:
        assert row["note"].strip(), f"say why {row['rule']} has no test"
