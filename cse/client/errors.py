"""What can go wrong for a client: the CSE says no (``RequestFailed``) or nobody answers (``Unreachable``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cse.client.transport import Unreachable

if TYPE_CHECKING:
    from cse.primitive import RequestPrimitive, ResponsePrimitive
    from resources.status import Status

__all__ = ["RequestFailed", "Unreachable"]


class RequestFailed(Exception):
    """The CSE answered with an error.

    ``message`` is its ``m2m:dbg`` text ('' when it gave none); ``request_line`` names the request for a log, such as
    ``CREATE cse/meter from Cmeter``.
    """

    def __init__(self, status: Status, message: str, request_line: str) -> None:
        super().__init__(f"{request_line}: {status.value} {status.name}" + (f": {message}" if message else ""))
        self.status = status
        self.message = message
        self.request_line = request_line

    @classmethod
    def of(cls, request: RequestPrimitive, response: ResponsePrimitive) -> RequestFailed:
        """Make it from a request and its answer."""
        text = (response.content or {}).get("m2m:dbg", "")
        return cls(response.status, str(text), request_line(request))


def request_line(request: RequestPrimitive) -> str:
    """Name a request in one line: operation, target, originator."""
    return f"{request.operation.name} {request.to} from {request.originator or 'nobody'}"
