"""A BACnet/IP device of another make (rusty-bacnet), as a program.

It prints its port, then takes lines of JSON: [type, instance, value] has an input say another value.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import rusty_bacnet as rusty

TYPES = {"analog-input": rusty.ObjectType.ANALOG_INPUT, "binary-input": rusty.ObjectType.BINARY_INPUT,
         "multi-state-input": rusty.ObjectType.MULTI_STATE_INPUT}


def _value(type_: str, value: Any) -> rusty.PropertyValue:
    if type_ == "analog-input":
        return rusty.PropertyValue.real(float(value))
    make = rusty.PropertyValue.enumerated if type_ == "binary-input" else rusty.PropertyValue.unsigned
    return make(int(value))


async def main(port: int) -> None:
    device = rusty.BACnetServer(device_instance=1234, device_name="AHU", interface="127.0.0.1", port=port,
                                broadcast_address="127.255.255.255",
                                bbmd=rusty.Bbmd([], accept_foreign_devices=True))
    device.add_analog_input(1, "Supply temperature", units=62, present_value=21.3)
    device.add_analog_input(2, "Power", units=48, present_value=-0.1)
    device.add_binary_input(1, "Fan runs")
    device.add_multistate_input(1, "Mode", 4)
    device.add_analog_output(1, "Valve", units=98)
    device.add_analog_value(1, "Setpoint", units=62)
    device.add_binary_value(1, "Enable")
    device.add_multistate_value(1, "Mode command", 3)
    device.add_integer_value(1, "Offset")
    device.add_large_analog_value(1, "Energy")
    await device.start()

    async def change(type_: str, instance: int, value: Any) -> None:
        await device.set_present_value_local(rusty.ObjectIdentifier(TYPES[type_], instance), _value(type_, value))

    await change("binary-input", 1, True)
    await change("multi-state-input", 1, 3)
    print((await device.local_address()).rsplit(":", 1)[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await change(*json.loads(line))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
