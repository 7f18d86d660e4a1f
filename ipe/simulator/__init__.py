"""A building to try things on: its floors and weather are BACnet devices, its meters a Modbus gateway."""
