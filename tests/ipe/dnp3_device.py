"""A DNP3 outstation of another make (opendnp3), as a program.

It prints its port, then takes lines of JSON: [kind, index, value, flags] has an object say another value.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from typing import Any

import opendnp3

STATES = {True: opendnp3.DoubleBit.DETERMINED_ON, False: opendnp3.DoubleBit.DETERMINED_OFF}


MAKE: dict[str, Any] = {
    "binary_input": opendnp3.Binary, "double_bit_input": lambda value: opendnp3.DoubleBitBinary(STATES[value]),
    "binary_output": opendnp3.BinaryOutputStatus, "counter": opendnp3.Counter, "analog_input": opendnp3.Analog,
    "analog_output": opendnp3.AnalogOutputStatus,
}  # fmt: skip


def _object(kind: str, value: Any, flags: int) -> Any:
    made = MAKE[kind](value)
    if kind != "double_bit_input":
        made.flags = opendnp3.Flags(flags | (0x80 if kind.startswith("binary") and value else 0))
    made.time = opendnp3.DNPTime(int(time.time() * 1000))
    return made


class Commands(opendnp3.ICommandHandler):
    """Does what is commanded, up to 1,000 for analog outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.outstation: Any = None

    def Begin(self) -> None:  # noqa: N802
        pass

    def End(self) -> None:  # noqa: N802
        pass

    def Select(self, command: Any, index: int) -> Any:  # noqa: N802
        value = getattr(command, "value", 0)
        return opendnp3.CommandStatus.OUT_OF_RANGE if value > 1000 else (
            opendnp3.CommandStatus.NOT_SUPPORTED if index > 1 else opendnp3.CommandStatus.SUCCESS)

    def Operate(self, command: Any, index: int, handler: Any, operation: Any) -> Any:  # noqa: N802
        status = self.Select(command, index)
        if status == opendnp3.CommandStatus.SUCCESS:
            if hasattr(command, "value"):
                change = _object("analog_output", command.value, 1)
            else:
                on = command.opType == opendnp3.OperationType.LATCH_ON or command.tcc == opendnp3.TripCloseCode.CLOSE
                change = _object("binary_output", on, 1)
            handler.Update(change, index, opendnp3.EventMode.Detect)
        return status


def _say(outstation: Any, kind: str, index: int, value: Any, flags: int) -> None:
    builder = opendnp3.UpdateBuilder()
    if kind == "freeze":
        builder.FreezeCounter(index, False)
    else:
        builder.Update(_object(kind, value, flags), index, opendnp3.EventMode.Detect)
    outstation.Apply(builder.Build())


def main(port: int, reports: bool) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    manager = opendnp3.DNP3Manager(1)
    channel = manager.AddTCPServer("device", opendnp3.LogLevels(0), opendnp3.ServerAcceptMode.CloseExisting,
                                   opendnp3.IPEndpoint("127.0.0.1", port), None)
    config = opendnp3.OutstationStackConfig(opendnp3.DatabaseConfig(3))
    config.outstation.eventBufferConfig = opendnp3.EventBufferConfig.AllTypes(100)
    config.outstation.params.allowUnsolicited = reports
    config.link.LocalAddr, config.link.RemoteAddr = 10, 1
    commands = Commands()
    outstation = channel.AddOutstation("device", commands, opendnp3.IOutstationApplication(), config)
    outstation.Enable()
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            break
        except OSError:
            threading.Event().wait(0.01)
    print(port, flush=True)
    for line in sys.stdin:
        _say(outstation, *json.loads(line))
        print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "yes")
