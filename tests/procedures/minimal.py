"""The least that a resource of each type has to be created with, and a place for it under each of its parents."""

from __future__ import annotations

import base64
from typing import Any

from cse.operations.internal import make
from cse.storage.memory import MemoryStore
from cse.work import Work
from resources.model import Optionality, ResourceType
from tests.resources.samples import JWE, SCHEDULE, sample
from tests.rig import ADMIN, Rig, RigClock, only

AE, FAR = "Cae1", "/far"
REQUEST = {"op": 2, "to": "cse/cae1", "fr": ADMIN, "rqi": "r1", "rvi": "3"}
CRITERIA = {"sbjt": "apn", "optr": 1, "thld": "x"}
UNIVERSAL = frozenset({"rn", "ty", "ri", "pi", "ct", "lt", "et"})
QUERY = "SELECT ?s WHERE { ?s ?p ?o }"
GRAPH = base64.b64encode(b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>').decode()
RULES = {"acr": [{"acor": [ADMIN, AE], "acop": 63}]}

#: What a sample of the mandatory attributes does not know, by short name of the type.
CONTENTS: dict[str, dict[str, Any]] = {
    "acp": {"pv": RULES, "pvs": RULES},
    "actr": {"sri": "cse/cae1", "evc": CRITERIA, "evm": 1, "orc": "cse/cae1", "apv": REQUEST},
    "ae": {"api": "Napp", "rr": True, "srv": ["3"]},
    "bdt": {"dtw": SCHEDULE},
    "crs": {"nu": ["http://sink/a"], "rrat": ["cse/cae1"], "encs": {"encn": [{"net": [1]}]}, "twt": 1, "tws": "PT60S"},
    "depr": {"rri": "cse/cae1", "evc": CRITERIA, "sfc": True},
    "dlv": {"sr": "/banyan", "tg": "/banyan", "ls": "20990101T000000", "ec": 4},
    "evcg": {"evt": 1},
    "grp": {"mnm": 2, "mid": ["cse/cae1"]},
    "lcp": {"los": 2},
    "mms": {"soi": AE},
    "ont": {"ontf": 1, "ontc": "http://example.com/ontology"},
    "prp": {"idl": [AE]},
    "rol": {"tknb": "20260101T000000", "tkna": "20990101T000000"},
    "sch": {"se": {"sce": [SCHEDULE]}},
    "smd": {"dcrp": 5, "dsp": "PGE+IDxiPiA8Yz4u"},
    "sim": {"icid": "8941000000000000000"},
    "smi": {"rgt": 2, "jpin": GRAPH},
    "smjp": {"mbft": QUERY, "uptd": GRAPH, "fucd": GRAPH},
    "stcl": {"cei": AE, "evi": "event"},
    "sub": {"nu": ["http://sink/a"]},
    "tgr": {"tri": 9, "tpe": 1},
    "tk": {"tkob": JWE},
    "trac": {"rqp": REQUEST},
    "tram": {"rqps": {"req": [{name: value for name, value in REQUEST.items() if name != "rvi"}]}, "tmd": 2},
    "tsb": {"bcnc": 1, "bcnu": ["http://sink/a"]},
    "tsi": {"dgt": "20260131T235959", "con": "1"},
}

#: What the CMDH policies link to.
LINKS = {
    "cmdhPolicy": {"cmlk": [{"nm": "buffer", "val": "later", "typ": 1019}]},
    "cmdhDefaults": {"cmlk": [{"nm": "values", "val": "later", "typ": 1014}]},
}

#: The parent that others stand under, where it is not the first of the table.
PLACES = {"container": "AE", "subscription": "AE", "schedule": "node", "semanticDescriptor": "AE", "mgmtObj": "node",
          "transaction": "AE"}


async def content(rig: Rig, type_: ResourceType, fr: str = ADMIN, to: str = "cse/cae1") -> dict[str, Any]:
    """A minimal content with its root; of device models one stands for all."""
    registry = rig.cse.core.registry
    if type_.number in registry.discriminators and type_.discriminator is None:
        type_ = min(registry.specializations(type_.number).values(), key=_mandatory)
    known = {**CONTENTS.get(type_.short, {}), **LINKS.get(type_.name, {})}
    given = {row.short: sample(row.type) for row in type_.attributes
             if row.create is Optionality.MANDATORY and row.short not in known}
    if type_.discriminator is not None:
        given[type_.discriminator[0]] = type_.discriminator[1]
    if type_.short == "smi":
        await place(rig, "semanticDescriptor")
        given["mjid"] = await place(rig, "semanticMashupJobProfile")
    whole = {**given, **known}
    if type_.short == "trac":
        whole |= {"tltp": 2, "rqp": {**REQUEST, "fr": fr, "to": to}}
    return {type_.root: whole}


def _mandatory(type_: ResourceType) -> tuple[int, str]:
    return sum(row.create is Optionality.MANDATORY for row in type_.attributes), type_.name


async def opened(store: MemoryStore, clock: RigClock | None = None) -> Rig:
    """A CSE with an AE that can do everything, where another CSE is an administrator as well."""
    rig = await Rig.open(store=store, clock=clock, administrators=[ADMIN, FAR])
    if clock is None:
        await rig.register(AE, scp=["audio:RTP/AVP"])
    return rig


async def place(rig: Rig, name: str) -> str:
    """Make a resource of the type with this long name; returns its address."""
    registry = rig.cse.core.registry
    if name in ("CSEBase", "AE"):
        return {"CSEBase": "cse", "AE": "cse/cae1"}[name]
    type_ = registry.by_name.get(name) or next(one for one in registry.types if one.name == name)
    parents = [one for one in type_.parents if one not in (name, "remoteCSE", "mgmtObj")]
    parent = PLACES.get(name) or parents[0]
    under = await place(rig, parent)
    if not type_.creatable or type_.short == "lmg":
        return await planted(rig, under, type_)
    response = await rig.create(under, type_.number, await content(rig, type_, to=under), originator_of(type_, parent))
    return str(only(response)["ri"])


async def planted(rig: Rig, under: str, type_: ResourceType) -> str:
    """Put something into the tree that only the CSE makes."""
    core, work = rig.cse.core, Work()
    parent = core.tree.find(under)
    assert parent is not None
    given = {row.short: sample(row.type) for row in type_.attributes
             if row.single and row.default is None and row.short not in UNIVERSAL}
    made = make(core, work, parent, type_, given, creator=ADMIN)
    await core.commit(work)
    return made.ri


def originator_of(type_: ResourceType, parent: str = "") -> str:
    """Who creates a resource of this type below a parent of that one."""
    if parent == "pollingChannel":
        return AE
    if type_.short == "pch":
        return {"AE": AE, "remoteCSE": FAR}.get(parent, ADMIN)
    return {"ae": "Cnew", "csr": FAR, "dlv": FAR}.get(type_.short, ADMIN)
