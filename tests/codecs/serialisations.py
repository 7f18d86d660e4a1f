"""Codecs of the tables of the standard, for tests."""

from __future__ import annotations

from typing import Any

from cse.codecs import Codecs
from cse.codecs.offered import codecs_of
from resources.registry import Registry

REGISTRY = Registry.default()
CODECS: Codecs = codecs_of(["cbor", "xml"], REGISTRY)
JSON, CBOR, XML = CODECS.by_name["json"], CODECS.by_name["cbor"], CODECS.by_name["xml"]
M2M = 'xmlns:m2m="http://www.onem2m.org/xml/protocols"'

#: Contents that are no resources, and resources as answers show them.
CONTENTS: dict[str, dict[str, Any]] = {
    "family": {"m2m:ae": {"rn": "ae1", "ty": 2, "rr": True, "lbl": ["a", "b"], "m2m:cnt": [{"rn": "c1", "ty": 3}]}},
    "children": {"m2m:ae": {"rn": "ae1", "ch": [{"val": "cse/ae1/c1", "nm": "c1", "typ": 3}]}},
    "references": {
        "m2m:rrl": {"rrf": [{"val": "cse/c1", "nm": "c1", "typ": 3}, {"val": "cse/c2", "nm": "c2", "typ": 3}]}
    },
    "no reference": {"m2m:rrl": {"rrf": []}},
    "addresses": {"m2m:uril": ["cse/a", "cse/b"]},
    "one address": {"m2m:uril": ["cse/a"]},
    "no address": {"m2m:uril": []},
    "address": {"m2m:uri": "cse/a"},
    "names": {"m2m:atrl": ["ri", "lbl"]},
    "debug": {"m2m:dbg": "a <b> & 'c'\n\"d\""},
    "created": {"m2m:rce": {"uri": "cse/ae1/c1", "m2m:cnt": {"rn": "c1", "ty": 3}}},
    "notification": {"m2m:sgn": {"nev": {"rep": {"m2m:cin": {"con": "21.5", "cs": 4}}, "net": 3}, "sur": "/cse/s"}},
    "verification": {"m2m:sgn": {"vrq": True, "sur": "/cse/s", "cr": "Cae1"}},
    "notifications": {"m2m:agn": {"m2m:sgn": [{"sur": "/cse/s", "sud": False}, {"sur": "/cse/t"}]}},
    "group": {
        "m2m:agr": {
            "m2m:rsp": [
                {"rsc": 2000, "rqi": "1", "rvi": "3", "pc": {"m2m:cin": {"con": 21.5}}},
                {"rsc": 4004, "rqi": "2", "rvi": "3"},
            ]
        }
    },
    "rights": {
        "m2m:acp": {
            "rn": "p",
            "pv": {"acr": [{"acor": ["C1", "C2"], "acop": 63}, {"acor": [], "acop": 1}]},
            "pvs": {"acr": [{"acor": ["all"], "acop": 3, "acco": [{"actw": ["* * * * * * *"]}]}]},
        }
    },
    "request": {
        "m2m:rqp": {
            "op": 2,
            "to": "cse",
            "rqi": "1",
            "rvi": "3",
            "rt": {"rtv": 2, "nu": ["http://a", "Cb"]},
            "fc": {"ty": [2, 3], "lbl": ["a"], "fu": 1, "atr": [{"nm": "x", "val": 5}]},
        }
    },
    "changes": {"m2m:cnt": {"lbl": None, "mni": 3, "disr": False}},
    "values": {"m2m:cin": {"con": {"a": [1, -2.5], "b": {"c": None, "d": True}, "e": "x"}}},
    "numbers": {"m2m:cin": {"con": 2**53 + 1}},
    "an empty text": {"m2m:cin": {"con": ""}},
    "unknown model": {"my:thing": {"a": "b", "c": ["d", "e"]}},
}
