"""Hostile and broken input as data: what is sent, and the answer that is due or the silence that is."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bindings.http.raw import message

Answers = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """``pieces`` are sent (a number is a pause in seconds); ``answers`` are HTTP status and X-M2M-RSC in order."""

    name: str
    pieces: tuple[bytes | float, ...]
    answers: Answers
    closes: bool = False
    half_close: bool = False


def _case(
    name: str, *pieces: bytes | float, gives: Answers | tuple[int, int], closes: bool = False, half_close: bool = False
) -> Case:
    answers: Answers = (gives,) if gives and isinstance(gives[0], int) else gives
    return Case(name, pieces, answers, closes, half_close)


BAD = (400, 4000)
NOTHING: Answers = ()
CONTAINER = b'{"m2m:cnt":{}}'
TY3: dict[str, str | None] = {"Content-Type": "application/json;ty=3"}


def _create(body: bytes) -> bytes:
    return message("POST", body=body, headers=TY3)


_BODIES = [
    ("malformed JSON", b'{"m2m:cnt":{'),
    ("JSON with a trailing comma", b'{"m2m:cnt":{"mni":1,}}'),
    ("JSON followed by more", b'{"m2m:cnt":{}}{}'),
    ("JSON with a comment", b'{"m2m:cnt":{}/* x */}'),
    ("single quotes", b"{'m2m:cnt':{}}"),
    ("blanks only", b"   "),
    ("NaN", b'{"m2m:cnt":{"mni":NaN}}'),
    ("Infinity", b'{"m2m:cnt":{"mni":-Infinity}}'),
    ("a number beyond a double", b'{"m2m:cnt":{"mni":1e999}}'),
    ("an integer of 400 digits", b'{"m2m:cnt":{"mni":' + b"9" * 400 + b"}}"),
    ("an integer of 8000 digits", b'{"m2m:cnt":{"mni":' + b"9" * 8000 + b"}}"),
    ("a duplicate member", b'{"m2m:cnt":{"mni":1,"mni":2}}'),
    ("a duplicate member behind a blank", b'{"m2m:cnt":{"mni" :1,"mni":2}}'),
    ("a duplicate member written with an escape", b'{"m2m:cnt":{"mni":1,"\\u006dni":2}}'),
    ("a duplicate root", b'{"m2m:cnt":{},"m2m:cnt":{}}'),
    ("two roots", b'{"m2m:cnt":{},"m2m:ae":{}}'),
    ("no root", b"{}"),
    ("an array", b'[{"m2m:cnt":{}}]'),
    ("a text", b'"m2m:cnt"'),
    ("null", b"null"),
    ("depth bomb of arrays", b'{"m2m:cnt":' + b"[" * 3900 + b"]" * 3900 + b"}"),
    ("depth bomb never closed", b"[" * 8000),
    ("depth bomb of objects", b'{"a":' * 1300 + b"1" + b"}" * 1300),
    ("member bomb", b'{"m2m:cnt":{' + b",".join(b'"a%d":1' % n for n in range(400)) + b"}}"),
    ("element bomb", b'{"m2m:cnt":{"lbl":[' + b",".join([b"1"] * 400) + b"]}}"),
    ("broken UTF-8 in a value", b'{"m2m:cnt":{"rn":"\xff\xfe"}}'),
    ("broken UTF-8 in a name", b'{"m2m:cnt":{"\xc3":1}}'),
    ("UTF-16", '{"m2m:cnt":{}}'.encode("utf-16")),
    ("a byte order mark", b"\xef\xbb\xbf" + CONTAINER),
    ("half of a surrogate pair", b'{"m2m:cnt":{"rn":"\\ud800"}}'),
    ("a NUL byte in the body", b'{"m2m:cnt":{"rn":"a\x00b"}}'),
]

_TARGETS = [
    ("an unknown resource", "/cse/nothing", (404, 4004)),
    ("dot segments that leave the tree", "/../../etc/passwd", (404, 4004)),
    ("dot segments inside the tree", "/cse/../cse", (404, 4004)),
    ("encoded dot segments", "/%2e%2e/%2e%2e/etc/passwd", (404, 4004)),
    ("dot segments below the console", "/ui/../server.py", (404, 4004)),
    ("a foreign CSE that is unknown", "/~/other/cse", (404, 4004)),
    ("the root", "/", BAD),
    ("an encoded slash", "/cse%2Fcontainer", BAD),
    ("an encoded NUL", "/cse%00", BAD),
    ("an encoded line break", "/cse%0d%0aX-M2M-RSC:%202000", BAD),
    ("double encoding", "/%2563se", BAD),
    ("a percent sign alone", "/cse%", BAD),
    ("a percent sign and no hexadecimal", "/cse%zz", BAD),
    ("percent-encoding that is no UTF-8", "/cse%ff", BAD),
    ("an overlong encoding of a slash", "/cse%c0%af", BAD),
    ("an empty segment", "/cse//x", BAD),
    ("an empty first segment", "//cse", BAD),
    ("a SP-relative path without a CSE", "/~", BAD),
    ("an absolute path without a CSE", "/_/sp", BAD),
    ("a character no name has", "/cse/<script>", BAD),
    ("an unknown query field", "/cse?rnc=1", BAD),
    ("a query field without a value", "/cse?rcn", BAD),
    ("a query value that is no number", "/cse?rcn=x", BAD),
    ("a number out of range", "/cse?rcn=99", BAD),
    ("digits of another script", "/cse?lim=%D9%A3", BAD),
    ("a huge number", "/cse?lim=" + "9" * 500, BAD),
    ("a field given twice", "/cse?rcn=1&rcn=4", BAD),
    ("a time that does not exist", "/cse?crb=20261399T000000", BAD),
    ("an empty time", "/cse?crb=", BAD),
    ("broken percent-encoding in a query", "/cse?lbl=%zz", BAD),
    ("an unsupported parameter", "/cse?tids=a", (501, 5001)),
]

_HEADERS: list[tuple[str, bytes, tuple[int, int]]] = [
    ("a Host that is none", message(headers={"Host": "a b/c"}), BAD),
    ("no X-M2M-RI", message(headers={"X-M2M-RI": None}), BAD),
    ("an empty X-M2M-RI", message(headers={"X-M2M-RI": ""}), BAD),
    ("an X-M2M-RI with blanks", message(headers={"X-M2M-RI": "a b"}), BAD),
    ("no X-M2M-Origin", message(headers={"X-M2M-Origin": None}), BAD),
    ("X-M2M-Origin twice", message(extra="X-M2M-Origin: Cother\r\n"), BAD),
    ("X-M2M-Origin twice in another case", message(extra="x-m2m-oRIGIN: Cother\r\n"), BAD),
    ("X-M2M-RI twice", message(extra="X-M2M-RI: r2\r\n"), BAD),
    ("X-M2M-RVI twice", message(extra="X-M2M-RVI: 4\r\n"), BAD),
    ("X-M2M-RSC twice", message(extra="X-M2M-RSC: 2000\r\nX-M2M-RSC: 2000\r\n"), BAD),
    ("Content-Type twice", message("POST", body=CONTAINER, extra="Content-Type: application/json;ty=3\r\n"), BAD),
    ("an originator that is no UTF-8", message(headers={"X-M2M-Origin": "C\xff\xfe"}), BAD),
    ("an event category that is a word", message(headers={"X-M2M-EC": "often"}), BAD),
    ("an expiration that is no time", message(headers={"X-M2M-RET": "tomorrow"}), BAD),
    ("an originating time that is no time", message(headers={"X-M2M-OT": "2026-01-01"}), BAD),
    ("ty that is a word", message("POST", body=CONTAINER, headers={"Content-Type": "application/json;ty=cnt"}), BAD),
    ("an empty ty", message("POST", body=CONTAINER, headers={"Content-Type": "application/json;ty="}), BAD),
    ("ty below zero", message("POST", body=CONTAINER, headers={"Content-Type": "application/json;ty=-3"}), BAD),
    ("ty twice", message("POST", body=CONTAINER, headers={"Content-Type": "application/json;ty=3;ty=4"}), BAD),
    (
        "ty of another script",
        message("POST", body=CONTAINER, headers={"Content-Type": "application/json;ty=\xb3"}),
        BAD,
    ),
    ("ty in an UPDATE", message("PUT", body=CONTAINER, headers=TY3), BAD),
    ("a GET with a body", message(body=CONTAINER), BAD),
    ("a DELETE with a body", message("DELETE", body=CONTAINER), BAD),
    ("a CREATE without a body", message("POST", headers=TY3), BAD),
    ("a NOTIFY without a body", message("POST", headers={"Content-Type": None}), BAD),
    (
        "a form",
        message("POST", body=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        (415, 4015),
    ),
    ("EXI", message("POST", body=b"<a/>", headers={"Content-Type": "application/exi;ty=3"}), (415, 4015)),
    ("no Content-Type", message("POST", body=CONTAINER, headers={"Content-Type": None}), (415, 4015)),
    (
        "another character set",
        message("POST", body=CONTAINER, headers={"Content-Type": "application/json;charset=utf-16"}),
        (415, 4015),
    ),
    (
        "a compressed body",
        message("POST", body=b"\x1f\x8b\x08", headers={**TY3, "Content-Encoding": "gzip"}),
        (415, 4015),
    ),
    ("an answer in EXI asked for", message(headers={"Accept": "application/exi"}), (406, 5207)),
    ("JSON refused", message(headers={"Accept": "application/json;q=0"}), (406, 5207)),
    ("tokens", message(headers={"Authorization": "aaa.bbb.ccc"}), (501, 5001)),
    ("PATCH", message("PATCH", body=CONTAINER), (405, 4005)),
    ("OPTIONS", message("OPTIONS"), (405, 4005)),
    ("OPTIONS of the server", message("OPTIONS", "*"), (405, 4005)),
    ("TRACE", message("TRACE"), (405, 4005)),
]

_CHUNKED: dict[str, str | None] = {"Content-Length": None, "Transfer-Encoding": "chunked", **TY3}
_OPEN = message("POST", body=CONTAINER, headers=TY3)
_GET = message()
_TLS_HELLO = bytes.fromhex("16030100a5010000a10303") + bytes(64)

_WIRE = [
    _case("a method no one knows", message("BREW"), gives=BAD, closes=True),
    _case("a method in lower case", message("get"), gives=BAD, closes=True),
    _case("no HTTP at all", b"\x00\x01\x02\x03\r\n\r\n", gives=BAD, closes=True),
    _case("TLS on the plain port", _TLS_HELLO, gives=BAD, closes=True),
    _case("HTTP/0.9", b"GET /cse\r\n\r\n", gives=BAD, closes=True),
    _case("HTTP/3.0", message(version="HTTP/3.0"), gives=BAD, closes=True),
    _case("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", gives=BAD, closes=True),
    _case("a blank in the target", message(target="/cse /x"), gives=BAD, closes=True),
    _case("a NUL byte in the target", message(target="/cse\x00"), gives=BAD, closes=True),
    _case("a control character in a header", message(headers={"X-M2M-RI": "a\x01"}), gives=BAD, closes=True),
    _case("a header without a colon", message(extra="nonsense\r\n"), gives=BAD, closes=True),
    _case("a blank before a colon", message(extra="X-M2M-GID : a\r\n"), gives=BAD, closes=True),
    _case(
        "Content-Length twice", message("POST", body=CONTAINER, extra="Content-Length: 3\r\n"), gives=BAD, closes=True
    ),
    _case(
        "Content-Length below zero", message("POST", headers={**TY3, "Content-Length": "-1"}), gives=BAD, closes=True
    ),
    _case(
        "Content-Length that is a word", message("POST", headers={**TY3, "Content-Length": "x"}), gives=BAD, closes=True
    ),
    _case(
        "Content-Length and chunks",
        message("POST", body=CONTAINER, headers=TY3, extra="Transfer-Encoding: chunked\r\n"),
        gives=BAD,
        closes=True,
    ),
    _case(
        "a chunk size that is no number",
        message("POST", headers=_CHUNKED) + b"zz\r\n{}\r\n0\r\n\r\n",
        gives=BAD,
        closes=True,
    ),
    _case(
        "a chunk longer than it says",
        message("POST", headers=_CHUNKED) + b"2\r\n{}}}}}\r\n0\r\n\r\n",
        gives=BAD,
        closes=True,
    ),
    _case(
        "a chunk size of 2 to the 70",
        message("POST", headers=_CHUNKED) + b"400000000000000000\r\n",
        gives=BAD,
        closes=True,
    ),
    _case("chunks that never end", message("POST", headers=_CHUNKED) + b"2\r\n{}\r\n", gives=(408, 4008), closes=True),
    _case(
        "a size bomb by Content-Length",
        message("POST", headers={**TY3, "Content-Length": "999999999"}),
        gives=(413, 5207),
        closes=True,
    ),
    _case("a size bomb in one piece", message("POST", body=b"x" * 9000, headers=TY3), gives=(413, 5207), closes=True),
    _case(
        "a size bomb in chunks",
        message("POST", headers=_CHUNKED) + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 9,
        gives=(413, 5207),
        closes=True,
    ),
    _case(
        "a body shorter than it says",
        message("POST", headers={**TY3, "Content-Length": "50"}) + CONTAINER,
        gives=(408, 4008),
        closes=True,
    ),
    _case(
        "a body longer than it says",
        message("POST", headers={**TY3, "Content-Length": "14"}) + CONTAINER + b"garbage\r\n\r\n",
        gives=BAD,
        closes=True,
    ),
    _case(
        "a body byte by byte",
        message("POST", headers={**TY3, "Content-Length": "14"}),
        *(b"x", 0.05) * 8,
        gives=(408, 4008),
        closes=True,
    ),
    _case(
        "a head byte by byte",
        *((bytes([byte])) if n % 2 else 0.03 for byte in _GET for n in (0, 1)),
        gives=(408, 4008),
        closes=True,
    ),
    _case("half a head", _GET[:30], gives=(408, 4008), closes=True),
    _case("half a head after a request", _GET, 0.05, _GET[:30], gives=((200, 2000), (408, 4008)), closes=True),
    _case("silence", gives=(408, 4008), closes=True),
    _case("silence after a request", _GET, gives=(200, 2000), closes=True),
    _case("garbage after a request", _GET, 0.05, b"garbage\r\n\r\n", gives=((200, 2000), BAD), closes=True),
    _case("garbage pipelined behind a request", _GET + b"\xff\xff\xff\xff\r\n\r\n", gives=BAD, closes=True),
    _case("a hundred pipelined requests", _GET * 100, gives=((200, 2000),) * 100),
    _case("a huge header", message(extra=f"X-Long: {'a' * 5000}\r\n"), gives=(431, 4000), closes=True),
    _case("a huge target", message(target="/" + "a" * 5000), gives=(431, 4000), closes=True),
    _case("a thousand headers", message(extra="".join(f"X-{n}: a\r\n" for n in range(1000))), gives=BAD, closes=True),
    _case(
        "a head without an end", _GET[:-2], *(b"X-Pad: " + b"a" * 200 + b"\r\n",) * 20, gives=(431, 4000), closes=True
    ),
    _case("half-closed after a request", _GET, gives=(200, 2000), closes=True, half_close=True),
    _case("half-closed within a head", _GET[:30], gives=NOTHING, closes=True, half_close=True),
    _case("half-closed within a body", _OPEN[:-3], gives=NOTHING, closes=True, half_close=True),
    _case("an upgrade to WebSocket", message(extra="Upgrade: websocket\r\nConnection: upgrade\r\n"), gives=(200, 2000)),
    _case("CONNECT", b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\nX-M2M-RI: r1\r\n\r\n", gives=(405, 4005)),
    _case("HTTP/1.0", message(version="HTTP/1.0"), gives=(200, 2000), closes=True),
    _case("an absolute target", message(target="http://other.example/cse"), gives=(200, 2000)),
    _case("a target of another scheme", message(target="ftp://other.example/cse"), gives=BAD),
    _case(
        "Expect: 100-continue",
        message("POST", headers={**TY3, "Content-Length": "14"}, extra="Expect: 100-continue\r\n"),
        0.02,
        CONTAINER,
        gives=((100, 0), (201, 2001)),
    ),
    _case("a body in two pieces", _OPEN[:-3], 0.02, _OPEN[-3:], gives=(201, 2001)),
    _case(
        "a chunked body", message("POST", headers=_CHUNKED) + b"e\r\n" + CONTAINER + b"\r\n0\r\n\r\n", gives=(201, 2001)
    ),
]

CASES: list[Case] = [
    *(_case(f"body: {name}", _create(body), gives=BAD) for name, body in _BODIES),
    *(_case(f"target: {name}", message(target=target), gives=gives) for name, target, gives in _TARGETS),
    *(_case(f"header: {name}", sent, gives=gives) for name, sent, gives in _HEADERS),
    *_WIRE,
]
