"""One function for each method of the wire, and the table of them."""

from collections.abc import Callable

from chalicelib.channels import Channels
from chalicelib.errors import SignalingError
from chalicelib.limits import MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES
from chalicelib.protocol import Request, parse, text

Reply = dict[str, str | list[str]]


def handle(body: bytes, channels: Channels) -> Reply:
    """Carry out one request; raise SignalingError where it is refused, StorageUnavailable where DynamoDB is away."""
    request = parse(body)
    handler = HANDLERS.get(text(request, "method"))
    if handler is None:
        raise SignalingError("method is unknown")
    return handler(request, channels)


def create_data_channel(request: Request, channels: Channels) -> Reply:
    return {"channel_id": channels.create()}


def create_offer(request: Request, channels: Channels) -> Reply:
    channels.set_offer(text(request, "channel_id"), text(request, "offer", MAX_DESCRIPTION_BYTES))
    return {}


def get_offer(request: Request, channels: Channels) -> Reply:
    offer = channels.get(text(request, "channel_id")).offer
    if offer is None:
        raise SignalingError("no offer yet")
    return {"offer": offer}


def create_answer(request: Request, channels: Channels) -> Reply:
    channels.set_answer(text(request, "channel_id"), text(request, "answer", MAX_DESCRIPTION_BYTES))
    return {}


def get_answer(request: Request, channels: Channels) -> Reply:
    answer = channels.get(text(request, "channel_id")).answer
    if answer is None:
        raise SignalingError("no answer yet")
    return {"answer": answer}


def create_candidate(request: Request, channels: Channels) -> Reply:
    channels.add_candidate(text(request, "channel_id"), text(request, "candidate", MAX_CANDIDATE_BYTES))
    return {}


def get_candidates(request: Request, channels: Channels) -> Reply:
    return {"items": channels.get(text(request, "channel_id")).candidates}


HANDLERS: dict[str, Callable[[Request, Channels], Reply]] = {
    "create_data_channel": create_data_channel,
    "create_offer": create_offer,
    "get_offer": get_offer,
    "create_answer": create_answer,
    "get_answer": get_answer,
    "create_candidate": create_candidate,
    "get_candidates": get_candidates,
}
