"""Simple types and lists of them (TS-0004 6.3.2 and 6.3.3), ``xs:`` first, then ``m2m:``."""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from resources.datatypes import DataType, any_text, anything, boolean, expected, integer, list_of, real, text
from resources.enumerations import resource_type

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
double = real("xs:double")
decimal = real("xs:decimal")
any_type = anything("xs:anyType")
any_simple_type = anything("xs:anySimpleType", simple=True)
duration = text(
    "xs:duration",
    r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
    "a duration, for example PT1H30M",
)
any_uri = text("xs:anyURI", r"[^\s\x00-\x1f\x7f]+", "a URI or identifier without blanks")
token = text("xs:token", r"\S+( \S+)*", "text without leading, trailing or double blanks")
nc_name = text("xs:NCName", r"[A-Za-z_][A-Za-z0-9_.\-]*", "a name that starts with a letter and has no colon")
base64_binary = text(
    "xs:base64Binary", r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "base64 text"
)

SEGMENT = r"[A-Za-z0-9\-._~]+"
TIMESTAMP = r"\d{8}T\d{6}(,\d{1,6})?"
TIMESTAMP_FORM = "a UTC time YYYYMMDDTHHMMSS with an optional fraction after a comma"


def _calendar(value: str) -> None:
    numbers = value[0:4], value[4:6], value[6:8], value[9:11], value[11:13], value[13:15]
    try:
        year, month, day, hour, minute, second = map(int, numbers)
        datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - only asks whether the day exists
    except ValueError:
        raise expected(TIMESTAMP_FORM, value) from None


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
timestamp = text("m2m:timestamp", TIMESTAMP, TIMESTAMP_FORM, _calendar, ordered=True)
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
access_control_operations = integer("m2m:accessControlOperations", 1, 63)
trigger_recipient_id = integer("m2m:triggerRecipientID", 0, 2**16 - 1)
app_id = text("xs:string", r"[NRr]\S*", "an App-ID that starts with N, R or r")


def _event_category(value: Any) -> None:
    if type(value) is not int or not (2 <= value <= 4 or 100 <= value <= 999):
        raise expected("an event category: 2, 3, 4 or 100..999", value)


def _event_category_text(source: str) -> int:
    value: int = non_negative_integer.parse_text(source)
    _event_category(value)
    return value


event_cat = DataType(
    "m2m:eventCat",
    "number",
    _event_category,
    {"type": "integer", "anyOf": [{"minimum": 2, "maximum": 4}, {"minimum": 100, "maximum": 999}]},
    _event_category_text,
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

list_of_any_uri = list_of(any_uri)
list_of_nc_name = list_of(nc_name)
list_of_string = list_of(string)
acp_type = list_of(identifier, "m2m:acpType", least=1)
labels = list_of(token, "m2m:labels", least=1)
list_of_m2m_id = list_of(identifier, "m2m:listOfM2MID", least=1)
list_of_uris = list_of(any_uri, "m2m:listOfURIs", least=1)
attribute_list = list_of(nc_name, "m2m:attributeList", least=1)
list_of_resource_type = list_of(resource_type)
poa_list = list_of(point_of_access, "m2m:poaList", least=1)
serializations = list_of(serialization, "m2m:serializations", least=1)
supported_release_versions = list_of(release_version, "m2m:supportedReleaseVersions", least=1)
session_capabilities = list_of(string, "m2m:sessionCapabilities")
