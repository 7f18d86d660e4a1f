"""Zigbee2MQTT: the devices of one bridge by their topics. The only importer of gmqtt among the proxies.

What a device said is known until the bridge says that it is offline; then it is forgotten and has to be said again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gmqtt
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTError

from ipe.driver import DeviceUnreachable, FieldProtocol, PointError, Told
from ipe.points import Value
from ipe.settings import SettingsError
from ipe.zigbee.mapping import (
    COLUMNS,
    GETTABLE,
    MISSING,
    SETTABLE,
    Exposed,
    Feature,
    ZigbeePoint,
    at,
    decode,
    devices_of,
    encode,
    feature_of,
    is_device_name,
    nested,
    online,
    parsed_object,
    rows,
    same,
)

OFFLINE = "the device is offline"
MOST_DEVICES = 10_000
_NEVER = -2


class ZigbeeDriver:
    """One bridge; settings as in the manifest."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._base = f"{settings['base_topic']}/"
        self._client: gmqtt.Client | None = None
        self._subscribed: list[ZigbeePoint] = []
        self._told: Told | None = None
        self._forget()

    def _forget(self) -> None:
        self._changed = asyncio.Event()
        self._lost = asyncio.Event()
        self._bridge: bool | None = None
        self._devices: dict[str, list[Exposed]] | None = None
        self._states: dict[str, dict[str, Any]] = {}
        self._offline: set[str] = set()
        self._confirming: tuple[Feature, Any] | None = None
        self._outcome: Any = MISSING
        self._refusal = ""
        self._answered = ""

    async def connect(self) -> None:
        """Connect to the broker and wait for the bridge; raises DeviceUnreachable. What was known is forgotten."""
        await self.close()
        self._forget()
        client = self._made()
        self._client = client
        try:
            async with asyncio.timeout(self._settings["timeout_s"]):
                await self._established(client)
        except (OSError, TimeoutError, MQTTError, ValueError) as error:
            await self.close()
            reason = str(error) or "no answer"
            raise DeviceUnreachable(f"no connection to the broker at {self._name}: {reason}") from None
        client.subscribe(f"{self._base}#", qos=1)
        try:
            await self._until(lambda: self._bridge is not None and self._devices is not None,
                              f"no Zigbee2MQTT bridge tells its state and devices under {self._base}bridge")
            await self._ask_bridge()
        except DeviceUnreachable:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect; nothing is told any more."""
        self._subscribed, self._told = [], None
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(1.0):
                    await client.disconnect()

    async def read(self, points: Sequence[ZigbeePoint]) -> dict[str, Value | PointError]:
        """Return what the devices said last; what one never said is asked for where it can be. Raises as the port."""
        await self._present()
        unknown = [point.address for point in points if self._can_get(point.address)]
        for feature in unknown:
            self._publish(f"{feature.device}/get", nested(feature.path, ""))
        if unknown:
            with contextlib.suppress(TimeoutError):
                await self._wait(lambda: not any(self._can_get(feature) for feature in unknown))
            self._check()
        return {point.name: self._value(point.address) for point in points}

    async def write(self, point: ZigbeePoint, value: Value) -> None:
        """Set a property and wait for the device's next state to have it; raises PointError or DeviceUnreachable."""
        feature = point.address
        wanted = encode(feature, value)
        await self._present()
        self._check_device(feature)
        if not self._access(feature) & SETTABLE:
            raise PointError(f"{feature}: the device does not let it be set")
        self._confirming, self._outcome, self._refusal = (feature, wanted), MISSING, ""
        try:
            self._publish(f"{feature.device}/set", self._setting(feature, wanted))
            await self._wait(lambda: bool(self._refusal) or _confirms(self._outcome, wanted)
                             or feature.device in self._offline)  # fmt: skip
        except TimeoutError:
            self._check()
            said = "nothing" if self._outcome is MISSING else repr(self._outcome)[:80]
            raise PointError(f"{feature}: no confirmation in {self._settings['timeout_s']:g} s; "
                             f"the device said {said} after it was set to {wanted!r}") from None  # fmt: skip
        finally:
            self._confirming = None
        self._check()
        if _confirms(self._outcome, wanted):
            return
        raise PointError(f"{feature}: {self._refusal or OFFLINE}")

    async def subscribe(self, points: Sequence[ZigbeePoint], told: Told) -> frozenset[str]:
        """Tell of these points from now on; the bridge tells of all."""
        await self._present()
        self._told = told
        self._subscribed = [*self._subscribed, *points]
        return frozenset(point.name for point in points)

    async def discover(self) -> list[dict[str, str]]:
        """Return a row for each number, switch and choice that a device exposes."""
        await self._present()
        return rows(self._devices or {})

    def _value(self, feature: Feature) -> Value | PointError:
        try:
            self._check_device(feature)
            found = at(self._states.get(feature.device, {}), feature.path)
            if found is MISSING:
                return PointError(f"{feature}: the device has not told it since it is online")
            return decode(feature, found)
        except PointError as error:
            return error

    def _check_device(self, feature: Feature) -> None:
        if feature.device not in (self._devices or {}):
            raise PointError(f"{feature}: the bridge has no device {feature.device!r}")
        if feature.device in self._offline:
            raise PointError(OFFLINE)

    def _access(self, feature: Feature) -> int:
        access = 0
        for one in (self._devices or {}).get(feature.device, ()):
            if one.path == feature.path:
                access |= one.access
        return access

    def _can_get(self, feature: Feature) -> bool:
        known = at(self._states.get(feature.device, {}), feature.path) is not MISSING
        return (not known and feature.device not in self._offline and bool(self._access(feature) & GETTABLE))

    def _setting(self, feature: Feature, wanted: Any) -> dict[str, Any]:
        """What to set: a part of a composite goes with the other parts of it that the device told."""
        whole = nested(feature.path, wanted)
        if len(feature.path) < 2:
            return whole
        state, above = self._states.get(feature.device, {}), feature.path[:-1]
        part = at(whole, above)
        exposes = (self._devices or {}).get(feature.device, ())
        for name in next((one.beside for one in exposes if one.path == feature.path), ()):
            known = at(state, (*above, name))
            if known is not MISSING:
                part.setdefault(name, known)
        return whole

    async def _present(self) -> None:
        """Make sure of the bridge, and that all it said before was heard; raises DeviceUnreachable."""
        if self._client is None:
            await self.connect()
        self._check()
        await self._ask_bridge()

    def _check(self) -> None:
        if self._lost.is_set() or self._client is None:
            raise DeviceUnreachable(f"the connection to the broker at {self._name} was lost")
        if self._bridge is False:
            raise DeviceUnreachable(f"the bridge {self._base}bridge is offline")

    async def _ask_bridge(self) -> None:
        asked = uuid.uuid4().hex
        self._publish("bridge/request/health_check", {"transaction": asked})
        await self._until(lambda: self._answered == asked, f"the bridge {self._base}bridge does not answer")

    async def _until(self, is_so: Callable[[], bool], otherwise: str) -> None:
        """Wait for something of the bridge; raises DeviceUnreachable."""
        try:
            await self._wait(is_so)
        except TimeoutError:
            raise DeviceUnreachable(otherwise) from None
        self._check()

    async def _wait(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so or everything is lost; raises TimeoutError."""
        async with asyncio.timeout(self._settings["timeout_s"]):
            while not (is_so() or self._lost.is_set() or self._bridge is False):
                self._changed.clear()
                await self._changed.wait()

    def _publish(self, topic: str, content: Mapping[str, Any]) -> None:
        self._check()
        assert self._client is not None
        try:
            self._client.publish(self._base + topic, json.dumps(content).encode(), qos=1)
        except Exception as error:
            raise DeviceUnreachable(f"the connection to the broker at {self._name} was lost: {error}") from error

    def _take(self, topic: str, payload: bytes) -> None:
        """Take one message of the bridge's topics; whatever it is, it raises nothing."""
        if not topic.startswith(self._base):
            return
        rest = topic[len(self._base) :]
        if rest.startswith("bridge/"):
            self._take_bridge(rest[7:], payload)
        elif rest.endswith("/availability"):
            self._take_availability(rest.removesuffix("/availability"), payload)
        elif is_device_name(rest):
            self._take_state(rest, payload)
        self._changed.set()

    def _take_bridge(self, topic: str, payload: bytes) -> None:
        if topic == "state":
            self._bridge = online(payload)
            if self._bridge is not True:
                self._states.clear()
                self._tell(self._subscribed, f"the bridge {self._base}bridge is offline")
        elif topic == "devices":
            devices = devices_of(payload)
            if devices is not None:
                self._devices = devices
                for gone in self._states.keys() - devices:
                    del self._states[gone]
                self._tell([one for one in self._subscribed if one.address.device not in devices], "")
        elif topic == "response/health_check":
            found = parsed_object(payload) or {}
            data = found.get("data")
            if found.get("status") == "ok" and isinstance(data, dict) and data.get("healthy") is True:
                self._answered = str(found.get("transaction"))
        elif topic == "logging" and self._confirming is not None:
            found = parsed_object(payload) or {}
            message = found.get("message")
            named = f"'{self._confirming[0].device}'"
            if found.get("level") == "error" and isinstance(message, str) and named in message:
                self._refusal = f"the bridge says: {message[:300]}"

    def _take_availability(self, device: str, payload: bytes) -> None:
        """What is neither online nor offline is taken for offline: nothing is surely right then."""
        if online(payload) is True:
            self._offline.discard(device)
        elif len(self._offline) < MOST_DEVICES:
            self._offline.add(device)
            self._states.pop(device, None)
            self._tell([one for one in self._subscribed if one.address.device == device], OFFLINE)

    def _take_state(self, device: str, payload: bytes) -> None:
        """Take a state. What a bridge says of an offline device is what it remembers, so it is left alone."""
        if device in self._offline or (self._devices is not None and device not in self._devices):
            return
        state = parsed_object(payload)
        if state is None or (device not in self._states and len(self._states) >= MOST_DEVICES):
            return
        self._states.setdefault(device, {}).update(state)
        if self._confirming is not None and self._confirming[0].device == device:
            found = at(state, self._confirming[0].path)
            if not _confirms(self._outcome, self._confirming[1]):
                self._outcome = self._outcome if found is MISSING else found
        for point in self._subscribed:
            if point.address.device == device and point.address.path[0] in state and self._told is not None:
                self._told(point.name, self._value(point.address))

    def _tell(self, points: Sequence[ZigbeePoint], reason: str) -> None:
        """Tell that points have no value; without a reason, why they have none."""
        for point in points:
            value = PointError(reason) if reason else self._value(point.address)
            if self._told is not None:
                self._told(point.name, value)

    async def _established(self, client: gmqtt.Client) -> None:
        """Wait for a connection or its end, as gmqtt would wait on for a broker that has hung up."""
        given = self._settings
        tls: Any = ssl.create_default_context(cafile=given["ca_file"]) if given["ca_file"] else False
        connecting = asyncio.ensure_future(client.connect(
            given["host"], given["port"], ssl=tls, keepalive=15, version=MQTTv311))  # fmt: skip
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({connecting, lost}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({connecting}, timeout=0.05)  # a refusal says why before it hangs up
            if not connecting.done():
                raise OSError("the broker hangs up")
            connecting.result()
        finally:
            connecting.cancel()
            lost.cancel()
            await asyncio.gather(connecting, lost, return_exceptions=True)

    def _made(self) -> gmqtt.Client:
        logging.getLogger("gmqtt").setLevel(logging.CRITICAL)
        client = gmqtt.Client(f"banyan-{uuid.uuid4().hex[:16]}", clean_session=True)
        client.reconnect_retries = _NEVER
        if self._settings["user"]:
            client.set_auth_credentials(self._settings["user"], self._settings["password"] or None)

        def message(_client: Any, topic: Any, payload: bytes, _qos: int, _properties: Any) -> int:
            if client is self._client and isinstance(topic, str):
                self._take(topic, payload)
            return 0

        def disconnected(_client: Any, _packet: Any, _error: Any = None) -> None:
            if client is self._client:
                self._tell(self._subscribed, f"the connection to the broker at {self._name} was lost")
                self._lost.set()
                self._changed.set()

        client.on_message, client.on_disconnect = message, disconnected
        return client

    @property
    def _name(self) -> str:
        return f"{self._settings['host']}:{self._settings['port']}"


def _confirms(found: Any, wanted: Any) -> bool:
    if found is MISSING:
        return False
    if isinstance(found, int | float) and isinstance(wanted, int | float) and not isinstance(found, bool):
        return not isinstance(wanted, bool) and abs(found - wanted) <= 1e-6 * abs(wanted)
    return same(found, wanted)


def _open_driver(settings: Mapping[str, Any]) -> ZigbeeDriver:
    base = settings["base_topic"]
    if not base or any(c in base for c in "+#\0") or base.startswith("/") or base.endswith("/"):
        raise SettingsError("[device]: base_topic: expected a topic such as zigbee2mqtt, without + # and / at its ends")
    if settings["timeout_s"] <= 0:
        raise SettingsError("[device]: timeout_s: expected a number above 0")
    return ZigbeeDriver(settings)


ZIGBEE: FieldProtocol[Feature] = FieldProtocol(COLUMNS, feature_of, _open_driver)
