"""What the associations of one side share: credentials, cipher suites, cookies."""

from __future__ import annotations

import ctypes
import hmac
import secrets
import time
import weakref
from dataclasses import dataclass
from typing import Any

from bindings.coap.dtls import libssl
from bindings.coap.dtls.keys import Keys
from bindings.coap.dtls.session import Session

#: With forward secrecy before without, whole tags before short ones; the last is what RFC 7252 9.1.3 asks of all.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-AES128-CCM8", "ECDHE-PSK-CHACHA20-POLY1305", "PSK-AES128-GCM-SHA256",
    "PSK-AES256-GCM-SHA384", "PSK-AES128-CCM", "PSK-AES128-CCM8",
)  # fmt: skip
_SIGNATURES = b"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384:RSA+SHA512"
_GROUPS = b"X25519:P-256:P-384"
#: How long a cookie is good for, at least.
_COOKIE_S = 30.0
_COOKIE_BYTES = 20
#: From 3.2 on the short tag of CCM8 is of no security level but 0; keys and signatures are bounded by the rest.
_SHORT_TAGS_LIMITED = 0x30200000


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who one is and whom one trusts; names of files, '' for none. ``ciphers`` in the words of OpenSSL."""

    psk_file: str = ""
    psk_identity: str = ""
    certificate: str = ""
    private_key: str = ""
    ca: str = ""
    ciphers: tuple[str, ...] = CIPHERS


class Context:
    """What all associations of one side share. Raises ValueError for credentials that cannot be used, OSError."""

    def __init__(self, credentials: Credentials, *, server: bool) -> None:
        self.library = library = libssl.load()
        self.credentials = credentials
        self.keys = Keys(credentials.psk_file) if credentials.psk_file else None
        self.current: Session | None = None
        self._secret = secrets.token_bytes(32)
        self._server = server
        self.pointer = library.SSL_CTX_new(library.DTLS_server_method() if server else library.DTLS_client_method())
        weakref.finalize(self, library.SSL_CTX_free, self.pointer)
        self._set_up()
        self._trust()
        self._callbacks()

    def session(self, host: str = "", identity: str = "") -> Session:
        """A new association: of a server, or of a client with ``host``, which has to prove its name."""
        session = Session(self, server=self._server)
        if not self._server:
            session.call(host, identity or self.credentials.psk_identity, self._offered(identity))
        return session

    def _offered(self, identity: str) -> bytes:
        """Cipher suites of a client: of its key alone where that was asked for, or no authority is trusted beside."""
        given = self.credentials
        with_key = [cipher for cipher in given.ciphers if "PSK" in cipher]
        alone = identity or (given.psk_identity and not given.ca)
        return ":".join(with_key + [cipher for cipher in given.ciphers if not alone and "PSK" not in cipher]).encode()

    def _set_up(self) -> None:
        library, pointer = self.library, self.pointer
        for command, number in ((libssl.SET_OLDEST, libssl.DTLS_1_2), (libssl.SET_NEWEST, libssl.DTLS_1_2),
                                (libssl.SET_SESSION_CACHE, 0)):  # fmt: skip
            library.SSL_CTX_ctrl(pointer, command, number, None)
        library.SSL_CTX_ctrl(pointer, libssl.SET_SIGNATURES, 0, _SIGNATURES)
        library.SSL_CTX_ctrl(pointer, libssl.SET_GROUPS, 0, _GROUPS)
        library.SSL_CTX_set_options(
            pointer,
            libssl.OP_NO_QUERY_MTU | libssl.OP_NO_TICKET | libssl.OP_NO_COMPRESSION | libssl.OP_NO_RENEGOTIATION
            | libssl.OP_SERVER_PREFERENCE | (libssl.OP_COOKIES if self._server else 0),
        )  # fmt: skip
        if library.OpenSSL_version_num() >= _SHORT_TAGS_LIMITED:
            library.SSL_CTX_set_security_level(pointer, 0)
        for cipher in (*self.credentials.ciphers, ":".join(self.credentials.ciphers)):
            if not library.SSL_CTX_set_cipher_list(pointer, cipher.encode()):
                raise ValueError(f"ciphers: {cipher!r} is not known to this OpenSSL; 'openssl ciphers -v' lists them")

    def _trust(self) -> None:
        library, given = self.library, self.credentials
        if given.certificate:
            key = given.private_key or given.certificate
            if not (library.SSL_CTX_use_certificate_chain_file(self.pointer, given.certificate.encode())
                    and library.SSL_CTX_use_PrivateKey_file(self.pointer, key.encode(), libssl.PEM)
                    and library.SSL_CTX_check_private_key(self.pointer)):  # fmt: skip
                raise ValueError(f"certificate: {given.certificate} with the private key {key}: "
                                 f"{libssl.reason_of(library)}; expected PEM files that belong together")  # fmt: skip
        elif self._server and self.keys is None:
            raise ValueError("DTLS needs psk_file, or certificate and private_key: there are no keys by default")
        if given.ca:
            if not library.SSL_CTX_load_verify_locations(self.pointer, given.ca.encode(), None):
                raise ValueError(f"ca: {given.ca}: {libssl.reason_of(library)}; expected certificates in PEM")
        elif not self._server:
            library.SSL_CTX_set_default_verify_paths(self.pointer)
        asks = not self._server or bool(given.ca)
        library.SSL_CTX_set_verify(self.pointer, libssl.VERIFY_PEER_OR_FAIL if asks else libssl.VERIFY_NONE, None)
        library.ERR_clear_error()

    def _callbacks(self) -> None:
        """Have keys and cookies asked for here; libssl holds no reference, so this object does."""
        me = weakref.ref(self)

        def current() -> Session | None:
            context = me()
            return context.current if context is not None else None

        def server_key(_ssl: int, identity: bytes | None, into: int, room: int) -> int:
            session = current()
            return session.server_key(identity or b"", into, room) if session is not None else 0

        def client_key(_ssl: int, _hint: bytes | None, name: int, name_room: int, into: int, room: int) -> int:
            session = current()
            return session.client_key(name, name_room, into, room) if session is not None else 0

        def cookie(_ssl: int, into: int, length: Any) -> int:
            session = current()
            if session is None:
                return 0
            ctypes.memmove(into, self._cookie(session.peer), _COOKIE_BYTES)
            length[0] = _COOKIE_BYTES
            return 1

        def is_cookie(_ssl: int, data: int, length: int) -> int:
            session = current()
            given = ctypes.string_at(data, length)
            return int(session is not None and any(hmac.compare_digest(given, self._cookie(session.peer, ago))
                                                   for ago in (0, 1)))  # fmt: skip

        if self.keys is not None and self._server:
            self._server_key = libssl.PskServer(server_key)
            self.library.SSL_CTX_set_psk_server_callback(self.pointer, self._server_key)
        elif self.keys is not None:
            self._client_key = libssl.PskClient(client_key)
            self.library.SSL_CTX_set_psk_client_callback(self.pointer, self._client_key)
        if self._server:
            self._cookie_maker, self._cookie_verifier = libssl.CookieMaker(cookie), libssl.CookieVerifier(is_cookie)
            self.library.SSL_CTX_set_cookie_generate_cb(self.pointer, self._cookie_maker)
            self.library.SSL_CTX_set_cookie_verify_cb(self.pointer, self._cookie_verifier)

    def _cookie(self, peer: bytes, ago: int = 0) -> bytes:
        period = int(time.monotonic() / _COOKIE_S) - ago
        return hmac.digest(self._secret, period.to_bytes(8, "big") + peer, "sha256")[:_COOKIE_BYTES]
