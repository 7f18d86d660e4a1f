"""Zigbee devices through the MQTT topics of a Zigbee2MQTT bridge."""
