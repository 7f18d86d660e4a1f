"""Texts that tell one pattern from another."""

PROBES: tuple[str, ...] = (
    "", " ", "-", ".", "..", "_", "~", "a", "A", "0", "1", "2", "2a", "2b", "5", "6", "-5", "+5", "1.5", "true",
    # names and identifiers
    "cnt1", "-a", "_x", ".b", "~c", "a.b-c_d", "a b", "a  b", " a", "a ", "a\tb", "a\nb", "a\n", "a\r", "ü", "a:b",
    "9a", "Cae1", "C", "S", "Sae1", "ae1", "N.app", "Rapp", "rapp", "xapp", "N~", "N a", "/csi", "/csi/", "/csi/Cae",
    "/Sae", "/Cae", "/csi/a/b", "//sp", "//sp.example", "//sp/csi", "//sp/csi/a", "//sp/csi/Cae", "//sp/Sae",
    "//sp/csi/a/b", "///a", "//", "/", "a/b", "a/b/c", "a//b", "a/", "-/a", "./a", "id/la", "id/fopt/x", "http://a",
    "a*", "a?b",
    # times
    "20260131", "20260231", "20261301", "2026013", "20260131T235959", "20260131T235959,1", "20260131T235959,123456",
    "20260131T235959,1234567", "20260131T235959.5", "20260131T235959Z", "20260231T000000", "20260131T240000", "120000",
    "235960", "240000", "12000", "2026-01-31", "12:00:00", "P", "PT", "P1D", "-P1D", "PT1H30M", "P1Y2M3DT4H5M6.7S",
    "P1W", "PT1H1H", "P1H", "PT1.5M", "P1DT", "3600000", "-3600000", "36000000000000000000000",
    # networks
    "10.0.0.1", "10.0.0.0/8", "10.0.0.1/33", "256.0.0.1", "10.0.0", "::1", "fd00::/32", "fd00::/129", "::ffff:10.0.0.1",
    "g::1", "1:2", "abc", "http://10.0.0.1:8080/x", "coap://[::1]:5683", "mqtt://h", "://x", "http:// x", "ws://",
    # media
    "text/plain", "text/plain:0", "text/plain:1:5", "text/plain:3", "text/plain:0:6", "text/plain:", "application/json",
    "application/vnd.a+json:2", "a/b c", "/b", "json", "xml", "cbor", "JSON",
    # encodings
    "QUJD", "QUI=", "QQ==", "QUJ", "Q===", "0aF9", "0aF", "0g", "YWJj.ZGVm.Z2hp", "a.b.c", "a..c", "a.b", "a.b.c.d.e",
    "a....", "a...d.", "a...d.e", "a.b.c.d", "a+b.c.d",
    # names with a domain
    "1234abcd@role-issuer.com", "1234abcd@Role-Issuer.com", "a@", "@b", "a@b@c", "123456789@domain.com", "a b@c", "CH",
    "ch", "CHE", "KR",
    # devices
    "urn:dev:ops:012345-box-0123", "urn:uuid:1", "urn:gsma:imei:90420156-025763-0", "urn:uuid:", "urn:x:1",
    "urn:uuid:a b", "urn:imei:1",
    # schedules
    "* * * * * * *", "* 0-5 2,6,10 * * * *", "*/10 * * * * * *", "* * * * * *", "60 * * * * * *", "*/0 * * * * * *",
    "* * 5-2 * * * *", "* * * 0 * * *", "* * * * * * 1999", "0 0 12 1-31/2 1,6-8 1-5 2026", "1/2 * * * * * *",
    "* * * * * * * *", "00000 * * * * * *",
)  # fmt: skip
