"""One DTLS association, either side, without a socket: datagrams in, contents and datagrams out."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bindings.coap.dtls import libssl

if TYPE_CHECKING:
    from bindings.coap.dtls.context import Context

#: A datagram of a handshake: what IPv6 brings everywhere, 1280 bytes, without its headers.
_MTU = 1232
_HEADER_BYTES = 13
_ROOM = 16384
#: A server that has all up to the Finished of its client, the first message that depends on the key.
_AWAITS_FINISHED = b"TRCCS"


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

    def call(self, host: str, identity: str, ciphers: bytes) -> None:
        """Be a client: which name the certificate of the server must have, which identity is used with a key.

        Raises ValueError for an identity without a key or a cipher suite.
        """
        library, name, keys = self._library, host.encode(), self._context.keys
        if identity and (keys is None or not keys.key_of(identity)):
            raise ValueError(f"there is no key of the PSK identity {identity[:80]!r} in psk_file")
        self._identity = identity
        if not identity:
            library.SSL_set_psk_client_callback(self._ssl, None)
        if not library.SSL_set_cipher_list(self._ssl, ciphers):
            raise ValueError(f"ciphers: none for the key of {identity[:80]!r}; expected one with PSK in its name")
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
                waiting += ctypes.string_at(buffer, library.BIO_read(self._out, buffer, size))
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
            yield ctypes.string_at(buffer, length)

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
