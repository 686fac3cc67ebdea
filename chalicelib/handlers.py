"""One function for each method of the wire, and the table of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from chalicelib import request_log, waiting
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channel, Channels
from chalicelib.errors import SignalingError
from chalicelib.ice_servers import IceServer, IceServers
from chalicelib.limits import MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES
from chalicelib.protocol import Request, flag, number, parse, text, texts

Reply = dict[str, str | int | list[str] | list[IceServer]]

candidates = partial(texts, field="candidates", max_bytes=MAX_CANDIDATE_BYTES)


@dataclass(frozen=True)
class Server:
    """What the methods work with. Without access keys everybody may open a channel."""

    channels: Channels
    access_keys: AccessKeys | None = None
    ice_servers: IceServers = field(default_factory=lambda: IceServers([], []))


def handle(body: bytes, server: Server, longest_wait: float = 0, authorization: str = "") -> Reply:
    """Carry out one request, its reply held for `longest_wait` seconds at most; raise SignalingError to refuse it."""
    request = parse(body)
    method = text(request, "method")
    handler = HANDLERS.get(method)
    if handler is None:
        raise SignalingError("method is unknown")
    request_log.current().method = method
    if server.access_keys and is_keyed(method, request):
        server.access_keys.check(authorization)
    request["wait"] = min(number(request, "wait"), longest_wait)
    return handler(request, server)


def is_keyed(method: str, request: Request) -> bool:
    """Whether a method needs an access key: whoever knows a channel was invited, and needs nothing more."""
    return method == "create_data_channel" or (method == "get_ice_servers" and "channel_id" not in request)


def create_data_channel(request: Request, server: Server) -> Reply:
    offer = text(request, "offer", MAX_DESCRIPTION_BYTES) if "offer" in request else None
    more = wished(flag(request, "ice_servers"), server)  # First: where it fails, no channel is left behind.
    return {"channel_id": server.channels.create(offer, candidates(request)), **more}


def create_offer(request: Request, server: Server) -> Reply:
    offer = text(request, "offer", MAX_DESCRIPTION_BYTES)
    server.channels.set_offer(text(request, "channel_id"), offer, candidates(request))
    return {}


def get_offer(request: Request, server: Server) -> Reply:
    asked = flag(request, "ice_servers")
    return get_description(request, server, "offer") | wished(asked, server)


def create_answer(request: Request, server: Server) -> Reply:
    answer = text(request, "answer", MAX_DESCRIPTION_BYTES)
    server.channels.set_answer(text(request, "channel_id"), answer, candidates(request))
    return {}


def get_description(request: Request, server: Server, field: str) -> Reply:
    channel, news = held(request, server, lambda channel, _: getattr(channel, field) is not None)
    if getattr(channel, field) is None:
        raise SignalingError(f"no {field} yet")
    return {field: getattr(channel, field), **news}


def create_candidate(request: Request, server: Server) -> Reply:
    if "candidate" in request and "candidates" in request:
        raise SignalingError("candidate and candidates exclude each other")
    one = [] if "candidates" in request else [text(request, "candidate", MAX_CANDIDATE_BYTES)]
    name, since = text(request, "channel_id"), position(request)
    stored = server.channels.add_candidates(name, one or candidates(request), tell="since" in request)
    return later(stored, since) if "since" in request else {}


def get_candidates(request: Request, server: Server) -> Reply:
    channel, news = held(request, server, lambda channel, since: len(channel.candidates) > since)
    return news or {"items": channel.candidates}


def delete_data_channel(request: Request, server: Server) -> Reply:
    server.channels.delete(text(request, "channel_id"))
    return {}


def get_ice_servers(request: Request, server: Server) -> Reply:
    if "channel_id" in request or not server.access_keys:  # Else `handle` has checked the key.
        server.channels.get(text(request, "channel_id"))
    return {"ice_servers": server.ice_servers.current()}


def wished(asked: bool, server: Server) -> Reply:
    """Return what a reply has besides, for who asked for ICE servers where there are any."""
    servers = server.ice_servers.current() if asked else []
    return {"ice_servers": servers} if servers else {}


def held(request: Request, server: Server, ready: Callable[[Channel, int], bool]) -> tuple[Channel, Reply]:
    """Return the channel once it is ready or the wait is over, and what a request with `since` is told besides."""
    name, since = text(request, "channel_id"), position(request)
    get = partial(server.channels.get, name)
    channel = waiting.until(lambda seen: ready(seen, since), get, number(request, "wait"))
    return channel, later(channel.candidates, since) if "since" in request else {}


def position(request: Request) -> int:
    return int(number(request, "since", whole=True))


def later(stored: list[str], since: int) -> Reply:
    return {"items": stored[since:], "next": len(stored)}


HANDLERS: dict[str, Callable[[Request, Server], Reply]] = {
    "create_data_channel": create_data_channel,
    "create_offer": create_offer,
    "get_offer": get_offer,
    "create_answer": create_answer,
    "get_answer": partial(get_description, field="answer"),
    "create_candidate": create_candidate,
    "get_candidates": get_candidates,
    "delete_data_channel": delete_data_channel,
    "get_ice_servers": get_ice_servers,
}
