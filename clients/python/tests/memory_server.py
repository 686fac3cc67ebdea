"""A Peerpost server in memory. It uses the clock of the event loop, so waiting may take no time."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from doubles import URL
from peerpost import SignalingClient

CHANNEL_SECONDS = 300
LONGEST_HOLD_SECONDS = 5


@dataclass
class Stored:
    """A channel."""

    expires: float
    owner: str | None = None
    offer: str | None = None
    answer: str | None = None
    candidates: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    """A request that the server got, and the second in which it came."""

    at: float
    fields: dict[str, Any]

    @property
    def method(self) -> str:
        return str(self.fields["method"])

    @property
    def channel_id(self) -> str | None:
        return self.fields.get("channel_id")


class RefusedRequest(Exception):
    """A refusal. Its text is the sentence that the server replies with."""


class MemoryServer:
    """Implements the part of the protocol that addresses need.

    `max_ttl` is None on an older server, which does not know `ttl` and `owner`.
    `fault` is a reply to give instead of serving requests, or an exception to raise.
    `on_request` is called before each request is served.
    """

    def __init__(self, *, max_ttl: int | None = 86_400) -> None:
        self.max_ttl = max_ttl
        self.fault: httpx.Response | Exception | None = None
        self.on_request: Callable[[Request], object] = lambda _: None
        self.channels: dict[str, Stored] = {}
        self.requests: list[Request] = []
        self._news = asyncio.Condition()
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._reply))

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def living(self) -> dict[str, Stored]:
        """The channels that have not expired."""
        return {channel_id: each for channel_id, each in self.channels.items() if each.expires > self.now}

    def client(self, access_key: str | None = None) -> SignalingClient:
        return SignalingClient(URL, access_key=access_key, http=self.http)

    def methods(self, since: int = 0) -> list[str]:
        return [request.method for request in self.requests[since:]]

    def delete(self, channel_id: str) -> None:
        self.channels.pop(channel_id, None)

    async def _reply(self, request: httpx.Request) -> httpx.Response:
        seen = Request(self.now, json.loads(request.content))
        self.requests.append(seen)
        self.on_request(seen)
        if isinstance(self.fault, Exception):
            raise self.fault
        if self.fault is not None:
            return httpx.Response(self.fault.status_code, content=self.fault.content, headers=self.fault.headers)
        try:
            result = await self._serve(seen)
        except RefusedRequest as refusal:
            return httpx.Response(400, text=str(refusal))
        return httpx.Response(200, json=result)

    async def _serve(self, request: Request) -> dict[str, Any]:
        fields = request.fields
        serve = {
            "create_data_channel": self._create,
            "create_offer": self._write,
            "create_answer": self._write,
            "create_candidate": self._write,
            "delete_data_channel": self._delete,
        }.get(request.method)
        if serve is None:
            return await self._read(request.method, fields)
        async with self._news:
            # Wake all held reads, because a test may have changed a channel in `on_request`.
            self._news.notify_all()
            return serve(fields)

    def _create(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel_id = str(uuid.uuid4())
        knows_ttl = "ttl" in fields and self.max_ttl is not None
        ttl = min(fields["ttl"], self.max_ttl) if knows_ttl else CHANNEL_SECONDS
        self.channels[channel_id] = Stored(
            self.now + ttl,
            owner=fields.get("owner") if self.max_ttl is not None else None,
            offer=fields.get("offer"),
            candidates=list(fields.get("candidates", [])),
        )
        return {"channel_id": channel_id} | ({"ttl": ttl} if knows_ttl else {})

    def _write(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._writable(fields)
        if fields["method"] == "create_offer":
            channel.offer = fields["offer"]
        if fields["method"] == "create_answer":
            if channel.answer is not None:
                raise RefusedRequest("answer already exists")
            channel.answer = fields["answer"]
        new = [*fields.get("candidates", []), *([fields["candidate"]] if "candidate" in fields else [])]
        channel.candidates += [each for each in new if each not in channel.candidates]
        return {}

    def _delete(self, fields: dict[str, Any]) -> dict[str, Any]:
        if fields["channel_id"] in self.living:
            self._writable(fields)
            self.delete(fields["channel_id"])
        return {}

    def _writable(self, fields: dict[str, Any]) -> Stored:
        channel = self._found(fields)
        if channel.owner is not None and channel.owner != fields.get("owner"):
            raise RefusedRequest("owner does not match" if "owner" in fields else "owner is missing")
        return channel

    def _found(self, fields: dict[str, Any]) -> Stored:
        channel = self.living.get(fields["channel_id"])
        if channel is None:
            raise RefusedRequest("no such channel")
        return channel

    async def _read(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        name = method.removeprefix("get_")
        since = fields.get("since", 0)

        def has_news() -> bool:
            channel = self._found(fields)
            return len(channel.candidates) > since if name == "candidates" else getattr(channel, name) is not None

        try:
            async with asyncio.timeout(min(fields.get("wait", 0), LONGEST_HOLD_SECONDS)), self._news:
                await self._news.wait_for(has_news)
        except TimeoutError:
            pass
        channel = self._found(fields)
        result = {"items": channel.candidates[since:], "next": len(channel.candidates)} if "since" in fields else {}
        if name == "candidates":
            return result or {"items": channel.candidates}
        text = getattr(channel, name)
        if text is None:
            raise RefusedRequest(f"no {name} yet")
        return result | {name: text}
