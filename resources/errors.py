"""Errors of the service layer: each carries the response status it becomes (TS-0004 6.6.3).

CseError
├── OriginatorError      4xxx, the request is at fault
│   ├── BadRequest             4000
│   ├── NotFound               4004
│   ├── OperationNotAllowed    4005
│   ├── NoPrivilege            4103
│   └── Conflict               4105
├── ReceiverError        5xxx, this CSE is at fault or cannot do it
│   └── NotImplementedHere     5001
└── NetworkError         6xxx, something behind this CSE is at fault

Raise the subclass that fits; raise the family with an explicit status for a rare code. A message says what was
wrong, where, and what would be right, and never repeats a secret.
"""

from resources.status import Status


class CseError(Exception):
    """A request cannot be fulfilled; ``status`` is answered and ``message`` becomes ``m2m:dbg``."""

    status: Status = Status.INTERNAL_SERVER_ERROR

    def __init__(self, message: str, status: Status | None = None) -> None:
        super().__init__(message)
        self.message = message
        if status is not None:
            self.status = status


class OriginatorError(CseError):
    """The request is at fault (4xxx)."""

    status = Status.BAD_REQUEST


class BadRequest(OriginatorError):
    """4000: malformed or semantically wrong."""


class NotFound(OriginatorError):
    """4004: the target does not exist."""

    status = Status.NOT_FOUND


class OperationNotAllowed(OriginatorError):
    """4005: this operation is not possible on this resource."""

    status = Status.OPERATION_NOT_ALLOWED


class NoPrivilege(OriginatorError):
    """4103: access control denies it."""

    status = Status.ORIGINATOR_HAS_NO_PRIVILEGE


class Conflict(OriginatorError):
    """4105: a name or key is in use."""

    status = Status.CONFLICT


class ReceiverError(CseError):
    """This CSE cannot fulfil a correct request (5xxx)."""


class NotImplementedHere(ReceiverError):
    """5001: a feature of the standard that this CSE lacks."""

    status = Status.NOT_IMPLEMENTED


class NetworkError(CseError):
    """Something behind this CSE is at fault (6xxx)."""

    status = Status.EXTERNAL_OBJECT_NOT_REACHABLE
