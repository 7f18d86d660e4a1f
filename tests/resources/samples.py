"""A fitting value for every data type, made from its members; what a walk through a value meets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resources.datatypes import DataType

JWS = "YWJj.ZGVm.Z2hp"
JWE = "YWJj.ZGVm.Z2hp.amts.bW5v"
SCHEDULE = "* 0-30 8-18 * * 1-5 *"

#: Texts for types with a pattern; numbers, true and enumerations come from the kind.
TEXTS = {
    "xs:duration": "PT1H30M",
    "xs:token": "room:101",
    "xs:date": "20260131",
    "xs:time": "120000",
    "xs:base64Binary": "QUJD",
    "xs:hexBinary": "0aFF",
    "m2m:timestamp": "20260131T235959",
    "m2m:absRelTimestamp": "20260131T235959,5",
    "m2m:SP-ID": "//sp.example",
    "m2m:deviceID": "urn:dev:ops:012345-box-0123",
    "m2m:externalID": "123@domain.com",
    "m2m:roleID": "r1@issuer.com",
    "m2m:tokenID": "t1@issuer.com",
    "m2m:ipv4": "10.0.0.0/8",
    "m2m:ipv6": "fd00::/32",
    "m2m:countryCode": "CH",
    "m2m:pointOfAccess": "http://10.0.0.1:8080",
    "m2m:typeOfContent": "application/json",
    "m2m:contentInfo": "text/plain:0",
    "m2m:scheduleEntry": SCHEDULE,
    "m2m:serialization": "json",
    "m2m:releaseVersion": "3",
    "m2m:sessionDescription": "v=0\r\ns=call\r\n",
    "m2m:e2eCompactJWS": JWS,
    "m2m:e2eCompactJWE": JWE,
    "m2m:dynAuthJWT": JWE,
    "M2M-SP-ID": "//sp",
    "CSE-ID, SP-relative": "/cse",
    "CSE-ID, absolute": "//sp/cse",
    "AE-ID-Stem": "Cae",
    "AE-ID, CSE-relative": "Sae",
    "AE-ID, SP-relative": "/cse/Cae",
    "AE-ID, absolute": "//sp/Sae",
    "resource ID, SP-relative": "/cse/id",
    "resource ID, absolute": "//sp/cse/id",
    "hybrid": "id/la",
}
#: Lists whose entries have a pattern but no name of their own, and objects that are not the sum of their members.
VALUES: dict[str, Any] = {
    "m2m:listOfMinMax": [10, 2560],
    "restricted list of xs:boolean": [True, False],
    "m2m:protocolList": ["audio/L16;rate=8000"],
    "m2m:sessionCapabilities": ["audio:RTP/AVP"],
    "m2m:missingDataList": ["PT5S", "PT10S"],
    "m2m:specializationType": {"cnd": "org.onem2m.home.device.light"},
    "m2m:locationRegion": {"accr": [8.5, 47.4, 100.0]},
    "m2m:geoCoordinates": {"typ": 3, "crd": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    "m2m:securityInfo": {"sit": 5, "epo": JWE},
    "dcfg:wifiCredentials": {"enct": 7, "unm": "u", "pwd": "p"},
    "m2m:resourceWrapper": {"m2m:cnt": {"ri": "c1"}, "uri": "cse/c1"},
    "m2m:representation": {"m2m:cin": {"con": None}},
    "m2m:primitiveContent": {"m2m:cnt": {"rn": "c1"}},
    "m2m:tokenClaimSet": {
        "vr": "1.0", "tkid": "t1@i.com", "tkhd": "Cae", "tkis": "/cse", "tknb": "20260101T000000",
        "tkna": "20270101T000000", "tknm": "n", "tkau": ["/cse"], "tkex": "", "tkps": {"pm": [{"rids": ["r1@i.com"]}]},
    },
    "m2m:dynAuthTokenSummary": {
        "tkid": "t1@i.com", "tknb": "20260101T000000", "tkna": "20270101T000000", "tknm": "n", "tkau": ["/cse"],
    },
}  # fmt: skip


def sample(type_: DataType) -> Any:
    """A fitting value with every member that can stand beside the others."""
    if type_.name in VALUES:
        return VALUES[type_.name]
    if type_.members:
        return {member.short: sample(member.value_type) for member in type_.members}
    if type_.item is not None:
        return [sample(type_.item)] * max(1, type_.schema.get("minItems", 0))
    if type_.name in TEXTS:
        return TEXTS[type_.name]
    if "oneOf" in type_.schema:
        return type_.schema["oneOf"][0]["const"]
    return {"number": 2, "boolean": True}.get(type_.json, "Nabc")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every place in a value: its path as messages write it, and the keys that lead there."""
    if path:
        yield path, []
    pairs: list[tuple[Any, str]] = []
    if isinstance(value, dict):
        pairs = [(key, f"{path}.{key}" if path else key) for key in value]
    elif isinstance(value, list):
        pairs = [(index, f"{path}[{index}]") for index in range(len(value))]
    for key, inner in pairs:
        for where, keys in leaves(value[key], inner):
            yield where, [key, *keys]


def replaced(value: Any, keys: list[Any], other: Any) -> Any:
    """A copy of the value with another one at a place."""
    if not keys:
        return other
    first, *rest = keys
    if isinstance(value, dict):
        return {**value, first: replaced(value[first], rest, other)}
    return [*value[:first], replaced(value[first], rest, other), *value[first + 1 :]]
