"""``banyan broker passwd``: logins of the broker inside."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass
from pathlib import Path

from cse.cli import exit_codes
from cse.cli.errors import UsageError
from cse.cli.output import Output
from cse.cli.parser import Commands


def add(commands: Commands) -> None:
    """Declare the commands."""
    broker = commands.add("broker", "logins of the MQTT broker inside", remote=False)
    below = Commands(broker)
    passwd = below.add("passwd", "enter a login or change its password", _passwd, remote=False)
    passwd.add_argument("file", metavar="FILE", help="file of logins (broker.logins); made if it is not there")
    passwd.add_argument("user", metavar="USER", help="AE-ID, CSE-ID without '/', or credential-ID")


def _passwd(options: argparse.Namespace, output: Output) -> int:
    """Ask for the password twice, or read it from the input when that is no terminal."""
    from bindings.broker.logins import set_password

    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Again: ") != password:
            raise UsageError("the two passwords differ", "nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        set_password(Path(options.file), options.user, password)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if output.as_json:
        output.document({"file": options.file, "user": options.user})
    else:
        output.line(f"{options.file}: {options.user} may log in; the broker reads the file when it starts")
    return exit_codes.OK
