"""The CSE under test and how it is reached, from the command line."""

from __future__ import annotations

import argparse
import difflib
import ipaddress
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

from conformance_tests.commands.reading import with_wire
from conformance_tests.errors import CommandError, Unreachable
from conformance_tests.http.client import HttpClient
from conformance_tests.loading import Catalogue
from conformance_tests.profile import Target
from conformance_tests.session import Options

#: Seconds after which nothing is taken to listen at the URL.
_CONNECT_S = 4.0
_PORTS = {"http": 80, "https": 443}


def declare_target(parser: argparse.ArgumentParser) -> None:
    """Declare the options about the CSE."""
    cse = parser.add_argument_group("the CSE under test (each may also stand in the profile)")
    cse.add_argument("--url", metavar="URL", help="its HTTP point of access, such as http://127.0.0.1:8080")
    cse.add_argument("--originator", metavar="ADMIN", help="originator that may do everything, such as CAdmin")
    cse.add_argument("--cse-base", metavar="NAME", help="name of its CSEBase (default: asked for)")
    cse.add_argument("--ae-id", action="append", default=[], metavar="PATTERN", help="AE-IDs it accepts (default: C*)")
    cse.add_argument("--app-id", metavar="ID", help="App-ID it accepts (default: Nconformance.tester)")
    cse.add_argument("--sp-id", metavar="ID", help="its M2M service provider, such as //sp.example (for absolute ids)")
    cse.add_argument("--rvi", metavar="RELEASE", default="3", help="release version indicator (default: 3)")
    words = "YAML with these options and what the CSE claims, or a name: banyan"
    cse.add_argument("--profile", type=Path, metavar="FILE", help=words)
    cse.add_argument("--claim", action="append", default=[], metavar="FEATURE", help="take as claimed")
    cse.add_argument("--without", action="append", default=[], metavar="FEATURE", help="take as not claimed")
    net = parser.add_argument_group("network")
    net.add_argument("--listen", metavar="HOST:PORT", help="for notifications (default: a free port; `none`: nowhere)")
    net.add_argument("--notify-host", metavar="NAME", help="how the CSE reaches this machine (default: that HOST)")
    net.add_argument("--ca", type=Path, metavar="FILE", help="certificates to trust")
    net.add_argument("--certificate", type=Path, metavar="FILE", help="certificate of the tester")
    net.add_argument("--key", type=Path, metavar="FILE", help="its private key")
    net.add_argument("--insecure", action="store_true", help="accept any certificate")
    net.add_argument("--token-file", type=Path, metavar="FILE", help="holds a bearer token for each request")


def check_reachable(url: str) -> None:
    """Raise Unreachable when nothing listens at a URL, CommandError when it is none."""
    host, port = _host_and_port(url)
    failure: list[str] = ["nothing answers in time"]

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=_CONNECT_S).close()
            failure.clear()
        except OSError as error:
            failure[0] = error.strerror or str(error)

    thread = threading.Thread(target=connect, daemon=True)  # resolving a name cannot be given a limit
    thread.start()
    thread.join(_CONNECT_S + 0.5)
    if failure:
        raise Unreachable(f"no CSE at {url}: {failure[0]}; start it, or give its HTTP address as --url")


def client_of(options: argparse.Namespace) -> HttpClient:
    """Return the client that the options ask for."""
    try:
        return HttpClient(
            options.url,
            options.timeout,
            insecure=options.insecure,
            ca=options.ca,
            certificate=options.certificate,
            key=options.key,
            bearer=options.token_file.read_text().strip() if options.token_file else None,
        )
    except OSError as error:
        raise CommandError(f"{error.filename or 'certificate'}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise CommandError(str(error)) from error


def target_of(options: argparse.Namespace) -> Target:
    """Return the CSE as far as it is known before it is asked."""
    target = Target(options.url, options.originator, cse_name=options.cse_base or "", rvi=options.rvi or None)
    if options.sp_id:
        target.sp_id = f"//{options.sp_id.strip('/')}"
    if options.app_id:
        target.app_id = options.app_id
    for name, value in options.target_facts.items():
        setattr(target, name, value)
    return target


def check_features(options: argparse.Namespace, catalogue: Catalogue) -> None:
    """Raise CommandError for a claim that means nothing to the suite; a device model may be any."""
    needed = {need for case in with_wire(catalogue.cases) for need in case.needs}
    known = needed | catalogue.options.keys() | catalogue.types.all_features()
    for name in (*options.claim, *options.without):
        if name not in known and not name.startswith(("model:", "release:")):
            close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            meant = f"did you mean {', '.join(close)}?" if close else "such are option:batch, type:group, mgmt:battery"
            raise CommandError(f"there is no feature {name!r} to claim or to deny: {meant}")


def options_of(options: argparse.Namespace) -> Options:
    """Return how to run."""
    return Options(
        seed=options.seed,
        jobs=options.jobs,
        patience_s=options.patience,
        listen=_listen(options),
        notify_host=options.notify_host,
        claims=tuple(options.claim),
        lacks=tuple(options.without),
        ae_ids=tuple(one for text in options.ae_id for one in text.split(",") if one) or ("C*",),
    )


def _listen(options: argparse.Namespace) -> tuple[str, int] | None:
    """Return where to listen; without a wish, at the address of this machine that the CSE can reach."""
    if options.listen == "none":
        return None
    if options.listen:
        host, colon, port = options.listen.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:
            raise CommandError(f"--listen {options.listen}: expected HOST:PORT, such as 0.0.0.0:9000, or none")
        host = host.strip("[]")
        if not options.notify_host and _is_wildcard(host):
            options.notify_host = _own_address(options.url)
        return host, int(port)
    return _own_address(options.url), 0


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == ""


def _own_address(url: str) -> str:
    """Return the address by which this machine talks to the host of a URL; nothing is sent."""
    host, port = _host_and_port(url)
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        parsed = urlsplit(url)
        host, port = parsed.hostname, parsed.port or _PORTS.get(parsed.scheme)
    except ValueError:
        host = port = None
    if not host or not port or parsed.scheme not in _PORTS:
        raise CommandError(f"--url {url}: expected http://HOST[:PORT][/PATH] or https://...")
    return host, port
