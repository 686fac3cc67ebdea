"""One function for each method of docs/protocol.md, and the table of them.

A handler reads its fields, makes its call, and returns the reply. It knows nothing of HTTP.
Each field is checked when it is read. So if several are wrong, the first one that the handler reads
decides which refusal the client gets. That order is not part of the protocol and may change.
"""

from collections.abc import Callable
from typing import NamedTuple, TypedDict

from chalicelib import request_log, waiting
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channel, Channels
from chalicelib.errors import SignalingError, TooEarly
from chalicelib.ice_servers import IceServer, IceServers
from chalicelib.limits import (
    CHANNEL_TTL_SECONDS,
    MAX_CANDIDATE_BYTES,
    MAX_DESCRIPTION_BYTES,
    MAX_OWNER_BYTES,
    MAX_TTL_SECONDS,
    MIN_OWNER_BYTES,
)
from chalicelib.protocol import Request, parse


class Reply(TypedDict, total=False):
    """What a reply can hold. It is sent as JSON."""

    channel_id: str
    # For how many seconds the new channel lives, if the client asked for a number.
    ttl: int
    offer: str
    answer: str
    # Candidates.
    items: list[str]
    # The `since` for the client's next request.
    next: int
    ice_servers: list[IceServer]


class Services(NamedTuple):
    """What the handlers work with. Without access keys, everybody may open a channel."""

    channels: Channels
    access_keys: AccessKeys | None = None
    ice_servers: IceServers = IceServers()
    max_ttl_seconds: int = MAX_TTL_SECONDS


class Call(NamedTuple):
    """One request to carry out, what it needs for that, and how long its reply may be held."""

    request: Request
    services: Services
    wait_seconds: float


def handle(
    body: bytes, services: Services, *, access_key: str | None = None, longest_wait: float = 0
) -> Reply:
    """Carry out one request.

    `access_key` is the client's key, if it sent one.
    `longest_wait` limits for how many seconds the reply may be held.
    Raise SignalingError to refuse the request, and StorageUnavailable if it could not be carried
    out.

    >>> handle(b'{"method": "create_data_channel"}', services)
    {'channel_id': '1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e'}
    """
    request = parse(body)
    method = request.text("method")
    if method not in HANDLERS:
        raise SignalingError("method is unknown")
    request_log.current().method = method
    if services.access_keys is not None and needs_access_key(method, request):
        services.access_keys.check(access_key)
    # Checked for every method, so that a wrong `wait` is never silently ignored.
    wait_seconds = min(request.number("wait"), longest_wait)
    return HANDLERS[method](Call(request, services, wait_seconds))


def needs_access_key(method: str, request: Request) -> bool:
    """Whether a request needs an access key, if the operator has given out any.

    A peer who knows a channel's id was invited to it. Everybody else needs a key: to open a
    channel, or to get credentials for the TURN servers.
    """
    if method == "get_ice_servers":
        return "channel_id" not in request
    return method == "create_data_channel"


def create_data_channel(call: Call) -> Reply:
    request = call.request
    offer = None
    if "offer" in request:
        offer = request.text("offer", MAX_DESCRIPTION_BYTES)
    wants_ice_servers = request.flag("ice_servers")
    candidates = request.texts("candidates", MAX_CANDIDATE_BYTES)
    wanted_ttl = request.whole_number("ttl", least=1)
    ttl = CHANNEL_TTL_SECONDS
    if wanted_ttl is not None:
        ttl = min(wanted_ttl, call.services.max_ttl_seconds)
    owner = owner_in(request)
    # Do this before `create`: if it fails, no channel is left behind.
    ice_servers_field = ice_servers_if(wants_ice_servers, call.services)
    channel_id = call.services.channels.create(offer, candidates, ttl, owner)
    reply: Reply = {"channel_id": channel_id, **ice_servers_field}
    if wanted_ttl is not None:
        reply["ttl"] = ttl
    return reply


def create_offer(call: Call) -> Reply:
    request = call.request
    offer = request.text("offer", MAX_DESCRIPTION_BYTES)
    channel_id = request.text("channel_id")
    candidates = request.texts("candidates", MAX_CANDIDATE_BYTES)
    call.services.channels.set_offer(channel_id, offer, candidates, owner_in(request))
    return {}


def get_offer(call: Call) -> Reply:
    request = call.request
    wants_ice_servers = request.flag("ice_servers")
    channel_id = request.text("channel_id")
    since = request.whole_number("since")
    channel = wait_for_channel(call, channel_id, lambda channel: channel.offer is not None)
    if channel.offer is None:
        raise TooEarly("no offer yet")
    return {
        "offer": channel.offer,
        **candidates_since(since, channel.candidates),
        **ice_servers_if(wants_ice_servers, call.services),
    }


def create_answer(call: Call) -> Reply:
    request = call.request
    answer = request.text("answer", MAX_DESCRIPTION_BYTES)
    channel_id = request.text("channel_id")
    candidates = request.texts("candidates", MAX_CANDIDATE_BYTES)
    call.services.channels.set_answer(channel_id, answer, candidates, owner_in(request))
    return {}


def get_answer(call: Call) -> Reply:
    request = call.request
    channel_id = request.text("channel_id")
    since = request.whole_number("since")
    channel = wait_for_channel(call, channel_id, lambda channel: channel.answer is not None)
    if channel.answer is None:
        raise TooEarly("no answer yet")
    return {"answer": channel.answer, **candidates_since(since, channel.candidates)}


def create_candidate(call: Call) -> Reply:
    request = call.request
    if "candidate" in request and "candidates" in request:
        raise SignalingError("candidate and candidates exclude each other")
    if "candidates" in request:
        candidates = request.texts("candidates", MAX_CANDIDATE_BYTES)
    else:
        candidates = [request.text("candidate", MAX_CANDIDATE_BYTES)]
    channel_id = request.text("channel_id")
    since = request.whole_number("since")
    owner = owner_in(request)
    if since is None:
        call.services.channels.add_candidates(channel_id, candidates, owner)
        return {}
    stored = call.services.channels.add_and_get_candidates(channel_id, candidates, owner)
    return candidates_since(since, stored)


def get_candidates(call: Call) -> Reply:
    request = call.request
    channel_id = request.text("channel_id")
    since = request.whole_number("since")
    seen = 0 if since is None else since
    channel = wait_for_channel(call, channel_id, lambda channel: len(channel.candidates) > seen)
    if since is None:
        return {"items": channel.candidates}
    return candidates_since(since, channel.candidates)


def delete_data_channel(call: Call) -> Reply:
    request = call.request
    call.services.channels.delete(request.text("channel_id"), owner_in(request))
    return {}


def get_ice_servers(call: Call) -> Reply:
    # A client may have the servers if it has an access key, or if it names a living channel. If the
    # operator requires keys and the request names no channel, `handle` has checked its key. If the
    # operator requires no keys, there is no key to check, so the request has to name a channel. (A
    # client without one can open one, and `create_data_channel` can return the servers, too.)
    # `text` refuses a request without a channel_id, and `channels.get` one whose channel is gone.
    was_allowed_by_key = call.services.access_keys is not None and "channel_id" not in call.request
    if not was_allowed_by_key:
        call.services.channels.get(call.request.text("channel_id"))
    return {"ice_servers": call.services.ice_servers.current()}


def owner_in(request: Request) -> str | None:
    """Return the owner's secret in a request that creates or writes; None if it brings none."""
    if "owner" not in request:
        return None
    return request.text("owner", MAX_OWNER_BYTES, min_bytes=MIN_OWNER_BYTES)


def wait_for_channel(call: Call, channel_id: str, is_ready: Callable[[Channel], bool]) -> Channel:
    """Return a channel as soon as it is ready, or in any state when the wait is over."""
    channels = call.services.channels
    return waiting.until(
        is_ready,
        lambda: channels.get(channel_id),
        lambda: channels.glance(channel_id),
        call.wait_seconds,
    )


def candidates_since(since: int | None, stored: list[str]) -> Reply:
    """Return the stored candidates from a position on; nothing if the client named no position.

    Candidates are only ever appended, so that a position stays right.
    """
    if since is None:
        return {}
    return {"items": stored[since:], "next": len(stored)}


def ice_servers_if(wanted: bool, services: Services) -> Reply:
    """Return the field `ice_servers` if the client wants it and the operator has configured any.

    Raise ParameterUnavailable if the TURN secret cannot be read.
    """
    if not wanted:
        return {}
    ice_servers = services.ice_servers.current()
    return {"ice_servers": ice_servers} if ice_servers else {}


HANDLERS: dict[str, Callable[[Call], Reply]] = {
    "create_data_channel": create_data_channel,
    "create_offer": create_offer,
    "get_offer": get_offer,
    "create_answer": create_answer,
    "get_answer": get_answer,
    "create_candidate": create_candidate,
    "get_candidates": get_candidates,
    "delete_data_channel": delete_data_channel,
    "get_ice_servers": get_ice_servers,
}
