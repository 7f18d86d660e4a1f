"""Typed settings: one TOML file, environment overrides, every key with its default here.

A table of the file is a dataclass below, a key is a field. ``load`` reads and checks; an unknown key is an error
that names the nearest known one.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class RegistrationSettings:
    """``[cse.registration]``: who may register and what registered AEs may create under the CSEBase.

    Patterns hold ``*`` for any run of characters. An empty list allows nobody.
    """

    ae_ids: list[str] = field(default_factory=lambda: ["C*", "S*"])
    app_ids: list[str] = field(default_factory=lambda: ["N*", "R*", "r*"])
    child_types: list[str] = field(
        default_factory=lambda: ["accessControlPolicy", "container", "group", "subscription"]
    )


@dataclass(slots=True)
class CseSettings:
    """``[cse]``: who this CSE is and the limits it sets. Times in seconds."""

    cse_id: str = "/banyan"
    cse_name: str = "cse"
    sp_id: str = "//banyan.example"
    cse_type: str = "IN"
    releases: list[str] = field(default_factory=lambda: ["2a", "3", "4"])
    administrators: list[str] = field(default_factory=list)
    default_expiration_s: float = 365 * 86400.0
    max_expiration_s: float = 5 * 365 * 86400.0
    expiry_check_s: float = 5.0
    request_timeout_s: float = 10.0
    request_lifetime_s: float = 3600.0
    flex_timeout_s: float = 1.0
    buffer_s: float = 1.0
    polling_timeout_s: float = 30.0
    max_wait_s: float = 3600.0
    max_requests_per_originator: int = 1000
    max_answers: int = 10_000
    max_answer_bytes: int = 16_777_216
    answers_kept_s: float = 300.0
    notification_timeout_s: float = 10.0
    notification_retry_s: float = 15.0
    batch_duration_s: float = 30.0
    max_notification_batch: int = 1000
    max_notifications: int = 250_000
    max_notifications_per_target: int = 100_000
    max_notification_pause_s: float = 600.0
    target_removal: str = "accept"
    max_instances: int = 0
    max_bytes: int = 0
    max_results: int = 10_000
    verify_subscriptions: bool = True
    check_encoding: bool = False
    management_session_timeout_s: float = 10.0
    management_action_timeout_s: float = 3600.0
    local_node_id: str = ""
    serializations: list[str] = field(default_factory=lambda: ["cbor", "xml"])
    initial_tree: str = ""
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)


@dataclass(slots=True)
class StoreSettings:
    """``[store]``: ``kind`` is ``sqlite`` or ``memory``; ``path`` the SQLite file."""

    kind: str = "sqlite"
    path: str = "banyan.db"
    max_batch: int = 1000
    linger_s: float = 0.0


@dataclass(slots=True)
class HttpSettings:
    """``[http]``: address, TLS and limits of the HTTP binding. Sizes in bytes, times in seconds.

    ``root_path`` is a path prefix that belongs to the point of access and not to ``to``. Without TLS only a loopback
    ``host`` is accepted unless ``allow_plain`` says otherwise.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8080
    root_path: str = ""
    certificate: str = ""
    private_key: str = ""
    client_ca: str = ""
    allow_plain: bool = False
    public_url: str = ""
    header_timeout_s: float = 10.0
    body_timeout_s: float = 20.0
    idle_timeout_s: float = 75.0
    max_body_bytes: int = 1_048_576
    max_header_bytes: int = 8190
    max_connections: int = 2000


@dataclass(slots=True)
class WebSocketSettings:
    """``[websocket]``: address, TLS and limits of the WebSocket binding. Sizes in bytes, times in seconds.

    Without TLS only a loopback ``host`` is accepted unless ``allow_plain`` says otherwise.
    """

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 8081
    certificate: str = ""
    private_key: str = ""
    client_ca: str = ""
    allow_plain: bool = False
    public_url: str = ""
    origins: list[str] = field(default_factory=list)
    handshake_timeout_s: float = 10.0
    write_timeout_s: float = 20.0
    ping_s: float = 30.0
    max_message_bytes: int = 1_048_576
    max_requests: int = 64
    max_rate: int = 5000
    max_connections: int = 2000


@dataclass(slots=True)
class CoapSettings:
    """``[coap]``: address, DTLS and limits of the CoAP binding. Sizes in bytes, times in seconds.

    ``dtls`` serves coaps at an address of its own, beside coap: for that only a loopback ``host`` is accepted unless
    ``allow_plain`` says otherwise. Keys and certificates are for serving and for sending.
    """

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 5683
    tcp: bool = False
    old_options: bool = False
    allow_plain: bool = False
    public_url: str = ""
    multicast_groups: list[str] = field(default_factory=list)
    multicast_leisure_s: float = 5.0
    dtls: bool = False
    dtls_host: str = "127.0.0.1"
    dtls_port: int = 5684
    dtls_public_url: str = ""
    psk_file: str = ""
    psk_identity: str = ""
    certificate: str = ""
    private_key: str = ""
    ca: str = ""
    ciphers: list[str] = field(default_factory=list)
    check_originator: bool = False
    session_idle_s: float = 3600.0
    max_sessions: int = 1000
    max_payload_bytes: int = 262_144
    max_kept_bytes: int = 16_777_216
    max_requests: int = 1000
    max_rate: int = 1000
    max_connections: int = 1000


@dataclass(slots=True)
class MqttSettings:
    """``[mqtt]``: the broker that this CSE is a client of, and limits. Sizes in bytes, times in seconds.

    ``url`` is the point of access of the CSE; a path in it is the prefix of its topics. Without TLS only a broker on
    this machine is talked to unless ``allow_plain`` says otherwise.
    """

    enabled: bool = False
    url: str = "mqtt://127.0.0.1:1883"
    client_id: str = ""
    version: str = "3.1.1"
    user: str = ""
    password_file: str = ""
    ca: str = ""
    certificate: str = ""
    private_key: str = ""
    allow_plain: bool = False
    check_originator: bool = False
    keep_alive_s: int = 30
    max_payload_bytes: int = 1_048_576
    max_requests: int = 256
    max_queued: int = 10_000
    max_brokers: int = 50


@dataclass(slots=True)
class BrokerSettings:
    """``[broker]``: the MQTT broker inside, and its limits. Sizes in bytes, times in seconds.

    The CSE is its client, without more in ``[mqtt]``. Without TLS only a loopback ``host`` is accepted unless
    ``allow_plain`` says otherwise.
    """

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 1883
    certificate: str = ""
    private_key: str = ""
    client_ca: str = ""
    allow_plain: bool = False
    logins: str = "broker-logins"
    connect_timeout_s: float = 10.0
    packet_timeout_s: float = 30.0
    write_timeout_s: float = 20.0
    max_silence_s: float = 3600.0
    session_expiry_s: float = 86400.0
    max_packet_bytes: int = 1_114_112
    max_rate: int = 5000
    max_connections: int = 2000
    max_connections_per_address: int = 256
    max_sessions: int = 2000
    max_sessions_per_login: int = 20
    max_subscriptions: int = 50
    max_queued: int = 10_000
    max_queued_bytes: int = 16_777_216
    max_held_bytes: int = 67_108_864


@dataclass(slots=True)
class JsonSettings:
    """``[json]``: limits of the JSON codec."""

    max_depth: int = 32
    max_members: int = 20_000


@dataclass(slots=True)
class ModelSettings:
    """``[models]``: a folder with device models of one's own."""

    folder: str = ""


@dataclass(slots=True)
class LogSettings:
    """``[log]``: ``level`` as in the logging module; ``format`` is ``text`` or ``json``."""

    level: str = "INFO"
    format: str = "text"


@dataclass(slots=True)
class Settings:
    """All settings of one CSE."""

    cse: CseSettings = field(default_factory=CseSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    websocket: WebSocketSettings = field(default_factory=WebSocketSettings)
    coap: CoapSettings = field(default_factory=CoapSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    json: JsonSettings = field(default_factory=JsonSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    log: LogSettings = field(default_factory=LogSettings)
