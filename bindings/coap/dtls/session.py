"""One DTLS association, either side, without a socket: datagrams in, contents and datagrams out."""

from __future__ import annotations

import ctypes
import hmac
import secrets
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bindings.coap.dtls import libssl
from bindings.coap.dtls.keys import Keys

#: With forward secrecy before without, whole tags before short ones; the last is what RFC 7252 9.1.3 asks of all.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-AES128-CCM8", "ECDHE-PSK-CHACHA20-POLY1305", "PSK-AES128-GCM-SHA256",
    "PSK-AES256-GCM-SHA384", "PSK-AES128-CCM", "PSK-AES128-CCM8",
)  # fmt: skip
_SIGNATURES = b"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384:RSA+SHA512"
_GROUPS = b"X25519:P-256:P-384"
#: A datagram of a handshake: what IPv6 brings everywhere, 1280 bytes, without its headers.
_MTU = 1232
_HEADER_BYTES = 13
_ROOM = 16384 + 256
#: How long a cookie is good for, at least.
_COOKIE_S = 30.0
_COOKIE_BYTES = 20
#: A server that has all up to the Finished of its client, the first message that depends on the key.
_AWAITS_FINISHED = b"TRCCS"
#: From 3.2 on the short tag of CCM8 is of no security level but this one; keys and signatures are bounded by the rest.
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
            session.call(host, identity or self.credentials.psk_identity)
        return session

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
        level = ":@SECLEVEL=0" if library.OpenSSL_version_num() >= _SHORT_TAGS_LIMITED else ""
        for cipher in (*self.credentials.ciphers, ":".join(self.credentials.ciphers)):
            if not library.SSL_CTX_set_cipher_list(pointer, f"{cipher}{level}".encode()):
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
            if self._server:
                library.SSL_CTX_set_client_CA_list(self.pointer, library.SSL_load_client_CA_file(given.ca.encode()))
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


class Session:
    """An association. ``failure`` says why it is over where somebody has to know; ``names`` who the peer has proved."""

    def __init__(self, context: Context, *, server: bool) -> None:
        self._context = context
        self._library = library = context.library
        self._ssl = library.SSL_new(context.pointer)
        self._free = weakref.finalize(self, library.SSL_free, self._ssl)
        self._in, self._out = (library.BIO_new(library.BIO_s_mem()) for _ in range(2))
        for bio in (self._in, self._out):
            library.BIO_ctrl(bio, libssl.BIO_EOF_RETURN, -1, None)
        library.SSL_set_bio(self._ssl, self._in, self._out)
        library.SSL_ctrl(self._ssl, libssl.SET_MTU, _MTU, None)
        (library.SSL_set_accept_state if server else library.SSL_set_connect_state)(self._ssl)
        self._server = server
        self._identity = ""
        self._refusal = ""
        self.peer = b""
        self.open = False
        self.closed = False
        self.failure = ""
        self.names: tuple[str, ...] = ()

    def call(self, host: str, identity: str) -> None:
        """Be a client: which name the certificate of the server must have, which identity is used with a key.

        Raises ValueError for an identity without a key.
        """
        library, name, keys = self._library, host.encode(), self._context.keys
        if identity and (keys is None or not keys.key_of(identity)):
            raise ValueError(f"there is no key of the PSK identity {identity[:80]!r} in psk_file")
        self._identity = identity
        if not identity:
            library.SSL_set_psk_client_callback(self._ssl, None)
        parameters = library.SSL_get0_param(self._ssl)
        if not library.X509_VERIFY_PARAM_set1_ip_asc(parameters, name):
            library.X509_VERIFY_PARAM_set1_host(parameters, name, len(name))
            library.SSL_ctrl(self._ssl, libssl.SET_HOST_NAME, 0, name)
        library.ERR_clear_error()

    def listen(self, data: bytes, peer: bytes) -> bool:
        """Look at a ClientHello; True: it has the cookie of ``peer`` and the handshake goes on here.

        Otherwise nothing is kept of it; what is to be answered is in ``datagrams``.
        """
        self._context.current, self.peer = self, peer
        library = self._library
        address = library.BIO_ADDR_new()
        library.BIO_write(self._in, data, len(data))
        heard: bool = library.DTLSv1_listen(self._ssl, address) == 1
        library.BIO_ADDR_free(address)
        library.BIO_ctrl(self._in, libssl.BIO_RESET, 0, None)
        library.ERR_clear_error()
        return heard

    def take(self, data: bytes) -> list[bytes]:
        """Take a datagram, b'' to begin as a client; return the contents that were in it."""
        if self.closed:
            return []
        self._context.current = self
        library = self._library
        if data:
            library.BIO_write(self._in, data, len(data))
        contents: list[bytes] = []
        if self.open or self._handshake(data):
            contents.extend(self._contents())
        if not self.closed:
            library.BIO_ctrl(self._in, libssl.BIO_RESET, 0, None)
        return contents

    def send(self, content: bytes) -> None:
        """Protect contents; they are in ``datagrams`` then."""
        if self.open and not self.closed:
            self._context.current = self
            done = self._library.SSL_write(self._ssl, content, len(content))
            if done <= 0:
                self._end(done)

    def datagrams(self) -> Iterator[bytes]:
        """What is to be sent, in whole records, as many to a datagram as the path brings."""
        library, waiting = self._library, bytearray()
        if not self.released:
            size = library.BIO_ctrl(self._out, libssl.BIO_PENDING, 0, None)
            if size > 0:
                buffer = ctypes.create_string_buffer(size)
                length = library.BIO_read(self._out, buffer, size)
                waiting += buffer.raw[:length]
        while waiting:
            end = _record_end(waiting, 0)
            while end < len(waiting) and _record_end(waiting, end) <= _MTU:
                end = _record_end(waiting, end)
            yield bytes(waiting[:end])
            del waiting[:end]

    def tick(self) -> None:
        """Send again what was not answered in time, in a handshake."""
        if self.open or self.closed:
            return
        self._context.current = self
        if self._library.SSL_ctrl(self._ssl, libssl.HANDLE_TIMEOUT, 0, None) < 0:
            self.fail("no answer in the handshake")

    def expires_in(self) -> float | None:
        """Seconds until ``tick`` has something to do, None for never."""
        if self.open or self.closed:
            return None
        left = libssl.Timeval()
        if not self._library.SSL_ctrl(self._ssl, libssl.GET_TIMEOUT, 0, ctypes.byref(left)):
            return None
        return float(left.seconds + left.microseconds / 1e6)

    def close(self) -> None:
        """Take leave of the peer; the last datagram is in ``datagrams``, after which ``release`` frees the memory."""
        if self.open and not self.closed:
            self._context.current = self
            self._library.SSL_shutdown(self._ssl)
            self._library.ERR_clear_error()
        self.closed = True

    @property
    def released(self) -> bool:
        """True when its memory is free."""
        return not self._free.alive

    def release(self) -> None:
        """Free the memory of libssl."""
        self.closed = True
        self._free()

    def fail(self, reason: str) -> None:
        """Give up."""
        self.failure = self.failure or self._refusal or reason
        self.closed = True

    def is_for(self, host: str, identity: str) -> bool:
        """Whether the peer has proved to be this host too: it has the key, or a certificate with the name."""
        library = self._library
        wanted = identity or self._context.credentials.psk_identity
        certificate = library.SSL_get1_peer_certificate(self._ssl)
        if not certificate:
            return wanted == self._identity
        name = host.encode()
        found = 1 in (library.X509_check_host(certificate, name, len(name), 0, None),
                      library.X509_check_ip_asc(certificate, name, 0))  # fmt: skip
        library.X509_free(certificate)
        library.ERR_clear_error()
        return found

    @property
    def cipher(self) -> str:
        """The name of the cipher suite, '' before one is agreed on."""
        cipher = self._library.SSL_get_current_cipher(self._ssl)
        return self._library.SSL_CIPHER_get_name(cipher).decode() if cipher else ""

    def server_key(self, identity: bytes, into: int, room: int) -> int:
        """The key of a client, for libssl."""
        keys = self._context.keys
        try:
            name = identity.decode()
        except UnicodeDecodeError:
            name = ""
        key = keys.key_of(name) if keys is not None and name else b""
        if not key or len(key) > room:
            self._refusal = f"unknown PSK identity {identity[:80]!r}"
            return 0
        self._identity = name
        ctypes.memmove(into, key, len(key))
        return len(key)

    def client_key(self, name: int, name_room: int, into: int, room: int) -> int:
        """Identity and key of this side, for libssl."""
        keys, identity = self._context.keys, self._identity.encode()
        key = keys.key_of(self._identity) if keys is not None and identity else b""
        if not key or len(key) > room or len(identity) >= name_room:
            self._refusal = f"there is no key of {self._identity!r} in psk_file"
            return 0
        ctypes.memmove(name, identity + b"\0", len(identity) + 1)
        ctypes.memmove(into, key, len(key))
        return len(key)

    def _handshake(self, data: bytes) -> bool:
        done = self._library.SSL_do_handshake(self._ssl)
        if done == 1:
            self.open = True
            self.names = tuple(self._proved())
        else:
            self._end(done)
            if self._server and not self.closed and _has_protected_handshake(data) \
                    and self._library.SSL_state_string(self._ssl) == _AWAITS_FINISHED:  # fmt: skip
                self.fail(f"the key of the PSK identity {self._identity!r} is another one" if self._identity
                          else "the end of the handshake cannot be deciphered")  # fmt: skip
        return self.open

    def _contents(self) -> Iterator[bytes]:
        buffer = ctypes.create_string_buffer(_ROOM)
        while not self.closed:
            length = self._library.SSL_read(self._ssl, buffer, _ROOM)
            if length <= 0:
                self._end(length)
                return
            yield buffer.raw[:length]

    def _end(self, result: int) -> None:
        """See why libssl did not go on; waiting for the peer is none."""
        library = self._library
        error = library.SSL_get_error(self._ssl, result)
        if error == libssl.ZERO_RETURN:
            self.close()
        elif error in (libssl.ERROR_SSL, libssl.ERROR_SYSCALL):
            self.fail(self._why())
        library.ERR_clear_error()

    def _why(self) -> str:
        library = self._library
        wrong = library.SSL_get_verify_result(self._ssl)
        reason = libssl.reason_of(library)
        if wrong:
            return f"certificate refused: {library.X509_verify_cert_error_string(wrong).decode()}"
        if " alert " in reason:
            return f"the peer refuses: {reason.partition(' alert ')[2]}"
        return reason or "the handshake failed"

    def _proved(self) -> list[str]:
        certificate = self._library.SSL_get1_peer_certificate(self._ssl)
        if not certificate:
            return [self._identity] if self._identity and self._server else []
        names = libssl.names_of(self._library, certificate)
        self._library.X509_free(certificate)
        self._library.ERR_clear_error()
        return names


def _record_end(data: bytes | bytearray, start: int) -> int:
    return start + _HEADER_BYTES + int.from_bytes(data[start + 11 : start + 13], "big")


def _has_protected_handshake(data: bytes) -> bool:
    """Whether a record of a datagram is a handshake message under the agreed keys: the Finished."""
    position = 0
    while position + _HEADER_BYTES <= len(data):
        if data[position] == 22 and data[position + 3 : position + 5] == b"\0\1":
            return True
        position = _record_end(data, position)
    return False
