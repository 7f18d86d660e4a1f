"""CoAP options as a table: those of CoAP itself that are understood here, and those of oneM2M in both numberings.

An option that is critical (its number is odd) and not in the table, too long, too short or given twice makes a message
refused; one that is not critical is left out then (RFC 7252 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

URI_HOST, URI_PORT, LOCATION_PATH, URI_PATH, CONTENT_FORMAT, MAX_AGE, URI_QUERY, ACCEPT = 3, 7, 8, 11, 12, 14, 15, 17
BLOCK2, BLOCK1, SIZE2, PROXY_URI, PROXY_SCHEME, SIZE1, NO_RESPONSE = 23, 27, 28, 35, 39, 60, 258

#: Options of a message in the order they came: number and value.
Options = list[tuple[int, bytes]]


class Form(Enum):
    """What the bytes of an option are."""

    OPAQUE = auto()
    TEXT = auto()
    UINT = auto()


@dataclass(frozen=True, slots=True)
class Option:
    """``least`` and ``most`` bound the length in bytes."""

    name: str
    form: Form
    most: int
    least: int = 0
    repeatable: bool = False

    def accepts(self, value: bytes) -> bool:
        """Whether a value has the length and, as text, the encoding that it must have."""
        if not self.least <= len(value) <= self.most:
            return False
        if self.form is not Form.TEXT or value.isascii():
            return True
        try:
            value.decode()
        except UnicodeDecodeError:
            return False
        return True


#: If-Match, If-None-Match, OSCORE and Q-Block are critical and missing on purpose: a request with one must not be done.
COAP: Mapping[int, Option] = {
    URI_HOST: Option("Uri-Host", Form.TEXT, 255, 1),
    URI_PORT: Option("Uri-Port", Form.UINT, 2),
    LOCATION_PATH: Option("Location-Path", Form.TEXT, 255, repeatable=True),
    URI_PATH: Option("Uri-Path", Form.TEXT, 255, repeatable=True),
    CONTENT_FORMAT: Option("Content-Format", Form.UINT, 2),
    MAX_AGE: Option("Max-Age", Form.UINT, 4),
    URI_QUERY: Option("Uri-Query", Form.TEXT, 255, repeatable=True),
    ACCEPT: Option("Accept", Form.UINT, 2),
    BLOCK2: Option("Block2", Form.UINT, 3),
    BLOCK1: Option("Block1", Form.UINT, 3),
    SIZE2: Option("Size2", Form.UINT, 4),
    PROXY_URI: Option("Proxy-Uri", Form.TEXT, 1034, 1),
    PROXY_SCHEME: Option("Proxy-Scheme", Form.TEXT, 255, 1),
    SIZE1: Option("Size1", Form.UINT, 4),
    NO_RESPONSE: Option("No-Response", Form.UINT, 1),
    292: Option("Request-Tag", Form.OPAQUE, 8, repeatable=True),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An option of oneM2M. ``old`` is its number before TS-0008 3.7, None where it is younger."""

    number: int
    old: int | None
    name: str
    form: Form = Form.TEXT
    most: int = 255


#: By the short name of its parameter. The lengths printed in TS-0008 do not hold times with fractions: more is taken.
ONEM2M: Mapping[str, Row] = {
    "fr": Row(279, 256, "oneM2M-FR"),
    "rqi": Row(283, 257, "oneM2M-RQI"),
    "ot": Row(259, 259, "oneM2M-OT"),
    "rqet": Row(291, 260, "oneM2M-RQET"),
    "rset": Row(295, 261, "oneM2M-RSET"),
    "oet": Row(299, 262, "oneM2M-OET"),
    "nu": Row(263, 263, "oneM2M-RTURI"),
    "ec": Row(303, 264, "oneM2M-EC", Form.UINT, 4),
    "rsc": Row(307, 265, "oneM2M-RSC", Form.UINT, 4),
    "gid": Row(311, 266, "oneM2M-GID"),
    "ty": Row(267, 267, "oneM2M-TY", Form.UINT, 4),
    "cnot": Row(319, 268, "oneM2M-CTO", Form.UINT, 4),
    "cnst": Row(323, 269, "oneM2M-CTS", Form.UINT, 4),
    "ati": Row(327, 270, "oneM2M-ATI"),
    "rvi": Row(271, 271, "oneM2M-RVI"),
    "vsi": Row(331, 272, "oneM2M-VSI"),
    "grtm": Row(335, 273, "oneM2M-GTM", most=512),
    "aus": Row(339, 274, "oneM2M-AUS"),
    "asri": Row(275, 275, "oneM2M-ASRI"),
    "omr": Row(343, None, "oneM2M-OMR"),
    "prpi": Row(347, None, "oneM2M-PRPI"),
    "msu": Row(351, None, "oneM2M-MSU"),
}


class Numbering:
    """Which number a parameter has: ``of`` by short name, ``names`` by number."""

    __slots__ = ("names", "of")

    def __init__(self, of: Mapping[str, int]) -> None:
        self.of = of
        self.names: Mapping[int, str] = {number: short for short, number in of.items()}


NEW = Numbering({short: row.number for short, row in ONEM2M.items()})
OLD = Numbering({short: row.number if row.old is None else row.old for short, row in ONEM2M.items()})
_OLD_ONLY = frozenset(OLD.names) - frozenset(NEW.names)


def known_options(*, old: bool = False) -> Mapping[int, Option]:
    """The table by number; with ``old`` the numbers before TS-0008 3.7 too, none of which means anything else."""
    table = dict(COAP)
    for row in ONEM2M.values():
        option = Option(row.name, row.form, row.most)
        table[row.number] = option
        if old and row.old is not None:
            table[row.old] = option
    return table


def numbering_of(options: Options) -> Numbering:
    """The numbering that a message uses."""
    return OLD if any(number in _OLD_ONLY for number, _ in options) else NEW


def uint_bytes(value: int) -> bytes:
    """Write a uint in as few bytes as it needs, none for zero (RFC 7252 3.2)."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def uint(value: bytes) -> int:
    """Read a uint."""
    return int.from_bytes(value, "big")
