"""A sequential state machine of one channel, as docs/protocol.md describes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.limits import MAX_CANDIDATES
from harness.linearizability import Operation

Request = Mapping[str, Any]
# An HTTP status and the decoded body.
Reply = tuple[int, Any]

# No client sends this. It stands for the channel's expiry.
EXPIRE: Request = {"method": "expire"}


@dataclass(frozen=True)
class Channel:
    offer: str | None = None
    answer: str | None = None
    candidates: tuple[str, ...] = ()
    # The secret of the channel's owner, if it has one.
    owner: str | None = None


# None means that there is no such channel: it is not yet created, it is gone, or it never existed.
State = Channel | None
NEW: State = Channel()

GONE: Reply = (400, "no such channel")
DONE: Reply = (200, {})
NO_OWNER: Reply = (400, "owner is missing")
NOT_THE_OWNERS: Reply = (400, "owner does not match")


def step(state: State, operation: Operation) -> Iterator[State]:
    """Yield the state after an operation if the model gives the same reply. A lost reply always matches."""
    reply, after = respond(state, operation.call)
    if operation.reply is None or operation.reply == reply:
        yield after


def respond(channel: State, request: Request) -> tuple[Reply, State]:
    """Return the server's reply in this state, and the state that follows."""
    method = request["method"]
    if method == EXPIRE["method"]:
        return DONE, None
    if channel is None:
        return (DONE if method == "delete_data_channel" else GONE), None
    if method.startswith("get_"):
        return read(channel, method.removeprefix("get_"), request.get("since")), channel
    if channel.owner is not None and request.get("owner") != channel.owner:
        return (NOT_THE_OWNERS if "owner" in request else NO_OWNER), channel
    if method == "delete_data_channel":
        return DONE, None
    return write(channel, method.removeprefix("create_"), request)


def read(channel: Channel, what: str, since: int | None) -> Reply:
    if what in ("offer", "answer") and getattr(channel, what) is None:
        return 400, f"no {what} yet"
    said: dict[str, Any] = {what: getattr(channel, what)} if what in ("offer", "answer") else {}
    if since is not None:
        return 200, said | {"items": list(channel.candidates[since:]), "next": len(channel.candidates)}
    return 200, said or {"items": list(channel.candidates)}


def write(channel: Channel, what: str, request: Request) -> tuple[Reply, Channel]:
    if what == "answer" and channel.answer is not None:
        return (400, "answer already exists"), channel
    sent = [request["candidate"]] if "candidate" in request else request.get("candidates", [])
    candidates = tuple(dict.fromkeys([*channel.candidates, *sent]))
    if len(candidates) > MAX_CANDIDATES:
        return (400, f"too many candidates: a channel holds {MAX_CANDIDATES}"), channel
    after = replace(channel, candidates=candidates)
    if what != "candidate":
        return DONE, replace(after, **{what: request[what]})
    return (read(after, "candidates", request["since"]) if "since" in request else DONE), after
