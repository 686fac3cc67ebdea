"""Attacks on the server, with one test each. docs/testing.md lists them, and attacks that are tested elsewhere."""

import base64
import gzip
import hashlib
import http.client
import json
import re
import socket
import threading
import tracemalloc
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from chalicelib.handlers import HANDLERS
from chalicelib.limits import CHANNEL_TTL_SECONDS, MAX_BATCH, MAX_BODY_BYTES, MAX_CANDIDATES
from harness.clock import Clock
from harness.contract import (
    NEEDED,
    NOBODYS_ID,
    NOT_THE_OWNER,
    OWNER,
    WRITES,
    assert_accepted,
    assert_refused,
    open_channel,
    open_owned_channel,
    state,
    whole,
)
from harness.effort import tries
from harness.engines import client_of
from harness.naming import name_of
from harness.service import app_over
from harness.transports import JSON, Post, over_handler, url_event
from tests.fuzz.memory import Memory

MEGABYTE = 1_000_000
READS = [method for method in NEEDED if method.startswith("get_")]
# Methods that show whether a channel exists. Deleting always succeeds, so it shows nothing.
TELLING = [method for method in NEEDED if NEEDED[method] and "delete" not in method]


class Counted:
    """A DynamoDB client that records the operations it is asked to do."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def counted(**parameters: Any) -> Any:
            self.asked.append(name)
            return operation(**parameters)

        return counted


@pytest.fixture
def counted(real_client: DynamoDBClient) -> Counted:
    return Counted(real_client)


@pytest.fixture
def served(counted: Any, real_table: str, clock: Clock) -> Channels:
    return Channels(Table(counted, real_table), clock)


@pytest.fixture
def fast_post(clock: Clock) -> Post:
    """Like `post`, but on a table in memory: fast enough for thousands of requests."""
    channels = Channels(Table(Memory({}).client, "any table"), clock)
    return over_handler(app_over(channels))


@pytest.fixture
def browser(local_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=local_url, timeout=60) as client:
        yield client


def items_of(client: DynamoDBClient, table: str) -> list[Any]:
    return sorted(client.scan(TableName=table, ConsistentRead=True)["Items"], key=lambda item: str(item["channel_id"]))


def test_ids_cannot_be_guessed(fast_post: Post) -> None:
    """Ids are version 4 UUIDs, whose format restricts two of the 32 digits.

    Each of the other 30 digits takes every value, so no digit comes from a clock or a counter.
    """
    ids = [open_channel(fast_post) for _ in range(1000)]

    assert len(set(ids)) == 1000
    assert {str(uuid.UUID(one).version) for one in ids} == {"4"}
    digits = [set(column) for column in zip(*(one.replace("-", "") for one in ids), strict=True)]
    assert [len(seen) for place, seen in enumerate(digits) if place not in (12, 16)] == [16] * 30


def test_an_id_has_122_bits_from_the_systems_random_source(fast_post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.urandom", lambda size: b"\xff" * size)

    assert open_channel(fast_post) == "ffffffff-ffff-4fff-bfff-ffffffffffff"


def test_ids_that_differ_in_one_digit_find_no_channel(fast_post: Post) -> None:
    channel_id = open_channel(fast_post)
    near = [
        channel_id[:place] + digit + channel_id[place + 1 :] for place in range(36) for digit in "0123456789abcdef-"
    ]

    for guess in set(near) - {channel_id}:
        for method in TELLING:
            assert_refused(fast_post(whole(method, guess)), "no such channel")

    assert state(fast_post, channel_id) == ["no offer yet", "no answer yet", '{"items":[]}']


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda name: name.replace("-", ""),
        lambda name: name[:-1],
        lambda name: name[:-1] + "\0",
        lambda name: f" {name[1:]}",
        lambda _: "*",
        lambda _: "%",
        lambda _: ".*",
        lambda _: "null",
        lambda _: "undefined",
        lambda _: ":now",
        lambda _: "attribute_exists(channel_id)",
        lambda _: '{"S": "x"}',
        lambda _: "../" * 12,
    ],
)
def test_only_the_exact_id_gives_access_to_a_channel(change: Any, post: Post) -> None:
    channel_id = open_channel(post)
    while not any(map(str.isalpha, channel_id)):  # One id in millions has no letter that could become upper case.
        channel_id = open_channel(post)
    other = change(channel_id)
    assert other != channel_id

    for method in TELLING:
        assert_refused(post(whole(method, other)), "no such channel")
    assert_accepted(post(whole("delete_data_channel", other)), {})

    assert state(post, channel_id) == ["no offer yet", "no answer yet", '{"items":[]}']


def test_unknown_expired_and_deleted_channels_get_the_same_replies(post: Post, clock: Clock) -> None:
    expired, deleted = open_channel(post), open_channel(post)
    post(whole("delete_data_channel", deleted))
    clock.seconds += CHANNEL_TTL_SECONDS

    for method in TELLING:
        replies = [post(whole(method, name)) for name in (NOBODYS_ID, expired, deleted)]
        assert replies[0] == replies[1] == replies[2]
        assert_refused(replies[0], "no such channel")


def test_requests_to_one_channel_never_change_another(post: Post, real_client: DynamoDBClient, real_table: str) -> None:
    mine, theirs = open_channel(post), open_channel(post)
    for method in ("create_offer", "create_answer", "create_candidate"):
        post(whole(method, theirs))
    [before] = [item for item in items_of(real_client, real_table) if item["channel_id"]["S"] == theirs]

    for method in NEEDED:
        post({**whole(method, mine), "offer": "evil", "answer": "evil", "id": theirs, "Key": {"S": theirs}})

    assert before in items_of(real_client, real_table)
    assert state(post, mine) == ["no such channel"] * 3


def test_someone_with_only_the_id_cannot_fill_change_or_erase_an_owners_channel(
    post: Post, real_client: DynamoDBClient, real_table: str
) -> None:
    channel_id = open_owned_channel(post, offer="the owner's", candidates=["the owner's"])
    before = items_of(real_client, real_table)

    for fields, message in NOT_THE_OWNER:
        for start in range(0, MAX_CANDIDATES, MAX_BATCH):
            junk = [str(number) for number in range(start, start + MAX_BATCH)]
            fill = {"method": "create_candidate", "channel_id": channel_id, "candidates": junk}
            assert_refused(post(fill | fields), message)
        for method in WRITES:
            assert_refused(post(whole(method, channel_id) | fields), message)

    assert items_of(real_client, real_table) == before


GUESSES = {
    "its digest in hex": hashlib.sha256(OWNER.encode()).hexdigest(),
    "its digest in base64": base64.b64encode(hashlib.sha256(OWNER.encode()).digest()).decode(),
    "in upper case": OWNER.upper(),
    "with a space at the end": f"{OWNER} ",
    "with a zero byte at the end": f"{OWNER}\0",
    "without its last character": OWNER[:-1],
    "the name of the condition's value": ":owner".ljust(16),
    "the name of the attribute": "owner_digest OR 1=1",
}


@pytest.mark.parametrize("guess", GUESSES.values(), ids=GUESSES)
def test_only_the_exact_secret_lets_a_client_write_as_the_owner(guess: str, post: Post) -> None:
    channel_id = open_owned_channel(post)

    for method in WRITES:
        assert_refused(post(whole(method, channel_id) | {"owner": guess}), "owner does not match")


def test_an_owners_secret_and_its_digest_are_in_no_reply(
    post: Post, real_client: DynamoDBClient, real_table: str
) -> None:
    """The secret is not stored either. An owner reads its channel as everybody else does."""
    replies = [post({"method": "create_data_channel", "owner": OWNER, "ttl": 60})]
    channel_id = replies[0].json()["channel_id"]
    owners: list[dict[str, object]] = [{"owner": OWNER}, *(fields for fields, _ in NOT_THE_OWNER)]
    for owner in owners:
        for method in [method for method in NEEDED if method != "delete_data_channel"]:
            replies.append(post(whole(method, channel_id) | owner))
            replies.append(post(whole(method, channel_id) | {"since": 0} | owner))
    stored = str(items_of(real_client, real_table))
    replies.append(post(whole("delete_data_channel", channel_id) | {"owner": OWNER}))

    digest = hashlib.sha256(OWNER.encode())
    secrets = [OWNER, digest.hexdigest(), base64.b64encode(digest.digest()).decode()]
    said = "".join(reply.body for reply in replies)
    assert [secret for secret in secrets if secret in said] == []
    assert OWNER not in stored


def test_a_channel_that_is_gone_does_not_show_whether_it_had_an_owner(post: Post, clock: Clock) -> None:
    """Once it is gone, nobody can find out that a channel had an owner."""
    owned = [open_owned_channel(post), open_owned_channel(post)]
    post(whole("delete_data_channel", owned[0]) | {"owner": OWNER})
    clock.seconds += CHANNEL_TTL_SECONDS

    for method in [*TELLING, "delete_data_channel"]:
        for fields in ({}, {"owner": OWNER}, {"owner": "another owner's secret"}):
            replies = [post(whole(method, name) | fields) for name in (NOBODYS_ID, *owned)]
            assert replies[0] == replies[1] == replies[2]


def big(request: Mapping[str, object], **more: object) -> bytes:
    return json.dumps({**request, **more}).encode()


CREATE: dict[str, object] = {"method": "create_data_channel"}
TOO_LONG = f"body must be at most {MAX_BODY_BYTES} bytes"
NOT_JSON = "body is not JSON (RFC 7493)"
TOO_DEEP = "body must be nested at most 8 deep"
OVERSIZE: dict[str, tuple[bytes, str]] = {
    "a body of 6 MB": (big(CREATE, x="x" * 6 * MEGABYTE), TOO_LONG),
    "10,000 candidates": (
        big(CREATE, candidates=["a"] * 10_000),
        f"candidates must be a list of at most {MAX_BATCH} strings",
    ),
    "10,000 candidates of full size": (big(CREATE, candidates=["x" * 425] * 10_000), TOO_LONG),
    "a key of a megabyte": (big({"x" * MEGABYTE: 1, **CREATE}), TOO_LONG),
    "a key that just fits": (big({"x" * 200_000: 1}), "method is missing"),
    "a value of a megabyte": (big(CREATE, offer="x" * MEGABYTE), TOO_LONG),
    "a value that just fits": (big(CREATE, offer="x" * 200_000), "offer must be at most 32768 bytes"),
    "a method of a megabyte": (big({"method": "x" * MEGABYTE}), TOO_LONG),
    "60,000 keys": (big({str(number): 1 for number in range(20_000)}), "method is missing"),
    "a nesting bomb of brackets": (b"[" * 250_000, TOO_DEEP),
    "a nesting bomb of braces": (b'{"a":' * 50_000, TOO_DEEP),
    "a nesting bomb of closed brackets and braces": (b'[{"a":' * 30_000 + b"1" + b"}]" * 30_000, TOO_DEEP),
    "a number of a million digits": (b'{"method": "create_data_channel", "x": %s}' % (b"9" * MEGABYTE), TOO_LONG),
    "a number of 200,000 digits": (b'{"method": "create_data_channel", "x": %s}' % (b"9" * 200_000), NOT_JSON),
    "a fraction of 200,000 digits": (b'{"method": "no", "x": 0.%s}' % (b"9" * 200_000), "method is unknown"),
    "an exponent of 200,000 digits": (b'{"method": "no", "x": 1e%s}' % (b"9" * 200_000), "method is unknown"),
    "duplicate keys": (b'{"method": "create_data_channel", %s "x": 1}' % (b'"x": 1, ' * 20_000), NOT_JSON),
    "duplicate keys, one with an escaped letter": (
        b'{"method": "get_offer", "\\u006dethod": "create_data_channel"}',
        NOT_JSON,
    ),
    "NaN": (b'{"method": "create_data_channel", "wait": NaN}', NOT_JSON),
    "Infinity": (b'{"method": "create_data_channel", "wait": Infinity}', NOT_JSON),
    "a gzip bomb": (gzip.compress(bytes(100 * MEGABYTE)), NOT_JSON),
}


@pytest.mark.parametrize(("body", "message"), OVERSIZE.values(), ids=OVERSIZE)
def test_oversized_or_malformed_bodies_are_refused_over_a_function_url(
    body: bytes, message: str, fast_post: Post
) -> None:
    assert_refused(fast_post(body, {**JSON, "content-encoding": "gzip"}), message)


@pytest.mark.parametrize(("body", "message"), OVERSIZE.values(), ids=OVERSIZE)
def test_oversized_or_malformed_bodies_are_refused_over_http(body: bytes, message: str, browser: httpx.Client) -> None:
    reply = browser.post("/", content=body)

    assert (reply.status_code, reply.text) == (400, message)


def test_the_memory_for_hostile_bodies_is_limited(fast_post: Post) -> None:
    largest = max((body for body, _ in OVERSIZE.values() if len(body) <= MAX_BODY_BYTES), key=len)
    fast_post(largest)

    tracemalloc.start()
    for body, _ in OVERSIZE.values():
        if len(body) <= MAX_BODY_BYTES:
            fast_post(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 60 * MAX_BODY_BYTES


SPLITS = [
    "\r\nSet-Cookie: evil=1",
    "\r\n\r\n<script>alert(1)</script>",
    "\nX-Evil: 1",
    "\u560d\u560aSet-Cookie: evil=1",
    "\0",
]


@pytest.mark.parametrize("split", SPLITS, ids=name_of)
def test_nothing_from_a_request_appears_in_a_reply_header(split: str, post: Post) -> None:
    channel_id = open_channel(post)
    names = {"content-type", "cache-control", "x-content-type-options"}
    poisoned = dict.fromkeys(("method", "channel_id", "offer", "answer", "candidate", "wait", "since", split), split)

    replies = [post(poisoned | {"method": method, "channel_id": channel_id}) for method in (*HANDLERS, split)]
    replies += [post(poisoned | {"method": method}) for method in HANDLERS]
    replies += [post(CREATE, {**JSON, "origin": split, "x-evil": split, "cookie": split})]
    replies += [post(CREATE, http_method=f"GET{split}")]

    for reply in replies:
        assert reply.headers.keys() == names
        assert not re.search("evil|script|[\r\n\0]", str(list(reply.headers.values())), re.IGNORECASE)
        assert reply.status == 200 or not re.search("evil|script", reply.body, re.IGNORECASE)


@pytest.mark.parametrize("split", SPLITS, ids=name_of)
def test_an_echoed_line_break_does_not_split_a_reply(split: str, local_url: str) -> None:
    """Read from the raw connection, because an HTTP client might hide a second reply."""
    url = urlsplit(local_url)
    with httpx.Client(base_url=local_url) as client:
        channel = client.post("/", json=CREATE).json()
        client.post("/", json={"method": "create_offer", "offer": split, **channel})
    body = json.dumps({"method": "get_offer", **channel}).encode()
    head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(head + body)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))

    headers, _, content = received.partition(b"\r\n\r\n")
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"evil" not in headers.lower()
    assert json.loads(content) == {"offer": split}


def test_an_offer_of_html_is_never_served_as_html(post: Post) -> None:
    channel_id = open_channel(post)
    post({"method": "create_offer", "channel_id": channel_id, "offer": "<script>alert(1)</script>"})

    for accept in ("text/html", "*/*"):
        reply = post(whole("get_offer", channel_id), {"content-type": "text/html", "accept": accept})
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_server_never_connects_to_a_host_or_url_in_a_request(post: Post) -> None:
    """This rules out server-side request forgery."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        url = f"http://{address}/"
        headers = JSON | {"host": address, "origin": url, "referer": url, "x-forwarded-host": address}
        channel_id = open_channel(post)
        for method in NEEDED:
            post({**whole(method, channel_id), "offer": url, "answer": url, "candidate": url, "url": url}, headers)
            post(whole(method, url), headers)
            post({"method": url}, headers)

        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_in_a_flood_each_new_channel_costs_one_write_and_expires(
    counted: Counted, real_table: str, endpoint: str, clock: Clock
) -> None:
    local = threading.local()

    def create(_: int) -> str:
        if not hasattr(local, "post"):
            own: Any = Counted(client_of(endpoint))
            channels = Channels(Table(own, real_table), clock)
            local.post, local.counted = over_handler(app_over(channels)), own
        before = len(local.counted.asked)
        channel_id = open_channel(local.post)
        assert local.counted.asked[before:] == ["put_item"]
        return channel_id

    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(create, range(tries(1000))))

    pages = client_of(endpoint).get_paginator("scan").paginate(TableName=real_table, ConsistentRead=True)
    stored = [item for page in pages for item in page["Items"]]
    assert {item["channel_id"]["S"] for item in stored} == set(ids)
    assert {item["expire_time"]["N"] for item in stored} == {str(int(clock.seconds) + CHANNEL_TTL_SECONDS)}
    assert counted.asked == []


def test_a_flood_of_new_channels_leaves_no_memory_in_use(clock: Clock) -> None:
    memory = Memory({})
    channels = Channels(Table(memory.client, "any table"), clock)
    post = over_handler(app_over(channels))
    request = CREATE | {"offer": "x" * 1000}

    def flood(times: int) -> int:
        for _ in range(times):
            post(request)
            memory.items.clear()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    first = flood(100)
    last = flood(1000)
    tracemalloc.stop()

    # The second flood has 1,000 offers of 1,000 bytes. At most a tenth of that may remain in use.
    assert last - first < 100 * 1000


@pytest.mark.slow
@pytest.mark.parametrize("method", READS)
def test_each_of_a_thousand_polls_costs_one_read_and_changes_nothing(
    method: str, post: Post, counted: Counted, real_client: DynamoDBClient, real_table: str
) -> None:
    channel_id = open_channel(post)
    for write in ("create_offer", "create_answer", "create_candidate"):
        post(whole(write, channel_id))
    before, counted.asked = items_of(real_client, real_table), []

    replies = {post(whole(method, channel_id)).body for _ in range(1000)}

    assert len(replies) == 1
    assert counted.asked == ["get_item"] * 1000
    assert items_of(real_client, real_table) == before


def test_fast_polling_readers_do_not_block_a_writer(endpoint: str, real_table: str) -> None:
    channels = Channels(Table(client_of(endpoint), real_table))
    channel_id = channels.create()
    written = threading.Event()
    writes = tries(100)

    def poll(_: int) -> int:
        own, polls = Channels(Table(client_of(endpoint), real_table)), 0
        while not written.is_set() or polls == 0:
            own.get(channel_id)
            polls += 1
        return polls

    with ThreadPoolExecutor(8) as pool:
        polling = pool.map(poll, range(8))
        for number in range(writes):
            channels.add_candidates(channel_id, [str(number)])
        written.set()
        assert all(polls > 0 for polls in polling)

    assert channels.get(channel_id).candidates == [str(number) for number in range(writes)]


@pytest.mark.parametrize("wait", [3600, 1e308, 10**4000], ids=["an hour", "10^308", "10^4000"])
def test_a_huge_wait_does_not_hold_a_reply_past_the_functions_time_limit(wait: float, clock: Clock) -> None:
    channels = Channels(Table(Memory({}).client, "any table"), clock)
    post = lambda_handler(app_over(channels))
    channel_id = channels.create()
    body = json.dumps({"method": "get_offer", "channel_id": channel_id, "wait": wait}).encode()

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 9_050

    reply = post(url_event(body, JSON), Context())

    assert (reply["statusCode"], reply["body"]) == (400, "no offer yet")


CALLS: list[dict[str, object]] = [
    {"method": "create_offer", "offer": "an offer", "candidates": ["a"]},
    {"method": "create_answer", "answer": "an answer", "candidates": ["b"]},
    {"method": "create_candidate", "candidate": "c"},
    {"method": "create_candidate", "candidates": ["a", "d"]},
    {"method": "create_answer", "answer": "another answer", "candidates": ["e"]},
]


@pytest.mark.parametrize("order", list(permutations(range(len(CALLS)))), ids=lambda order: "".join(map(str, order)))
def test_replaying_calls_in_any_order_changes_nothing(order: tuple[int, ...], fast_post: Post) -> None:
    channel_id = open_channel(fast_post)
    in_order = [CALLS[number] | {"channel_id": channel_id} for number in order]

    once = [fast_post(call).status for call in in_order]
    after_once = state(fast_post, channel_id)
    twice = [fast_post(call).status for call in in_order]

    first, second = sorted((order.index(1), order.index(4)))
    assert [once[first], once[second]] == [200, 400]
    assert [twice[first], twice[second]] == [400, 400]
    assert once.count(200) == 4
    assert state(fast_post, channel_id) == after_once
    assert sorted(json.loads(after_once[2])["items"]) == sorted(
        ["a", "c", "d", "b" if order.index(1) == first else "e"]
    )


def test_replayed_calls_do_not_revive_a_channel(
    post: Post, clock: Clock, real_client: DynamoDBClient, real_table: str
) -> None:
    deleted, expired = open_channel(post), open_channel(post)
    calls = [call | {"channel_id": name} for name in (deleted, expired) for call in CALLS]
    for call in calls:
        post(call)
    post(whole("delete_data_channel", deleted))
    clock.seconds += CHANNEL_TTL_SECONDS
    before = items_of(real_client, real_table)

    for call in calls:
        assert_refused(post(call), "no such channel")

    assert items_of(real_client, real_table) == before


def test_peers_get_a_clear_error_if_strangers_have_filled_their_channel(fast_post: Post) -> None:
    """Anyone who knows the id can fill the channel, but its peers get a clear error, and it does not grow further."""
    channel_id = open_channel(fast_post)
    for start in range(0, MAX_CANDIDATES, 50):
        junk = [str(number) for number in range(start, start + 50)]
        assert_accepted(fast_post({"method": "create_candidate", "channel_id": channel_id, "candidates": junk}), {})

    full = f"too many candidates: a channel holds {MAX_CANDIDATES}"
    assert_refused(fast_post(whole("create_candidate", channel_id)), full)
    assert_accepted(fast_post(whole("create_offer", channel_id)), {})
    assert len(fast_post(whole("get_candidates", channel_id)).json()["items"]) == MAX_CANDIDATES


def test_a_body_that_never_arrives_does_not_block_other_clients(local_url: str) -> None:
    url = urlsplit(local_url)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
    stalled = [socket.create_connection((url.hostname, url.port)) for _ in range(50)]
    try:
        for connection in stalled:
            connection.sendall(head)

        other = http.client.HTTPConnection(str(url.hostname), url.port)
        other.request("POST", "/", body=json.dumps(CREATE))
        assert other.getresponse().status == 200
        other.close()
    finally:
        for connection in stalled:
            connection.close()
