"""Device models: those of the standard, files of one's own, and what is said of wrong ones."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from resources.device_models import FOLDER, load, standard, user_models
from resources.model import Announce, Optionality
from resources.model_files import ModelError, files_of
from resources.registry import Registry

CND = "org.example.building.moduleclass.heatMeter"
METER: dict[str, Any] = {
    "name": "heatMeter", "kind": "module", "root": "exa:heaMr", "cnd": CND, "about": "Heat.",
    "attributes": [
        {"short": "heat", "name": "heat", "type": "xs:float", "mandatory": True, "access": "R", "unit": "kWh"},
        {"short": "valve", "name": "valve", "type": "enumValve", "access": "RW"},
        {"short": "faults", "name": "faults", "type": "list of xs:string"},
    ],
    "actions": ["exa:rsHMr"],
}
RESET: dict[str, Any] = {"name": "resetHeatMeter", "kind": "action", "root": "exa:rsHMr",
                         "cnd": "org.example.building.action.resetHeatMeter"}
DEVICE: dict[str, Any] = {"name": "deviceHeating", "kind": "device", "root": "exa:deHea",
                          "cnd": "org.example.building.device.deviceHeating", "children": ["exa:heaMr", "cod:tempe"]}
VALVE: dict[str, Any] = {"name": "enumValve",
                         "values": [{"number": 1, "name": "open"}, {"number": 2, "name": "closed"}]}
DOCUMENT: dict[str, Any] = {"enumerations": [VALVE], "models": [METER, RESET, DEVICE]}


def written(folder: Path, document: Any = DOCUMENT, name: str = "heating.json") -> Path:
    """A model file."""
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def problems_of(path: Path) -> list[str]:
    """What is wrong with a model file, without the name of the file."""
    with pytest.raises(ModelError) as error:
        user_models(path)
    lines = error.value.problems
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_every_kind_of_the_standard_is_there() -> None:
    kinds = [model.kind for model in standard().models.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "module": 81, "action": 28, "device": 37, "subdevice": 3}
    assert len(standard().enumerations) == 8


def test_a_model_is_a_specialization_with_instances_and_copies() -> None:
    registry = Registry.default()
    type_ = registry.by_root["cod:eneCn"]
    assert (type_.number, type_.base, type_.announced_as) == (28, "flexContainer", "eneCnAnnc")
    assert type_.discriminator == ("cnd", "org.onem2m.common.moduleclass.energyConsumption")
    assert type_ is registry.specialization(28, "org.onem2m.common.moduleclass.energyConsumption")
    absolute, power = type_.by_short["abECn"], type_.by_short["power"]
    assert (absolute.create, absolute.single, absolute.announce) == (Optionality.MANDATORY, True, Announce.OA)
    assert (power.create, power.update, power.single) == (Optionality.OPTIONAL, Optionality.OPTIONAL, False)
    instance = registry.instance_type(type_)
    assert instance is registry.by_root["cod:eneCnInst"]
    assert (instance.number, instance.by_short["abECn"].create) == (58, Optionality.FORBIDDEN)
    assert registry.by_root["cod:eneCnAnnc"].number == 10028
    assert registry.by_root["cod:eneCnInstAnnc"].number == 10058
    assert "abECn" not in registry.by_number[28].by_short


@pytest.mark.parametrize(("root", "has", "has_not"), [
    ("cod:tempe", {"dgt"}, {"nodLk", "flNLk"}),
    ("cod:togge", {"dgt"}, {"nodLk"}),
    ("cod:deSPg", {"nodLk", "flNLk"}, {"dgt"}),
    ("cod:sDPOt", set(), {"nodLk", "dgt"}),
])
def test_what_every_model_of_a_kind_has(root: str, has: set[str], has_not: set[str]) -> None:
    rows = Registry.default().by_root[root].by_short.keys()
    assert has <= rows
    assert rows.isdisjoint(has_not)


def test_units_and_access_are_kept() -> None:
    power = standard().models["cod:eneCn"].facts["attributes"][0]
    assert power == {"short": "power", "name": "power", "type": "xs:float", "access": "R", "unit": "W"}
    assert standard().models["cod:binSh"].facts["actions"] == ["cod:togge"]


def test_no_custom_attribute_has_the_name_of_another_one() -> None:
    for model in standard().models.values():
        shorts = [row.short for row in model.type.attributes]
        assert len(shorts) == len(set(shorts)), model.root


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_files_of_both_forms(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"heating.{suffix}"
    path.write_text({"json": json.dumps(DOCUMENT), "toml": TOML}[suffix], encoding="utf-8")
    found = user_models(tmp_path)
    assert list(found.models) == ["exa:heaMr", "exa:rsHMr", "exa:deHea"]
    assert list(found.enumerations) == ["enumValve"]
    registry = Registry.default(*found.types)
    assert registry.by_root["exa:heaMrInst"].number == 58
    assert "exa:heaMr" not in Registry.default().by_root


TOML = """
[[enumerations]]
name = "enumValve"
values = [{number = 1, name = "open"}, {number = 2, name = "closed"}]

[[models]]
name = "heatMeter"
kind = "module"
root = "exa:heaMr"
cnd = "org.example.building.moduleclass.heatMeter"
attributes = [
  {short = "heat", name = "heat", type = "xs:float", mandatory = true},
  {short = "valve", name = "valve", type = "enumValve"},
]
[[models]]
name = "resetHeatMeter"
kind = "action"
root = "exa:rsHMr"
cnd = "org.example.building.action.resetHeatMeter"
[[models]]
name = "deviceHeating"
kind = "device"
root = "exa:deHea"
cnd = "org.example.building.device.deviceHeating"
"""


def test_files_refer_to_each_other(tmp_path: Path) -> None:
    written(tmp_path, {"models": [DEVICE]}, "a.json")
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", {"models": [METER, RESET]}, "b.json")
    written(tmp_path, {"enumerations": [VALVE], "models": [{**RESET, "root": "exa:x", "cnd": "x"}]}, "c.json")
    written(tmp_path, "no model at all", "notes.txt")
    assert set(user_models(tmp_path).models) == {"exa:deHea", "exa:heaMr", "exa:rsHMr", "exa:x"}


def test_an_empty_folder_has_no_models(tmp_path: Path) -> None:
    assert user_models(tmp_path).models == {}


def meter(**changes: Any) -> dict[str, Any]:
    """The document with a changed meter; None takes a member out."""
    changed = {name: value for name, value in {**METER, **changes}.items() if value is not None}
    return {"enumerations": [VALVE], "models": [changed, RESET]}


def row(**changes: Any) -> dict[str, Any]:
    """The document with one changed attribute."""
    facts = {"short": "heat", "name": "heat", "type": "xs:float", **changes}
    return meter(attributes=[{name: value for name, value in facts.items() if value is not None}])


@pytest.mark.parametrize(("document", "problem"), [
    ([], "expected an object (model file), got an array of 0"),
    ({}, "models is missing; model file must have it"),
    ({"models": []}, "models: expected an array of model with 1..n entries, got an array of 0"),
    ({"models": [1]}, "models[0]: expected an object (model), got 1"),
    ({"models": {}}, "models: expected an array of model with 1..n entries, got an object of 0"),
    ({**DOCUMENT, "model": []}, "'model' is no member of model file; did you mean models?"),
    (meter(name=None), "models[0]: name is missing; model must have it"),
    (meter(kind="modul"), "models[0] (heatMeter).kind: expected device, subdevice, module or action, got 'modul'"),
    (meter(root="heaMr"), ("models[0] (heatMeter).root: expected prefix:short, for example exa:heaMr: letters and "
                          "digits only, got 'heaMr'")),
    (meter(root="exa:hea-Mr"), "models[0] (heatMeter).root: expected prefix:short"),
    (meter(root="m2m:heaMr"), ("models[0] (heatMeter).root: the prefix m2m is that of the standard's resource types; "
                              "choose another one")),
    (meter(root="cod:tempe"), ("models[0] (heatMeter).root: 'cod:tempe' is taken by the standard's temperature "
                              "(cod:tempe); choose another one")),
    (meter(root="cod:tempeInst"), "models[0] (heatMeter).root: 'cod:tempeInst' is taken by"),
    (meter(root="cod:tempeAnnc"), "models[0] (heatMeter).root: 'cod:tempeAnnc' is taken by"),
    (meter(root="exa:rsHMr"), "models[1] (resetHeatMeter).root: 'exa:rsHMr' is taken by"),
    (meter(cnd="org.onem2m.common.moduleclass.temperature"),
     "models[0] (heatMeter).cnd: 'org.onem2m.common.moduleclass.temperature' is taken by the standard's temperature"),
    (meter(cnd="org.onem2m.common.moduleclass.temperatureAnnc"), "models[0] (heatMeter).cnd: "),
    (meter(cnd="a b"), "models[0] (heatMeter).cnd: expected a URI or identifier without blanks, got 'a b'"),
    (meter(extra=1), "models[0] (heatMeter): 'extra' is no member of model"),
    (meter(actions=["exa:nix"]), "models[0] (heatMeter).actions[0]: 'exa:nix' is no model that is known here"),
    (meter(actions=["cod:tempe"]), "models[0] (heatMeter).actions[0]: 'cod:tempe' is a module; expected an action"),
    (meter(children=["cod:tempe"]), "models[0] (heatMeter).children: a module has none; leave it out"),
    (meter(attributes={}), "models[0] (heatMeter).attributes: expected an array of attribute"),
    (row(type="xs:flaot"),
     ("models[0] (heatMeter).attributes[0] (heat).type: 'xs:flaot' is no type that is known here; "
                           "did you mean xs:float")),
    (row(type="list of enumValv"), ("models[0] (heatMeter).attributes[0] (heat).type: 'enumValv' is no type that is "
                                   "known here; did you mean enumValve")),
    (row(type="list of list of xs:float"), "models[0] (heatMeter).attributes[0] (heat).type: "),
    (row(type=5), "models[0] (heatMeter).attributes[0].type: expected text"),
    (row(type=None), "models[0] (heatMeter).attributes[0]: type is missing; attribute must have it"),
    (row(mandatory="yes"), "models[0] (heatMeter).attributes[0].mandatory: expected true or false, got 'yes'"),
    (row(access="W"), ("models[0] (heatMeter).attributes[0].access: expected R (the device writes it, others read) or "
                      "RW (others may write it too), got 'W'")),
    (row(short="mni"), ("models[0] (heatMeter).attributes[0] (mni).short: is maxNrOfInstances of every module; choose "
                       "another short name")),
    (row(short="org"), "models[0] (heatMeter).attributes[0] (org).short: is originator of every module"),
    (row(short="dgt"), "models[0] (heatMeter).attributes[0] (dgt).short: is dataGenerationTime of every module"),
    (row(short="he at"), "models[0] (heatMeter).attributes[0].short: expected a name of letters, digits and _"),
    (meter(attributes=[METER["attributes"][0]] * 2), "models[0] (heatMeter).attributes[1] (heat).short: comes twice"),
    ({**DOCUMENT, "enumerations": [VALVE, VALVE]}, "enumerations[1] (enumValve).name: is taken by another enumeration"),
    ({**DOCUMENT, "enumerations": [{"name": "enumTone", "values": VALVE["values"]}, VALVE]},
     "enumerations[0] (enumTone).name: is taken by another enumeration; choose another name"),
    ({**DOCUMENT, "enumerations": [{"name": "enumValve", "values": VALVE["values"] * 2}]},
     "enumerations[0] (enumValve).values: a number comes twice; each stands for one meaning"),
    ({**DOCUMENT, "enumerations": [{"name": "enumValve", "values": []}]}, "enumerations[0].values: expected an array"),
    ({"models": [{**DEVICE, "children": ["cod:togge"]}]},
     "models[0] (deviceHeating).children[0]: 'cod:togge' is an action; expected a module or a subdevice"),
    ({"models": [{**RESET, "actions": ["cod:togge"]}]}, "models[0] (resetHeatMeter).actions: an action has none"),
])
def test_what_is_wrong_and_where(tmp_path: Path, document: Any, problem: str) -> None:
    (first, *_) = problems_of(written(tmp_path, document))
    assert first.startswith(problem)


@pytest.mark.parametrize(("name", "text", "problem"), [
    ("a.json", "", "is no JSON: Expecting value: line 1 column 1"),
    ("a.json", '{\n "models": [\n}', "is no JSON: Expecting value: line 3 column 1"),
    ("a.json", '{"models": [], "models": []}', "is no JSON: the member 'models' comes twice in one object"),
    ("a.json", "[" * 100_000, "is nested too deep for a model file"),
    ("a.toml", "models = [\n", "is no TOML: "),
    ("a.toml", "[models]\n[models]\n", "is no TOML: Cannot declare ('models',) twice (at line 2"),
    ("a.toml", 'x = "\xff"', "'x' is no member of model file"),
])
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str, problem: str) -> None:
    (first, *_) = problems_of(written(tmp_path, text, name))
    assert first.startswith(problem)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert problems_of(path)[0].startswith("is no JSON: 'utf-8' codec can't decode")


@pytest.mark.parametrize(("name", "words"), [
    ("nowhere", "there is no such file or folder"), ("notes.txt", "expected a folder or a file named *.json or *.toml"),
])
def test_paths_that_are_no_model_files(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ModelError, match=re.escape(words)):
        user_models(tmp_path / name)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    wrong = {"models": [{**METER, "kind": "x"}, {**RESET, "root": 5}]}
    one, other = written(tmp_path, wrong, "a.json"), written(tmp_path, "", "b.json")
    with pytest.raises(ModelError) as error:
        user_models(tmp_path)
    assert [line.split(": ")[0] for line in error.value.problems] == [str(one), str(one), str(other)]


def test_what_is_described_nowhere_is_named_so(tmp_path: Path) -> None:
    device = {**DEVICE, "children": ["exa:later"]}
    assert problems_of(written(tmp_path, {"models": [device]}))[0].endswith("or add it to 'undescribed'")
    assert user_models(written(tmp_path, {"models": [device], "undescribed": ["exa:later"]})).models


def test_the_files_of_the_standard_need_nothing_else() -> None:
    assert load(files_of(FOLDER), type(standard())()).models.keys() == standard().models.keys()


MEASURED = """
import time
began = time.process_time()
from resources.registry import Registry
Registry.default()
print(time.process_time() - began)
"""


def test_all_models_load_quickly() -> None:
    """All types with all models, imports included: well below half a second on the slowest machine in use."""
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True, timeout=60)
    assert float(done.stdout) < 0.5


def schema() -> Any:
    """A validator of the JSON Schema that editors use."""
    from jsonschema import Draft202012Validator

    text = (Path(__file__).parents[2] / "config" / "model_schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def test_the_schema_takes_the_models_of_the_standard() -> None:
    validator = schema()
    for path in files_of(FOLDER):
        assert list(validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("document", [
    {}, {"models": []}, {"models": [1]}, meter(name=None), meter(kind="x"), meter(root="x"), meter(extra=1),
    row(short="a b"), row(access="W"), {**DOCUMENT, "enumerations": [{"name": "enumX", "values": []}]},
])
def test_the_schema_refuses_what_the_check_refuses(tmp_path: Path, document: Any) -> None:
    assert not schema().is_valid(document)
    assert problems_of(written(tmp_path, document))
