"""Modbus TCP: meters, inverters, controllers, gateways to Modbus RTU."""
