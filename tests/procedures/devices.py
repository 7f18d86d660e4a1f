"""A device to manage and the resources that stand for it, for tests of nodes, management objects and commands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cse.device_management import Adapter, Command, DeviceError, ManagedObject, Outcome
from resources.status import Status
from tests.rig import Rig, only

NODE_ID = "urn:dev:1"
NODE = "cse/device"

#: A valid CREATE of every management object, by short name; without mgd.
OBJECTS: dict[str, dict[str, Any]] = {
    "fwr": {"vr": "1", "fwn": "boot", "url": "http://images/1", "ud": False},
    "swr": {"vr": "1", "swn": "meter", "url": "http://packages/1"},
    "mem": {"mma": 10, "mmt": 20},
    "ani": {"ant": "zigbee"},
    "andi": {"dvd": "d1", "dvt": "lamp", "awi": "cse/device/nowhere"},
    "bat": {"btl": 50, "bts": 1},
    "dvi": {"dlb": "label", "man": "maker", "mod": "model", "dty": "meter"},
    "dvc": {"can": "camera", "att": True, "cas": {"acn": "enable", "sus": 1}, "cus": False},
    "rbo": {},
    "evl": {"lgt": 1, "lgd": "", "lgst": 2},
    "cmp": {"cpn": "standard", "cmlk": []},
    "acmp": {"acmlk": "nowhere"},
    "cmdf": {"cmlk": []},
    "cmdv": {"od": 1, "dev": 3, "ror": ["localAE"]},
    "cmpv": {"aec": [0], "dqet": 1, "dset": 1, "doet": -1, "drp": 1, "dda": False},
    "cml": {"od": 1, "ror": ["localAE"], "lec": [3], "lqet": [0, 10], "lset": [0, 10], "loet": [0, 10], "lrp": [0, 10],
            "lda": [False]},
    "cmnr": {"aecs": [0]},
    "cmwr": {"ttn": ["default"], "mrv": 0, "swt": 0, "bop": {"bops": [{"ibt": 1, "abt": 1, "mbt": 1}]},
             "cmlk": {"nm": "allowed", "typ": 0, "val": "cse/device/allowed"}},
    "cmbf": {"aec": [0], "mbfs": 1000, "sgp": 1},
    "datc": {"cntp": "cse/data"},
    "nycfc": {"suids": [10], "mcff": "application/pkcs7-mime", "mcfc": "base64"},
    "wific": {"ssid": "home", "scan": False},
    "crds": {"pur": "cloud"},
    "sim": {"icid": "8931080019073497795"},
    "mnwk": {"cnb": 1},
}


@dataclass
class Device(Adapter):
    """A device in this process: remembers what it is asked, does it at once, or when ``finish`` is called.

    ``refuse`` is raised by what a request waits for, ``fail`` by an action; ``hang`` answers never.
    """

    asked: list[tuple[str, Any]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    outcome: Any = field(default_factory=Outcome)
    refuse: DeviceError | None = None
    fail: Exception | None = None
    hang: bool = False
    slow: bool = False
    technologies: tuple[str, ...] = ()
    node_id: str = NODE_ID

    def __post_init__(self) -> None:
        super().__init__(nodes=[self.node_id], technologies=self.technologies)
        self._finished = asyncio.Event()

    def __hash__(self) -> int:
        return id(self)

    def finish(self) -> None:
        """Let what is being done be done."""
        self._finished.set()

    def done(self, name: str) -> list[Any]:
        """What was asked of this kind."""
        return [what for kind, what in self.asked if kind == name]

    async def _answer(self, name: str, what: Any) -> None:
        self.asked.append((name, what))
        if self.hang:
            await asyncio.get_running_loop().create_future()
        if self.refuse is not None:
            raise self.refuse

    async def open(self, node_id: str) -> None:
        await self._answer("open", node_id)

    async def attach(self, managed: ManagedObject) -> None:
        await self._answer("attach", managed.kind)

    async def read(self, managed: ManagedObject) -> Mapping[str, Any]:
        await self._answer("read", managed.kind)
        return self.values

    async def write(self, managed: ManagedObject, changes: Mapping[str, Any]) -> None:
        await self._answer("write", dict(changes))

    async def detach(self, managed: ManagedObject) -> None:
        await self._answer("detach", managed.kind)

    async def perform(self, managed: ManagedObject, action: str) -> Outcome:
        self.asked.append(("perform", action))
        return await self._do()

    async def execute(self, command: Command) -> Outcome:
        self.asked.append(("execute", command))
        return await self._do()

    async def cancel(self, command: Command) -> None:
        self.asked.append(("cancel", command))
        if self.refuse is not None:
            raise self.refuse

    async def _do(self) -> Outcome:
        if self.slow:
            await self._finished.wait()
            self._finished.clear()
        if self.fail is not None:
            raise self.fail
        outcome: Outcome = self.outcome
        return outcome


def mgd_of(rig: Rig, short: str) -> int:
    """The mgmtDefinition of an object."""
    number: int = type_of(rig, short).discriminator[1]
    return number


def type_of(rig: Rig, short: str) -> Any:
    """The table of an object."""
    kinds = rig.cse.core.registry.specializations(13).values()
    return next(type_ for type_ in kinds if type_.short == short)


async def node(rig: Rig, name: str = "device", **attributes: Any) -> dict[str, Any]:
    """Make a node, by default the device's."""
    return await rig.made("cse", 14, {"rn": name, "ni": NODE_ID, **attributes})


async def add(rig: Rig, short: str, *, to: str = NODE, **attributes: Any) -> dict[str, Any]:
    """Make a management object that must be accepted; its name is its short name."""
    content = {"rn": short, "mgd": mgd_of(rig, short), **OBJECTS[short], **attributes}
    return await rig.made(to, 13, {type_of(rig, short).root: content})


async def change(rig: Rig, short: str, to: Any = "", fr: Any = "CAdmin", **attributes: Any) -> Any:
    """UPDATE a management object and return the response."""
    return await rig.update(to or f"{NODE}/{short}", {type_of(rig, short).root: attributes}, fr)


async def shown(rig: Rig, short: str) -> dict[str, Any]:
    """RETRIEVE a management object of the device."""
    return only(await rig.retrieve(f"{NODE}/{short}"))


def unreachable() -> DeviceError:
    """What an adapter raises when there is no way to the device."""
    return DeviceError("the device is switched off", Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED)
