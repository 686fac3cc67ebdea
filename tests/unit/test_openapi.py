"""docs/openapi.yaml, compared with the server: real requests and replies, and the numbers in it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from chalicelib import limits
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from chalicelib.handlers import HANDLERS
from chalicelib.ice_servers import IceServers
from harness.contract import (
    NEEDED,
    NOBODYS_ID,
    NOT_THE_OWNER,
    OWNER,
    STRANGER,
    WRITES,
    open_channel,
    open_owned_channel,
    whole,
)
from harness.engines import ROOT, client_of
from harness.faulty_proxy import faulty_proxy, refusal
from harness.service import app_over
from harness.ssm import KEY, SECRET, bearer, digest
from harness.transports import JSON, Post, Reply, over_handler, url_event

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
HOST = DOCUMENT["servers"][0]["url"]


@pytest.fixture(scope="module")
def openapi() -> OpenAPI:
    return OpenAPI.from_dict(DOCUMENT)


@pytest.fixture
def served(channels: Channels) -> Channels:
    return channels


def of_method(name: str, value: object) -> list[str]:
    """Return the errors of a value according to the schema of one method."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return [error.message for error in OAS31Validator(schema).iter_errors(value)]


def conversation(post: Post) -> Iterator[tuple[dict[str, object], Reply]]:
    """Call every method on an unknown channel, on an empty one, and on one that has everything."""
    opened = post(whole("create_data_channel", ""))
    yield whole("create_data_channel", ""), opened
    for channel_id in ("00000000-0000-4000-8000-000000000000", *[opened.json()["channel_id"]] * 2):
        for method in sorted(set(NEEDED) - {"delete_data_channel"}, reverse=True):
            yield whole(method, channel_id), post(whole(method, channel_id))
    yield from fast_exchange(post)
    yield from an_owners_channel(post)


def fast_exchange(post: Post) -> Iterator[tuple[dict[str, object], Reply]]:
    """Use every optional field."""
    opening: dict[str, object] = {"method": "create_data_channel", "offer": "an offer", "candidates": ["a", "b"]}
    opened = post(opening)
    yield opening, opened
    requests: list[dict[str, object]] = [
        {"method": "create_offer", "offer": "another", "candidates": []},
        {"method": "get_offer", "since": 0, "wait": 1.5},
        {"method": "create_answer", "answer": "an answer", "candidates": ["c"]},
        {"method": "get_answer", "since": 2, "wait": 0},
        {"method": "create_candidate", "candidates": ["d", "a"]},
        {"method": "create_candidate", "candidates": ["e"], "since": 3},
        {"method": "create_candidate", "candidate": "f", "since": -1},
        {"method": "get_candidates", "since": 3},
        {"method": "get_candidates", "wait": 1},
        {"method": "create_candidate", "candidates": [1]},
        {"method": "create_candidate", "candidate": "a", "candidates": ["a"]},
        {"method": "get_offer", "since": 0.5},
        {"method": "get_offer", "ice_servers": True},
        {"method": "get_offer", "ice_servers": 1},
        {"method": "delete_data_channel"},
    ]
    for request in requests:
        sent = request | opened.json()
        yield sent, post(sent)


def an_owners_channel(post: Post) -> Iterator[tuple[dict[str, object], Reply]]:
    """Use the fields of long-lived channels and of channels with an owner, as their owner and as a stranger."""
    for ttl in (1, 10**9, 0, "60"):
        opening: dict[str, object] = {"method": "create_data_channel", "ttl": ttl, "owner": OWNER}
        yield opening, post(opening)
    channel_id = open_owned_channel(post)
    for method in WRITES:
        for owner in (STRANGER, 16, "x" * 3, "x" * 65, OWNER):
            sent = whole(method, channel_id) | {"owner": owner}
            yield sent, post(sent)


def assert_valid_reply(openapi: OpenAPI, request: MockRequest, reply: Reply) -> None:
    content_type = reply.headers["content-type"].split(";")[0]
    response = MockResponse(reply.body.encode(), reply.status, dict(reply.headers), content_type)
    openapi.validate_response(request, response)


def test_the_document_is_openapi_3_1() -> None:
    validate(DOCUMENT)

    assert DOCUMENT["openapi"].startswith("3.1.")


def test_every_real_request_and_reply_matches_the_document(openapi: OpenAPI, post: Post) -> None:
    seen = set()
    for sent, reply in conversation(post):
        request = MockRequest(HOST, "post", "/", data=json.dumps(sent).encode())

        method = str(sent["method"])
        well_formed = openapi_accepts(openapi, request)
        assert well_formed == (not of_method(method, sent))
        assert well_formed or reply.status == 400
        assert_valid_reply(openapi, request, reply)
        if reply.status == 200:
            assert not of_method(f"{method}.reply" if f"{method}.reply" in SCHEMAS else "Written", reply.json())
        seen.add((method, reply.status))

    assert {method for method, status in seen if status == 200} == set(HANDLERS)
    assert {method for method, status in seen if status == 400} == set(HANDLERS)


@pytest.mark.parametrize(
    "sent", [{}, {"method": "other"}, {"method": "get_offer"}, {"method": "get_offer", "channel_id": 1}]
)
def test_the_server_refuses_every_request_that_the_document_rejects(
    openapi: OpenAPI, post: Post, sent: dict[str, Any]
) -> None:
    request = MockRequest(HOST, "post", "/", data=json.dumps(sent).encode())
    reply = post(sent)

    assert not openapi_accepts(openapi, request)
    assert reply.status == 400
    assert_valid_reply(openapi, request, reply)


def openapi_accepts(openapi: OpenAPI, request: MockRequest) -> bool:
    return not list(openapi.iter_request_errors(request))


def test_access_keys_and_ice_servers_are_in_the_document(openapi: OpenAPI, channels: Channels) -> None:
    servers = IceServers(["stun:stun.example.org"], ["turn:turn.example.org"], lambda: SECRET)
    keys = AccessKeys(lambda: digest(KEY))
    post = over_handler(app_over(channels, access_keys=keys, ice_servers=servers))
    channel_id = channels.create("an offer")
    sent: list[tuple[dict[str, Any], Mapping[str, str], int]] = [
        ({"method": "create_data_channel"}, JSON, 401),
        ({"method": "create_data_channel"}, bearer("no key of ours"), 401),
        ({"method": "create_data_channel", "ice_servers": True}, bearer(KEY), 200),
        ({"method": "get_offer", "channel_id": channel_id, "ice_servers": True}, JSON, 200),
        ({"method": "get_ice_servers", "channel_id": channel_id}, JSON, 200),
        ({"method": "get_ice_servers"}, bearer(KEY), 200),
    ]

    for body, headers, status in sent:
        request = MockRequest(HOST, "post", "/", headers=dict(headers), data=json.dumps(body).encode())
        reply = post(body, headers)

        assert reply.status == status
        assert openapi_accepts(openapi, request)
        assert_valid_reply(openapi, request, reply)
        assert status != 200 or not of_method(f"{body['method']}.reply", reply.json())


def test_the_servers_own_faults_are_in_the_document(openapi: OpenAPI, endpoint: str, real_table: str) -> None:
    request = MockRequest(HOST, "post", "/", data=b'{"method": "create_data_channel"}')
    with faulty_proxy(endpoint) as proxy:
        channels = Channels(Table(client_of(proxy.endpoint), real_table))
        post = over_handler(app_over(channels))
        for fault, status in ((refusal(400, "ValidationException"), 500), (refusal(500, "InternalServerError"), 503)):
            proxy.faults = [fault] * 3
            reply = post({"method": "create_data_channel"})

            assert reply.status == status
            assert_valid_reply(openapi, request, reply)
            proxy.faults = []


def test_the_document_has_the_servers_limits() -> None:
    assert list(HANDLERS) == [ref["$ref"].rsplit("/")[-1] for ref in SCHEMAS["Request"]["oneOf"]]
    assert SCHEMAS["ChannelId"]["maxLength"] == limits.MAX_ID_BYTES
    assert SCHEMAS["Description"]["maxLength"] == limits.MAX_DESCRIPTION_BYTES
    assert SCHEMAS["Candidate"]["maxLength"] == limits.MAX_CANDIDATE_BYTES
    assert SCHEMAS["Owner"]["maxLength"] == limits.MAX_OWNER_BYTES
    assert SCHEMAS["Items"]["maxItems"] == limits.MAX_CANDIDATES
    assert SCHEMAS["Candidates"]["maxItems"] == limits.MAX_BATCH
    for message in (
        f"too many candidates: a channel holds {limits.MAX_CANDIDATES}",
        f"body must be nested at most {limits.MAX_DEPTH} deep",
        f"body must be at most {limits.MAX_BODY_BYTES} bytes",
    ):
        assert message in SCHEMAS["Refusal"]["oneOf"][0]["enum"]


def refused(post: Post) -> Iterator[Reply]:
    """Cause every refusal that does not name a field of the request."""
    channel = {"channel_id": open_channel(post)}
    too_deep = b"[" * (limits.MAX_DEPTH + 1) + b"]" * (limits.MAX_DEPTH + 1)
    for body in (b"", b"{", b"[]", too_deep, b" " * (limits.MAX_BODY_BYTES + 1)):
        yield post(body)
    yield post(b"", http_method="GET")
    yield post({"method": "no_such_method"})
    yield post(whole("get_candidates", NOBODYS_ID))
    yield post({"method": "get_offer", **channel})
    yield post({"method": "get_answer", **channel})
    post(whole("create_answer", channel["channel_id"]))
    yield post(whole("create_answer", channel["channel_id"]))
    yield post({"method": "create_candidate", "candidate": "a", "candidates": ["b"], **channel})
    yield post({"method": "create_candidate", "candidates": "b", **channel})
    yield post({"method": "get_candidates", "since": -1, **channel})
    yield post({"method": "get_candidates", "wait": -1, **channel})
    yield post({"method": "get_offer", "ice_servers": 1, **channel})
    yield post({"method": "create_data_channel", "ttl": 0})
    yield post({"method": "create_data_channel", "owner": "x" * (limits.MIN_OWNER_BYTES - 1)})
    owned = open_owned_channel(post)
    for fields, _ in NOT_THE_OWNER:
        yield post(whole("create_offer", owned) | fields)
    yield one_candidate_too_many(post, channel)


def one_candidate_too_many(post: Post, channel: dict[str, str]) -> Reply:
    for first in range(0, limits.MAX_CANDIDATES, limits.MAX_BATCH):
        batch = [str(number) for number in range(first, min(first + limits.MAX_BATCH, limits.MAX_CANDIDATES))]
        assert post({"method": "create_candidate", "candidates": batch, **channel}).status == 200
    return post({"method": "create_candidate", "candidate": "one more", **channel})


def refused_by_field(post: Post) -> Iterator[Reply]:
    """Cause every refusal that names a field, for every field that it can name."""
    channel_id = open_channel(post)
    needed = [("create_data_channel", "method")]
    needed += [(method, field) for method, fields in NEEDED.items() for field in fields]
    for method, field in needed:
        request = whole(method, channel_id)
        for value in (1, "", "\ud800", "x" * (limits.MAX_DESCRIPTION_BYTES + 1)):
            yield post(request | {field: value})
            if field == "candidate":
                yield post({"method": method, "channel_id": channel_id, "candidates": ["a", value]})
        del request[field]
        yield post(request)


def refused_by_owner(post: Post) -> Iterator[Reply]:
    """Cause every refusal of a malformed owner, for every method that has one."""
    channel_id = open_channel(post)
    for method in ("create_data_channel", *WRITES):
        for value in (1, "", "\ud800" * 16, "x" * (limits.MAX_OWNER_BYTES + 1)):
            yield post(whole(method, channel_id) | {"owner": value})


def test_the_document_lists_exactly_the_refusals_that_the_server_sends(post: Post, served: Channels) -> None:
    listed, by_owner, by_field, _ = SCHEMAS["Refusal"]["oneOf"]
    no_base64 = {**url_event(b"{}", JSON), "body": "a", "isBase64Encoded": True}

    met = {reply.body for reply in refused(post)} | {lambda_handler(app_over(served))(no_base64, None)["body"]}
    met_by_field = {reply.body for reply in refused_by_field(post)}

    assert met == set(listed["enum"])
    met_by_owner = {reply.body for reply in refused_by_owner(post)}
    assert [body for body in met_by_owner if not re.match(by_owner["pattern"], body)] == []
    assert len(met_by_owner) == len(by_owner["pattern"].split("|"))
    assert [body for body in met_by_field if not re.match(by_field["pattern"], body)] == []
    fields, complaints = re.findall(r"\(([^()]+)\)", by_field["pattern"])
    assert len(met_by_field) >= (len(fields.split("|")) - 1) * len(complaints.split("|"))
