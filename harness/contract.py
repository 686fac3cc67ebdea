"""Shared by the tests of the wire contract: the fields of each method, and the form of every reply."""

from chalicelib.limits import RETRY_AFTER_SECONDS
from harness.transports import Post, Reply

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
VALUES = {"offer": "v=0\r\n offer", "answer": "v=0\r\n answer", "candidate": "candidate:1 1 udp"}
NEEDED = {
    "create_data_channel": [],
    "create_offer": ["channel_id", "offer"],
    "get_offer": ["channel_id"],
    "create_answer": ["channel_id", "answer"],
    "get_answer": ["channel_id"],
    "create_candidate": ["channel_id", "candidate"],
    "get_candidates": ["channel_id"],
    "delete_data_channel": ["channel_id"],
    "get_ice_servers": ["channel_id"],
}
# The methods that a channel with an owner allows only to its owner.
WRITES = ["create_offer", "create_answer", "create_candidate", "delete_data_channel"]
OWNER = "the owner's secret"
STRANGER = "a stranger's secret"
# The `owner` fields that clients without the secret send, each with the refusal that they get.
NOT_THE_OWNER: list[tuple[dict[str, object], str]] = [
    ({}, "owner is missing"),
    ({"owner": STRANGER}, "owner does not match"),
]


def open_channel(post: Post) -> str:
    channel_id: str = post({"method": "create_data_channel"}).json()["channel_id"]
    return channel_id


def open_owned_channel(post: Post, **fields: object) -> str:
    """Open a channel that belongs to OWNER."""
    channel_id: str = post({"method": "create_data_channel", "owner": OWNER} | fields).json()["channel_id"]
    return channel_id


def whole(method: str, channel_id: str) -> dict[str, object]:
    """Return a request with all the fields that the method needs."""
    values = VALUES | {"channel_id": channel_id}
    return {"method": method, **{field: values[field] for field in NEEDED[method]}}


def state(post: Post, channel_id: str) -> list[str]:
    return [post(whole(method, channel_id)).body for method in ("get_offer", "get_answer", "get_candidates")]


def assert_accepted(reply: Reply, expected: object) -> None:
    assert (reply.status, reply.json()) == (200, expected)
    assert reply.headers["content-type"] == "application/json"
    assert_common(reply)


def assert_refused(reply: Reply, message: str) -> None:
    assert (reply.status, reply.body) == (400, message)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert_common(reply)


def assert_common(reply: Reply) -> None:
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"


def assert_unavailable(reply: Reply) -> None:
    assert (reply.status, reply.body) == (503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
    assert_common(reply)
