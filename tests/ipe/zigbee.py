"""A Zigbee2MQTT bridge played by paho-mqtt at a Mosquitto: topics and messages as its documentation has them."""

from __future__ import annotations

import json
import threading
from typing import Any

import paho.mqtt.client as paho

BASE = "zigbee2mqtt"
DEVICES: list[dict[str, Any]] = [
    {"ieee_address": "0x00", "type": "Coordinator", "friendly_name": "Coordinator", "definition": None},
    {"ieee_address": "0x01", "type": "EndDevice", "friendly_name": "hall/climate", "disabled": False, "definition": {
        "model": "WSDCGQ01LM", "vendor": "Xiaomi", "exposes": [
            {"type": "numeric", "name": "temperature", "property": "temperature", "access": 1, "unit": "°C"},
            {"type": "binary", "name": "contact", "property": "contact", "access": 1, "value_on": False,
             "value_off": True},
            {"type": "text", "name": "note", "property": "note", "access": 1}]}},
    {"ieee_address": "0x02", "type": "Router", "friendly_name": "lamp", "disabled": False, "definition": {
        "model": "7146060PH", "vendor": "Philips", "exposes": [
            {"type": "light", "features": [
                {"type": "binary", "name": "state", "property": "state", "access": 7, "value_on": "ON",
                 "value_off": "OFF", "value_toggle": "TOGGLE"},
                {"type": "numeric", "name": "brightness", "property": "brightness", "access": 7, "value_min": 0,
                 "value_max": 254},
                {"type": "composite", "name": "color_xy", "property": "color", "features": [
                    {"type": "numeric", "name": "x", "property": "x", "access": 7},
                    {"type": "numeric", "name": "y", "property": "y", "access": 7}]}]},
            {"type": "enum", "name": "effect", "property": "effect", "access": 2, "values": ["blink", "okay"]},
            {"type": "enum", "name": "startup", "property": "startup", "access": 7, "values": ["off", "on", "last"]},
            {"type": "numeric", "name": "power", "property": "power", "access": 5, "unit": "W"}]}},
]  # fmt: skip
POINTS = """\
name,friendly_name,property,type,value_on,value_off,values,writable
a_temperature,hall/climate,temperature,numeric,,,,no
contact,hall/climate,contact,binary,false,true,,no
light,lamp,state,binary,ON,OFF,,yes
brightness,lamp,brightness,numeric,,,,yes
x,lamp,color.x,numeric,,,,yes
startup,lamp,startup,enum,,,off|on|last,yes
power,lamp,power,numeric,,,,no
gone,nowhere,state,binary,ON,OFF,,yes
"""
READABLE = {"a_temperature": 21.5, "contact": True, "light": True, "brightness": 120, "x": 0.3, "startup": 3,
            "power": 4.25}  # fmt: skip


class Bridge:
    """Answers set, get and health_check. ``power`` is told when it is asked for only."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.states: dict[str, dict[str, Any]] = {
            "hall/climate": {"temperature": 21.5, "contact": False, "note": "text"},
            "lamp": {"state": "ON", "brightness": 120, "color": {"x": 0.3, "y": 0.4}, "startup": "last"},
        }
        self.sets: list[Any] = []
        self._client: Any = None

    def start(self) -> None:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)  # type: ignore[attr-defined]
        ready = threading.Event()
        client.will_set(f"{BASE}/bridge/state", '{"state":"offline"}', 1, True)
        client.on_message = self._asked
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        self._client = client
        client.subscribe([(f"{BASE}/{topic}", 1) for topic in ("+/set", "+/get", "bridge/request/#")])
        assert ready.wait(10)
        self.say("bridge/devices", DEVICES, retain=True)
        for device, state in self.states.items():
            self.say(f"{device}/availability", {"state": "online"}, retain=True)
            self.say(device, state, retain=True)
        self.say("bridge/state", {"state": "online"}, retain=True)

    def stop(self) -> None:
        if self._client is not None:
            self.say("bridge/state", {"state": "offline"}, retain=True)
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def say(self, topic: str, content: Any, *, retain: bool = False) -> None:
        payload = content if isinstance(content, bytes) else json.dumps(content)
        one = self._client.publish(f"{BASE}/{topic}", payload, 1, retain)
        if threading.current_thread() is threading.main_thread():
            one.wait_for_publish(10)

    def _asked(self, _client: Any, _data: Any, message: Any) -> None:
        topic, content = message.topic.removeprefix(f"{BASE}/"), json.loads(message.payload)
        if topic == "bridge/request/health_check":
            self.say("bridge/response/health_check",
                     {"data": {"healthy": True}, "status": "ok", "transaction": content["transaction"]})
        elif topic == "lamp/get" and "power" in content:
            self.say("lamp", {**self.states["lamp"], "power": 4.25})
        elif topic == "lamp/set":
            self.sets.append(content)
            if content.get("brightness", 0) > 254:
                self.say("bridge/logging", {
                    "level": "error", "message": "Publish 'set' 'brightness' to 'lamp' failed: 'INVALID_VALUE'"})
            elif content.get("brightness") != 7:
                self.states["lamp"] |= content
                self.say("lamp", self.states["lamp"], retain=True)
