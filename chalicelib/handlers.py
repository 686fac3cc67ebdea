"""One function for each method of the wire, and the table of them."""

from collections.abc import Callable
from functools import partial

from chalicelib import request_log, waiting
from chalicelib.channels import Channel, Channels
from chalicelib.errors import SignalingError
from chalicelib.limits import MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES
from chalicelib.protocol import Request, number, parse, text, texts

Reply = dict[str, str | int | list[str]]

candidates = partial(texts, field="candidates", max_bytes=MAX_CANDIDATE_BYTES)


def handle(body: bytes, channels: Channels, longest_wait: float = 0) -> Reply:
    """Carry out one request, its reply held for `longest_wait` seconds at most; raise SignalingError to refuse it."""
    request = parse(body)
    method = text(request, "method")
    handler = HANDLERS.get(method)
    if handler is None:
        raise SignalingError("method is unknown")
    request_log.current().method = method
    request["wait"] = min(number(request, "wait"), longest_wait)
    return handler(request, channels)


def create_data_channel(request: Request, channels: Channels) -> Reply:
    offer = text(request, "offer", MAX_DESCRIPTION_BYTES) if "offer" in request else None
    return {"channel_id": channels.create(offer, candidates(request))}


def create_offer(request: Request, channels: Channels) -> Reply:
    offer = text(request, "offer", MAX_DESCRIPTION_BYTES)
    channels.set_offer(text(request, "channel_id"), offer, candidates(request))
    return {}


def create_answer(request: Request, channels: Channels) -> Reply:
    answer = text(request, "answer", MAX_DESCRIPTION_BYTES)
    channels.set_answer(text(request, "channel_id"), answer, candidates(request))
    return {}


def get_description(request: Request, channels: Channels, field: str) -> Reply:
    channel, news = held(request, channels, lambda channel, _: getattr(channel, field) is not None)
    if getattr(channel, field) is None:
        raise SignalingError(f"no {field} yet")
    return {field: getattr(channel, field), **news}


def create_candidate(request: Request, channels: Channels) -> Reply:
    if "candidate" in request and "candidates" in request:
        raise SignalingError("candidate and candidates exclude each other")
    one = [] if "candidates" in request else [text(request, "candidate", MAX_CANDIDATE_BYTES)]
    name, since = text(request, "channel_id"), position(request)
    stored = channels.add_candidates(name, one or candidates(request), tell="since" in request)
    return later(stored, since) if "since" in request else {}


def get_candidates(request: Request, channels: Channels) -> Reply:
    channel, news = held(request, channels, lambda channel, since: len(channel.candidates) > since)
    return news or {"items": channel.candidates}


def delete_data_channel(request: Request, channels: Channels) -> Reply:
    channels.delete(text(request, "channel_id"))
    return {}


def held(request: Request, channels: Channels, ready: Callable[[Channel, int], bool]) -> tuple[Channel, Reply]:
    """Return the channel once it is ready or the wait is over, and what a request with `since` is told besides."""
    name, since = text(request, "channel_id"), position(request)
    channel = waiting.until(lambda seen: ready(seen, since), lambda: channels.get(name), number(request, "wait"))
    return channel, later(channel.candidates, since) if "since" in request else {}


def position(request: Request) -> int:
    return int(number(request, "since", whole=True))


def later(stored: list[str], since: int) -> Reply:
    return {"items": stored[since:], "next": len(stored)}


HANDLERS: dict[str, Callable[[Request, Channels], Reply]] = {
    "create_data_channel": create_data_channel,
    "create_offer": create_offer,
    "get_offer": partial(get_description, field="offer"),
    "create_answer": create_answer,
    "get_answer": partial(get_description, field="answer"),
    "create_candidate": create_candidate,
    "get_candidates": get_candidates,
    "delete_data_channel": delete_data_channel,
}
