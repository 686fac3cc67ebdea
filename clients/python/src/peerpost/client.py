"""A client for the server's endpoint, with one coroutine for each method of the protocol.

Each call makes one request, and never retries.
"""

import asyncio
import json
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Literal, Self, overload

import httpx
from aiortc import RTCIceServer

from peerpost.access_keys import checked
from peerpost.environment import new_http_client
from peerpost.errors import AccessKeyError, NetworkError, RefusalError, ServerError
from peerpost.ice_servers import ice_servers_from
from peerpost.limits import MAX_CANDIDATES, MAX_PORT, MAX_REPLY_BYTES, REQUEST_SECONDS
from peerpost.links import CHANNEL_ID

# Ask for replies without compression: a few compressed bytes could become gigabytes.
HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}

DEFAULT_PORTS = {"http": 80, "https": 443}
USER_INFORMATION = re.compile(r"//[^/?#]*@")

Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Called by httpx with the name of an event, and what it is about."""


@dataclass(frozen=True)
class NewChannel:
    """A channel that was just opened, the ICE servers that its peers may use, and how long it lives."""

    channel_id: str
    ice_servers: tuple[RTCIceServer, ...] = field(default=(), repr=False)
    """These are not in the representation, which would show their credentials."""
    ttl: int | None = None
    """The lifetime in seconds that the server has granted; None if none was requested, or if it does not know `ttl`."""


@dataclass(frozen=True)
class Description:
    """The offer or the answer of a channel, and the candidates that came with it."""

    text: str
    items: tuple[str, ...] = ()
    next: int | None = None
    """The position of the first candidate not in `items`; None when the server does not know `since`."""
    ice_servers: tuple[RTCIceServer, ...] = field(default=(), repr=False)
    """The operator's ICE servers, if they were requested and the operator has configured any."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of both peers, in the order in which they were added."""

    items: tuple[str, ...]
    next: int | None = None
    """The position of the first candidate not in `items`; None when `items` are all candidates of the channel."""


class SignalingClient:
    """Sends single requests to a Peerpost server.

    `url` is the server's endpoint. `http` is an HTTP client to use instead of a new one; the caller closes it.
    Without `http`, proxies and certificates come from the environment.
    Raises NetworkError if an environment variable cannot be used.
    `access_key` is sent with the two requests that may need it: to open a channel, and to read ICE servers without a
    channel. Raises ValueError for an access key that cannot be sent.

    Every coroutine raises RefusalError if the server refuses the request, ServerError if it cannot serve the request,
    and NetworkError if no reply came. The two with an access key may raise AccessKeyError, which is a RefusalError.
    `wait` asks the server to hold its reply for up to that many seconds, until there is news.
    `since` is a position in the list of candidates, from 0.
    `ice_servers` asks the server to return the operator's ICE servers, too.
    `ttl` asks for a channel that lives longer or shorter than 300 seconds: a whole number of seconds, from 1.
    `owner` is a secret text of 16 to 64 bytes. If a channel is opened with an owner, each later write needs the same.
    An old server silently ignores `wait`, `since`, `ice_servers`, `candidates`, `ttl`, `owner`, and the `offer` of a
    new channel.
    """

    def __init__(self, url: str, *, access_key: str | None = None, http: httpx.AsyncClient | None = None) -> None:
        self.url = url
        self._access_key = None if access_key is None else checked(access_key)
        self._owns_http = http is None
        self._http = new_http_client() if http is None else http
        self._proxy: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the server."""
        if self._owns_http:
            await self._http.aclose()

    @overload
    async def create_data_channel(
        self,
        *,
        offer: str | None = None,
        candidates: Sequence[str] | None = None,
        ice_servers: Literal[False] = False,
        ttl: None = None,
        owner: str | None = None,
    ) -> str: ...

    @overload
    async def create_data_channel(
        self,
        *,
        offer: str | None = None,
        candidates: Sequence[str] | None = None,
        ice_servers: Literal[True],
        ttl: int | None = None,
        owner: str | None = None,
    ) -> NewChannel: ...

    @overload
    async def create_data_channel(
        self,
        *,
        offer: str | None = None,
        candidates: Sequence[str] | None = None,
        ice_servers: bool = False,
        ttl: int,
        owner: str | None = None,
    ) -> NewChannel: ...

    async def create_data_channel(
        self,
        *,
        offer: str | None = None,
        candidates: Sequence[str] | None = None,
        ice_servers: bool = False,
        ttl: int | None = None,
        owner: str | None = None,
    ) -> str | NewChannel:
        """Open a channel, with its offer and candidates if there are any already.

        Return its id. With `ice_servers` or `ttl`, return a NewChannel, which has the operator's ICE servers and the
        granted lifetime as well.
        """
        fields = {
            "offer": offer,
            "candidates": as_list(candidates),
            "ice_servers": ice_servers or None,
            "ttl": ttl,
            "owner": owner,
        }
        result = await self._post("create_data_channel", with_access_key=True, **fields)
        channel_id = text_of(result, "channel_id")
        # The id is put into links, and printed.
        if not CHANNEL_ID.fullmatch(channel_id):
            raise not_ours()
        if not ice_servers and ttl is None:
            return channel_id
        given = ice_servers_of(result, or_none=True) if ice_servers else ()
        return NewChannel(channel_id, given, None if ttl is None else ttl_of(result))

    async def create_offer(
        self, channel_id: str, offer: str, *, candidates: Sequence[str] | None = None, owner: str | None = None
    ) -> None:
        """Write the offer. It replaces an earlier one."""
        await self._post(
            "create_offer", channel_id=channel_id, offer=offer, candidates=as_list(candidates), owner=owner
        )

    async def get_offer(
        self, channel_id: str, *, since: int | None = None, wait: float | None = None, ice_servers: bool = False
    ) -> Description:
        """Read the offer. Refused with `no offer yet` while there is none."""
        result = await self._post(
            "get_offer", channel_id=channel_id, since=since, wait=wait, ice_servers=ice_servers or None
        )
        description = description_of(result, "offer")
        if not ice_servers:
            return description
        return replace(description, ice_servers=ice_servers_of(result, or_none=True))

    async def create_answer(
        self, channel_id: str, answer: str, *, candidates: Sequence[str] | None = None, owner: str | None = None
    ) -> None:
        """Write the answer. Refused with `answer already exists` if there is one already."""
        await self._post(
            "create_answer", channel_id=channel_id, answer=answer, candidates=as_list(candidates), owner=owner
        )

    async def get_answer(self, channel_id: str, *, since: int | None = None, wait: float | None = None) -> Description:
        """Read the answer. Refused with `no answer yet` while there is none."""
        return description_of(await self._post("get_answer", channel_id=channel_id, since=since, wait=wait), "answer")

    async def create_candidate(
        self,
        channel_id: str,
        candidate: str | None = None,
        *,
        candidates: Sequence[str] | None = None,
        owner: str | None = None,
    ) -> None:
        """Append one candidate, or several at once. A candidate that exists already is not added again."""
        await self._post(
            "create_candidate",
            channel_id=channel_id,
            candidate=candidate,
            candidates=as_list(candidates),
            owner=owner,
        )

    async def get_candidates(
        self, channel_id: str, *, since: int | None = None, wait: float | None = None
    ) -> Candidates:
        """Read the candidates of both peers, all of them or those from `since` on."""
        result = await self._post("get_candidates", channel_id=channel_id, since=since, wait=wait)
        return Candidates(items_of(result), next_of(result))

    async def get_ice_servers(self, channel_id: str | None = None) -> list[RTCIceServer]:
        """Read the operator's ICE servers that aiortc can use, for the peers of a channel.

        Without a channel, this works only if the server requires access keys and the client has one.
        An old server refuses it with `method is unknown`.
        """
        result = await self._post("get_ice_servers", with_access_key=channel_id is None, channel_id=channel_id)
        return list(ice_servers_of(result))

    async def delete_data_channel(self, channel_id: str, *, owner: str | None = None) -> None:
        """Erase the channel at once. It is not an error if the channel does not exist."""
        await self._post("delete_data_channel", channel_id=channel_id, owner=owner)

    async def _post(
        self, method: str, *, with_access_key: bool = False, **fields: str | float | list[str] | None
    ) -> dict[str, object]:
        body = {"method": method} | {name: value for name, value in fields.items() if value is not None}
        wait = fields.get("wait")
        timeout = REQUEST_SECONDS + (wait if isinstance(wait, int | float) else 0)
        access_key = self._access_key if with_access_key else None
        headers = HEADERS if access_key is None else HEADERS | {"Authorization": f"Bearer {access_key}"}
        try:
            endpoint = endpoint_of(self.url)
            # httpx limits only the time of each single read. A server that sends byte by byte could go on for ever.
            async with (
                asyncio.timeout(timeout),
                self._http.stream(
                    "POST",
                    endpoint,
                    content=json.dumps(body),
                    headers=headers,
                    timeout=timeout,
                    # This overrides the settings of `http`: nobody has agreed to send anything to another URL.
                    follow_redirects=False,
                    extensions={"trace": self._note_proxy_to(endpoint)},
                ) as reply,
            ):
                content = await content_of(reply)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            # IDNA raises a UnicodeError for an impossible host name.
            raise NetworkError(
                f"{self._shown_url!r} is not the URL of a server: {error}", is_temporary=False
            ) from error
        except (httpx.HTTPError, OSError) as error:
            raise NetworkError(self._why_no_reply(error)) from error
        if reply.status_code != httpx.codes.OK:
            # The text of the reply ends up in errors and logs, and some servers repeat what they were sent.
            content = without_secret(content, access_key, b"[access key]")
            content = without_secret(content, body.get("owner"), b"[owner]")
        return result_of(reply, content, self._shown_url)

    def _note_proxy_to(self, endpoint: httpx.URL) -> Trace:
        """Return a function that notices when httpx connects to a proxy. httpx itself does not say which it uses."""
        server = (endpoint.raw_host.decode("ascii"), endpoint.port or DEFAULT_PORTS.get(endpoint.scheme))

        async def note(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith("connect_tcp.started"):
                host, port = info["host"], info["port"]
                self._proxy = None if (host, port) == server else f"{host}:{port}"

        return note

    def _why_no_reply(self, error: Exception) -> str:
        way = "" if self._proxy is None else f" through the proxy {self._proxy}"
        reason = str(error) or type(error).__name__
        return f"no reply from {self._shown_url}{way}: {reason}"

    @property
    def _shown_url(self) -> str:
        """The URL for errors and logs: without a password."""
        return USER_INFORMATION.sub("//", self.url)


def endpoint_of(url: str) -> httpx.URL:
    """Return a URL. Raises httpx.InvalidURL, also for a port that httpx accepts but no socket does."""
    endpoint = httpx.URL(url)
    if not 0 <= (endpoint.port or 0) <= MAX_PORT:
        raise httpx.InvalidURL(f"Invalid port: '{endpoint.port}'")
    return endpoint


def without_secret(content: bytes, secret: object, instead: bytes) -> bytes:
    """Return the body of a reply with another text in place of a secret. An empty secret changes nothing."""
    if not isinstance(secret, str) or not secret:
        return content
    return content.replace(secret.encode(errors="replace"), instead)


def as_list(candidates: Sequence[str] | None) -> list[str] | None:
    return None if candidates is None else list(candidates)


async def content_of(reply: httpx.Response) -> bytes:
    """Return the body of a reply. A body that is longer than a server can send is not read to its end.

    A compressed body is not read at all. If the reply reports an error, return an empty body: the status says enough.
    """
    if reply.headers.get("Content-Encoding", "identity") != "identity":
        if reply.status_code != httpx.codes.OK:
            return b""
        raise not_ours()
    content = bytearray()
    async for chunk in reply.aiter_bytes():
        content += chunk
        if len(content) > MAX_REPLY_BYTES:
            raise not_ours()
    return bytes(content)


def result_of(reply: httpx.Response, content: bytes, server: str = "the server") -> dict[str, object]:
    """Return the JSON object of a reply, or raise the error that the reply reports."""
    status = reply.status_code
    if status != httpx.codes.OK:
        said = sentence_of(reply, content)
        replied = f"{server} replied {status}"
        # A 400 or 401 without a sentence comes from something else, such as a proxy. It says nothing about the request,
        # so it must not end a host, as a refusal does.
        if said and status == httpx.codes.BAD_REQUEST:
            raise RefusalError(said)
        if said and status == httpx.codes.UNAUTHORIZED:
            raise AccessKeyError(said)
        raise ServerError(f"the server replied {status}: {said}" if said else replied, status, retry_after_of(reply))
    try:
        result = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise not_ours() from error
    if not isinstance(result, dict):
        raise not_ours()
    return result


def sentence_of(reply: httpx.Response, content: bytes) -> str:
    """Return the error sentence of a Peerpost server.

    Return an empty text for a page of another server, and for AWS's own JSON.
    """
    if not reply.headers.get("Content-Type", "").lower().startswith("text/plain"):
        return ""
    # Ignore the charset that the reply names: some of Python's codecs are not for text, and may raise any exception.
    return first_line(content.decode(errors="replace"))


def not_ours() -> ServerError:
    return ServerError("the reply is not from a Peerpost server", httpx.codes.OK)


def first_line(text: str, length: int = 200) -> str:
    """Return the first line of a body, short and safe to print: a proxy may answer with a whole page."""
    line = (text.strip().splitlines() or [""])[0][:length]
    return "".join(each if each.isprintable() else " " for each in line)


def retry_after_of(reply: httpx.Response, now: float | None = None) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110), which may be a date. Return None if it is unusable."""
    value = reply.headers.get("Retry-After", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
        except (ValueError, OverflowError, OSError):
            # On Windows, a date without a time zone raises an OSError if it is before 1970.
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def text_of(result: dict[str, object], name: str) -> str:
    value = result.get(name)
    if not isinstance(value, str):
        raise not_ours()
    return value


def items_of(result: dict[str, object]) -> tuple[str, ...]:
    items = result.get("items")
    if not isinstance(items, list) or len(items) > MAX_CANDIDATES or not all(isinstance(each, str) for each in items):
        raise not_ours()
    return tuple(items)


def next_of(result: dict[str, object]) -> int | None:
    value = result.get("next")
    if value is not None and (
        not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_CANDIDATES
    ):
        raise not_ours()
    return value


def ttl_of(result: dict[str, object]) -> int | None:
    value = result.get("ttl")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise not_ours()
    return value


def ice_servers_of(result: dict[str, object], *, or_none: bool = False) -> tuple[RTCIceServer, ...]:
    """Return the ICE servers of a reply. With `or_none`, it is not an error if the reply has none."""
    if or_none and "ice_servers" not in result:
        return ()
    try:
        return ice_servers_from(result.get("ice_servers"))
    except ValueError as error:
        raise not_ours() from error


def description_of(result: dict[str, object], name: str) -> Description:
    position = next_of(result)
    return Description(text_of(result, name), () if position is None else items_of(result), position)
