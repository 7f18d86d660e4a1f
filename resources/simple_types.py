"""Simple types and lists of them (TS-0004 6.3.2 and 6.3.3): ``xs:``, ``m2m:``, forms of identifiers, lists."""

from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from resources.datatypes import (
    DataType,
    Invalid,
    any_text,
    anything,
    boolean,
    expected,
    integer,
    list_of,
    real,
    text,
)
from resources.enumerations import resource_type, semantic_format

string = any_text("xs:string")
boolean_type = boolean("xs:boolean")
integer_type = integer("xs:integer")
non_negative_integer = integer("xs:nonNegativeInteger", 0)
positive_integer = integer("xs:positiveInteger", 1)
unsigned_long = integer("xs:unsignedLong", 0, 2**64 - 1)
unsigned_int = integer("xs:unsignedInt", 0, 2**32 - 1)
unsigned_short = integer("xs:unsignedShort", 0, 2**16 - 1)
long = integer("xs:long", -(2**63), 2**63 - 1)
float_type = real("xs:float", 3.4028235e38)
double = real("xs:double", 1.7976931348623157e308)
decimal = real("xs:decimal")
any_type = anything("xs:anyType")
any_simple_type = anything("xs:anySimpleType", simple=True)
duration = text(
    "xs:duration",
    r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
    "a duration, for example PT1H30M",
)
any_uri = text("xs:anyURI", r"[^\s\x00-\x1f\x7f]+", "a URI or identifier without blanks")
normalized_string = text("xs:normalizedString", r"[^\t\n\r]*", "text without tabs and line breaks")
token = text("xs:token", r"\S+( \S+)*", "text without leading, trailing or double blanks")
nc_name = text("xs:NCName", r"[A-Za-z_][A-Za-z0-9_.\-]*", "a name that starts with a letter and has no colon")
base64_binary = text(
    "xs:base64Binary", r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "base64 text"
)
hex_binary = text("xs:hexBinary", r"([0-9A-Fa-f]{2})*", "pairs of hexadecimal digits")

_LETTER = r"[A-Za-z0-9\-._~]"
SEGMENT = rf"{_LETTER}+"
TIMESTAMP = r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])[0-5]\d[0-5]\d(,\d{1,6})?"
TIMESTAMP_FORM = "a UTC time YYYYMMDDTHHMMSS with an optional fraction after a comma"
DATE_FORM = "a day YYYYMMDD"
TIME_FORM = "a time of day HHMMSS"


def _calendar(day: str, time_of_day: str, what: str, value: str) -> None:
    numbers = day[0:4], day[4:6], day[6:8], time_of_day[0:2], time_of_day[2:4], time_of_day[4:6]
    try:
        year, month, day_of_month, hour, minute, second = map(int, numbers)
        datetime(year, month, day_of_month, hour, minute, second)  # noqa: DTZ001 - only asks whether it exists
    except ValueError:
        raise expected(what, value) from None


def _moment(value: str) -> None:
    _calendar(value[:8], value[9:15], TIMESTAMP_FORM, value)


def _day(value: str) -> None:
    _calendar(value, "000000", DATE_FORM, value)


def _time_of_day(value: str) -> None:
    _calendar("20000101", value, TIME_FORM, value)


def _name(value: str) -> None:
    if value in ("-", ".", ".."):
        raise expected("a resource name; - . and .. have a meaning in an address", value)


def _network4(value: str) -> None:
    try:
        IPv4Network(value, strict=False)
    except ValueError:
        raise expected("an IPv4 address or network, for example 10.0.0.0/8", value) from None


def _network6(value: str) -> None:
    try:
        IPv6Network(value, strict=False)
    except ValueError:
        raise expected("an IPv6 address or network, for example fd00::/32", value) from None


#: Fields of a schedule entry and their ranges.
SCHEDULE_FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
    ("year", 2000, 9999),
)
_FIELD = r"(\*(/\d{1,4})?|\d{1,4}(-\d{1,4}(/\d{1,4})?)?(,\d{1,4}(-\d{1,4}(/\d{1,4})?)?)*)"


def _schedule(value: str) -> None:
    for entry, (field, low, high) in zip(value.split(" "), SCHEDULE_FIELDS, strict=True):
        for part in entry.split(","):
            bounds, _, step = part.partition("/")
            first, _, last = bounds.partition("-")
            if step == "0" * len(step) and step:
                raise expected(f"a step > 0 in the {field} field of a schedule entry", part)
            if first != "*" and not low <= int(first) <= int(last or first) <= high:
                raise expected(f"{low}..{high} in the {field} field of a schedule entry", part)


resource_name = text("m2m:resourceName", r"[A-Za-z0-9\-._]+", "a name of letters, digits and - . _", _name)
identifier = text(
    "m2m:ID", rf"(//?)?{SEGMENT}(/{SEGMENT})*", "an identifier: segments of letters, digits and - . _ ~ joined by /"
)
nh_uri = text("m2m:nhURI", SEGMENT, "an unstructured resource ID")
node_id = text("m2m:nodeID", r"\S+", "a node ID without blanks")
external_id = text("m2m:externalID", r"[^@\s]+@[^@\s]+", "an external ID local@realm")
sp_id = text("m2m:SP-ID", rf"//{SEGMENT}", "an SP-ID //domain")
request_id = text("m2m:requestID", r"\S+", "a request ID without blanks")
timestamp = text("m2m:timestamp", TIMESTAMP, TIMESTAMP_FORM, _moment, ordered=True)
date = text("xs:date", r"\d{8}", DATE_FORM, _day, ordered=True)
time = text("xs:time", r"\d{6}", TIME_FORM, _time_of_day, ordered=True)
ipv4 = text("m2m:ipv4", r"(\d{1,3}\.){3}\d{1,3}(/\d{1,2})?", "an IPv4 address or network", _network4)
ipv6 = text("m2m:ipv6", r"[0-9A-Fa-f:.]+(/\d{1,3})?", "an IPv6 address or network", _network6)
country_code = text("m2m:countryCode", r"[A-Z]{2}", "a country code of two capitals")
point_of_access = text(
    "m2m:pointOfAccess", r"[A-Za-z][A-Za-z0-9+.\-]*://\S+", "a point of access scheme://host[:port][/path]"
)
type_of_content = text("m2m:typeOfContent", r"[^\s/:]+/[^\s:]+", "a media type, for example application/json")
content_info = text(
    "m2m:contentInfo",
    r"[^\s/:]+/[^\s:]+(:[012](:[0-5])?)?",
    "media type[:encoding 0..2[:security 0..5]], for example text/plain:0",
)
schedule_entry = text(
    "m2m:scheduleEntry", rf"{_FIELD}( {_FIELD}){{6}}", "7 fields, for example '* 0-5 2,6,10 * * * *'", _schedule
)
release_version = text("m2m:releaseVersion", r"1|2|2a|3|4|5", "a release: 1, 2, 2a, 3, 4 or 5")
serialization = text("m2m:serialization", r"(application/)?(xml|json|cbor)", "xml, json or cbor")
trigger_recipient_id = integer("m2m:triggerRecipientID", 0, 2**16 - 1)
device_id = text(
    "m2m:deviceID",
    r"urn:(uuid|dev:ops|dev:os|gsma:imei|esn|meid|imei|oui|ops|os):\S+",
    "a device URN, for example urn:dev:ops:012345-box-0123",
)
location_target_id = text("m2m:locationTargetID", r"\S+", "a node ID, an external ID or an MSISDN, without blanks")
tmgi = text("m2m:TMGI", r"\S+", "a temporary mobile group identity of 3GPP, without blanks")
_ISSUED = r"[A-Za-z0-9._\-]+@[a-z0-9.\-]+"
role_id = text("m2m:roleID", _ISSUED, "a role ID name@issuer, the issuer in lower case")
token_id = text("m2m:tokenID", _ISSUED, "a token ID name@issuer, the issuer in lower case")
sparql = text("m2m:sparql", r"\s*\S.*", "a SPARQL query")
_SDP_LINE = r"[a-z]=[^\r\n]*"
session_description = text(
    "m2m:sessionDescription", rf"{_SDP_LINE}(\r?\n{_SDP_LINE})*(\r?\n)?", "an SDP text: lines such as v=0"
)
_BASE64URL = r"[A-Za-z0-9_\-]"
_JWS = rf"{_BASE64URL}+\.{_BASE64URL}*\.{_BASE64URL}+"
_JWE = rf"{_BASE64URL}+\.{_BASE64URL}*\.{_BASE64URL}*\.{_BASE64URL}+\.{_BASE64URL}*"
e2e_compact_jws = text("m2m:e2eCompactJWS", _JWS, "a compact JWS: three parts of base64url joined by dots")
e2e_compact_jwe = text("m2m:e2eCompactJWE", _JWE, "a compact JWE: five parts of base64url joined by dots")
dyn_auth_jwt = text("m2m:dynAuthJWT", rf"{_JWS}|{_JWE}", "a compact JWS or JWE: parts of base64url joined by dots")
ontology_format = replace(semantic_format, name="m2m:ontologyFormat")


def _event_category(value: Any) -> None:
    if type(value) is not int or not (2 <= value <= 4 or 100 <= value <= 999):
        raise expected("an event category: 2, 3, 4 or 100..999", value)


def _event_category_text(source: str) -> int:
    value: int = non_negative_integer.parse_text(source)
    _event_category(value)
    return value


def _event_category_or_default(value: Any) -> None:
    if type(value) is not int or value != 0:
        _event_category(value)


def _event_category_or_default_text(source: str) -> int:
    return 0 if source == "0" else _event_category_text(source)


_EVENT_CATEGORIES = ({"minimum": 2, "maximum": 4}, {"minimum": 100, "maximum": 999})
event_cat = DataType(
    "m2m:eventCat",
    "number",
    _event_category,
    {"type": "integer", "anyOf": [*_EVENT_CATEGORIES]},
    _event_category_text,
)
event_cat_with_def = DataType(
    "m2m:eventCatWithDef",
    "number",
    _event_category_or_default,
    {"type": "integer", "anyOf": [{"const": 0}, *_EVENT_CATEGORIES]},
    _event_category_or_default_text,
)


def _abs_rel(value: Any) -> None:
    if type(value) is str and "T" in value:
        timestamp.check(value)
    elif type(value) is str:
        long.parse_text(value)
    else:
        long.check(value)


def _abs_rel_text(source: str) -> str:
    _abs_rel(source)
    return source


abs_rel_timestamp = DataType(
    "m2m:absRelTimestamp",
    "string|number",
    _abs_rel,
    {"type": ["string", "integer"], "pattern": rf"^(?:{TIMESTAMP}|-?\d+)$"},
    _abs_rel_text,
)


# Forms of identifiers: where a rule needs one of them and m2m:ID would take all (TS-0001 7.2)

_PATH = rf"{SEGMENT}(/{SEGMENT})*"
_C_STEM = rf"C{_LETTER}*"
_S_STEM = rf"S{_LETTER}*"
m2m_sp_id = text("M2M-SP-ID", rf"//{SEGMENT}", "an SP-ID //domain")
cse_id_sp_relative = text("CSE-ID, SP-relative", rf"/{SEGMENT}", "a CSE-ID /name")
cse_id_absolute = text("CSE-ID, absolute", rf"//{SEGMENT}/{SEGMENT}", "a CSE-ID //domain/name")
ae_id_stem = text("AE-ID-Stem", rf"{_C_STEM}|{_S_STEM}", "an AE-ID stem: C or S, then letters, digits and - . _ ~")
ae_id_cse_relative = replace(ae_id_stem, name="AE-ID, CSE-relative")
ae_id_sp_relative = text(
    "AE-ID, SP-relative", rf"/{SEGMENT}/{_C_STEM}|/{_S_STEM}", "an AE-ID /cse/C... or /S..."
)
ae_id_absolute = text(
    "AE-ID, absolute", rf"//{SEGMENT}/({SEGMENT}/{_C_STEM}|{_S_STEM})", "an AE-ID //domain/cse/C... or //domain/S..."
)
app_id = text("xs:string", r"[NRr][A-Za-z0-9.\-_]*", "an App-ID: N, R or r, then letters, digits and - . _")
resource_id_unstructured_cse_relative = text(
    "resource ID, unstructured, CSE-relative", SEGMENT, "an unstructured resource ID: one segment without /"
)
resource_id_structured_cse_relative = text(
    "resource ID, structured, CSE-relative", _PATH, "a structured resource ID: names from the CSEBase (or -) down"
)
resource_id_sp_relative = text("resource ID, SP-relative", rf"/{SEGMENT}/{_PATH}", "a resource ID /cse/...")
resource_id_absolute = text(
    "resource ID, absolute", rf"//{SEGMENT}/{SEGMENT}/{_PATH}", "a resource ID //domain/cse/..."
)
hybrid = text("hybrid", rf"{SEGMENT}(/{SEGMENT})+", "a resource ID followed by / and names, for example id/la")

# Lists


def _min_max(value: list[Any]) -> None:
    low, high = value
    if low < INFINITE or high < INFINITE:
        raise expected("milliseconds or -1 for no limit", min(low, high))
    if high != INFINITE and not INFINITE < low <= high:
        raise Invalid(f"expected [least, most] with least <= most (-1: no limit), got [{low}, {high}]")


def _missing_data(value: Any) -> None:
    if type(value) is not list or not value:
        raise expected("an array of m2m:timestamp or of xs:duration with 1..n entries", value)
    first = value[0]
    (durations if type(first) is str and first.startswith(("P", "-P")) else timestamps).check(value)


def _missing_data_text(source: str) -> list[str]:
    value = source.split()
    _missing_data(value)
    return value


def _different(value: list[Any]) -> None:
    if len(set(value)) != len(value):
        raise Invalid("expected each of true and false at most once")


#: No limit, in a list of a least and a most time.
INFINITE = -1

list_of_any_uri = list_of(any_uri)
list_of_nc_name = list_of(nc_name)
list_of_string = list_of(string)
list_of_resource_type = list_of(resource_type)
restricted_list_of_boolean = list_of(
    boolean_type, "restricted list of xs:boolean", least=1, most=2, also=_different
)
acp_type = list_of(identifier, "m2m:acpType", least=1)
labels = list_of(token, "m2m:labels", least=1)
list_of_m2m_id = list_of(identifier, "m2m:listOfM2MID", least=1)
list_of_uris = list_of(any_uri, "m2m:listOfURIs", least=1)
list_of_duration = list_of(duration, "m2m:listOfDuration", least=1)
resource_type_list = list_of(resource_type, "m2m:resourceTypeList", least=1)
attribute_list = list_of(nc_name, "m2m:attributeList", least=1)
list_of_min_max = list_of(long, "m2m:listOfMinMax", least=2, most=2, also=_min_max)
list_of_event_cat = list_of(event_cat, "m2m:listOfEventCat", least=1)
list_of_event_cat_with_def = list_of(event_cat_with_def, "m2m:listOfEventCatWithDef", least=1)
poa_list = list_of(point_of_access, "m2m:poaList", least=1)
serializations = list_of(serialization, "m2m:serializations", least=1)
protocol_list = list_of(
    text("xs:string", r"[^\s/;]+/[^\s;]+(\s*;.*)?", "a media type with parameters"), "m2m:protocolList"
)
session_capabilities = list_of(
    text("xs:string", r"[^\s:]+:\S+", "a pair media:protocol"), "m2m:sessionCapabilities"
)
signature_list = list_of(
    text("xs:string", rf"{_BASE64URL}+", "a signature in base64url"), "m2m:signatureList", least=1
)
supported_release_versions = list_of(release_version, "m2m:supportedReleaseVersions", least=1)
timestamps = list_of(timestamp, least=1)
durations = list_of(duration, least=1)
missing_data_list = DataType(
    "m2m:missingDataList",
    "array",
    _missing_data,
    {"type": "array", "minItems": 1, "anyOf": [{"items": timestamp.schema}, {"items": duration.schema}]},
    _missing_data_text,
)
