"""A CoAP peer that is not ours: libcoap (Debian), by way of its C interface.

Its command line drops answers with critical options that it does not know, and all options of oneM2M are that. The
library can be told of them, but of two numbers above 255 only: requests go without oneM2M-RVI, and notifications come
with the old numbers, of which oneM2M-FR is not critical. Runs as a program of its own:
``python -m tests.bindings.coap.libcoap`` with ``ask`` or ``serve``, JSON as argument, lines of JSON as output.
"""

from __future__ import annotations

import ctypes
import json
import socket
import sys
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_int,
    c_size_t,
    c_ubyte,
    c_uint8,
    c_uint16,
    c_uint32,
    c_void_p,
)
from time import monotonic
from typing import Any

_LIBRARY = "libcoap-3-{}.so.3"
_UDP, _DTLS, _TCP = 1, 2, 3
_USE_LIBCOAP, _SINGLE_BODY = 1, 2
_CHANGED = 68
_SHOWN = (8, 11, 12, 256, 257, 265, 271, 283, 307)


class _Address(Structure):
    _fields_ = (("size", c_uint32), ("family", c_uint16), ("port", c_uint16), ("address", c_uint8 * 4),
                ("rest", c_uint8 * 120))  # fmt: skip


_ON_RESPONSE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int)
_ON_REQUEST = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)


def _load(kind: str) -> Any:
    library = ctypes.CDLL(_LIBRARY.format(kind))
    for name, result, arguments in (
        ("coap_new_context", c_void_p, [c_void_p]),
        ("coap_context_set_block_mode", None, [c_void_p, c_uint8]),
        ("coap_register_option", None, [c_void_p, c_uint16]),
        ("coap_context_set_psk", c_int, [c_void_p, c_char_p, c_char_p, c_size_t]),
        ("coap_new_endpoint", c_void_p, [c_void_p, c_void_p, c_int]),
        ("coap_new_client_session", c_void_p, [c_void_p, c_void_p, c_void_p, c_int]),
        ("coap_new_pdu", c_void_p, [c_int, c_int, c_void_p]),
        ("coap_session_new_token", None, [c_void_p, POINTER(c_size_t), c_void_p]),
        ("coap_add_token", c_size_t, [c_void_p, c_size_t, c_void_p]),
        ("coap_add_option", c_size_t, [c_void_p, c_uint16, c_size_t, c_char_p]),
        ("coap_add_data_large_request", c_int, [c_void_p, c_void_p, c_size_t, c_char_p, c_void_p, c_void_p]),
        ("coap_send", c_int, [c_void_p, c_void_p]),
        ("coap_io_process", c_int, [c_void_p, c_uint32]),
        ("coap_register_response_handler", None, [c_void_p, _ON_RESPONSE]),
        ("coap_get_data_large", c_int, [c_void_p, *[POINTER(c_size_t), POINTER(POINTER(c_ubyte))],
                                        *[POINTER(c_size_t), POINTER(c_size_t)]]),
        ("coap_pdu_get_code", c_int, [c_void_p]),
        ("coap_pdu_set_code", None, [c_void_p, c_int]),
        ("coap_check_option", c_void_p, [c_void_p, c_uint16, c_void_p]),
        ("coap_opt_length", c_uint32, [c_void_p]),
        ("coap_opt_value", POINTER(c_ubyte), [c_void_p]),
        ("coap_resource_unknown_init", c_void_p, [_ON_REQUEST]),
        ("coap_register_handler", None, [c_void_p, c_int, _ON_REQUEST]),
        ("coap_add_resource", None, [c_void_p, c_void_p]),
    ):  # fmt: skip
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.coap_startup()
    return library


class Libcoap:
    """One context of the library, ``notls`` or built on ``openssl`` or ``gnutls``, that knows two options at most."""

    def __init__(self, *known: int, kind: str = "notls") -> None:
        self._library = _load(kind)
        self._context = self._library.coap_new_context(None)
        self._library.coap_context_set_block_mode(self._context, _USE_LIBCOAP | _SINGLE_BODY)
        for number in known:
            self._library.coap_register_option(self._context, number)

    def ask(self, asked: dict[str, Any], timeout_s: float = 10.0) -> dict[str, Any] | None:
        """Send a request: ``port``, ``tcp``, ``type``, ``code``, ``payload``, ``options`` (number, hex)."""
        library, answers = self._library, []

        def on_response(_session: int, _sent: int, received: int, _message_id: int) -> int:
            answers.append(self._shown(received))
            return 1

        on_response_c = _ON_RESPONSE(on_response)
        library.coap_register_response_handler(self._context, on_response_c)
        address = _address(asked["port"])
        protocol = _TCP if asked.get("tcp") else _UDP
        session = library.coap_new_client_session(self._context, None, byref(address), protocol)
        pdu = library.coap_new_pdu(asked.get("type", 0), asked["code"], session)
        token, length = (c_uint8 * 8)(), c_size_t(8)
        library.coap_session_new_token(session, byref(length), token)
        library.coap_add_token(pdu, length, token)
        for number, value in asked["options"]:
            data = bytes.fromhex(value)
            library.coap_add_option(pdu, number, len(data), data)
        payload = asked.get("payload", "").encode()
        if payload:
            library.coap_add_data_large_request(session, pdu, len(payload), payload, None, None)
        library.coap_send(session, pdu)
        ends = monotonic() + timeout_s
        while not answers and monotonic() < ends:
            library.coap_io_process(self._context, 100)
        return answers[0] if answers else None

    def serve(self, count: int, key: str = "") -> None:
        """Answer ``count`` POSTs with 2.04 and oneM2M-RSC, over DTLS with a key; print where, then each of them."""
        library = self._library
        seen: list[dict[str, Any]] = []

        def on_request(_resource: int, _session: int, request: int, _query: int, response: int) -> None:
            shown = self._shown(request)
            seen.append(shown)
            print(json.dumps(shown), flush=True)
            library.coap_pdu_set_code(response, _CHANGED)
            identifier = bytes.fromhex(shown["options"][257])
            library.coap_add_option(response, 257, len(identifier), identifier)
            library.coap_add_option(response, 265, 2, b"\x07\xd0")

        port = _free_port()
        own_key = key.encode()  # the library keeps the address
        if key and not library.coap_context_set_psk(self._context, b"", own_key, len(own_key)):
            raise ValueError("no DTLS in this library")
        library.coap_new_endpoint(self._context, byref(_address(port)), _DTLS if key else _UDP)
        on_request_c = _ON_REQUEST(on_request)
        resource = library.coap_resource_unknown_init(on_request_c)
        library.coap_register_handler(resource, 2, on_request_c)
        library.coap_add_resource(self._context, resource)
        print(port, flush=True)
        while len(seen) < count:
            library.coap_io_process(self._context, 100)
        library.coap_io_process(self._context, 100)

    def _shown(self, pdu: int) -> dict[str, Any]:
        library = self._library
        length, offset, total, data = c_size_t(), c_size_t(), c_size_t(), POINTER(c_ubyte)()
        library.coap_get_data_large(pdu, byref(length), byref(data), byref(offset), byref(total))
        options = {}
        for number in _SHOWN:
            option = library.coap_check_option(pdu, number, (c_uint8 * 256)())
            if option:
                options[number] = bytes(library.coap_opt_value(option)[: library.coap_opt_length(option)]).hex()
        return {
            "code": library.coap_pdu_get_code(pdu),
            "options": options,
            "payload": bytes(data[: length.value]).decode() if length.value else "",
        }


def _address(port: int) -> _Address:
    address = _Address()
    address.size, address.family = 16, socket.AF_INET
    address.port = socket.htons(port)
    address.address[:] = socket.inet_aton("127.0.0.1")
    return address


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    argument = json.loads(sys.argv[2])
    if sys.argv[1] == "ask":
        peer = Libcoap(283, 307)
        print(json.dumps([peer.ask(each) for each in argument]))
    else:
        Libcoap(257, 271, kind=argument.get("kind", "notls")).serve(argument["count"], argument.get("key", ""))
