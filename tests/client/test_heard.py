"""Notifications that come twice are answered and told once."""

from __future__ import annotations

from dataclasses import replace

from cse.client.heard import Heard
from cse.client.notification import Notification
from cse.client.receiver import Receiver
from cse.primitive import Operation, RequestPrimitive
from resources.status import Status


def notify(number: int, rqi: str, to: str = "/x") -> RequestPrimitive:
    content = {"m2m:sgn": {"sur": "/banyan/s", "nev": {"net": 3, "rep": {"m2m:cin": {"con": number}}}}}
    return RequestPrimitive(Operation.NOTIFY, to, "/banyan", rqi, "3", content=content)


async def test_a_notification_that_comes_again_is_answered_and_not_told_again() -> None:
    receiver, told, working = Receiver(), list[int](), False

    async def tell(notification: Notification) -> None:
        if not working:
            raise OSError
        told.append(notification.representation["con"])

    url = receiver.add(tell)
    failed = await receiver.receive(notify(1, "a", url))
    working = True
    several = ((1, "a"), (1, "a"), (1, "b"), (2, "b"))
    answers = [await receiver.receive(notify(number, rqi, url)) for number, rqi in several]
    assert failed.status == Status.INTERNAL_SERVER_ERROR
    assert [answer.status for answer in answers] == [Status.OK] * 4
    assert told == [1, 1, 2], "one that failed comes again; another identifier or content is another notification"


def test_what_is_known_is_bounded() -> None:
    heard, requests = Heard(2), [notify(number, "same") for number in range(3)]
    for request in requests:
        assert not heard.knows(request)
        heard.take(request)
    assert [heard.knows(replace(request)) for request in requests] == [False, True, True]
