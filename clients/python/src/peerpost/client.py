"""The endpoint: one coroutine for each method of the wire, one request for each call, and no retry."""

import asyncio
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx

from peerpost.errors import NetworkError, RefusalError, ServerError
from peerpost.limits import MAX_CANDIDATES, MAX_REPLY_BYTES, REQUEST_SECONDS
from peerpost.links import CHANNEL_ID

# Without an encoding: a compressed reply of a few bytes could be one of gigabytes.
HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Description:
    """The offer or the answer of a channel, and the candidates that came with it."""

    text: str
    items: tuple[str, ...] = ()
    next: int | None = None
    """The position of the first candidate not in `items`; None when the server does not know `since`."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of both peers, in the order in which they were added."""

    items: tuple[str, ...]
    next: int | None = None
    """The position of the first candidate not in `items`; None when `items` are all candidates of the channel."""


class SignalingClient:
    """A Peerpost server.

    `url` is its endpoint. `http` is an HTTP client to use in place of an own one; its owner closes it.

    Every method raises RefusalError when the server says no, ServerError when it does not serve,
    and NetworkError when no reply came.
    `wait` is in seconds: the server holds the reply until there is news, for as long as it allows.
    `since` is a position among the candidates, from 0.
    A server may be too old for `wait`, `since`, and `candidates` or an `offer` beside what its method is about;
    it ignores them without a word.
    """

    def __init__(self, url: str, *, http: httpx.AsyncClient | None = None) -> None:
        self.url = url
        self._owns_http = http is None
        self._http = httpx.AsyncClient() if http is None else http

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

    async def create_data_channel(self, *, offer: str | None = None, candidates: Sequence[str] | None = None) -> str:
        """Open a channel, with its offer and candidates if they are there already, and return its id."""
        result = await self._post("create_data_channel", offer=offer, candidates=as_list(candidates))
        channel_id = text_of(result, "channel_id")
        if not CHANNEL_ID.fullmatch(channel_id):  # it is put into links, and printed
            raise not_ours()
        return channel_id

    async def create_offer(self, channel_id: str, offer: str, *, candidates: Sequence[str] | None = None) -> None:
        """Write the offer, over an earlier one if there is one."""
        await self._post("create_offer", channel_id=channel_id, offer=offer, candidates=as_list(candidates))

    async def get_offer(self, channel_id: str, *, since: int | None = None, wait: float | None = None) -> Description:
        """Read the offer. Refused with `no offer yet` while there is none."""
        return description_of(await self._post("get_offer", channel_id=channel_id, since=since, wait=wait), "offer")

    async def create_answer(self, channel_id: str, answer: str, *, candidates: Sequence[str] | None = None) -> None:
        """Write the answer. Refused with `answer already exists` when there is one: the first wins."""
        await self._post("create_answer", channel_id=channel_id, answer=answer, candidates=as_list(candidates))

    async def get_answer(self, channel_id: str, *, since: int | None = None, wait: float | None = None) -> Description:
        """Read the answer. Refused with `no answer yet` while there is none."""
        return description_of(await self._post("get_answer", channel_id=channel_id, since=since, wait=wait), "answer")

    async def create_candidate(
        self, channel_id: str, candidate: str | None = None, *, candidates: Sequence[str] | None = None
    ) -> None:
        """Append one candidate, or several at once. One that is there already is not added again."""
        await self._post("create_candidate", channel_id=channel_id, candidate=candidate, candidates=as_list(candidates))

    async def get_candidates(
        self, channel_id: str, *, since: int | None = None, wait: float | None = None
    ) -> Candidates:
        """Read the candidates of both peers, all of them or those from `since` on."""
        result = await self._post("get_candidates", channel_id=channel_id, since=since, wait=wait)
        return Candidates(items_of(result), next_of(result))

    async def delete_data_channel(self, channel_id: str) -> None:
        """Erase the channel at once. One that is not there is a success too."""
        await self._post("delete_data_channel", channel_id=channel_id)

    async def _post(self, method: str, **fields: str | float | list[str] | None) -> dict[str, object]:
        body = {"method": method} | {name: value for name, value in fields.items() if value is not None}
        wait = fields.get("wait")
        timeout = REQUEST_SECONDS + (wait if isinstance(wait, int | float) else 0)
        try:
            # httpx has a time for each read; who sends byte by byte would never be done.
            async with (
                asyncio.timeout(timeout),
                self._http.stream(
                    "POST", self.url, content=json.dumps(body), headers=HEADERS, timeout=timeout
                ) as reply,
            ):
                content = await content_of(reply)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise NetworkError(f"{self.url!r} is no URL of a server: {error}", is_temporary=False) from error
        except (httpx.HTTPError, OSError) as error:
            raise NetworkError(f"{self.url} does not answer: {str(error) or type(error).__name__}") from error
        return result_of(reply, content)


def as_list(candidates: Sequence[str] | None) -> list[str] | None:
    return None if candidates is None else list(candidates)


async def content_of(reply: httpx.Response) -> bytes:
    """Return the body of a reply. One that is longer than a server can send is not read to its end."""
    if reply.headers.get("Content-Encoding", "identity") != "identity":
        raise not_ours()
    content = bytearray()
    async for chunk in reply.aiter_bytes():
        content += chunk
        if len(content) > MAX_REPLY_BYTES:
            raise not_ours()
    return bytes(content)


def result_of(reply: httpx.Response, content: bytes) -> dict[str, object]:
    """Return the JSON object of a reply, or raise what the reply says."""
    # Not by the charset that the reply names: Python has some that are no text encodings, and raise anything.
    text = content.decode(errors="replace")
    if reply.status_code == httpx.codes.BAD_REQUEST:
        raise RefusalError(first_line(text) or "refused")
    if reply.status_code != httpx.codes.OK:
        said = first_line(text) or reply.reason_phrase
        raise ServerError(f"the server answered {reply.status_code}: {said}", reply.status_code, retry_after_of(reply))
    try:
        result = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise not_ours() from error
    if not isinstance(result, dict):
        raise not_ours()
    return result


def not_ours() -> ServerError:
    return ServerError("the reply is not one of a Peerpost server", httpx.codes.OK)


def first_line(text: str, length: int = 200) -> str:
    """Return what of a body fits into one sentence, and a terminal: a proxy may answer with a whole page."""
    line = (text.strip().splitlines() or [""])[0][:length]
    return "".join(each if each.isprintable() else " " for each in line)


def retry_after_of(reply: httpx.Response, now: float | None = None) -> float | None:
    """Return the seconds of a Retry-After (RFC 9110), which names them or a date; None without a usable one."""
    value = reply.headers.get("Retry-After", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
        except (ValueError, OverflowError):
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


def description_of(result: dict[str, object], name: str) -> Description:
    position = next_of(result)
    return Description(text_of(result, name), () if position is None else items_of(result), position)
