"""The system's libssl and libcrypto by ctypes: what DTLS needs of them, with types. Nothing else calls them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_long, c_size_t, c_uint, c_ulong, c_void_p
from ctypes.util import find_library
from functools import cache
from types import SimpleNamespace
from typing import Any

#: Names of OpenSSL 3 where the linker would look; what ``find_library`` finds is tried after them.
_NAMES = {"ssl": ("libssl.so.3", "libssl.3.dylib"), "crypto": ("libcrypto.so.3", "libcrypto.3.dylib")}
_OLDEST = 0x30000000

DTLS_1_2 = 0xFEFD
VERIFY_NONE, VERIFY_PEER, VERIFY_PEER_OR_FAIL = 0, 1, 3
PEM = 1
ERROR_SSL, WANT_READ, ERROR_SYSCALL, ZERO_RETURN = 1, 2, 5, 6
#: SSL_ctrl and SSL_CTX_ctrl.
SET_MTU, SET_SESSION_CACHE, SET_HOST_NAME, GET_TIMEOUT, HANDLE_TIMEOUT = 17, 44, 55, 73, 74
SET_GROUPS, SET_SIGNATURES, SET_OLDEST, SET_NEWEST = 92, 98, 123, 124
#: BIO_ctrl.
BIO_RESET, BIO_PENDING, BIO_EOF_RETURN = 1, 10, 130
OP_NO_QUERY_MTU, OP_COOKIES, OP_NO_TICKET = 1 << 12, 1 << 13, 1 << 14
OP_NO_COMPRESSION, OP_SERVER_PREFERENCE, OP_NO_RENEGOTIATION = 1 << 17, 1 << 22, 1 << 30
NID_COMMON_NAME, NID_ALTERNATIVE_NAMES = 13, 85
GENERAL_DNS, GENERAL_URI = 2, 6

#: Of a server: an identity, room for the key and its size, to the length of the key; 0 refuses.
PskServer = CFUNCTYPE(c_uint, c_void_p, c_char_p, c_void_p, c_uint)
#: Of a client: a hint, room for the identity and its size, room for the key and its size, to the length of the key.
PskClient = CFUNCTYPE(c_uint, c_void_p, c_char_p, c_void_p, c_uint, c_void_p, c_uint)
CookieMaker = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(c_uint))
CookieVerifier = CFUNCTYPE(c_int, c_void_p, c_void_p, c_uint)

_P = c_void_p
_SSL: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("DTLS_client_method", _P, ()),
    ("DTLS_server_method", _P, ()),
    ("DTLSv1_listen", c_int, (_P, _P)),
    ("SSL_CTX_new", _P, (_P,)),
    ("SSL_CTX_free", None, (_P,)),
    ("SSL_CTX_ctrl", c_long, (_P, c_int, c_long, _P)),
    ("SSL_CTX_set_options", c_ulong, (_P, c_ulong)),
    ("SSL_CTX_set_cipher_list", c_int, (_P, c_char_p)),
    ("SSL_CTX_set_security_level", None, (_P, c_int)),
    ("SSL_set_cipher_list", c_int, (_P, c_char_p)),
    ("SSL_CTX_use_certificate_chain_file", c_int, (_P, c_char_p)),
    ("SSL_CTX_use_PrivateKey_file", c_int, (_P, c_char_p, c_int)),
    ("SSL_CTX_check_private_key", c_int, (_P,)),
    ("SSL_CTX_load_verify_locations", c_int, (_P, c_char_p, c_char_p)),
    ("SSL_CTX_set_default_verify_paths", c_int, (_P,)),
    ("SSL_CTX_set_verify", None, (_P, c_int, _P)),
    ("SSL_CTX_set_psk_server_callback", None, (_P, PskServer)),
    ("SSL_CTX_set_psk_client_callback", None, (_P, PskClient)),
    ("SSL_set_psk_client_callback", None, (_P, _P)),
    ("SSL_CTX_set_cookie_generate_cb", None, (_P, CookieMaker)),
    ("SSL_CTX_set_cookie_verify_cb", None, (_P, CookieVerifier)),
    ("SSL_new", _P, (_P,)),
    ("SSL_free", None, (_P,)),
    ("SSL_ctrl", c_long, (_P, c_int, c_long, _P)),
    ("SSL_set_bio", None, (_P, _P, _P)),
    ("SSL_set_accept_state", None, (_P,)),
    ("SSL_set_connect_state", None, (_P,)),
    ("SSL_do_handshake", c_int, (_P,)),
    ("SSL_read", c_int, (_P, _P, c_int)),
    ("SSL_write", c_int, (_P, c_char_p, c_int)),
    ("SSL_shutdown", c_int, (_P,)),
    ("SSL_get_error", c_int, (_P, c_int)),
    ("SSL_state_string", c_char_p, (_P,)),
    ("SSL_get_version", c_char_p, (_P,)),
    ("SSL_get_current_cipher", _P, (_P,)),
    ("SSL_CIPHER_get_name", c_char_p, (_P,)),
    ("SSL_get_verify_result", c_long, (_P,)),
    ("SSL_get1_peer_certificate", _P, (_P,)),
    ("SSL_get0_param", _P, (_P,)),
)
_CRYPTO: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("BIO_new", _P, (_P,)),
    ("BIO_s_mem", _P, ()),
    ("BIO_ctrl", c_long, (_P, c_int, c_long, _P)),
    ("BIO_read", c_int, (_P, _P, c_int)),
    ("BIO_write", c_int, (_P, c_char_p, c_int)),
    ("BIO_ADDR_new", _P, ()),
    ("BIO_ADDR_free", None, (_P,)),
    ("ERR_clear_error", None, ()),
    ("ERR_get_error", c_ulong, ()),
    ("ERR_reason_error_string", c_char_p, (c_ulong,)),
    ("X509_free", None, (_P,)),
    ("X509_verify_cert_error_string", c_char_p, (c_long,)),
    ("X509_check_host", c_int, (_P, c_char_p, c_size_t, c_uint, _P)),
    ("X509_check_ip_asc", c_int, (_P, c_char_p, c_uint)),
    ("X509_VERIFY_PARAM_set1_host", c_int, (_P, c_char_p, c_size_t)),
    ("X509_VERIFY_PARAM_set1_ip_asc", c_int, (_P, c_char_p)),
    ("X509_get_ext_d2i", _P, (_P, c_int, _P, _P)),
    ("X509_get_subject_name", _P, (_P,)),
    ("X509_NAME_get_index_by_NID", c_int, (_P, c_int, c_int)),
    ("X509_NAME_get_entry", _P, (_P, c_int)),
    ("X509_NAME_ENTRY_get_data", _P, (_P,)),
    ("ASN1_STRING_get0_data", _P, (_P,)),
    ("ASN1_STRING_length", c_int, (_P,)),
    ("OPENSSL_sk_num", c_int, (_P,)),
    ("OPENSSL_sk_value", _P, (_P, c_int)),
    ("GENERAL_NAME_get0_value", _P, (_P, POINTER(c_int))),
    ("GENERAL_NAMES_free", None, (_P,)),
    ("OpenSSL_version_num", c_ulong, ()),
)  # fmt: skip


class Timeval(Structure):
    """``struct timeval``."""

    _fields_ = (("seconds", c_long), ("microseconds", c_long))


@cache
def load() -> Any:
    """Return the functions of libssl and libcrypto by their names. Raises OSError where there is no OpenSSL 3."""
    found = SimpleNamespace()
    for name, functions in (("crypto", _CRYPTO), ("ssl", _SSL)):
        library = _open(name)
        for function, result, arguments in functions:
            setattr(found, function, _typed(library, function, result, arguments))
    if found.OpenSSL_version_num() < _OLDEST:
        raise OSError(_wanted(f"version {found.OpenSSL_version_num():#x} is older"))
    return found


def _open(name: str) -> ctypes.PyDLL:
    """The library; calls keep the interpreter lock, because they are short and a lock costs more than they do."""
    for candidate in (*_NAMES[name], find_library(name)):
        try:
            if candidate:
                return ctypes.PyDLL(candidate)
        except OSError:
            continue
    raise OSError(_wanted(f"lib{name} is not found"))


def _typed(library: ctypes.PyDLL, name: str, result: Any, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    try:
        function = getattr(library, name)
    except AttributeError:
        raise OSError(_wanted(f"it has no {name}")) from None
    function.restype, function.argtypes = result, arguments
    return function  # type: ignore[no-any-return]


def _wanted(reason: str) -> str:
    return f"DTLS needs OpenSSL 3.0 or newer as a shared library (Debian: libssl3): {reason}"


def reason_of(library: Any) -> str:
    """The first error that OpenSSL has noted, '' for none; forgets all."""
    number = library.ERR_get_error()
    library.ERR_clear_error()
    text = library.ERR_reason_error_string(number) if number else None
    return text.decode() if text else (f"error {number:#x}" if number else "")


def names_of(library: Any, certificate: int) -> list[str]:
    """URIs, then DNS names of a certificate; its common name where it has neither."""
    by_kind: dict[int, list[str]] = {GENERAL_URI: [], GENERAL_DNS: []}
    names = library.X509_get_ext_d2i(certificate, NID_ALTERNATIVE_NAMES, None, None)
    if names:
        for number in range(library.OPENSSL_sk_num(names)):
            kind = c_int()
            value = library.GENERAL_NAME_get0_value(library.OPENSSL_sk_value(names, number), ctypes.byref(kind))
            if kind.value in by_kind:
                by_kind[kind.value].append(_text(library, value))
        library.GENERAL_NAMES_free(names)
    found = by_kind[GENERAL_URI] + by_kind[GENERAL_DNS]
    if not found:
        subject = library.X509_get_subject_name(certificate)
        index = library.X509_NAME_get_index_by_NID(subject, NID_COMMON_NAME, -1)
        if index >= 0:
            entry = library.X509_NAME_get_entry(subject, index)
            found.append(_text(library, library.X509_NAME_ENTRY_get_data(entry)))
    return [name for name in found if name]


def _text(library: Any, value: int) -> str:
    """A string of a certificate, '' for one that nobody could compare: not UTF-8, or with control characters."""
    data = ctypes.string_at(library.ASN1_STRING_get0_data(value), library.ASN1_STRING_length(value))
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
