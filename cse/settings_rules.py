"""What each setting means and which values it may have: one row per key.

The loader checks by these rows; the commented default file, the JSON Schema and docs/settings.md are printed from them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cse.security.transport import is_group, is_loopback
from cse.settings import BrokerSettings, CoapSettings, HttpSettings, Settings, WebSocketSettings

_NAME = r"[A-Za-z0-9._~-]+"


@dataclass(frozen=True, slots=True)
class Rule:
    """``about`` says what the setting does; the rest bounds its value, or each member of a list.

    ``form`` puts ``pattern`` into words for the error message. ``above`` excludes its number, ``least`` includes it.
    """

    about: str
    form: str = ""
    pattern: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    above: float | None = None
    most: float | None = None

    def expected(self) -> str:
        """What would be right, as the end of a sentence that starts with 'expected'."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.form:
            return self.form
        if self.most is not None:
            return f"a number from {self.least:g} to {self.most:g}"
        return f"a number above {self.above:g}" if self.above is not None else f"a number of at least {self.least:g}"

    def allows(self, value: object) -> bool:
        """Whether a value of the right type is within the bounds."""
        if isinstance(value, list):
            return all(self.allows(member) for member in value)
        if isinstance(value, str):
            return (not self.choices or value in self.choices) and bool(re.fullmatch(self.pattern or "(?s:.*)", value))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return (
            math.isfinite(value)
            and (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
        )

    def schema(self) -> dict[str, Any]:
        """The bounds as JSON Schema keywords."""
        keywords = {
            "enum": list(self.choices) or None,
            "pattern": f"^(?:{self.pattern})$" if self.pattern else None,
            "minimum": self.least,
            "exclusiveMinimum": self.above,
            "maximum": self.most,
        }
        return {keyword: bound for keyword, bound in keywords.items() if bound is not None}


def _time(about: str) -> Rule:
    return Rule(about, above=0)


def _count(about: str, least: int = 1) -> Rule:
    return Rule(about, least=least)


def _words(about: str) -> Rule:
    return Rule(about, form="text without blanks", pattern=r"\S+")


RULES: dict[str, Rule] = {
    "cse.cse_id": Rule(
        "CSE-ID, relative to the service provider.", f"'/' and a name such as '/banyan' ({_NAME})", f"/{_NAME}"
    ),
    "cse.cse_name": Rule("Resource name of the CSEBase.", f"a resource name ({_NAME})", _NAME),
    "cse.sp_id": Rule("M2M service provider ID.", "'//' and a domain name such as '//example.org'", f"//{_NAME}"),
    "cse.cse_type": Rule("Infrastructure, middle or application service node CSE.", choices=("IN", "MN", "ASN")),
    "cse.releases": Rule("Supported releases, oldest first.", choices=("1", "2", "2a", "3", "4", "5")),
    "cse.administrators": _words("Originators that may do everything."),
    "cse.default_expiration_s": _time("Lifetime of a resource whose creator asks for none."),
    "cse.max_expiration_s": _time("Longest lifetime; a longer one that is asked for becomes this."),
    "cse.expiry_check_s": _time("How often expired resources are looked for."),
    "cse.request_timeout_s": _time("Time for a request to another CSE or a group member."),
    "cse.request_lifetime_s": _time("How long the result of a non-blocking request is kept if it asks for no more."),
    "cse.flex_timeout_s": _time("How long a flex-blocking request may take before it is acknowledged instead."),
    "cse.buffer_s": Rule("How long non-blocking requests of category best effort or latest wait.", least=0),
    "cse.polling_timeout_s": _time("Longest wait of a poll for a request; a shorter one is the requester's choice."),
    "cse.max_wait_s": _time("Longest time that a blocking request may have its execution put off (oet)."),
    "cse.max_requests_per_originator": _count("Most non-blocking requests, done or not, kept for one originator."),
    "cse.max_answers": _count("Most answers that are kept for requests that come twice, over a restart too."),
    "cse.max_answer_bytes": _count("Most bytes of such answers."),
    "cse.answers_kept_s": _time("How long such an answer is kept."),
    "cse.notification_timeout_s": _time("Time for one notification."),
    "cse.notification_retry_s": _time("How long a notification to a target that cannot be reached is tried again."),
    "cse.max_notification_batch": _count("Most notifications in one batch, whatever a subscription asks for."),
    "cse.max_notifications": _count("Most notifications that wait; what is above is given up, lowest priority first."),
    "cse.max_notifications_per_target": _count("Most that wait for one target; what is above is given up as well."),
    "cse.max_notification_pause_s": _time("Longest pause between tries to reach a target that notifications wait for."),
    "cse.target_removal": Rule(
        "What happens when a notification target wants to leave a subscription that has no policy for that.",
        choices=("accept", "reject", "ask", "inform"),
    ),
    "cse.batch_duration_s": _time("Longest wait for a batch of notifications without a duration of its own."),
    "cse.max_instances": _count("Most instances of a container that states no limit; 0 sets none.", 0),
    "cse.max_bytes": _count("Most bytes of instances of a container that states no limit; 0 sets none.", 0),
    "cse.max_results": _count("Most references in one discovery answer."),
    "cse.verify_subscriptions": Rule("Send a verification to the targets of a new subscription."),
    "cse.check_encoding": Rule("Refuse a content that is no base64 although its contentInfo says so."),
    "cse.management_session_timeout_s": _time("Time for a device to take a management request, or to be reached."),
    "cse.management_action_timeout_s": _time("Time for a device to do an action or a management command."),
    "cse.local_node_id": Rule(
        "Node ID (ni) of this machine: its memory, battery and device information are read from it; empty for none.",
        "'' or a node ID without blanks", r"\S*",
    ),
    "cse.serializations": Rule(
        "Serialisations that are read and written besides JSON; cbor needs the extra of this name.",
        choices=("cbor", "xml"),
    ),
    "cse.initial_tree": Rule("JSON file of resources that the first start creates; empty for none."),
    "cse.registration.ae_ids": _words("AE-ID stems that may register."),
    "cse.registration.app_ids": _words("App-IDs that may register."),
    "cse.registration.child_types": _words("Types that a registered AE may create under the CSEBase."),
    "store.kind": Rule(
        "Product behind the storage port, or the module of another one.", "sqlite, memory or a dotted module name",
        r"sqlite|memory|[A-Za-z_]\w*(\.[A-Za-z_]\w*)+",
    ),
    "store.path": Rule("File of the SQLite store, relative to the working directory.", "a path", ".+"),
    "store.max_batch": _count("Most units of work in one transaction."),
    "store.linger_s": Rule("Wait for more work before a transaction; 0 takes what is there.", least=0),
    "http.enabled": Rule("Serve HTTP."),
    "http.host": Rule("Address to listen on.", "an address or host name", r"\S+"),
    "http.port": Rule("Port to listen on; 0 takes a free one.", least=0, most=65535),
    "http.root_path": Rule(
        "Path before the resource address, part of the point of access.",
        "'' or a path such as '/onem2m'",
        r"(/[^\s/]+)*",
    ),
    "http.certificate": Rule("Certificate chain (PEM) of this server; makes it HTTPS."),
    "http.private_key": Rule("Private key (PEM) of the certificate."),
    "http.client_ca": Rule("Authorities (PEM) of client certificates; makes them required."),
    "http.allow_plain": Rule("Accept an address that is not loopback without TLS."),
    "http.public_url": Rule(
        "Address that others use, if it differs; published as point of access.",
        "'' or a URL such as 'https://cse.example.org'",
        r"(https?://\S+)?",
    ),
    "http.header_timeout_s": _time("Time for the header of a request."),
    "http.body_timeout_s": _time("Time for the body of a request."),
    "http.idle_timeout_s": _time("Time that a connection may be silent."),
    "http.max_body_bytes": _count("Largest request body."),
    "http.max_header_bytes": _count("Largest request header.", 256),
    "http.max_connections": _count("Most connections at a time."),
    "websocket.enabled": Rule("Serve WebSocket."),
    "websocket.host": Rule("Address to listen on.", "an address or host name", r"\S+"),
    "websocket.port": Rule("Port to listen on; 0 takes a free one.", least=0, most=65535),
    "websocket.certificate": Rule("Certificate chain (PEM) of this server; makes it wss."),
    "websocket.private_key": Rule("Private key (PEM) of the certificate."),
    "websocket.client_ca": Rule("Authorities (PEM) of client certificates."),
    "websocket.allow_plain": Rule("Accept an address that is not loopback without TLS."),
    "websocket.public_url": Rule(
        "Address that others use, if it differs; published as point of access.",
        "'' or a URL such as 'wss://cse.example.org'",
        r"(wss?://\S+)?",
    ),
    "websocket.origins": _words("Origins of web pages that may connect; * is any. Programs send no origin."),
    "websocket.handshake_timeout_s": _time("Time for the handshake."),
    "websocket.write_timeout_s": _time("How long a peer may read nothing of what it is owed."),
    "websocket.ping_s": _time("Silence after which a peer is asked whether it is there; it has half of that."),
    "websocket.max_message_bytes": _count("Largest message."),
    "websocket.max_requests": _count("Most requests of each side under way on one connection."),
    "websocket.max_rate": _count("Most messages a second of one connection; what is above waits. 0 sets no limit.", 0),
    "websocket.max_connections": _count("Most connections at a time."),
    "coap.enabled": Rule("Serve CoAP on UDP, and send to coap and coap+tcp addresses."),
    "coap.host": Rule("Address to listen on.", "an address or host name", r"\S+"),
    "coap.port": Rule("Port to listen on; 0 takes a free one.", least=0, most=65535),
    "coap.tcp": Rule("Serve CoAP over TCP, too, at the port of the same number."),
    "coap.old_options": Rule("Use the option numbers before TS-0008 3.7; requests with the newer ones are read too."),
    "coap.allow_plain": Rule("Accept an address that is not loopback for CoAP without DTLS."),
    "coap.public_url": Rule(
        "Address that others use, if it differs; published as point of access.",
        "'' or a URL such as 'coap://cse.example.org'",
        r"(coap://\S+)?",
    ),
    "coap.multicast_groups": Rule(
        "IP multicast groups whose requests are answered at coap.port, such as 224.0.1.187 (all CoAP nodes).",
        "multicast addresses; of IPv6 with the interface, as in 'ff02::fd%eth0'",
        r"[0-9a-fA-F:.]+(%\S+)?",
    ),
    "coap.multicast_leisure_s": Rule("Longest time until a request to a group is answered; all do not at once.",
                                     least=0),
    "coap.dtls": Rule("Serve CoAP over DTLS (coaps), too; with coap.tcp and a certificate over TLS as well."),
    "coap.dtls_host": Rule("Address to listen on for DTLS.", "an address or host name", r"\S+"),
    "coap.dtls_port": Rule("Port to listen on for DTLS; 0 takes a free one.", least=0, most=65535),
    "coap.dtls_public_url": Rule(
        "Address that others use for DTLS, if it differs; published as point of access.",
        "'' or a URL such as 'coaps://cse.example.org'",
        r"(coaps://\S+)?",
    ),
    "coap.psk_file": Rule("File of keys, lines 'identity:key in hexadecimal digits', which others cannot read."),
    "coap.psk_identity": Rule("Identity of this CSE where it sends with a key; its line is in coap.psk_file."),
    "coap.certificate": Rule("Certificate chain (PEM) of this CSE for coaps."),
    "coap.private_key": Rule("Private key (PEM) of the certificate."),
    "coap.ca": Rule("Authorities (PEM): peers without a key need a certificate of theirs."),
    "coap.ciphers": Rule(
        "Cipher suites in the words of OpenSSL, in the order of preference; empty for those of docs/bindings.md.",
        "names such as 'ECDHE-ECDSA-ARIA128-GCM-SHA256'",
        r"[A-Z0-9-]+",
    ),
    "coap.check_originator": Rule("Refuse a request from another originator than the key or certificate says."),
    "coap.session_idle_s": _time("Silence after which a DTLS session ends."),
    "coap.max_sessions": _count("Most DTLS sessions; one more ends the one not used for longest."),
    "coap.max_payload_bytes": _count("Largest payload of a request, all its blocks together."),
    "coap.max_kept_bytes": _count("Most memory for unfinished payloads, for answers in blocks, for repeated answers."),
    "coap.max_requests": _count("Most requests that are worked on at a time."),
    "coap.max_rate": _count("Most datagrams of one address in a second; 0 sets no limit.", 0),
    "coap.max_connections": _count("Most connections over TCP at a time."),
    "mqtt.enabled": Rule("Be a client of a broker."),
    "mqtt.url": Rule(
        "Address of the broker, published as point of access; a path is the prefix of the topics.",
        "a URL such as 'mqtts://broker.example.org:8883'",
        r"mqtts?://[^\s+#?@]+",
    ),
    "mqtt.client_id": Rule("Name at the broker; empty for C:: and the CSE-ID.", "text without blanks", r"\S*"),
    "mqtt.version": Rule("Version of MQTT.", choices=("3.1.1", "5")),
    "mqtt.user": Rule("User at the broker; empty for none."),
    "mqtt.password_file": Rule("File whose first line is the password."),
    "mqtt.ca": Rule("Authorities (PEM) of brokers; empty for those of the system."),
    "mqtt.certificate": Rule("Certificate chain (PEM) of this client."),
    "mqtt.private_key": Rule("Private key (PEM) of the certificate."),
    "mqtt.allow_plain": Rule("Talk to a broker on another machine without TLS."),
    "mqtt.check_originator": Rule("Refuse a request from another originator than its topic says."),
    "mqtt.keep_alive_s": Rule("Silence after which the broker is asked whether it is there.", least=1, most=65535),
    "mqtt.max_payload_bytes": _count("Largest payload."),
    "mqtt.max_requests": _count("Most requests that are worked on at a time."),
    "mqtt.max_queued": _count("Most messages that wait for a broker."),
    "mqtt.max_brokers": _count("Most other brokers that notifications are sent over."),
    "broker.enabled": Rule("Be an MQTT broker, too, and its client."),
    "broker.host": Rule("Address to listen on.", "an address or host name", r"\S+"),
    "broker.port": Rule("Port to listen on; 0 takes a free one.", least=0, most=65535),
    "broker.certificate": Rule("Certificate chain (PEM) of this broker; makes it mqtts."),
    "broker.private_key": Rule("Private key (PEM) of the certificate."),
    "broker.client_ca": Rule("Authorities (PEM) of client certificates."),
    "broker.allow_plain": Rule("Accept an address that is not loopback without TLS."),
    "broker.logins": Rule(
        "File of logins and hashed passwords (banyan broker passwd); if there is none it is made, for administrators.",
        "a path", ".+",
    ),
    "broker.connect_timeout_s": _time("Time for TLS, CONNECT and login."),
    "broker.packet_timeout_s": _time("Time for a packet that has begun."),
    "broker.write_timeout_s": _time("How long a client may read nothing of what it is sent."),
    "broker.max_silence_s": _time("Longest silence of a client, whatever keep alive it asks for."),
    "broker.session_expiry_s": Rule("How long a session is kept for a client that is away.", least=1),
    "broker.max_packet_bytes": _count("Largest packet of a client that has logged in.", 8192),
    "broker.max_rate": _count("Most packets a second of one connection; what is above waits. 0 sets no limit.", 0),
    "broker.max_connections": _count("Most connections at a time."),
    "broker.max_connections_per_address": _count("Most connections of one address."),
    "broker.max_sessions": _count("Most sessions, of clients that are there or away."),
    "broker.max_sessions_per_login": _count("Most sessions of one login."),
    "broker.max_subscriptions": _count("Most subscriptions of a session."),
    "broker.max_queued": _count("Most messages that wait for one session."),
    "broker.max_queued_bytes": _count("Most bytes that wait for one session."),
    "broker.max_held_bytes": _count("Most bytes that wait for all sessions together."),
    "json.max_depth": _count("Deepest nesting of a document."),
    "json.max_members": _count("Most members of a document, all levels together."),
    "models.folder": Rule("Folder with device models of your own (docs/models.md); empty for none."),
    "log.level": Rule("Least severity that is logged.", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
    "log.format": Rule("For people or for machines.", choices=("text", "json")),
}


def _is_far(url: str) -> bool:
    """True for an address without TLS that is not loopback."""
    parts = urlsplit(url)
    return parts.scheme == "mqtt" and not is_loopback(parts.hostname or "")


def _of_server(table: str, server: HttpSettings | WebSocketSettings | BrokerSettings) -> list[tuple[bool, str, str]]:
    exposed = server.enabled and not server.certificate and not is_loopback(server.host)
    plain = f"{table}.allow_plain"
    return [
        (
            bool(server.certificate) != bool(server.private_key),
            f"{table}.private_key",
            f"goes with {table}.certificate; set both",
        ),
        (bool(server.client_ca) and not server.certificate, f"{table}.client_ca", f"needs {table}.certificate"),
        (
            exposed and not server.allow_plain,
            f"{table}.host",
            f"{server.host!r} is not loopback and {table}.certificate is empty; set up TLS, or {plain} = true",
        ),
    ]


def _of_groups(coap: CoapSettings) -> tuple[bool, str, str]:
    wrong = [one for one in coap.multicast_groups if not is_group(one)]
    return bool(wrong), "coap.multicast_groups", f"{', '.join(wrong)}: no address of a multicast group"


def _of_dtls(coap: CoapSettings) -> list[tuple[bool, str, str]]:
    return [
        (
            bool(coap.certificate) != bool(coap.private_key),
            "coap.private_key",
            "goes with coap.certificate; set both",
        ),
        (
            coap.enabled and coap.dtls and not (coap.psk_file or coap.certificate),
            "coap.dtls",
            "needs coap.psk_file, or coap.certificate and coap.private_key; there are no keys by default",
        ),
        (bool(coap.psk_identity) and not coap.psk_file, "coap.psk_identity", "needs coap.psk_file"),
        (
            coap.enabled and coap.check_originator and not coap.dtls,
            "coap.check_originator",
            "needs coap.dtls; without it nobody proves who he is, and every request would be refused",
        ),
    ]


def contradictions(settings: Settings) -> list[tuple[str, str]]:
    """Return (key, what is wrong) where settings that are fine alone do not go together."""
    cse = settings.cse
    found = [
        (not cse.releases, "cse.releases", "empty; name at least one release, such as '3'"),
        (
            cse.default_expiration_s > cse.max_expiration_s,
            "cse.default_expiration_s",
            f"longer than cse.max_expiration_s ({cse.max_expiration_s:g})",
        ),
        *_of_server("http", settings.http),
        *_of_server("websocket", settings.websocket),
        *_of_server("broker", settings.broker),
        (
            settings.mqtt.enabled and not settings.mqtt.allow_plain and _is_far(settings.mqtt.url),
            "mqtt.url",
            f"{settings.mqtt.url!r} is on another machine and has no TLS; use mqtts://, or mqtt.allow_plain = true",
        ),
        (
            bool(settings.mqtt.certificate) != bool(settings.mqtt.private_key),
            "mqtt.private_key",
            "goes with mqtt.certificate; set both",
        ),
        (
            settings.coap.enabled and not settings.coap.allow_plain and not is_loopback(settings.coap.host),
            "coap.host",
            f"{settings.coap.host!r} is not loopback, without DTLS; use coap.dtls_host, or coap.allow_plain = true",
        ),
        *_of_dtls(settings.coap),
        _of_groups(settings.coap),
    ]
    return [(key, wrong) for holds, key, wrong in found if holds]
