"""Stand-ins: a server that says what it is told to say, and a time that passes at once."""

import asyncio
import json
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from peerpost import SignalingClient
from peerpost.channel import Channel

URL = "https://signaling.test/"
CHANNEL_ID = "00000000-0000-4000-8000-000000000000"
ACCESS_KEY = "kept-to-ourselves"
STUN: dict[str, Any] = {"urls": ["stun:stun.test"]}
TURN: dict[str, Any] = {
    "urls": ["turn:turn.test", "turns:turn.test"],
    "username": "1900000000:u",
    "credential": "c2VjcmV0",
}

T = TypeVar("T")

Step = httpx.Response | Exception | Callable[[dict[str, Any]], httpx.Response]


def ok(**fields: object) -> httpx.Response:
    return httpx.Response(200, json=fields)


def refused(sentence: str) -> httpx.Response:
    return httpx.Response(400, text=sentence)


def unavailable(status: int = 503, retry_after: str | None = None) -> httpx.Response:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return httpx.Response(status, text="storage is unavailable", headers=headers)


def unauthorized(sentence: str) -> httpx.Response:
    return httpx.Response(401, text=sentence, headers={"WWW-Authenticate": "Bearer"})


class Script:
    """A server that answers with one step after the other, and with the last for ever.

    `options` are those of the HTTP client.
    """

    def __init__(self, *steps: Step, access_key: str | None = None, **options: Any) -> None:
        self._steps = list(steps)
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), **options)
        self.client = SignalingClient(URL, access_key=access_key, http=http)

    @property
    def methods(self) -> list[str]:
        return [request["method"] for request in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.requests.append(body)
        self.authorizations.append(request.headers.get("Authorization"))
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


class SelectorThatDoesNotWait(selectors.BaseSelector):
    """Instead of waiting for a timer, it lets the time pass at once. It waits if only another thread can go on."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return self._real.select()
        ready = self._real.select(0)
        if not ready:
            self.passed += max(timeout, 0)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


class LoopThatDoesNotWait(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer as soon as nothing else is to be done.

    What a busy machine delays is not late on this clock.
    """

    def __init__(self) -> None:
        self._selector_that_does_not_wait = SelectorThatDoesNotWait()
        super().__init__(self._selector_that_does_not_wait)

    def time(self) -> float:
        # Timers of one moment have no order, so no two moments are the same.
        self._selector_that_does_not_wait.passed += 1e-6
        return self._selector_that_does_not_wait.passed


def run_at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whose pauses take no time."""
    with asyncio.Runner(loop_factory=LoopThatDoesNotWait) as runner:
        return runner.run(coroutine)


def no_jitter(_least: float, _most: float) -> float:
    return 1.0


def offerer(script: Script, time: Time, key: bytes | None = None) -> Channel:
    return Channel(script.client, key=key, clock=time.clock, sleep=time.sleep, jitter=no_jitter)


def answerer(script: Script, time: Time, key: bytes | None = None) -> Channel:
    return Channel(script.client, CHANNEL_ID, key=key, clock=time.clock, sleep=time.sleep, jitter=no_jitter)
