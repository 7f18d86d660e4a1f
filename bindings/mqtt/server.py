"""The CSE at its broker: it listens to requests for itself and answers them (TS-0010 6.4)."""

from __future__ import annotations

import logging

from bindings.mqtt.client import MqttClient
from bindings.mqtt.mapping import REGISTRATION, Topic, lead_of, request_filters, response_filter
from bindings.mqtt.peer import Role
from cse.client.transport import Handler
from cse.primitive import Operation, RequestPrimitive
from resources.ae import AE
from resources.errors import BadRequest, OriginatorError
from resources.remote_cse import REMOTE_CSE
from resources.status import Status

_log = logging.getLogger(__name__)
#: How long a start waits for a broker; a CSE serves its other bindings without one.
_START_S = 3.0
#: Whom a registrar registers.
_REGISTREES = (AE.number, REMOTE_CSE.number)


class MqttServer:
    """Serves a CSE over the broker of ``client``, which is what its notifications go over too.

    With ``check_originator`` a request whose ``fr`` is not the originator of its topic is refused: for brokers that let
    a client publish under its own name alone.
    """

    def __init__(self, handler: Handler, client: MqttClient, *, check_originator: bool = False) -> None:
        self._handler = handler
        self._client = client
        self._check = check_originator

    @property
    def connected(self) -> bool:
        """True while the broker takes messages."""
        return self._client.home.connected

    async def start(self) -> str:
        """Listen and return the point of access."""
        client = self._client
        lead = lead_of(client.prefix)
        client.home.role = Role(self._handler, client.cse_id, self._admit)
        client.home.listen(*request_filters(lead, client.own), response_filter(lead, client.own))
        if reason := await client.home.start(_START_S):
            _log.warning("%s: cannot be reached yet (%s); this CSE goes on trying", client.address, reason)
        return f"{client.address}/{client.prefix}".rstrip("/")

    async def stop(self) -> None:
        """Answer what is under way and disconnect."""
        await self._client.home.close()

    def _admit(self, topic: Topic, request: RequestPrimitive) -> None:
        """Raise for a request that its topic is not for; learn how an AE writes itself."""
        originator = request.originator
        if topic.kind == REGISTRATION:
            if request.operation is not Operation.CREATE or request.resource_type not in _REGISTREES:
                raise BadRequest("MQTT: the topic reg_req is for registrations; use req for anything else")
            return
        if topic.originator in self._client.spellings(originator):
            self._client.learn(originator, topic.originator)
        elif self._check:
            raise OriginatorError(
                f"fr: {originator[:80]!r} is not the originator of the topic, {topic.originator[:80]!r}",
                Status.ORIGINATOR_HAS_NO_PRIVILEGE,
            )
