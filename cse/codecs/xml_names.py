"""Names of XML elements: namespaces of the standard and the prefixes that JSON has for them (TS-0004 8.3)."""

from __future__ import annotations

M2M = "http://www.onem2m.org/xml/protocols"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"

#: Namespaces that are written; what is read may also bind one of these prefixes to a namespace that is not here.
NAMESPACES = {
    "m2m": M2M,
    "xsi": XSI,
    "xs": XS,
    **{
        prefix: f"{M2M}/{domain}domain"
        for prefix, domain in (
            ("agd", "agriculture"), ("cid", "city"), ("cod", "common"), ("hed", "health"), ("hod", "home"),
            ("ind", "industry"), ("mad", "management"), ("mdd", "manageddevice"), ("psd", "publicsafety"),
            ("rad", "railway"), ("ved", "vehicular"),
        )
    },
    "dcfg": "http://www.onem2m.org/xml/deviceConfig",
}
PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}


def namespace_of(prefix: str) -> str:
    """The namespace of a prefix; that of a model of one's own is below the one of the standard."""
    return NAMESPACES.get(prefix) or f"{M2M}/{prefix}"
