"""Random input: every request gets a 200 or a 400, and nothing invalid is stored."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from chalicelib.handlers import HANDLERS
from chalicelib.limits import (
    MAX_CANDIDATE_BYTES,
    MAX_DESCRIPTION_BYTES,
    MAX_OWNER_BYTES,
    MAX_TTL_SECONDS,
    MIN_OWNER_BYTES,
)
from harness.clock import Clock
from harness.contract import OWNER, STRANGER, WRITES, whole
from harness.effort import tries
from harness.engines import client_of, new_table
from harness.service import app_over
from harness.transports import Post, Reply, over_handler, url_event

TEXT = st.text(st.characters(codec=None, categories=None))  # This includes lone surrogates.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)
MANY = settings(max_examples=tries(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
REFUSED, DONE = 400, 200
SHA_256_BYTES = 32
# pytest's usual limit is for an eighth of the tries.
pytestmark = pytest.mark.timeout(tries(4800))
FIELDS = ("channel_id", "offer", "answer", "candidate", "candidates", "wait", "since", "owner", "ttl")


class Service:
    """The service on a real engine, with one open channel and access to its table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client, self.table = client, table
        # On a clock that stands still, no channel expires, however long the tests take.
        self.clock = Clock()
        channels = Channels(Table(client, table), self.clock)
        self.app = app_over(channels, max_wait_seconds=0)
        self._post: Post = over_handler(self.app)
        self._items: list[dict[str, Any]] | None = None
        self.channel_id = channels.create()
        self.owned_id = channels.create(owner=OWNER)

    def post(self, body: object) -> Reply:
        self._items = None
        return self._post(body)

    def items(self) -> list[dict[str, Any]]:
        """Return all that is stored. Without a request since the last call, nothing has changed."""
        if self._items is None:
            pages = self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
            items = [item for page in pages for item in page["Items"]]
            self._items = sorted(items, key=lambda item: str(item["channel_id"]))
        return self._items


@pytest.fixture(scope="module")
def service(endpoint: str) -> Iterator[Service]:
    client = client_of(endpoint)
    with new_table(client) as table:
        yield Service(client, table)


def assert_well_formed(items: list[dict[str, Any]], now: float) -> None:
    for item in items:
        optional = {"offer", "answer", "changes", "owner_digest"}
        assert item.keys() - optional == {"channel_id", "candidate", "expire_time"}
        assert "owner_digest" not in item or len(item["owner_digest"]["B"]) == SHA_256_BYTES
        for field in item.keys() & {"offer", "answer"}:
            assert 1 <= len(item[field]["S"].encode()) <= MAX_DESCRIPTION_BYTES
        assert all(1 <= len(one["S"].encode()) <= MAX_CANDIDATE_BYTES for one in item["candidate"]["L"])
        assert 0 < int(item["expire_time"]["N"]) <= now + MAX_TTL_SECONDS


def assert_done_or_refused(service: Service, body: bytes) -> None:
    before = service.items()
    reply = service.post(body)
    after = service.items()

    assert reply.status in {DONE, REFUSED}
    if reply.status == REFUSED:
        assert 0 < len(reply.body) < 100
        assert after == before
    assert_well_formed(after, service.clock())


@MANY
@given(st.binary())
def test_any_bytes_get_a_proper_reply(service: Service, body: bytes) -> None:
    assert_done_or_refused(service, body)


@MANY
@given(JSON)
def test_any_json_gets_a_proper_reply(service: Service, value: object) -> None:
    assert_done_or_refused(service, json.dumps(value).encode())


@MANY
@given(
    st.fixed_dictionaries(
        {"method": st.sampled_from(list(HANDLERS)) | JSON},
        optional=dict.fromkeys(FIELDS, JSON),
    ),
    st.sampled_from(["the open channel", "the owner's channel", "any"]),
)
def test_any_fields_get_a_proper_reply(service: Service, request: dict[str, object], channel: str) -> None:
    assume(request.get("owner") != OWNER)  # Hypothesis finds this constant, and would delete the owner's channel.
    channels = {"the open channel": service.channel_id, "the owner's channel": service.owned_id}
    if channel in channels:
        request["channel_id"] = channels[channel]
    assert_done_or_refused(service, json.dumps(request).encode())


@MANY
@given(st.sampled_from(WRITES), JSON | st.text(min_size=MIN_OWNER_BYTES, max_size=MAX_OWNER_BYTES))
def test_nothing_but_the_owners_secret_writes_to_an_owners_channel(service: Service, method: str, owner: Any) -> None:
    assume(owner != OWNER)
    before = service.items()

    reply = service.post(whole(method, service.owned_id) | {"owner": owner})

    assert reply.status == REFUSED
    # Python's NaN and Infinity have no form in JSON, and JSON can be nested too deep.
    assert reply.body.startswith(("owner ", "body "))
    assert service.items() == before


@MANY
@given(st.text(min_size=MIN_OWNER_BYTES, max_size=MAX_OWNER_BYTES // 4), st.integers(1, 10**12))
def test_any_owner_with_any_ttl_gets_a_channel_that_only_it_can_write_to(
    service: Service, owner: str, ttl: int
) -> None:
    opened = service.post({"method": "create_data_channel", "owner": owner, "ttl": ttl}).json()
    request = whole("create_offer", opened["channel_id"])

    assert opened["ttl"] == min(ttl, MAX_TTL_SECONDS)
    assert service.post(request).body == "owner is missing"
    assert service.post(request | {"owner": STRANGER}).body == "owner does not match"
    assert service.post(request | {"owner": owner}).status == DONE


@MANY
@given(st.integers(0, 3000), st.sampled_from([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")]), st.booleans())
def test_any_nesting_gets_a_proper_reply(
    service: Service, depth: int, brackets: tuple[bytes, bytes], closed: bool
) -> None:
    nest = brackets[0] * depth + b"1" + brackets[1] * depth * closed
    assert_done_or_refused(service, b'{"method": "get_offer", "channel_id": %s}' % nest)


@MANY
@given(
    body=st.none() | TEXT | st.binary().map(lambda data: data.hex()),
    encoded=st.booleans(),
    headers=st.none() | st.dictionaries(st.text(), st.text()),
    http_method=st.sampled_from(["POST", "GET", "OPTIONS", "HEAD"]) | st.text(),
)
def test_any_function_url_event_gets_a_proper_reply(
    service: Service, body: str | None, encoded: bool, headers: dict[str, str] | None, http_method: str
) -> None:
    event = url_event(None, {}, http_method) | {"body": body, "isBase64Encoded": encoded, "headers": headers}

    response = lambda_handler(service.app)(event, None)

    assert response["statusCode"] == REFUSED
    response["body"].encode()


@MANY
@given(st.text(min_size=1, max_size=MAX_CANDIDATE_BYTES // 4))
def test_any_text_is_returned_unchanged(service: Service, text: str) -> None:
    channel_id = service.post({"method": "create_data_channel"}).json()["channel_id"]
    for field in ("offer", "answer", "candidate"):
        assert service.post({"method": f"create_{field}", "channel_id": channel_id, field: text}).status == DONE

    def get(method: str) -> object:
        return service.post({"method": method, "channel_id": channel_id}).json()

    assert get("get_offer") == {"offer": text}
    assert get("get_answer") == {"answer": text}
    assert get("get_candidates") == {"items": [text]}
