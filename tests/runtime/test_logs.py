"""At its most verbose, the log mentions every request, but nothing about a peer: no SDP, address, id or key."""

import base64
import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.development.embedded import ANY_KEYS, ANY_REGION
from chalicelib.ice_servers import IceServers
from chalicelib.parameters import Parameter
from harness.contract import NEEDED, NOBODYS_ID, OWNER, STRANGER, WRITES, whole
from harness.engines import ROOT, free_port
from harness.runtime import Event, Invoke, lambda_function
from harness.service import app_over
from harness.ssm import KEY, KEYS_NAME, OTHER_KEY, SECRET, SECRET_NAME, bearer, digest, put, ssm_server
from harness.transports import Post, chalice_local, over_function_url, over_handler, over_http

# Recorded from a browser by benchmarks/. mDNS hides its addresses.
# The addresses below are reserved for documentation.
RECORDED: dict[str, dict[str, Any]] = json.loads((ROOT / "benchmarks/descriptions.json").read_text())["audio and video"]
OFFER, ANSWER = RECORDED["offer"]["early"], RECORDED["answer"]["early"]
CANDIDATES = [
    *RECORDED["offer"]["candidates"],
    *RECORDED["answer"]["candidates"],
    "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host generation 0 ufrag Fr4g",
    "candidate:2 1 udp 1686052607 203.0.113.7 50001 typ srflx raddr 192.0.2.7 rport 50000 generation 0 ufrag Fr4g",
    "candidate:3 1 udp 2122262783 2001:db8::c0de:7 50002 typ host generation 0 ufrag Fr4g",
    "candidate:4 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0 ufrag Fr4g",
]
ADDRESSES = ["192.0.2.7", "203.0.113.7", "2001:db8::c0de:7", "198.51.100.23"]
# The headers that a function URL and a browser add.
HEADERS = {
    "content-type": "application/json",
    "origin": "https://rooms.example",
    "referer": "https://rooms.example/for-the-two-of-us",
    "user-agent": "Mozilla/5.0 (Recognisable; 1.2)",
    "x-forwarded-for": "198.51.100.23",
}
VERBOSE = {"AWS_LAMBDA_LOG_LEVEL": "TRACE", "PYTHONDEVMODE": "1", "PYTHONVERBOSE": "1", "PYTHONWARNINGS": "always"}

NAMES = ("username", "credential")

Way = Callable[[dict[str, str], str, str, Path], AbstractContextManager[Post]]


@pytest.fixture(scope="module")
def verbose() -> Iterator[dict[str, str]]:
    """The variables of a server with access keys and TURN, at its most verbose log level."""
    with ssm_server() as endpoint:
        put(endpoint, SECRET_NAME, SECRET)
        put(endpoint, KEYS_NAME, digest(KEY))
        yield VERBOSE | {
            "AWS_ENDPOINT_URL_SSM": endpoint,
            "ACCESS_KEYS_PARAMETER": KEYS_NAME,
            "TURN_SECRET_PARAMETER": SECRET_NAME,
            "TURN_URLS": "turn:turn.example.org",
            "STUN_URLS": "stun:stun.example.org",
        }


def requests(channel: dict[str, str]) -> list[tuple[object, int]]:
    """Return the requests of two peers, including wrong ones, each with the status of its reply."""
    return [
        ({"method": "create_offer", "offer": OFFER, "candidates": CANDIDATES[:1], **channel}, 200),
        ({"method": "get_offer", "wait": 1, **channel}, 200),
        ({"method": "get_answer", "wait": 0.1, **channel}, 400),
        ({"method": "create_answer", "answer": ANSWER, "candidates": CANDIDATES[1:3], **channel}, 200),
        ({"method": "create_answer", "answer": OFFER, **channel}, 400),
        ({"method": "get_answer", "since": 0, **channel}, 200),
        *(({"method": "create_candidate", "candidate": each, **channel}, 200) for each in CANDIDATES),
        ({"method": "create_candidate", "candidates": CANDIDATES, "since": 0, **channel}, 200),
        ({"method": "get_candidates", **channel}, 200),
        ({"method": "create_offer", "offer": OFFER * 50, **channel}, 400),
        ({"method": "create_candidate", "candidate": CANDIDATES, **channel}, 400),
        ({"method": "create_candidate", "candidates": CANDIDATES * 50, **channel}, 400),
        ({"method": OFFER, **channel}, 400),
        ({"method": "get_offer", "channel_id": [channel["channel_id"]]}, 400),
        ({"method": "get_offer", "channel_id": OFFER}, 400),
        ({"method": "get_offer", "channel_id": NOBODYS_ID}, 400),
        (OFFER.encode(), 400),
        (json.dumps({"offer": OFFER}).encode()[:-2], 400),
        (json.dumps({"offer": OFFER}).encode("utf-16"), 400),
        ({"method": "delete_data_channel", **channel}, 200),
        ({"method": "get_answer", **channel}, 400),
    ]


def exchange(post: Post) -> tuple[list[str], int]:
    """Send all these requests. Return the words that no log may contain, and the number of requests."""
    create = {"method": "create_data_channel", "offer": OFFER, "candidates": CANDIDATES, "ice_servers": True}
    opened = post(create, HEADERS | bearer(KEY)).json()
    refused = [post(create, headers).status for headers in (HEADERS, HEADERS | bearer(OTHER_KEY))]
    channel = {"channel_id": opened["channel_id"]}
    told = post({"method": "get_ice_servers", **channel}, HEADERS).json()["ice_servers"]
    owned = an_owners_requests(post)
    said = requests(channel)
    assert [post(request, HEADERS).status for request, _ in said] == [status for _, status in said]
    assert post(OFFER.encode(), HEADERS, "PUT").status == 400
    methods = {request["method"] for request, _ in said if isinstance(request, dict)}
    assert methods | {"create_data_channel", "get_ice_servers"} >= NEEDED.keys()
    assert refused == [401, 401]
    credentials = [server[name] for server in (*opened["ice_servers"][1:], *told[1:]) for name in NAMES]
    assert len(credentials) == 4
    keys = [KEY, OTHER_KEY, digest(KEY), digest(OTHER_KEY), SECRET, *credentials]
    owners = [OWNER, STRANGER, digest(OWNER), in_base64(OWNER), digest(STRANGER), in_base64(STRANGER)]
    return [channel["channel_id"], NOBODYS_ID, *ADDRESSES, *keys, *owners, *secrets()], len(said) + 5 + owned


def an_owners_requests(post: Post) -> int:
    """Send requests with an owner's secret, with another one, and with none. Return their number."""
    create = {"method": "create_data_channel", "ttl": 3600, "owner": OWNER}
    channel_id = post(create, HEADERS | bearer(KEY)).json()["channel_id"]
    tries: list[tuple[dict[str, object], int]] = [
        ({}, 400),
        ({"owner": STRANGER}, 400),
        ({"owner": OWNER}, 200),
        ({"owner": OWNER * 9}, 400),
        ({"owner": [OWNER]}, 400),
    ]
    for method in WRITES:
        for fields, status in tries:
            assert post(whole(method, channel_id) | fields, HEADERS).status == status
    return 1 + len(WRITES) * len(tries)


def in_base64(secret: str) -> str:
    """Return the SHA-256 of a secret as it is sent to DynamoDB."""
    return base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def secrets() -> list[str]:
    """Return what no log may contain.

    These are the words of 8 characters or more in the requests, also without the name before a colon or an equals
    sign, and texts by which SDP and candidates can be recognized.
    """
    words = " ".join([OFFER, ANSWER, *CANDIDATES, *HEADERS.values()]).split()
    values = [word.partition(":")[2] or word.partition("=")[2] for word in words]
    # The SDP of every Chromium contains 127.0.0.1, and `chalice local` logs it, so finding it proves nothing.
    nobodys = {HEADERS["content-type"], "127.0.0.1"}
    longer = {word for word in [*words, *values] if len(word) >= 8} - nobodys
    return ["v=0", "candidate:", "ice-pwd", "fingerprint:", *sorted(longer)]


def held(log: str, words: list[str]) -> list[str]:
    return [word for word in words if word in log]


def from_the_internet(invoke: Invoke) -> Invoke:
    """Add the client's address and user agent, as a function URL does."""

    def called(event: Event, context: object) -> Event:
        http = event["requestContext"]["http"]
        http |= {"sourceIp": HEADERS["x-forwarded-for"], "userAgent": HEADERS["user-agent"]}
        return invoke(event, context)

    return called


@contextmanager
def under_the_lambda_runtime(
    task_root: Path, log_format: str, variables: dict[str, str], endpoint: str, table: str, log: Path
) -> Iterator[Post]:
    extra = variables | {"AWS_LAMBDA_LOG_FORMAT": log_format}
    with lambda_function(task_root, endpoint, table, log, concurrency=1, extra=extra) as invoke:
        yield over_function_url(from_the_internet(invoke))


@contextmanager
def under_chalice_local(variables: dict[str, str], endpoint: str, table: str, log: Path) -> Iterator[Post]:
    here = {"AWS_ENDPOINT_URL_DYNAMODB": endpoint, "TABLE_NAME": table, "AWS_DEFAULT_REGION": ANY_REGION}
    account = {name.upper(): value for name, value in ANY_KEYS.items()}
    with (
        # Not warm, because the log must have a line for each request of the test and no others.
        chalice_local(variables | here | account, log, debug=True, warm=False) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield over_http(client)


@pytest.fixture(params=["Lambda runtime, JSON", "Lambda runtime, Text", "chalice --debug local"])
def way(request: pytest.FixtureRequest) -> Way:
    if request.param == "chalice --debug local":
        return under_chalice_local
    return partial(under_the_lambda_runtime, request.getfixturevalue("task_root"), request.param.split()[-1])


def test_the_most_verbose_log_contains_nothing_about_a_peer(
    way: Way, verbose: dict[str, str], endpoint: str, real_table: str, tmp_path: Path
) -> None:
    names = ("log", "bug", "outage", "no_keys")
    log, bug, outage, no_keys = files = [tmp_path / name for name in names]
    nowhere = f"http://127.0.0.1:{free_port()}"

    with way(verbose, endpoint, real_table, log) as post:
        words, count = exchange(post)
    faulty = {"method": "create_offer", "offer": OFFER, "candidates": CANDIDATES, "channel_id": words[0]}
    with way(verbose, endpoint, "no-such-table", bug) as post:
        assert post(faulty, HEADERS).status == 500
    with way(verbose, nowhere, real_table, outage) as post:
        assert post(faulty, HEADERS).status == 503
    with way(verbose | {"AWS_ENDPOINT_URL_SSM": nowhere}, endpoint, real_table, no_keys) as post:
        assert post({"method": "create_data_channel", "offer": OFFER}, HEADERS | bearer(KEY)).status == 503

    # The logs do contain each request, the bug with its traceback, and the faults of DynamoDB and SSM.
    assert len(re.findall('^START RequestId|"[A-Z]+ / HTTP/1.1" \\d+ -$', log.read_text(), re.MULTILINE)) == count
    assert "Traceback" in bug.read_text() or '"stackTrace"' in bug.read_text()
    assert "ResourceNotFoundException" in bug.read_text()
    assert "DynamoDB: EndpointConnectionError" in outage.read_text()
    assert "SSM: EndpointConnectionError" in no_keys.read_text()
    assert held("\n".join(file.read_text() for file in files), words) == []


def test_the_search_for_secret_words_finds_them_if_botocore_logs_them(
    channels: Channels, verbose: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Run the same exchange without app.py's limit on DEBUG messages."""
    caplog.set_level(logging.DEBUG)
    keys, secret = (parameter(name, verbose["AWS_ENDPOINT_URL_SSM"]).read for name in (KEYS_NAME, SECRET_NAME))
    ice_servers = IceServers(["stun:stun.example.org"], ["turn:turn.example.org"], secret)
    app = app_over(channels, access_keys=AccessKeys(keys), ice_servers=ice_servers)

    words, _ = exchange(over_handler(app))

    found = held(caplog.text, words)
    expected = {words[0], "v=0", "candidate:", "192.0.2.7", "2001:db8::c0de:7", SECRET, digest(KEY)}
    # Not even botocore gets an owner's secret, only its digest.
    assert expected | {in_base64(OWNER), in_base64(STRANGER)} <= set(found)
    assert OWNER not in found


def parameter(name: str, endpoint: str) -> Parameter:
    client: Any = boto3.client
    ssm = client("ssm", region_name=ANY_REGION, endpoint_url=endpoint, **ANY_KEYS)
    return Parameter(lambda: ssm, name)
