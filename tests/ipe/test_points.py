"""Point lists: what is read, and how a mistake is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipe.modbus.mapping import COLUMNS, ModbusPoint, Register, register_of
from ipe.points import PointListError, read_points

EXAMPLE = Path(__file__).parents[2] / "config/examples/meter.csv"


def points_of(tmp_path: Path, text: str) -> tuple[ModbusPoint, ...]:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    return read_points(path, COLUMNS, register_of)


def test_example_list_is_read() -> None:
    points = {point.name: point for point in read_points(EXAMPLE, COLUMNS, register_of)}
    assert points["active_power"].address == Register(1, "input", 0, "float32")
    assert points["active_power"].unit == "kW"
    assert points["active_power"].period_s == 1
    assert [name for name, point in points.items() if point.writable] == ["demand_limit", "load_shed"]


def test_left_out_columns_and_empty_cells_have_defaults(tmp_path: Path) -> None:
    (point,) = points_of(tmp_path, "# a comment\n\nname,address,type,unit\n t ,0x10,int16,\n")
    assert (point.name, point.address, point.unit) == ("t", Register(1, "holding", 16, "int16"), "")
    assert (point.period_s, point.writable, point.deadband, point.max_age_s) == (60, False, None, 3600)


def test_quoted_cells_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (point,) = points_of(tmp_path, '\ufeffname,address,type,description\np,1,uint16,"a, b"\n')
    assert point.description == "a, b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty; expected a header line such as name,unit,"),
        ("name,adress,type\n", "line 1: unknown column 'adress' (did you mean 'address'?)"),
        ("name,address,type,name\n", "line 1: column 'name' appears twice"),
        ("name,address\n", "line 1: column 'type' is missing"),
        ("name,address,type\np,1\n", "line 2: has 2 cells; expected 3"),
        ("name,address,type\n,1,int16\n", "line 2, column 'name': is empty"),
        ("name,address,type\na/b,1,int16\n", "line 2, column 'name': 'a/b': expected letters"),
        ("name,address,type\nstatus,1,int16\n", "column 'name': 'status': this name is taken"),
        ("name,address,type\np,70000,int16\n", "column 'address': '70000': expected an integer from 0 to 65535"),
        ("name,address,type\np,x,int16\n", "column 'address': 'x': expected an integer"),
        ("name,address,type\np,1,flaot32\n", "column 'type': 'flaot32': expected one of int16"),
        ("name,address,type\np,1,flaot32\n", "(did you mean 'float32'?)"),
        ("name,address,type,scale\np,1,int16,0\n", "column 'scale': '0': expected a number other than 0"),
        ("name,address,type,scale\np,1,int16,1;5\n", "column 'scale': '1;5': expected a number with a decimal point"),
        ("name,address,type,scale\np,1,int16,inf\n", "expected a finite number"),
        ("name,address,type,period_s\np,1,int16,0\n", "expected a number above 0"),
        ("name,address,type,deadband\np,1,int16,-1\n", "expected a number of at least 0"),
        ("name,address,type,writable\np,1,int16,maybe\n", "expected yes or no"),
        (
            "name,address,type,table\np,1,int16,coil\n",
            "line 2: type 'int16' does not fit table 'coil'; expected 'bool'",
        ),
        ("name,address,type\np,1,bool\n", "type 'bool' does not fit table 'holding'; expected a number type"),
        ("name,address,type\np,65535,int32\n", "ends behind the last address 65535"),
        ("name,address,type,table,writable\np,1,int16,input,yes\n", "table 'input' cannot be written"),
        ("name,address,type,writable\np,1,bit3,yes\n", "one bit of a register cannot be written alone"),
        ("name,address,type\np,1,int16\n# x\np,2,int16\n", "line 4, column 'name': 'p' is already on line 2"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(PointListError) as caught:
        points_of(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "list.csv"))
    assert expected in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PointListError, match="cannot be read as UTF-8"):
        read_points(tmp_path / "list.csv", COLUMNS, register_of)
    with pytest.raises(PointListError, match="cannot be read"):
        read_points(tmp_path / "none.csv", COLUMNS, register_of)
