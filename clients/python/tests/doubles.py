"""Test doubles: a server with scripted replies, and clocks on which waiting takes no real time."""

import asyncio
import json
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from peerpost import SignalingClient
from peerpost.channel import Channel
from peerpost.poller import Poller

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
    """A server that replies with one step after the other, and repeats the last one forever.

    `options` are passed to the HTTP client.
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
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class SelectorThatDoesNotWait(selectors.BaseSelector):
    """A selector that skips the wait for a timer. It waits only if another thread has to act first."""

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
    """An event loop whose clock jumps to the next timer when there is nothing else to do.

    On this clock nothing is late, even on a busy machine.
    """

    def __init__(self) -> None:
        self._selector_that_does_not_wait = SelectorThatDoesNotWait()
        super().__init__(self._selector_that_does_not_wait)

    def time(self) -> float:
        # Two timers for the same moment would have no order, so the clock never shows the same time twice.
        self._selector_that_does_not_wait.passed += 1e-6
        return self._selector_that_does_not_wait.passed


def run_at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop where pauses take no time."""
    with asyncio.Runner(loop_factory=LoopThatDoesNotWait) as runner:
        return runner.run(coroutine)


def no_jitter(_least: float, _most: float) -> float:
    return 1.0


def offerer(script: Script, time: Time, key: bytes | None = None) -> Channel:
    return Channel(script.client, key=key, poller=Poller(time.clock, time.sleep, no_jitter))


def answerer(script: Script, time: Time, key: bytes | None = None) -> Channel:
    return Channel(script.client, CHANNEL_ID, key=key, poller=Poller(time.clock, time.sleep, no_jitter))
