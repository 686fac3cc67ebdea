"""Stand-ins: a server that says what it is told to say, and a time that passes at once."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from peerpost import SignalingClient
from peerpost.channel import Channel

URL = "https://signaling.test/"
CHANNEL_ID = "00000000-0000-4000-8000-000000000000"

Step = httpx.Response | Exception | Callable[[dict[str, Any]], httpx.Response]


def ok(**fields: object) -> httpx.Response:
    return httpx.Response(200, json=fields)


def refused(sentence: str) -> httpx.Response:
    return httpx.Response(400, text=sentence)


def unavailable(status: int = 503, retry_after: str | None = None) -> httpx.Response:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return httpx.Response(status, text="storage is unavailable", headers=headers)


class Script:
    """A server that answers with one step after the other, and with the last for ever."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.requests: list[dict[str, Any]] = []
        self.client = SignalingClient(URL, http=httpx.AsyncClient(transport=httpx.MockTransport(self._answer)))

    @property
    def methods(self) -> list[str]:
        return [request["method"] for request in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.requests.append(body)
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return httpx.Response(step.status_code, content=step.content, headers=step.headers)
        return step(body)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def no_jitter(_least: float, _most: float) -> float:
    return 1.0


def offerer(script: Script, time: Time, key: bytes | None = None) -> Channel:
    return Channel(script.client, key=key, clock=time.clock, sleep=time.sleep, jitter=no_jitter)


def answerer(script: Script, time: Time, key: bytes | None = None) -> Channel:
    return Channel(script.client, CHANNEL_ID, key=key, clock=time.clock, sleep=time.sleep, jitter=no_jitter)
