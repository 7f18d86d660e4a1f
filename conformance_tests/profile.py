"""What the CSE under test claims: read from its CSEBase, completed by the tester."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance_tests.primitive import RETRIEVE, NoAnswer, Request, Response
from conformance_tests.types import ResourceTypes

_NO_ANSWER = "Is the CSE running, and is this its HTTP address?"


class Unusable(Exception):
    """The CSE cannot be tested; the text says why and what would be right."""


@dataclass(slots=True)
class Target:
    """The CSE under test as the tester addresses it."""

    url: str
    originator: str
    cse_name: str = ""
    cse_ri: str = ""
    cse_id: str = ""
    sp_id: str = ""
    rvi: str | None = "3"
    app_id: str = "Nconformance.tester"
    registree: str = "/conformance-*"
    denied: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Features:
    """The features that are taken as claimed."""

    claimed: frozenset[str]

    def lacking(self, needs: Iterable[str]) -> list[str]:
        """Return the needed features that the CSE does not claim."""
        return [need for need in needs if need not in self.claimed]


def features_of(
    target: Target,
    types: ResourceTypes,
    options: Mapping[str, Mapping[str, Any]],
    *,
    listening: bool,
    claims: Iterable[str] = (),
    lacks: Iterable[str] = (),
) -> Features:
    """Return what a CSE claims: its CSEBase, the defaults of the options, and what the tester says on top."""
    claimed = {"type:CSEBase"}
    numbers = set(target.attributes.get("srt", ()))
    claimed |= {feature for number in numbers if (feature := types.feature_of_number(number)) is not None}
    claimed |= {f"release:{release}" for release in _releases(target.attributes.get("srv"))}
    claimed |= {name for name, option in options.items() if option.get("default") == "claimed"}
    if "type:mgmtObj" in claimed:
        claimed |= types.management_features()
    claimed |= {"tester:listen"} if listening else set()
    claimed |= {"tester:sp-id"} if target.sp_id else set()
    return Features(frozenset((claimed | set(claims)) - set(lacks)))


def _releases(versions: object) -> set[str]:
    """Return the releases a CSE supports; one that supports a later release supports what came before."""
    known = [str(one) for one in versions] if isinstance(versions, list) else ["1"]
    numbers = [int(one[0]) for one in known if one[:1].isdigit()]
    return {str(number) for number in range(1, max(numbers, default=1) + 1)}


async def examine(send: Any, target: Target) -> Target:
    """Retrieve the CSEBase and complete the target; raises Unusable when that is not possible.

    ``send`` is ``HttpClient.send``. Without a name the CSEBase is asked for as ``-`` (TS-0001 7.2; ADR-1).
    """
    response = await _csebase(send, target)
    attributes = response.pc.get("m2m:cb") if isinstance(response.pc, Mapping) else None
    if not isinstance(attributes, Mapping) or not attributes.get("csi"):
        raise Unusable(f"{target.url}: the answer to a RETRIEVE of the CSEBase holds no m2m:cb with a csi")
    target.attributes = attributes
    target.cse_name = target.cse_name or str(attributes.get("rn", "-"))
    target.cse_ri = str(attributes.get("ri", target.cse_name))
    target.cse_id = "/" + str(attributes["csi"]).strip("/").split("/")[-1]
    if target.rvi and isinstance(attributes.get("srv"), list) and target.rvi not in attributes["srv"]:
        target.rvi = str(attributes["srv"][-1])
    return target


async def _csebase(send: Any, target: Target) -> Response:
    request = Request(RETRIEVE, target.cse_name or "-", target.originator, "csebase", parameters={"rvi": target.rvi})
    try:
        response: Response = (await send(request))[0]
    except NoAnswer as error:
        untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
        hint = "--ca says whom to trust, --insecure trusts anybody" if untrusted else _NO_ANSWER
        raise Unusable(f"{target.url} does not answer: {error}. {hint}") from error
    if response.rsc is None:
        raise Unusable(f"{target.url} answers HTTP {response.status} without X-M2M-RSC: is this the address of a CSE?")
    if response.rsc != 2000:
        told = response.pc.get("m2m:dbg", "") if isinstance(response.pc, Mapping) else ""
        raise Unusable(
            f"RETRIEVE of the CSEBase {request.to} as {target.originator} is answered with {response.rsc} {told}; "
            "--cse-base names it, --originator is who may read it"
        )
    return response
