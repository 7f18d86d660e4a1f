"""Point lists: what is read, and how a mistake is answered."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from ipe.arbitration import Limits
from ipe.changes import changes
from ipe.counters import Rules
from ipe.modbus.mapping import COLUMNS, ModbusPoint, Register, register_of
from ipe.points import Entry, PointListError, read_list, read_points
from ipe.sheets import read_rows, write_rows

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


HEADER = "name,address,type,writable,lowest,highest,max_rate_per_s,lease_s,default_on_release"


def test_limits_and_place_of_a_point_are_read(tmp_path: Path) -> None:
    (point,) = points_of(
        tmp_path,
        f"{HEADER},device,module,datapoint,tags,location,height_m\n"
        "valve,1,uint16,yes,0,100,5,3600,20,AHU 1,cod:opeLl,openLevel,heating  supply,Basel/B1/2,-3.5\n",
    )
    assert point.limits == Limits(0, 100, 5, 3600)
    assert (point.default_on_release, point.device, point.module) == (20, "AHU 1", "cod:opeLl")
    assert (point.datapoint, point.tags, point.location) == ("openLevel", ("heating", "supply"), "Basel/B1/2")
    assert point.height_m == -3.5
    assert point.place is not None
    assert (point.place.container, point.place.datapoint.short) == ("AHU_1.openLevel", "opeLl")


@pytest.mark.parametrize(("place", "history", "deadband", "expected"), [
    ("AHU,temperatur,curT0", "", "", "column 'module': 'temperatur' is no device model; did you mean 'temperature'?"),
    ("AHU,temperature,curentTemperature", "", "", "column 'datapoint': 'curentTemperature' is no data point"),
    ("AHU,temperature,", "", "", "column 'datapoint': is empty; expected module and datapoint, or none of them"),
    (",,", "timeseries", "1", "column 'deadband': a time series gets every reading"),
    (",,", "series", "", "column 'history': 'series': expected one of container, timeseries"),
])  # fmt: skip
def test_places_that_there_are_not(tmp_path: Path, place: str, history: str, deadband: str, expected: str) -> None:
    with pytest.raises(PointListError) as caught:
        points_of(tmp_path, "name,address,type,device,module,datapoint,history,deadband\n"
                            f"valve,1,uint16,{place},{history},{deadband}\n")
    assert expected in str(caught.value)


def test_the_rules_of_a_counter_are_read(tmp_path: Path) -> None:
    counter, plain, value = points_of(
        tmp_path,
        "name,address,type,kind,modulus,resolution,max_per_s,dip\n"
        "energy,0,uint32,counter,0x100000000,0.1,12.5,2\nwater,2,uint32,counter,,,,\npower,4,uint16,,,,,\n",
    )
    assert (counter.counter, counter.resolution) == (Rules(modulus=2**32, max_per_s=12.5, dip=2), 0.1)
    assert (plain.counter, plain.resolution) == (Rules(), 1)
    assert value.counter is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEADER}\np,1,int16,yes,5,1,,,\n", "line 2, column 'highest': 1 is below the lowest, 5"),
        (f"{HEADER}\np,1,int16,yes,5,9,,,10\n", "column 'default_on_release': 10 is outside of lowest and highest"),
        (f"{HEADER}\np,1,int16,no,5,9,,,6\n", "column 'default_on_release': is for points that are written"),
        (f"{HEADER}\np,1,int16,yes,,,0,,\n", "column 'max_rate_per_s': '0': expected a number above 0"),
        (f"{HEADER}\np,1,int16,yes,,,,-1,\n", "column 'lease_s': '-1': expected a number above 0"),
        ("name,address,type,modulus\np,1,int16,10\n", "column 'modulus': is for counters; expected kind counter"),
        ("name,address,type,kind\np,1,int16,conter\n", "(did you mean 'counter'?)"),
        ("name,address,type,kind,modulus\np,1,int16,counter,0\n", "expected an integer of at least 1"),
        ("name,address,type,kind,dip\np,1,int16,counter,1.5\n", "expected an integer of at least 0"),
        ("name,address,type,height_m\np,1,int16,nan\n", "column 'height_m': 'nan': expected a finite number"),
    ],
)
def test_columns_that_do_not_fit_each_other_are_named(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(PointListError) as caught:
        points_of(tmp_path, text)
    assert expected in str(caught.value)


def test_all_mistakes_are_told_with_line_and_column(tmp_path: Path) -> None:
    text = "name,address,type,unti,period_s\na,1,int16,,0\nb,x,intt16,,1\nc,1\na,2,int16,,1\nd,1,bool,,1\n"
    with pytest.raises(PointListError, match=r"line 1: unknown column 'unti'.*and 6 more") as caught:
        points_of(tmp_path, text)
    found = [(mistake.line, mistake.column) for mistake in caught.value.mistakes]
    assert found == [(1, ""), (2, "period_s"), (3, "address"), (3, "type"), (4, ""), (5, "name"), (6, "")]


def test_every_mistake_of_a_long_list_is_told(tmp_path: Path) -> None:
    rows = "".join(f"p{number},{number},uint{number},-1\n" for number in range(5000))
    with pytest.raises(PointListError) as caught:
        points_of(tmp_path, "name,address,type,period_s\n" + rows)
    assert len(caught.value.mistakes) == 10_000 - 3  # uint16, uint32 and uint64 are types


LISTS = ("list.csv", "list.xlsx")


@pytest.mark.parametrize("target", LISTS)
@pytest.mark.parametrize("source", LISTS)
def test_a_list_that_is_written_is_read_as_the_same(tmp_path: Path, source: str, target: str) -> None:
    rows = [
        ["name", "address", "type", "unit", "period_s", "description", "scale", "height_m", "tags"],
        ["007", "0x10", "uint16", "%", "0.5", '=1+1, "quoted"', "1e-3", "12.50", "a b"],
        ["1e5", "2", "float32", "°C", "60", "-x\n#y\x01 z", "", "", ""],
        ["9007199254740993123", "3", "bit3", "", "", "", "", "", ""],
    ]
    (tmp_path / "1").mkdir()
    first, second = tmp_path / "1" / source, tmp_path / target
    write_rows(first, rows)
    points = read_points(first, COLUMNS, register_of)
    assert [point.name for point in points] == ["007", "1e5", "9007199254740993123"]
    assert points[0].description == '=1+1, "quoted"'
    assert points[1].description == "-x #y z"
    write_rows(second, [cells for _, cells in read_rows(first)])
    assert read_points(second, COLUMNS, register_of) == points
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [target]


def test_a_spreadsheet_made_elsewhere_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["notes"])
    sheet = book.create_sheet("points")
    for row in (["# comment", None], ["name", "address", "type", "writable", None], [None, None],
                ["on", 1, "uint16", True], ["off", 2.0, "uint16"], ["bad", 2.5, "uint16", False]):  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    with pytest.raises(PointListError) as caught:
        read_points(tmp_path / "list.xlsx", COLUMNS, register_of)
    assert str(caught.value).endswith("list.xlsx, row 6, column 'address': '2.5': expected an integer from 0 to 65535")
    sheet.delete_rows(6)
    book.save(tmp_path / "list.xlsx")
    on, off = read_points(tmp_path / "list.xlsx", COLUMNS, register_of)
    assert (on.writable, off.writable, off.address.address) == (True, False, 2)


@pytest.mark.parametrize("content", [b"", b"name,address", b"PK\x03\x04" + bytes(100)])
def test_a_file_that_is_no_spreadsheet_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.xlsx").write_bytes(content)
    with pytest.raises(PointListError, match=r"list\.xlsx: cannot be read as a spreadsheet"):
        read_points(tmp_path / "list.xlsx", COLUMNS, register_of)


def list_of(tmp_path: Path, text: str) -> list[Entry[Register]]:
    (tmp_path / "list.csv").write_text(text)
    return read_list(tmp_path / "list.csv", COLUMNS, register_of)


def test_two_lists_are_compared_by_point_and_column(tmp_path: Path) -> None:
    old = list_of(tmp_path, "name,address,type,scale,unit\na,16,int16,1,kW\nb,1,int16,,\nc,2,int16,,\n")
    new = list_of(tmp_path, "type,name,address,period_s,unit\nint16,d,9,,\nint16,a,0x10,60,kW\nuint16,b,1,5,\n")
    assert [str(change) for change in changes(old, new)] == [
        "+ d", "~ b: period_s (default) -> 5, type int16 -> uint16", "- c",
    ]  # fmt: skip
    assert changes(new, new) == []
