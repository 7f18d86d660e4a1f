"""XML: exact documents both ways, types by the tables, and what is refused of all that XML could say."""

from __future__ import annotations

import time
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cse.codecs import REQUEST_ROOT, RESPONSE_ROOT, Limits, Raw
from resources.errors import BadRequest, ReceiverError
from resources.status import Status
from tests.codecs.serialisations import CONTENTS, M2M, XML

LIMITS = Limits(max_depth=5, max_members=30)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize("name", CONTENTS)
def test_round_trip_and_another_reader(name: str) -> None:
    content = CONTENTS[name]
    data = XML.encode(content)
    assert XML.decode(data, Limits()) == content
    [(root, _)] = content.items()
    assert ET.fromstring(data).tag.endswith(f"}}{root.partition(':')[2]}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"m2m:cnt": {"mni": 5, "rn": "c<1>", "lbl": ["a", "b"], "disr": True}},
            f'<m2m:cnt {M2M} rn="c&lt;1&gt;"><lbl>a b</lbl><mni>5</mni><disr>true</disr></m2m:cnt>',
        ),
        (
            {"m2m:rrl": {"rrf": [{"nm": "c1", "typ": 3, "val": "cse/c1"}]}},
            f'<m2m:rrl {M2M}><rrf nm="c1" typ="3">cse/c1</rrf></m2m:rrl>',
        ),
        (
            {"m2m:sub": {"enc": {"net": [1, 3]}, "nu": ["http://a/?x=1&y", "Cb"]}},
            f"<m2m:sub {M2M}><enc><net>1</net><net>3</net></enc><nu>http://a/?x=1&amp;y Cb</nu></m2m:sub>",
        ),
        ({"m2m:cin": {"con": "a\r\n]]>"}}, f"<m2m:cin {M2M}><con>a&#13;\n]]&gt;</con></m2m:cin>"),
        ({"m2m:cin": {"con": 21.5}}, f'<m2m:cin {M2M} {XS}><con xsi:type="xs:double">21.5</con></m2m:cin>'),
        (
            {"cod:color": {"red": 1}},
            '<cod:color xmlns:cod="http://www.onem2m.org/xml/protocols/commondomain"><red>1</red></cod:color>',
        ),
        ({"m2m:cnt": {"lbl": None}}, f"<m2m:cnt {M2M}><lbl/></m2m:cnt>"),
    ],
)
def test_exact_documents(value: dict[str, Any], text: str) -> None:
    assert XML.encode(value).decode() == HEAD + text
    assert XML.decode(text.encode(), LIMITS) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            f"<m2m:cnt {M2M}>\n  <!-- c --><m2m:mni> 5 </m2m:mni>\n<lbl>a</lbl><?p i?><lbl> b\tc </lbl></m2m:cnt>",
            {"m2m:cnt": {"mni": 5, "lbl": ["a", "b", "c"]}},
        ),
        ('<cnt xmlns="http://www.onem2m.org/xml/protocols"><disr>1</disr></cnt>', {"m2m:cnt": {"disr": True}}),
        ('<x:cnt xmlns:x="http://www.onem2m.org/xml/protocols"><rn>a</rn></x:cnt>', {"m2m:cnt": {"rn": "a"}}),
        (f"<m2m:cnt {M2M}><mni>many</mni><disr>yes</disr></m2m:cnt>", {"m2m:cnt": {"mni": "many", "disr": "yes"}}),
        (f"<m2m:cnt {M2M}><mni>NaN</mni><mbs>1e999</mbs></m2m:cnt>", {"m2m:cnt": {"mni": "NaN", "mbs": "1e999"}}),
        (
            f"<m2m:cin {M2M}><con><![CDATA[<!DOCTYPE html><a>&</a>]]></con></m2m:cin>",
            {"m2m:cin": {"con": "<!DOCTYPE html><a>&</a>"}},
        ),
        (f"<m2m:cin {M2M}><con> a </con></m2m:cin>", {"m2m:cin": {"con": " a "}}),
        (f"<m2m:cin {M2M} {XS}><con xsi:type='xs:int'>5</con></m2m:cin>", {"m2m:cin": {"con": 5}}),
        (f"<m2m:cin {M2M} {XS}><con xsi:type='xs:foo' xml:lang='en'>5</con></m2m:cin>", {"m2m:cin": {"con": "5"}}),
        (
            f"<m2m:cin {M2M} {XS}><con xsi:nil='true'/><cnf xsi:nil='false'>a</cnf></m2m:cin>",
            {"m2m:cin": {"con": None, "cnf": "a"}},
        ),
        (f"<m2m:grp {M2M}><mid/><cr/></m2m:grp>", {"m2m:grp": {"mid": [], "cr": None}}),
        (f"<m2m:sub {M2M}><enc/><nu>a</nu></m2m:sub>", {"m2m:sub": {"enc": None, "nu": ["a"]}}),
        (f"<m2m:acp {M2M}><pv/></m2m:acp>", {"m2m:acp": {"pv": {"acr": []}}}),
        ('<cod:color xmlns:cod="http://elsewhere"><red>1</red></cod:color>', {"cod:color": {"red": 1}}),
        ("<a><b>1</b><b>2</b><b>3</b><c><d/></c></a>", {"a": {"b": ["1", "2", "3"], "c": {"d": ""}}}),
        ("\ufeff<?xml version='1.0' encoding='utf-8'?><a>\U0001f600</a>", {"a": "\U0001f600"}),
        (
            f"<m2m:ae {M2M}><m2m:cnt rn='a'/><m2m:cnt rn='b'><my:x xmlns:my='u:my'/></m2m:cnt></m2m:ae>",
            {"m2m:ae": {"m2m:cnt": [{"rn": "a"}, {"rn": "b", "my:x": [""]}]}},
        ),
    ],
)
def test_what_is_read(text: str, value: dict[str, Any]) -> None:
    assert XML.decode(text.encode(), LIMITS) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("x", "syntax error at line 1, column 0"),
        ("<a", "unclosed token"),
        ("<a></b>", "mismatched tag"),
        ("<m2m:ae/>", "unbound prefix"),
        ("<a>&foo;</a>", "undefined entity"),
        ("<a>&#0;</a>", "invalid character"),
        ("<a>\x00</a>", "byte 0"),
        ("<a>\x01</a>", "invalid token"),
        ("<a/><b/>", "junk after"),
        ("<a b='1' b='2'/>", "duplicate attribute"),
        ("<!DOCTYPE a><a/>", "DOCTYPE"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "DOCTYPE"),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "DOCTYPE"),
        ("<?xml version='1.0' encoding='latin-1'?><a/>", "must be UTF-8"),
        ("<a><a><a><a><a><a/></a></a></a></a></a>", "deeper than 5"),
        (f"<a>{'<b/>' * 30}</a>", "more than 30"),
        ("<a " + " ".join(f"b{number}=''" for number in range(31)) + "/>", "more than 30"),
        ("<a " + " ".join(f"xmlns:b{number}='u'" for number in range(31)) + "/>", "more than 30"),
        (f"<m2m:cnt {M2M}><lbl>{'a ' * 31}</lbl></m2m:cnt>", "more than 30"),
        (f"<m2m:cnt {M2M}><mni>1</mni><mni>2</mni></m2m:cnt>", "m2m:cnt/mni occurs twice"),
        (f"<m2m:cnt {M2M} rn='a'><rn>b</rn></m2m:cnt>", "m2m:cnt/rn occurs twice"),
        (f"<m2m:cnt {M2M}>text</m2m:cnt>", "has the text 'text'"),
        (f"<m2m:cnt {M2M} ty='3'/>", "attribute ty; expected rn"),
        (f"<m2m:cnt {M2M}><mni a='1'>3</mni></m2m:cnt>", "m2m:cnt/mni has the attribute a; expected none"),
        (f"<m2m:cnt {M2M}><mni><a/></mni></m2m:cnt>", "m2m:cnt/mni has the element a; expected a number"),
        (f"<m2m:rrl {M2M}><rrf><a/></rrf></m2m:rrl>", "has the element a"),
        (f"<m2m:cnt {M2M}><mni>99999999999999999999</mni></m2m:cnt>", "67 bits"),
        ("<a>b<c/></a>", "text between"),
    ],
)
def test_refused_with_reason(text: str, reason: str) -> None:
    with pytest.raises(BadRequest) as caught:
        XML.decode(text.encode(), LIMITS)
    assert reason in caught.value.message
    assert caught.value.status is Status.BAD_REQUEST


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-be", "utf-32", "latin-1"])
def test_other_charsets_are_refused(charset: str) -> None:
    with pytest.raises(BadRequest):
        XML.decode("<a>\xe9</a>".encode(charset), LIMITS)


BILLION = (
    "<!DOCTYPE a [<!ENTITY e0 'ha'>"
    + "".join(f"<!ENTITY e{number} '{f'&e{number - 1};' * 10}'>" for number in range(1, 12))
    + "]><a>&e11;</a>"
)
BOMBS = [
    BILLION.encode(),
    b"<a>" * 300_000,
    b"<a>" + b"<b/>" * 250_000,
    b"<a" + b"".join(b" a%d=''" % n for n in range(90_000)),
    b"<a " + b"".join(b"xmlns:a%d='u'" % n for n in range(60_000)),
    b"<a>" + b"&lt;" * 250_000,
    b"<!--" * 250_000,
    b"<a>" + b"<![CDATA[]]>" * 80_000,
    b"<?a " + b"?" * 900_000,
    b"<" + b"a" * 1_000_000,
    b"<a b='" + b"&#65;" * 200_000,
    f"<m2m:cnt {M2M}><lbl>{'a ' * 500_000}</lbl></m2m:cnt>".encode(),
    f"<m2m:cnt {M2M}><mni>{'9' * 900_000}</mni><mbs>{'1' * 400_000}x</mbs></m2m:cnt".encode(),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_costs_nothing(bomb: bytes) -> None:
    since = time.thread_time()
    with pytest.raises(BadRequest):
        XML.decode(bomb, Limits())
    assert time.thread_time() - since < 5


def test_a_large_text_is_one_member() -> None:
    value = {"m2m:cin": {"con": "x<" * 250_000}}
    assert XML.decode(XML.encode(value), Limits()) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"m2m:cnt": {"lbl": ["a b"]}}, "lbl has the value 'a b'"),
        ({"m2m:cnt": {"lbl": [""]}}, "lbl has the value ''"),
        ({"m2m:cin": {"con": "\x00"}}, "con has a character"),
        ({"m2m:cin": {"con": {"a b": 1}}}, "a b is no name"),
        ({"m2m:cin": {"con": [[1]]}}, "a list in a list"),
        ({"a": ["b"]}, "is a list"),
        ({}, "one member"),
        ([], "one member"),
        ({"a": 1, "b": 2}, "one member"),
        ({"m2m:cin": {"con": {"\x00é": 1}}}, "\\x00\\xe9 is no name"),
    ],
)
def test_what_xml_cannot_say_is_5207(value: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReceiverError) as caught:
        XML.encode(value)
    assert caught.value.status is Status.NOT_ACCEPTABLE
    assert reason in caught.value.message


def test_what_is_nested_too_deep_is_5207() -> None:
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"a": deep}
    with pytest.raises(ReceiverError, match="too deep"):
        XML.encode({"m2m:cin": {"con": deep}})


def test_values_of_the_wrong_kind_are_written_all_the_same() -> None:
    assert b"<mni>five</mni>" in XML.encode({"m2m:cnt": {"mni": "five"}})
    assert b"<mni><a>b</a></mni>" in XML.encode({"m2m:cnt": {"mni": {"a": "b"}}})
    assert b"<lbl>a</lbl>" in XML.encode({"m2m:cnt": {"lbl": "a"}})
    assert b"<lbl>b</lbl><lbl><c>d</c></lbl>" in XML.encode({"m2m:cnt": {"lbl": ["b", {"c": "d"}]}})
    assert b"<pv>x</pv>" in XML.encode({"m2m:acp": {"pv": "x"}})
    assert b'<mni xsi:nil="true"/>' in XML.encode({"m2m:ae": {"m2m:cnt": [{"mni": {"mni": None}}]}})


def test_primitives_have_a_root_and_raw_parts_are_read() -> None:
    members = {"op": 1, "to": "cse", "rqi": "1", "rvi": "3", "ty": 3, "pc": {"m2m:cnt": Raw(b'{"rn":"c"}')}}
    data = XML.encode_primitive(members, REQUEST_ROOT)
    assert data.decode() == (
        f'{HEAD}<m2m:rqp {M2M}><op>1</op><to>cse</to><rqi>1</rqi><ty>3</ty><pc><m2m:cnt rn="c"></m2m:cnt></pc>'
        "<rvi>3</rvi></m2m:rqp>"
    )
    assert XML.decode_primitive(data, REQUEST_ROOT, Limits()) == {**members, "pc": {"m2m:cnt": {"rn": "c"}}}
    with pytest.raises(BadRequest, match="root element is m2m:rqp; expected m2m:rsp"):
        XML.decode_primitive(data, RESPONSE_ROOT, Limits())
    assert (XML.is_text, XML.media_type) == (True, "application/xml")
