"""Why the command ends without a run, with the exit status it ends with."""

from __future__ import annotations

#: Every case got an accepted verdict; some did not; the command line is wrong; there is no CSE; stopped before the end.
OK, FAILED, USAGE, UNREACHABLE, INCOMPLETE = 0, 1, 2, 3, 4
#: Ctrl-C, as shells count it.
INTERRUPTED = 130


class CommandError(Exception):
    """One line for the person at the terminal: what is wrong and what would be right."""

    status = USAGE


class Unreachable(CommandError):
    """Nothing that can be tested answers at the address."""

    status = UNREACHABLE
