"""libmodbus by ctypes: a Modbus device and a client that share no code with ours.

As a program it is a device, at a TCP port (0: a free one, which it prints) or on a serial line (a path): it serves
until its input ends. Its registers and bits hold 0; tests fill them through the client.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

LIBRARY = "libmodbus.so.5"
#: How many registers and bits of each table the device has; what follows does not exist.
SIZE = 300
#: A unit that never answers.
SILENT_UNIT = 99
MAX_REQUEST = 260
NUMBERS = (
    "nb_bits", "start_bits", "nb_input_bits", "start_input_bits",
    "nb_input_registers", "start_input_registers", "nb_registers", "start_registers",
)  # fmt: skip


class Mapping(ctypes.Structure):
    """``modbus_mapping_t``."""

    _fields_ = (
        *((name, ctypes.c_int) for name in NUMBERS),
        ("tab_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_registers", ctypes.POINTER(ctypes.c_uint16)),
        ("tab_registers", ctypes.POINTER(ctypes.c_uint16)),
    )


def load() -> ctypes.CDLL:
    """Load the library; raises OSError when Debian's libmodbus5 is not installed."""
    library = ctypes.CDLL(LIBRARY, use_errno=True)
    library.modbus_new_tcp.restype = ctypes.c_void_p
    library.modbus_new_rtu.restype = ctypes.c_void_p
    library.modbus_new_rtu.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_char, ctypes.c_int, ctypes.c_int)
    library.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    library.modbus_strerror.restype = ctypes.c_char_p
    return library


class Client:
    """A blocking libmodbus client; use it in a thread."""

    def __init__(self, at: int | str, unit_id: int = 1) -> None:
        self._library = load()
        self._context = _context(self._library, at)
        self._library.modbus_set_slave(self._context, unit_id)

    def __enter__(self) -> Client:
        self._done(self._library.modbus_connect(self._context))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.modbus_close(self._context)
        self._library.modbus_free(self._context)

    def read_registers(self, address: int, count: int) -> list[int]:
        """Read holding registers."""
        into = (ctypes.c_uint16 * count)()
        self._done(self._library.modbus_read_registers(self._context, address, count, into))
        return list(into)

    def read_bits(self, address: int, count: int) -> list[int]:
        """Read coils."""
        into = (ctypes.c_uint8 * count)()
        self._done(self._library.modbus_read_bits(self._context, address, count, into))
        return list(into)

    def write_registers(self, address: int, words: Sequence[int]) -> None:
        """Write holding registers."""
        data = (ctypes.c_uint16 * len(words))(*words)
        self._done(self._library.modbus_write_registers(self._context, address, len(words), data))

    def write_bit(self, address: int, value: int) -> None:
        """Write a coil."""
        self._done(self._library.modbus_write_bit(self._context, address, value))

    def _done(self, result: int) -> None:
        if result == -1:
            raise OSError(self._library.modbus_strerror(ctypes.get_errno()).decode())


def serve(port: int) -> None:
    """Serve one client after another; the input tables show what is written to the writable ones."""
    library = load()
    mapping = library.modbus_mapping_new(SIZE, SIZE, SIZE, SIZE)
    listener = socket.create_server(("127.0.0.1", port))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        context = ctypes.c_void_p(library.modbus_new_tcp(b"127.0.0.1", 0))
        handle = ctypes.c_int(listener.fileno())
        if library.modbus_tcp_accept(context, ctypes.byref(handle)) == -1:
            return
        _answer(library, context, mapping)
        library.modbus_close(context)
        library.modbus_free(context)


def serve_line(path: str) -> None:
    """Serve everybody on a serial line as unit 1; other units are silent."""
    library = load()
    mapping = library.modbus_mapping_new(SIZE, SIZE, SIZE, SIZE)
    context = _context(library, path)
    library.modbus_set_slave(context, 1)
    assert library.modbus_connect(context) != -1, path
    library.modbus_flush(context)
    sys.stdout.write(f"{path}\n")
    sys.stdout.flush()
    while True:
        _answer(library, context, mapping)
        library.modbus_flush(context)


def _context(library: ctypes.CDLL, at: int | str) -> ctypes.c_void_p:
    """Make a context for a TCP port or a serial line."""
    if isinstance(at, int):
        return ctypes.c_void_p(library.modbus_new_tcp(b"127.0.0.1", at))
    return ctypes.c_void_p(library.modbus_new_rtu(at.encode(), 9600, b"N", 8, 1))


def _answer(library: ctypes.CDLL, context: ctypes.c_void_p, mapping: Any) -> None:
    request = (ctypes.c_uint8 * MAX_REQUEST)()
    while (length := library.modbus_receive(context, request)) != -1:
        if not length or request[library.modbus_get_header_length(context) - 1] == SILENT_UNIT:
            continue
        ctypes.memmove(mapping.contents.tab_input_registers, mapping.contents.tab_registers, 2 * SIZE)
        ctypes.memmove(mapping.contents.tab_input_bits, mapping.contents.tab_bits, SIZE)
        library.modbus_reply(context, request, length, mapping)


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    at = sys.argv[1] if len(sys.argv) > 1 else "0"
    if at.isdigit():
        serve(int(at))
    else:
        serve_line(at)
