"""get, create, update, delete, discover and tree against a whole CSE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Banyan


@pytest.fixture
def building(admin: Banyan) -> Banyan:
    """An administrator of a CSE that has cse/house with power (two values) and heat (none)."""
    assert admin("create", "cse", "cnt", "rn=house", 'lbl:=["building"]').code == 0
    for name in ("power", "heat"):
        assert admin("create", "cse/house", "cnt", f"rn={name}").code == 0
    for value in ("1", "2"):
        assert admin("create", "cse/house/power", "cin", f"con={value}").code == 0
    return admin


def test_get_prints_the_resource_and_notes_the_status_apart(admin: Banyan) -> None:
    result = admin("get", "cse")
    assert result.code == 0
    assert result.json["m2m:cb"]["rn"] == "cse"
    assert result.err == "2000 OK\n"
    assert "\x1b" not in result.out


def test_json_is_one_line_and_nothing_else(admin: Banyan) -> None:
    result = admin("--json", "get", "-")
    assert result.out.count("\n") == 1
    assert result.err == ""
    assert result.json["m2m:cb"]["csi"] == "/banyan"


def test_create_with_texts_json_and_files(admin: Banyan, tmp_path: Path) -> None:
    reading = tmp_path / "reading.json"
    reading.write_text('{"kW": 1.5}', encoding="utf-8")
    container = admin("create", "cse", "container", "rn=house", "mni:=3", 'lbl:=["a", "b"]').json["m2m:cnt"]
    assert (container["mni"], container["lbl"]) == (3, ["a", "b"])
    assert admin("create", "cse/house", "cin", "con=42").json["m2m:cin"]["con"] == "42"
    assert admin("create", "cse/house", "cin", "con:=42").json["m2m:cin"]["con"] == 42
    assert admin("create", "cse/house", "cin", f"con:=@{reading}").json["m2m:cin"]["con"] == {"kW": 1.5}
    assert admin("create", "cse/house", "cin", f"con=@{reading}").json["m2m:cin"]["con"] == '{"kW": 1.5}'
    assert admin("create", "cse/house", "cin", "con=\\@home").json["m2m:cin"]["con"] == "@home"
    assert admin("create", "cse/house", "cin", "con=a=b:=c").json["m2m:cin"]["con"] == "a=b:=c"


def test_targets_may_begin_at_the_csebase_without_naming_it(building: Banyan) -> None:
    assert building("create", "-/house/power", "cin", "con=3").code == 0
    assert building("get", "--json", "-/house/power/la").json["m2m:cin"]["con"] == "3"
    assert building("tree", "-/house").out.startswith("house cnt")
    assert building("discover", "-/house", "--ty", "cin").out.count("\n") == 3
    assert building("delete", "-/house/heat").code == 0


def test_options_may_stand_anywhere(admin: Banyan, cse_url: str) -> None:
    result = admin("create", "cse", "--json", "ae", "rn=m", "--from", "Cm", "api=Nm", "rr:=true", 'srv:=["3"]')
    assert result.json["m2m:ae"]["aei"] == "Cm"
    assert admin("--from", "Cnobody", "--cse", cse_url, "get", "cse/m").code == 4


def test_update_learns_the_type_and_null_removes(building: Banyan) -> None:
    assert building("update", "cse/house", "mni:=7", "--json").json["m2m:cnt"]["mni"] == 7
    result = building("update", "cse/house", "lbl:=null", "--kind", "cnt")
    assert "lbl" not in result.json["m2m:cnt"]


def test_delete(building: Banyan) -> None:
    assert building("delete", "cse/house", "--json").json == {"deleted": "cse/house"}
    result = building("get", "cse/house")
    assert result.code == 4
    assert result.err.startswith("error: RETRIEVE cse/house from CAdmin: 4004 NOT_FOUND: ")
    assert "hint: `banyan tree`" in result.err
    assert result.out == ""


def test_errors_for_machines(admin: Banyan) -> None:
    result = admin("get", "cse/nowhere", "--json")
    error = json.loads(result.err)["error"]
    assert (result.code, error["status"], error["exit_code"]) == (4, 4004, 4)
    assert "cse/nowhere" in error["message"]


def test_get_by_url_with_its_query(building: Banyan, cse_url: str) -> None:
    nested = building("get", f"{cse_url}/cse/house?rcn=4&lvl=1", "--cse", "http://127.0.0.1:1").json["m2m:cnt"]
    assert {child["rn"] for child in nested["m2m:cnt"]} == {"power", "heat"}
    assert building("get", f"{cse_url}/~/banyan/cse/house?atrl=rn+lbl").json == {
        "m2m:cnt": {"rn": "house", "lbl": ["building"]}
    }
    absolute = building("get", f"{cse_url}/_/banyan.example/banyan/cse/house")
    assert absolute.json["m2m:cnt"]["rn"] == "house"


def test_get_with_conditions(building: Banyan) -> None:
    nested = building("get", "cse/house", "lvl=1", "--rcn", "6", "--json").json
    assert len(nested["m2m:rrl"]["rrf"]) == 2
    result = building("get", "cse/house/power", "rcn=8", "lim=1")
    assert len(result.json["m2m:cnt"]["m2m:cin"]) == 1
    assert "go on with ofst=2" in result.err


def test_discover(building: Banyan) -> None:
    result = building("discover", "--ty", "cnt", "cse/house")
    assert sorted(result.out.split()) == ["cse/house/heat", "cse/house/power"]
    assert result.err == "2 found\n"
    assert building("discover", "--json", "lbl=building").json == ["cse/house"]
    assert building("discover", "cse", "--lim", "1", "--json", "rn=h*").json == ["cse/house"]
    assert len(building("discover", "ty=cin+3", "--json").json) == 5
    (address,) = building("discover", "--drt", "2", "--lbl", "building", "--json").json
    assert address.rpartition("/")[2].startswith("cnt-")
    assert building("discover", "lbl=nothing").out == ""


def test_tree(building: Banyan) -> None:
    lines = building("tree", "cse/house").out.splitlines()
    assert lines[0] == "house cnt"
    assert lines[1] == "├── heat cnt"
    assert lines[2].startswith("└── power cnt 2 at 20")
    assert building("tree", "cse/house", "--no-values").out.splitlines()[2] == "└── power cnt"
    assert len(building("tree", "--depth", "1").out.splitlines()) == 3
    tree = building("tree", "cse/house", "--json").json
    assert (tree["kind"], tree["type"]) == ("cnt", 3)
    assert [child["latest"]["con"] if "latest" in child else None for child in tree["children"]] == [None, "2"]


def test_tree_shows_the_time_of_the_data(admin: Banyan) -> None:
    assert admin("create", "cse", "ts", "rn=level").code == 0
    assert admin("create", "cse/level", "tsi", "dgt=20260102T030405", "con=7").code == 0
    assert admin("tree", "cse/level").out == "level ts 7 at 2026-01-02 03:04:05Z\n"


def test_management_objects_by_every_name(admin: Banyan) -> None:
    assert admin("create", "-", "nod", "rn=node", "ni=n-1").code == 0
    for kind in ("rbo", "reboot", "m2m:rbo"):
        assert admin("create", "-/node", kind).json["m2m:rbo"]["mgd"] == 1009
    assert "ask for mgd=1009" in admin("discover", "--ty", "rbo").err


@pytest.mark.parametrize(
    ("item", "helps"), [
        ("mni=200", True), ("mni=x", False), ("lbl=x", False), ('lbl=["x"]', True), ("et=x", False),
        ('lbl:=["x ", " 1"]', False), ('at:=["1 "]', False),
    ],
)
def test_the_form_of_json_is_named_where_it_helps(building: Banyan, item: str, helps: bool) -> None:
    result = building("update", "cse/house", item)
    assert result.code == 4
    assert ("NAME:=JSON" in result.err) is helps


def test_a_time_that_is_taken_is_no_name_that_is_taken(admin: Banyan) -> None:
    for expected in (0, 4):
        admin("create", "cse", "ts", "rn=level")
        result = admin("create", "cse/level", "tsi", "dgt=20260102T030405", "con=7")
        assert result.code == expected
    assert "hint" not in result.err
    assert "rn=NAME" in admin("create", "cse", "ts", "rn=level").err


def test_verbose_shows_both_sides_apart_from_the_result(building: Banyan) -> None:
    result = building("create", "cse/house", "cnt", "rn=water", "-v")
    assert result.json["m2m:cnt"]["rn"] == "water"
    lines = result.err.splitlines()
    assert lines[0].startswith("> CREATE cse/house at http://127.0.0.1:")
    assert "fr=CAdmin" in lines[0]
    assert "ty=3" in lines[0]
    assert any(line.startswith("< 2001 CREATED") for line in lines)


def test_a_text_where_a_number_belongs_says_how_numbers_are_given(admin: Banyan) -> None:
    assert "mni:=10" in admin("create", "-", "cnt", "mni=10").err


def test_asking_as_nobody_says_who_should(admin: Banyan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BANYAN_ORIGINATOR")
    result = admin("get", "cse")
    assert result.code == 4
    assert "hint: say who asks: --from ORIGINATOR" in result.err
