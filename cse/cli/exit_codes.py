"""Exit codes of ``banyan``, as ``banyan --help`` and docs/cli.md state them."""

OK = 0
WRONG = 1
USAGE = 2
NOT_REACHABLE = 3
ORIGINATOR_ERROR = 4
RECEIVER_ERROR = 5
INTERRUPTED = 130

HELP = """\
exit codes:
  0    done
  1    what was checked or asked for is not as it should be
  2    the command line, a file or a setting is wrong; a CSE cannot start
  3    the CSE cannot be reached
  4    the CSE refused the request (4xxx)
  5    the CSE or something behind it failed (5xxx, 6xxx)
  130  interrupted (Ctrl-C)
"""


def exit_code_of(status: int) -> int:
    """Return the exit code for a response status code."""
    if status < 4000:
        return OK
    return ORIGINATOR_ERROR if status < 5000 else RECEIVER_ERROR
