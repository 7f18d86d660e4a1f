"""``banyan model``, and flexContainers with ``banyan create`` and ``update``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cse.app import Node, registry_of
from cse.settings import ModelSettings, Settings, StoreSettings
from resources.model_files import ModelError
from tests.resources.test_device_models import DOCUMENT, TOML, written

if TYPE_CHECKING:
    from tests.cli.conftest import Banyan


def test_check_names_the_models_of_each_file(banyan: Banyan, tmp_path: Path) -> None:
    one, two = written(tmp_path, DOCUMENT, "a.json"), tmp_path / "empty"
    two.mkdir()
    result = banyan("model", "check", str(one), str(two))
    assert (result.code, result.err) == (0, "")
    assert result.out == f"{one}: ok: exa:heaMr, exa:rsHMr, exa:deHea\n"
    assert banyan("model", "check", str(tmp_path), "--json").json == {
        "file": str(one), "ok": True, "models": ["exa:heaMr", "exa:rsHMr", "exa:deHea"]}
    nothing = banyan("model", "check", str(two))
    assert (nothing.code, nothing.out) == (0, "")
    assert "no file" in nothing.err


def test_check_tells_every_mistake(banyan: Banyan, tmp_path: Path) -> None:
    path = written(tmp_path, {"models": [{"name": "x"}, {"name": "y"}]})
    result = banyan("model", "check", str(path))
    assert result.code == 2
    assert "models[0] (x): kind is missing" in result.err
    assert "models[1] (y): kind is missing" in result.err
    error = json.loads(banyan("model", "check", str(path), "--json").err)["error"]
    assert error["exit_code"] == 2
    assert "models[1]" in error["message"]


@pytest.mark.parametrize(("arguments", "words"), [
    ((), "PATH"), (("/no/such/folder",), "/no/such/folder: there is no such file or folder"),
    (("/etc/hostname",), "expected a folder or a file named"),
])
def test_check_needs_files(banyan: Banyan, arguments: tuple[str, ...], words: str) -> None:
    result = banyan("model", "check", *arguments)
    assert result.code == 2
    assert words in result.err


def test_list_has_the_standard_and_ones_own(banyan: Banyan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(banyan("model", "list").out.splitlines()) == 149
    assert len(banyan("model", "list", "--kind", "subdevice").out.splitlines()) == 3
    folder = tmp_path / "models"
    folder.mkdir()
    written(folder, TOML, "heating.toml")
    assert "exa:heaMr    module    heatMeter" in banyan("model", "list", str(folder)).out
    (tmp_path / "banyan.toml").write_text('[models]\nfolder = "models"\n')
    lines = [json.loads(line) for line in banyan("model", "list", "--json").out.splitlines()]
    assert len(lines) == 152
    assert lines[-1] == {"root": "exa:deHea", "kind": "device", "name": "deviceHeating",
                         "cnd": "org.example.building.device.deviceHeating"}


def test_show_has_the_attributes(banyan: Banyan) -> None:
    text = banyan("model", "show", "cod:eneCn").out
    assert "cod:eneCn energyConsumption (module)" in text
    assert "abECn     absoluteEnergyConsumption        xs:float                 1     R   Wh" in text
    assert len(banyan("model", "show", "toggle").out.splitlines()) == 4  # two models have that name
    assert banyan("model", "show", "org.onem2m.common.moduleclass.energyConsumption", "--json").json["root"] == \
        "cod:eneCn"
    unknown = banyan("model", "show", "cod:eneC")
    assert unknown.code == 2
    assert "did you mean cod:eneCn" in unknown.err
    assert len(banyan("model", "show", "§§").err) < 200


def test_flex_containers_by_their_root(admin: Banyan) -> None:
    assert admin("create", "-", "ae", "rn=m", "api=N1", "rr:=false", 'srv:=["3"]', "--from", "Cmeter").code == 0
    made = admin("create", "cse/m", "cod:eneCn", "rn=energy", "abECn:=5", "fcied:=true", "--from", "Cmeter")
    assert made.json["cod:eneCn"]["cnd"] == "org.onem2m.common.moduleclass.energyConsumption"
    changed = admin("update", "cse/m/energy", "power:=20.5", "--from", "Cmeter")
    assert changed.json["cod:eneCn"]["power"] == 20.5
    assert admin("get", "cse/m/energy/la", "--from", "Cmeter").json["cod:eneCnInst"]["power"] == 20.5
    unknown = admin("create", "cse/m", "exa:heaMr", "cnd=org.example.x", "--from", "Cmeter")
    assert unknown.code == 4
    assert "4125" in unknown.err
    assert "is no resource type" in admin("create", "cse/m", "m2m:nix", "--from", "Cmeter").err
    assert admin("update", "cse/m/nothing", "power:=1", "--from", "Cmeter").code == 4


async def test_a_cse_with_models_of_its_own(tmp_path: Path) -> None:
    written(tmp_path, DOCUMENT)
    settings = Settings(store=StoreSettings(kind="memory"), models=ModelSettings(str(tmp_path)))
    settings.http.port = 0
    node = Node(settings)
    await node.start()
    assert "exa:heaMr" in node.cse.core.registry.by_root
    await node.stop()


def test_a_cse_with_wrong_models_does_not_start(banyan: Banyan, tmp_path: Path) -> None:
    written(tmp_path, "{")
    with pytest.raises(ModelError):
        registry_of(ModelSettings(str(tmp_path)))
    result = banyan("run", "--store", "memory", "--models", str(tmp_path))
    assert result.code == 2
    assert "heating.json: is no JSON" in result.err
    assert banyan("run", "--store", "memory", "--models", str(tmp_path / "nowhere")).code == 2
