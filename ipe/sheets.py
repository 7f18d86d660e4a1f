"""Tables of texts in files: CSV and XLSX, read alike and written alike.

A row is a number, as an editor shows it, and its cells. Empty rows and rows that begin with ``#`` are left out; blanks
and line breaks around or within a cell are one blank.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Row = tuple[int, list[str]]
SHEET = "points"
#: More digits than that are rounded by spreadsheet programs.
DIGITS = 15
_BLANK = re.compile(r"[\s\x00-\x1f]+")


class SheetError(Exception):
    """A file is no table; the message says why."""


def is_xlsx(path: Path) -> bool:
    """True for a file that is a spreadsheet by its name."""
    return path.suffix.lower() in {".xlsx", ".xlsm"}


def read_rows(path: Path) -> list[Row]:
    """Read the rows of a file; raises SheetError."""
    rows = _xlsx_rows(path) if is_xlsx(path) else _csv_rows(path)
    tidy = ((number, _tidy(cells)) for number, cells in rows)
    kept = [(number, cells) for number, cells in tidy if any(cells) and not cells[0].startswith("#")]
    return _even(kept) if is_xlsx(path) else kept


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows, in place of the file that is there, all or nothing; raises OSError and SheetError."""
    tidy = map(_tidy, rows)
    replace(path, _xlsx_bytes(tidy) if is_xlsx(path) else _csv_bytes(tidy))


def replace(path: Path, data: bytes) -> None:
    """Put data in place of a file, so that a reader sees the old or the new."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _tidy(cells: Sequence[str]) -> list[str]:
    return [_BLANK.sub(" ", cell).strip() for cell in cells]


def _csv_rows(path: Path) -> list[Row]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SheetError(f"cannot be read as UTF-8 text: {error}") from None
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            rows.append((number, next(csv.reader([line]))))
        except csv.Error as error:
            raise SheetError(f"line {number}: {error}; expected cells with commas between them") from None
    return rows


def _csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _xlsx_rows(path: Path) -> list[Row]:
    openpyxl = _openpyxl()
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a list has no use for, such as styles
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
            sheet.reset_dimensions()
            rows = [(number, [_text(cell) for cell in cells])
                    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1)]
            book.close()
    # What a library raises for a file that is broken in some way.
    except (OSError, LookupError, ValueError, TypeError, AttributeError, SyntaxError, EOFError, RuntimeError,
            zipfile.BadZipFile, zlib.error) as error:
        raise SheetError(f"cannot be read as a spreadsheet (XLSX): {error}") from None
    return rows


def _even(rows: list[Row]) -> list[Row]:
    """A row of a sheet ends somewhere behind its last cell in use: make all as wide as the header."""
    width = len(_stripped(rows[0][1])) if rows else 0
    even = ((number, _stripped(cells)) for number, cells in rows)
    return [(number, cells + [""] * (width - len(cells))) for number, cells in even]


def _stripped(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _text(value: object) -> str:
    """What a person sees in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**DIGITS:
        return str(int(value))
    return str(value)


def _xlsx_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    openpyxl = _openpyxl()
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.freeze_panes = "B2"
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=_number(text))
            if isinstance(cell.value, str):
                cell.data_type = "s"  # also a text that looks like a formula
            cells.append(cell)
        sheet.append(cells)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _number(text: str) -> str | int | float | None:
    """A number where it is shown as exactly this text again."""
    if not text or len(text) > DIGITS:
        return text or None
    for kind in (int, float):
        try:
            number: int | float = kind(text)
        except ValueError:
            continue
        if _text(number) == text and abs(number) < 10**DIGITS:
            return number
    return text


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise SheetError("a spreadsheet needs openpyxl; install it with: pip install 'banyan-cse[xlsx]', "
                         "or save the list as CSV") from None
    return openpyxl
