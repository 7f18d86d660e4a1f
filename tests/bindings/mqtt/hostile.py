"""Messages that no decent AE publishes: requests that were correct once, on topics that were, through a real broker."""

from __future__ import annotations

import random
from collections.abc import Iterator

from cse.codecs import REQUEST_ROOT, RESPONSE_ROOT
from cse.parameters import object_from_request, object_from_response
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import CseError
from resources.status import Status
from tests.bindings.contract import REQUESTS
from tests.bindings.mqtt.served import ADMIN
from tests.codecs.mutants import PIECES, mutants
from tests.codecs.serialisations import CODECS

#: What may be done as often as one likes: it leaves nothing that grows.
HARMLESS = [
    RequestPrimitive(Operation.CREATE, "cse/box", ADMIN, "r1", "3", resource_type=4, content={"m2m:cin": {"con": "1"}}),
    RequestPrimitive(Operation.UPDATE, "cse/box", ADMIN, "r2", "3", content={"m2m:cnt": {"lbl": ["a", "b"]}}),
    RequestPrimitive(Operation.DELETE, "cse/box/la", ADMIN, "r3", "3"),
    RequestPrimitive(Operation.NOTIFY, "cse", ADMIN, "r4", "3", content={"m2m:sgn": {"sur": "cse/box/s"}}),
    *(one for one in REQUESTS.values() if one.operation is Operation.RETRIEVE and one.response_type == 3),
]  # fmt: skip
TYPES = ["json", "cbor", "xml", "yaml", "json ", "JSON", "j" * 200, "\u2028", "json/json", "%2e"]
LEVELS = [ADMIN, "Cae1", "C", "S", ":", "::::", "//", "a:b:c:d", "x" * 900, "전력", "\ufffd", "..", "*", "$SYS", "%00"]


def payloads(name: str, seed: int, count: int) -> Iterator[bytes]:
    """Requests and answers in a serialisation, changed."""
    codec = CODECS.of_name(name)
    assert codec is not None
    whole = [codec.encode_primitive(object_from_response(ResponsePrimitive(Status.OK, "r1")), RESPONSE_ROOT)]
    for request in HARMLESS:
        try:
            whole.append(codec.encode_primitive(object_from_request(request), REQUEST_ROOT))
        except CseError:
            assert name == "xml", "what XML cannot say is not sent"
    return mutants(whole, PIECES[name], seed, count)


def messages(cse: str, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Make ``count`` topics with payloads for the CSE that is written ``cse`` in topics."""
    chance = random.Random(seed)
    made = {name: payloads(name, seed, count) for name in ("json", "cbor", "xml")}
    for _ in range(count):
        name = chance.choice(list(made))
        kind = chance.choice(("req", "req", "req", "req", "reg_req", "resp", "reg_resp"))
        originator = ADMIN if chance.random() < 0.8 else chance.choice(LEVELS)
        type_ = name if chance.random() < 0.9 else chance.choice(TYPES)
        levels = (cse, originator) if kind.endswith("resp") else (originator, cse)
        yield f"/oneM2M/{kind}/{'/'.join(levels)}/{type_}", next(made[name])
