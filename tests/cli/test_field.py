"""``banyan ipe``: lists are checked, compared and taken over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Banyan

EXAMPLE = Path(__file__).parents[2] / "config/examples/meter.csv"
OLD = "name,address,type\na,1,int16\nb,2,int16\n"
NEW = "name,address,type,unit\na,1,int16,kW\nc,3,int16,\n"
DIFFERENCE = ["~ a: unit (default) -> kW", "+ c", "- b"]


def site(folder: Path) -> Path:
    (folder / "old.csv").write_text(OLD)
    (folder / "new.csv").write_text(NEW)
    file = folder / "ipe.toml"
    file.write_text('protocol = "modbus"\npoints = "old.csv"\nname = "m"\n[device]\nhost = "localhost"\n')
    return file


def test_a_list_and_settings_are_checked(banyan: Banyan, tmp_path: Path) -> None:
    result = banyan("ipe", "check", str(EXAMPLE))
    assert (result.code, result.out.split(": ")[1]) == (0, "ok")
    assert banyan("ipe", "check", str(site(tmp_path))).out == f"{tmp_path}/old.csv: ok: 2 points, 0 writable\n"


def test_every_mistake_is_told(banyan: Banyan, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,address,type\na,x,int16\na,1,flaot32\n")
    result = banyan("ipe", "check", str(path))
    assert result.code == 1
    assert len(result.out.splitlines()) == 3
    assert "line 2, column 'address'" in result.out
    rows = [json.loads(line) for line in banyan("ipe", "check", str(path), "--json").out.splitlines()]
    assert [(row["line"], row["column"]) for row in rows] == [(2, "address"), (3, "type"), (3, "name")]


def test_the_protocols_are_checked(banyan: Banyan) -> None:
    result = banyan("ipe", "check")
    assert result.code == 0
    assert "modbus: ok: Modbus TCP" in result.out


def test_lists_are_compared_exported_and_imported(banyan: Banyan, tmp_path: Path) -> None:
    settings = site(tmp_path)
    old, new, sheet = (str(tmp_path / name) for name in ("old.csv", "new.csv", "new.xlsx"))
    assert banyan("ipe", "diff", old, new).out.splitlines() == DIFFERENCE
    assert banyan("ipe", "export", new, sheet).code == 0
    assert banyan("ipe", "diff", new, sheet).out == ""
    dry = banyan("ipe", "import", str(settings), sheet, "--dry-run")
    assert (dry.code, dry.out.splitlines(), Path(old).read_text()) == (0, DIFFERENCE, OLD)
    assert banyan("ipe", "import", str(settings), sheet).out.splitlines() == DIFFERENCE
    assert Path(old).read_text() == NEW
    Path(new).write_text("name,address,type\na,1,int17\n")
    refused = banyan("ipe", "import", str(settings), new)
    assert (refused.code, Path(old).read_text()) == (2, NEW)
    assert "did you mean" in refused.err


def test_a_scan_needs_a_protocol_with_discovery(banyan: Banyan, tmp_path: Path) -> None:
    settings = str(site(tmp_path))
    assert "is there already" in banyan("ipe", "scan", settings).err
    result = banyan("ipe", "scan", settings, "--to", str(tmp_path / "found.csv"))
    assert (result.code, "Modbus TCP and RTU has no discovery" in result.err) == (2, True)


def test_the_status_of_a_proxy_needs_a_cse(
    banyan: Banyan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BANYAN_CSE", raising=False)
    settings = site(tmp_path)
    settings.write_text('cse = "http://127.0.0.1:9"\n' + settings.read_text())
    assert banyan("ipe", "status", str(settings)).code == 3


def test_the_check_of_a_proxy_looks_at_its_device(banyan: Banyan, tmp_path: Path) -> None:
    settings = site(tmp_path)
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[device]\n", '[device]\nserial = "/dev/ttyUSB0"\n'), encoding="utf-8")
    assert settings.read_text(encoding="utf-8") != text
    result = banyan("ipe", "check", str(settings))
    assert (result.code, "either 'host' (Modbus TCP) or 'serial'" in result.err) == (2, True)
