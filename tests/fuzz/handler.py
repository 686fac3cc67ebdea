"""Fuzzes the Lambda entry point: sends it function URL events made from any bytes, and checks every response.

An input is one or more requests, separated by a line of two dashes.
The first line of a request is its HTTP method, followed by words that change the event. The rest is the body:

- `/path` sets the path, and `name:value` sets a header; `%20` is a space in it
- `base64` sends the body encoded as base64; `base64?` claims that it already is, even if it is not
- `null` sends a null body, `absent` leaves the body out, and `bare` keeps only the event's mandatory fields
- `throttled` makes DynamoDB refuse every call
- `keys` sends the request to a server with access keys and ICE servers; its only key is `a-key`
- `no_ssm` sends it to a server that has them configured but has never been able to read them

In a body, `x*1000*` means x a thousand times, so that a small input can make a large request.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import ParameterUnavailable
from chalicelib.function_url import Event, lambda_handler
from chalicelib.handlers import HANDLERS
from chalicelib.ice_servers import IceServers
from chalicelib.limits import (
    CHANNEL_TTL_SECONDS,
    MAX_CANDIDATES,
    MAX_TTL_SECONDS,
    RETRY_AFTER_SECONDS,
    TURN_TTL_SECONDS,
)
from harness.clock import Clock
from harness.engines import ROOT
from harness.service import app_over
from harness.ssm import SECRET
from tests.fuzz.memory import Item, Items, Memory

NOW = 1_800_000_000
STUN, TURN = "stun:stun.example.org", "turn:turn.example.org"
SEPARATOR = b"\n--\n"
REPEAT = re.compile(rb"(.)\*(\d{1,6})\*", re.DOTALL)
MOST_REPEATED = 400_000

COMMON = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
JSON_HEADERS = COMMON | {"Content-Type": "application/json"}
PLAIN_HEADERS = COMMON | {"Content-Type": "text/plain; charset=utf-8"}

REFUSALS = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["components"]["schemas"]["Refusal"]["oneOf"]
SENTENCES = {sentence for each in REFUSALS for sentence in [*each.get("enum", ()), each.get("const")]}
PATTERNS = [re.compile(each["pattern"]) for each in REFUSALS if "pattern" in each]
OWNER = "the-owners-secret"


def channel(
    number: int, expire_time: int, candidates: int = 0, owner: str | None = None, **descriptions: str
) -> tuple[str, Item]:
    channel_id = f"00000000-0000-4000-8000-00000000000{number}"
    stored = {"L": [{"S": str(candidate)} for candidate in range(candidates)]}
    texts = {name: {"S": text} for name, text in descriptions.items()}
    item = {"channel_id": {"S": channel_id}, "expire_time": {"N": str(expire_time)}, "candidate": stored}
    return channel_id, item | texts | owner_digest(owner)


def owner_digest(owner: str | None) -> Item:
    """Return the owner attribute of a channel, or no attribute for a channel without an owner."""
    return {} if owner is None else {"owner_digest": {"B": hashlib.sha256(owner.encode()).digest()}}


CHANNELS: Items = dict(
    [
        channel(1, NOW + 1),
        channel(2, NOW + 1, 3, offer="an offer", answer="an answer"),
        channel(3, NOW, 3, offer="an offer"),  # This one has expired.
        channel(4, NOW + 1, MAX_CANDIDATES - 1),
        channel(5, NOW + 1, 3, OWNER, offer="an offer"),
        channel(6, NOW, 3, OWNER, offer="an offer"),  # This one has expired.
    ]
)


class Context:
    """Lambda's context, with no time left to hold a reply."""

    def get_remaining_time_in_millis(self) -> int:
        return 0


@dataclass(frozen=True)
class Call:
    """One request: the function URL event, and the body's bytes if the event's body can be decoded."""

    event: Event
    body: bytes | None
    throttled: bool
    features: str

    @property
    def has_key(self) -> bool:
        return re.fullmatch(r"\s*bearer +a-key\s*", self.event.get("headers", {}).get("authorization", "")) is not None

    def needs_key(self, request: Item) -> bool:
        method, names_a_channel = request["method"], "channel_id" in request
        return bool(self.features) and (
            method == "create_data_channel" or (method == "get_ice_servers" and not names_a_channel)
        )


def unread() -> str:
    raise ParameterUnavailable("any")


FEATURES: dict[str, dict[str, Any]] = {
    "": {},
    "keys": {
        "access_keys": AccessKeys(lambda: hashlib.sha256(b"a-key").hexdigest()),
        "ice_servers": IceServers([STUN], [TURN], lambda: SECRET, Clock(NOW)),
    },
    "no_ssm": {"access_keys": AccessKeys(unread), "ice_servers": IceServers([STUN], [TURN], unread, Clock(NOW))},
}


class Service:
    """The service with six channels.

    One is empty, one has a full exchange, one has expired, one has room for a single candidate, and two have an owner:
    a live one and an expired one.
    """

    def __init__(self) -> None:
        self.memory = Memory(CHANNELS)
        channels = Channels(Table(self.memory.client, "any table"), Clock(NOW))
        self._invoke = {name: lambda_handler(app_over(channels, **features)) for name, features in FEATURES.items()}

    def run(self, data: bytes) -> list[int]:
        """Make the requests of an input one after the other, check each response, and return their statuses."""
        self.memory.items = dict(CHANNELS)
        return [self._check(call_of(request)) for request in data.split(SEPARATOR)]

    def _check(self, call: Call) -> int:
        before = dict(self.memory.items)
        self.memory.throttled = call.throttled
        response = self._invoke[call.features](call.event, Context())
        self.memory.throttled = False
        assert json.loads(json.dumps(response)) == response, "the response must survive JSON"
        assert response.keys() == {"statusCode", "headers", "body"}
        status = response["statusCode"]
        CHECKS[status](call, response, before, self.memory.items)
        return int(status)


def call_of(request: bytes) -> Call:
    line, _, body = request.partition(b"\n")
    http_method, *words = line.decode("utf-8", "replace").split(" ")
    body = REPEAT.sub(lambda match: match[1] * min(int(match[2]), MOST_REPEATED), body)
    path = next((word for word in words if word.startswith("/")), "/")
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": path.partition("?")[2],
        "cookies": [word for word in words if word.startswith("cookie:")],
        "headers": dict(word.lower().replace("%20", " ").split(":", 1) for word in words if ":" in word),
        "requestContext": {"http": {"method": http_method, "path": path, "protocol": "HTTP/1.1"}, "stage": "$default"},
        "isBase64Encoded": False,
        # A JSON event can hold half of a surrogate pair, which UTF-8 cannot encode.
        "body": body.decode("utf-8", "surrogateescape"),
    }
    if "base64" in words:
        event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    elif "base64?" in words:
        event |= {"isBase64Encoded": True}
        body = b""
    if "null" in words or "absent" in words:
        event |= {"body": None}
        body = b""
    needed = {"requestContext", "body", "isBase64Encoded"} if "bare" in words else event.keys()
    event = {name: event[name] for name in needed if name != "body" or "absent" not in words}
    features = next((word for word in words if word and word in FEATURES), "")
    return Call(event, body if "base64?" not in words else None, "throttled" in words, features)


def check_refusal(call: Call, response: Event, before: Items, after: Items) -> None:
    """Check a refusal: its form and sentence are in the contract, the sentence is true, and nothing has changed."""
    message = response["body"]
    assert response["headers"] == PLAIN_HEADERS
    assert message in SENTENCES or any(pattern.match(message) for pattern in PATTERNS), message
    assert after == before
    assert is_true(message, call, before), message


def is_kept_out(item: Item, request: Item) -> bool:
    return is_alive(item) and is_stranger(item, request)


def is_true(message: str, call: Call, before: Items) -> bool:
    http_method = call.event["requestContext"]["http"]["method"]
    if http_method != "POST":
        return message == ("" if http_method == "HEAD" else "HTTP method must be POST")
    if call.body is None or message.startswith("body "):
        return message.startswith("body ") or call.body is None
    request = json.loads(call.body)
    item = before.get(str(request.get("channel_id")), {})
    if message in ABOUT_THE_CHANNEL:
        return ABOUT_THE_CHANNEL[message](item, request)
    if message == "method is unknown":
        return request["method"] not in HANDLERS
    field, _, predicate = message.partition(" ")
    if predicate == "is missing":
        return field not in request
    return field.partition("[")[0] in request


def is_alive(item: Item) -> bool:
    return bool(item) and int(item["expire_time"]["N"]) > NOW


def is_stranger(item: Item, request: Item) -> bool:
    """Whether a channel has an owner whose secret is not in the request."""
    return "owner_digest" in item and owner_digest(request.get("owner")) != {"owner_digest": item["owner_digest"]}


# Whether each refusal that depends on the channel is true.
ABOUT_THE_CHANNEL: dict[str, Callable[[Item, Item], bool]] = {
    "no such channel": lambda item, _: not is_alive(item),
    "no offer yet": lambda item, _: "offer" not in item,
    "no answer yet": lambda item, _: "answer" not in item,
    "owner is missing": lambda item, request: is_kept_out(item, request) and "owner" not in request,
    "owner does not match": lambda item, request: is_kept_out(item, request) and "owner" in request,
    "answer already exists": lambda item, request: not is_kept_out(item, request) and "answer" in item,
    f"too many candidates: a channel holds {MAX_CANDIDATES}": lambda item, request: (
        not is_kept_out(item, request) and len(merged(item, request)) > MAX_CANDIDATES
    ),
}


def check_unauthorized(call: Call, response: Event, before: Items, after: Items) -> None:
    """Check a 401: the request needs a key but has no valid one."""
    assert call.needs_key(request_of(call))
    assert not call.has_key
    challenges = {"access key is missing": "Bearer", "access key is unknown": 'Bearer error="invalid_token"'}
    assert response["headers"] == PLAIN_HEADERS | {"WWW-Authenticate": challenges[response["body"]]}
    assert after == before


def check_outage(call: Call, response: Event, before: Items, after: Items) -> None:
    request = request_of(call)
    asks_ssm = call.needs_key(request) or request.get("ice_servers") or request["method"] == "get_ice_servers"
    assert call.throttled or (call.features == "no_ssm" and asks_ssm)
    assert response["headers"] == PLAIN_HEADERS | {"Retry-After": str(RETRY_AFTER_SECONDS)}
    assert response["body"] == "storage is unavailable"
    assert after == before


def check_success(call: Call, response: Event, before: Items, after: Items) -> None:
    """Check a success: the server stored what was sent, returned what was stored, and changed nothing else."""
    assert response["headers"] == JSON_HEADERS
    reply, request = json.loads(response["body"]), request_of(call)
    method = request["method"]
    assert call.has_key or not call.needs_key(request)
    assert reply.pop("ice_servers", None) == expected_servers(call, request, response["body"])
    if method == "get_ice_servers" and "channel_id" not in request:
        assert (reply, after) == ({}, before)
        return
    assert not call.throttled
    channel_id = reply["channel_id"] if method == "create_data_channel" else request["channel_id"]
    old, new = before.get(channel_id, {}), after.get(channel_id, {})
    assert {**after, channel_id: None} == {**before, channel_id: None}, "another channel has changed"
    if method == "create_data_channel":
        granted = {"ttl": min(request["ttl"], MAX_TTL_SECONDS)} if "ttl" in request else {}
        assert (old, reply) == ({}, {"channel_id": channel_id} | granted)
        expire_time = NOW + granted.get("ttl", CHANNEL_TTL_SECONDS)
        old = channel(0, expire_time, owner=request.get("owner"))[1] | {"channel_id": {"S": channel_id}}
    elif method == "delete_data_channel":
        assert reply == {}
        if is_stranger(old, request):
            assert not is_alive(old)
            assert new == old
            return
        # An erased channel leaves only its id, already expired.
        erased = {"channel_id", "expire_time", "candidate"} if old else set()
        assert set(new) == erased
        assert not old or (new["candidate"], int(new["expire_time"]["N"]) <= NOW) == ({"L": []}, True)
        return
    assert is_alive(old), "the channel had expired"
    assert method.startswith("get_") or not is_stranger(old, request), "a stranger may not write"
    assert new == written(old, request)
    if method == "get_ice_servers":
        assert reply == {}
    elif method.startswith("get_") or (method == "create_candidate" and "since" in request):
        assert reply == expected_reading(new, request)
    elif method != "create_data_channel":
        assert reply == {}


def request_of(call: Call) -> Item:
    # With `base64?` the body may be valid base64 by chance. Then Python's decoding is the request.
    request: Item = json.loads(call.body if call.body is not None else base64.b64decode(call.event["body"]))
    return request


def expected_servers(call: Call, request: Item, body: str) -> list[dict[str, Any]] | None:
    """Return the ICE servers that the response must contain, or None if it must not contain that field."""
    method = request["method"]
    rides = method in ("create_data_channel", "get_offer") and request.get("ice_servers") is True
    if not call.features:
        return [] if method == "get_ice_servers" else None
    if method != "get_ice_servers" and not rides:
        return None
    username = f"{NOW + TURN_TTL_SECONDS}:{json.loads(body)['ice_servers'][1]['username'].partition(':')[2]}"
    credential = base64.b64encode(hmac.new(SECRET.encode(), username.encode(), "sha1").digest()).decode()
    assert SECRET not in body
    return [{"urls": [STUN]}, {"urls": [TURN], "username": username, "credential": credential}]


def written(old: Item, request: Item) -> Item:
    """Return the item that a channel becomes after a request."""
    method = request["method"]
    if method.startswith("get_"):
        return old
    new = old | {"candidate": {"L": [{"S": each} for each in merged(old, request)]}}
    for name in ("offer", "answer"):
        if method == f"create_{name}" or (name == "offer" and method == "create_data_channel" and name in request):
            assert name == "offer" or "answer" not in old, "the first answer wins"
            new |= {name: {"S": request[name]}}
    if method == "create_offer" and ("offer" in old or "owner" in request):
        replaced = int(old.get("changes", {"N": "0"})["N"])
        now = 1000 * NOW if "owner" in request else 0
        new |= {"changes": {"N": str(max(now, replaced + 1))}}
    return new


def merged(old: Item, request: Item) -> list[str]:
    sent = request.get("candidates", [])
    if request["method"] == "create_candidate" and "candidate" in request:
        sent = [request["candidate"]]
    return list(dict.fromkeys([*(each["S"] for each in old["candidate"]["L"]), *sent]))


def expected_reading(item: Item, request: Item) -> Any:
    """Return the response that a read of this channel must get."""
    candidates = [each["S"] for each in item["candidate"]["L"]]
    later = {"items": candidates[request["since"] :], "next": len(candidates)} if "since" in request else {}
    name = request["method"].removeprefix("get_")
    return {name: item[name]["S"], **later} if name in ("offer", "answer") else later or {"items": candidates}


CHECKS = {200: check_success, 400: check_refusal, 401: check_unauthorized, 503: check_outage}


def new_run() -> Callable[[bytes], list[int]]:
    return Service().run
