"""Does an answer belong to a request? Frames of Modbus TCP and of Modbus RTU, compared octet by octet. Pure: no socket.

The sum of an RTU frame is checked elsewhere; a TCP frame has none. So all that can be known of an answer is compared
with what was asked: who answers, what for, and how long an answer of that kind is. Only the octets of the values
themselves may be anything.

Source: MODBUS Application Protocol V1.1b3, sections 4.1 and 6; MODBUS Messaging on TCP/IP V1.0b, section 3.1.3;
MODBUS over Serial Line V1.02, section 2.5.
"""

from __future__ import annotations

#: Transaction, protocol and length before the unit of a TCP frame; the check sum behind an RTU frame.
HEADER, CHECK = 6, 2
#: The flag of a function code that makes it an exception, which has a code of one octet.
EXCEPTION = 0x80
READ_BITS, READ_REGISTERS = frozenset({1, 2}), frozenset({3, 4})


def tcp_mismatch(request: bytes, answer: bytes) -> str:
    """Say what is wrong with what came so far as the answer to a request; empty when nothing is."""
    if answer[:2] != request[: min(2, len(answer))]:
        return f"transaction {answer[:2].hex()} instead of {request[:2].hex()}"
    if any(answer[2:4]):
        return f"protocol {answer[2:4].hex()} instead of 0000"
    if wrong := _mismatch(request[HEADER:], answer[HEADER:]):
        return wrong
    if len(answer) < HEADER + 2:
        return ""
    told, due = int.from_bytes(answer[4:HEADER]), _due(request[HEADER:], answer[HEADER:])
    return "" if told == due else f"a frame of {told} octets instead of {due}"


def rtu_mismatch(request: bytes, answer: bytes) -> str:
    """Say what is wrong with what came so far as the answer to a request; empty when nothing is."""
    if len(answer) < 2:
        return _mismatch(request[:-CHECK], answer)
    due = _due(request, answer)
    if len(answer) > due + CHECK:
        return f"{len(answer)} octets instead of {due + CHECK}"
    return _mismatch(request[:-CHECK], answer[:due])


def _mismatch(request: bytes, answer: bytes) -> str:
    """Compare unit, function and data, as far as they came."""
    if answer[:1] and answer[0] != request[0]:
        return f"unit {answer[0]} instead of {request[0]}"
    if len(answer) < 2:
        return ""
    function, data, due = request[1], answer[2:], _due(request, answer) - 2
    if answer[1] not in (function, function | EXCEPTION):
        return f"function {answer[1]} instead of {function}"
    if len(data) > due:
        return f"{len(data)} octets of data instead of {due}"
    if answer[1] != function or not data:
        return ""
    if function in READ_BITS | READ_REGISTERS:
        return "" if data[0] == due - 1 else f"{data[0]} octets of values instead of {due - 1}"
    echo = request[2:6]
    return "" if echo.startswith(data) else f"an echo of {data.hex()} instead of {echo.hex()}"


def _due(request: bytes, answer: bytes) -> int:
    """How many octets an answer of this function has, unit and function included, without check sum."""
    function = request[1]
    if answer[1] & EXCEPTION:
        return 3
    asked = int.from_bytes(request[4:6])
    if function in READ_BITS:
        return 3 + (asked + 7) // 8
    return 3 + 2 * asked if function in READ_REGISTERS else 6
