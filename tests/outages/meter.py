"""A Modbus meter of libmodbus that counts with the clock of the machine: a kill costs it no count, as a battery would.

``python -m tests.outages.meter HOST PORT``: input registers 0 and 1 are a counter of ``PER_S`` a second that begins
again at ``MODULUS``, register 2 the seconds of the minute. Each connection has a thread, so that one that died is in
nobody's way.
"""

from __future__ import annotations

import ctypes
import socket
import sys
import threading
import time

from tests.ipe.libmodbus import MAX_REQUEST, load

PER_S = 1000
MODULUS = 30_000


def count_at(time_s: float) -> int:
    """What the counter shows."""
    return int(time_s * PER_S) % MODULUS


def serve(host: str, port: int) -> None:
    library = load()
    listener = socket.create_server((host, port))
    while True:
        context = ctypes.c_void_p(library.modbus_new_tcp(b"127.0.0.1", 0))
        handle = ctypes.c_int(listener.fileno())
        if library.modbus_tcp_accept(context, ctypes.byref(handle)) == -1:
            return
        threading.Thread(target=_answer, args=(library, context), daemon=True).start()


def _answer(library: ctypes.CDLL, context: ctypes.c_void_p) -> None:
    mapping = library.modbus_mapping_new(0, 0, 0, 3)
    request = (ctypes.c_uint8 * MAX_REQUEST)()
    while (length := library.modbus_receive(context, request)) != -1:
        now_s = time.time()
        count = count_at(now_s)
        for at, word in enumerate((count >> 16, count & 0xFFFF, int(now_s) % 60)):
            mapping.contents.tab_input_registers[at] = word
        library.modbus_reply(context, request, length, mapping)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
