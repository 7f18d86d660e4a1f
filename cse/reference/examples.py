"""What a CREATE of a type may look like, by the type's short name: examples of the OpenAPI description.

They fit together: the parent of each is a CSEBase, or an example before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_EVERYBODY = {"acr": [{"acor": ["CAdmin", "Cmeter"], "acop": 63}]}
_GRAPH = "PHI6UkRGIHhtbG5zOnI9Imh0dHA6Ly93d3cudzMub3JnLzE5OTkvMDIvMjItcmRmLXN5bnRheC1ucyMiLz4="
_REQUEST = {"op": 2, "to": "cse/meter", "fr": "CAdmin", "rqi": "r1", "rvi": "3"}


def _managed(root: str, definition: int, **attributes: Any) -> dict[str, Any]:
    return {root: {"rn": root.partition(":")[2], "mgd": definition, **attributes}}


#: Below the CSEBase.
_OF_CSE: dict[str, dict[str, Any]] = {
    "ae": {"m2m:ae": {"rn": "meter", "api": "Norg.example.meter", "rr": False, "srv": ["3"], "scp": ["audio:RTP/AVP"]}},
    "acp": {"m2m:acp": {"rn": "readers", "pv": _EVERYBODY, "pvs": _EVERYBODY}},
    "lcp": {"m2m:lcp": {"rn": "position", "los": 2}},
    "mssp": {"m2m:mssp": {"rn": "contract"}},
    "mgc": {"m2m:mgc": {"rn": "restart", "cmt": 1, "ext": "node"}},
    "nod": {"m2m:nod": {"rn": "gateway", "ni": "urn:dev:ops:012345-gateway-1"}},
    "asar": {"m2m:asar": {"rn": "rule", "apci": ["Cmeter*"]}},
    "stcg": {"m2m:stcg": {"rn": "counted"}},
    "stcl": {"m2m:stcl": {"rn": "collected", "srs": 1, "sm": 1, "cei": "Cmeter", "evi": "event"}},
    "ntp": {"m2m:ntp": {"rn": "targets"}},
    "rol": {"m2m:rol": {"rn": "role", "rlid": "reader@example.com", "tkis": "CAdmin", "tkhd": "Cmeter",
                        "tknb": "20260101T000000", "tkna": "20990101T000000"}},
    "tk": {"m2m:tk": {"rn": "token", "tkid": "t1@example.com", "tkob": "YWJj.ZGVm.Z2hp.amts.bW5v"}},
    "dac": {"m2m:dac": {"rn": "consulted", "dae": True, "dap": ["http://127.0.0.1:9"]}},
    "ontr": {"m2m:ontr": {"rn": "ontologies"}},
    "smjp": {"m2m:smjp": {"rn": "mashup", "mbft": "SELECT ?s WHERE { ?s ?p ?o }", "uptd": _GRAPH, "fucd": _GRAPH}},
    "mms": {"m2m:mms": {"rn": "call", "soi": "Cmeter", "osd": {"sdc": ["v=0\r\ns=call\r\n"]}}},
    "tgr": {"m2m:tgr": {"rn": "wake", "mei": "123@example.com", "tvt": "PT1H30M", "tri": 9, "tpe": 1}},
    "bdt": {"m2m:bdt": {"rn": "transfer", "vpn": 2, "non": 2, "dtw": "* 0-30 8-18 * * 1-5 *"}},
    "tsb": {"m2m:tsb": {"rn": "beacon", "bcnc": 1, "bcnu": ["http://127.0.0.1:9/beacon"]}},
    "prp": {"m2m:prp": {"rn": "profile", "idl": ["Cmeter"]}},
    "auds": {"m2m:auds": {"rn": "decided"}},
    "aupy": {"m2m:aupy": {"rn": "policy"}},
    "auif": {"m2m:auif": {"rn": "information"}},
    "csr": {"m2m:csr": {"rn": "other", "csi": "/other", "cb": "/other/cse", "rr": False, "srv": ["3"], "cst": 2}},
    "dlv": {"m2m:dlv": {"sr": "/other", "tg": "/banyan", "ls": "20990101T000000", "ec": 4,
                        "dmd": {"tcop": True, "tcin": ["/other/cse"]}}},
}

#: Below the AE.
_OF_AE: dict[str, dict[str, Any]] = {
    "cnt": {"m2m:cnt": {"rn": "power", "mni": 1000, "lbl": ["unit:kW"]}},
    "fcnt": {"cod:tempe": {"rn": "temperature", "cnd": "org.onem2m.common.moduleclass.temperature", "curT0": 20.5}},
    "ts": {"m2m:ts": {"rn": "series", "mdn": 10}},
    "grp": {"m2m:grp": {"rn": "meters", "mnm": 20, "mid": ["cse/meter"]}},
    "pch": {"m2m:pch": {"rn": "polled"}},
    "sub": {"m2m:sub": {"rn": "changes", "nu": ["Cmeter"], "enc": {"net": [1, 3]}, "nct": 1}},
    "smd": {"m2m:smd": {"rn": "meaning", "dcrp": 4, "dsp": _GRAPH}},
    "actr": {"m2m:actr": {"rn": "switch", "sri": "cse/meter", "evc": {"sbjt": "apn", "optr": 1, "thld": "x"},
                          "evm": 1, "orc": "cse/meter", "apv": _REQUEST}},
    "crs": {"m2m:crs": {"rn": "both", "nu": ["Cmeter"], "rrat": ["cse/meter"], "encs": {"encn": [{"net": [1]}]},
                        "twt": 1, "tws": "PT60S"}},
    "prmr": {"m2m:prmr": {"rn": "process"}},
    "trac": {"m2m:trac": {"rn": "single", "tid": "t1", "rqp": _REQUEST, "tltp": 2}},
    "tram": {"m2m:tram": {"rn": "all", "tmd": 2, "rqps": {"req": [
        {"op": 2, "to": "cse/meter", "fr": "CAdmin", "rqi": "r1"}]}}},
}

#: Below one of those before.
_DEEPER: dict[str, dict[str, Any]] = {
    "cin": {"m2m:cin": {"rn": "first", "con": "4.2", "cnf": "text/plain:0"}},
    "tsi": {"m2m:tsi": {"rn": "first", "con": "4.2", "dgt": "20260131T235959"}},
    "sch": {"m2m:sch": {"rn": "hours", "se": {"sce": ["0 0-30 8-18 * * 1-5 *"]}}},
    "evcg": {"m2m:evcg": {"rn": "creations", "evt": 1}},
    "svsn": {"m2m:svsn": {"rn": "subscribed", "ni": "urn:dev:ops:012345-gateway-1"}},
    "ntpr": {"m2m:ntpr": {"rn": "reference", "ntu": ["Cmeter"]}},
    "pdr": {"m2m:pdr": {"rn": "rules"}},
    "ont": {"m2m:ont": {"rn": "ontology", "ontf": 1, "ontc": "http://example.com/ontology"}},
    "lmg": {"m2m:lmg": {"rn": "cast", "mad": {"ip4": "239.0.0.0/8", "ip6": "ff02::/16"}, "mgft": "cse/meter/fopt",
                        "mli": ["cse/meter"]}},
    "smi": {"m2m:smi": {"rn": "mashed", "mjid": "cse/mashup", "mst": 1, "rgt": 2, "jpin": _GRAPH}},
    "stte": {"m2m:stte": {"rn": "state"}},
    "depr": {"m2m:depr": {"rn": "if", "rri": "cse/meter", "evc": {"sbjt": "apn", "optr": 1, "thld": "x"}, "sfc": True}},
}

#: Below a node.
_OF_NODE: dict[str, dict[str, Any]] = {
    "fwr": _managed("m2m:fwr", 1001, vr="1.2", fwn="gateway", url="http://127.0.0.1:9/1.2", ud=False),
    "swr": _managed("m2m:swr", 1002, vr="1.2", swn="reader", url="http://127.0.0.1:9/1.2"),
    "mem": _managed("m2m:mem", 1003, mma=2_000_000, mmt=8_000_000),
    "ani": _managed("m2m:ani", 1004, ant="zigbee"),
    "andi": _managed("m2m:andi", 1005, dvd="1", dvt="sensor", awi="cse/gateway/ani"),
    "bat": _managed("m2m:bat", 1006, btl=80, bts=1),
    "dvi": _managed("m2m:dvi", 1007, dlb="serial:1", man="Example", mod="M1", dty="gateway"),
    "dvc": _managed("m2m:dvc", 1008, can="light", att=True, cas={"acn": "light", "sus": 1}, cus=True),
    "rbo": _managed("m2m:rbo", 1009),
    "evl": _managed("m2m:evl", 1010, lgt=1, lgd="started", lgst=1),
    "cmbf": _managed("m2m:cmbf", 1019, aec=[2], mbfs=1000, sgp=2),
    "cmdv": _managed("m2m:cmdv", 1014, od=1, dev=2, ror=["Cmeter"]),
    "cmdf": _managed("m2m:cmdf", 1013, cmlk=[{"nm": "values", "val": "cse/gateway/cmdv", "typ": 1014}]),
    "cmpv": _managed("m2m:cmpv", 1015, aec=[2], dqet=1000, dset=1000, doet=1000, drp=1000, dda=False),
    "cml": _managed("m2m:cml", 1016, od=1, ror=["Cmeter"], lec=[2], lqet=[10, 2560], lset=[10, 2560],
                    loet=[10, 2560], lrp=[10, 2560], lda=[True, False]),
    "cmnr": _managed("m2m:cmnr", 1017, aecs=[2]),
    "cmwr": _managed("m2m:cmwr", 1018, ttn=["lan"], mrv=2, swt=2,
                     bop={"bops": [{"nwa": 1, "ibt": 2, "abt": 2, "mbt": 2, "rbt": 2}]},
                     cmlk={"nm": "schedule", "val": "cse/gateway/hours", "typ": 0}),
    "cmp": _managed("m2m:cmp", 1011, cpn="policy", cmlk=[{"nm": "buffer", "val": "cse/gateway/cmbf", "typ": 1019}]),
    "acmp": _managed("m2m:acmp", 1012, acmlk="cse/gateway/cmp"),
    "datc": _managed("dcfg:datc", 1021, cntp="cse/meter/power"),
    "nycfc": _managed("dcfg:nycfc", 1023, suids=[10], mcff="PEM", mcfc="-"),
    "wific": _managed("dcfg:wific", 1028, ssid="example", scan=False),
    "crds": _managed("dcfg:crds", 1029),
    "sim": _managed("dcfg:sim", 1030, icid="8941000000000000000"),
    "mnwk": _managed("dcfg:mnwk", 1031, cnb=0),
}

EXAMPLES: Mapping[str, dict[str, Any]] = {**_OF_CSE, **_OF_AE, **_DEEPER, **_OF_NODE}
