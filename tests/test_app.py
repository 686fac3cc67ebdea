"""The edge: what becomes of faults that are not the client's, on every way to the server."""

import logging
from collections.abc import Callable, Iterator

import httpx
import pytest
from chalice.app import Chalice

from app import create_app
from chalicelib.channels import Channels
from chalicelib.errors import StorageUnavailable
from chalicelib.limits import RETRY_AFTER_SECONDS
from tests.engines import free_port
from tests.transports import Post, Reply, chalice_local, over_handler, over_http, over_test_client

CREATE = {"method": "create_data_channel"}
KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(params=[over_test_client, over_handler], ids=["test client", "function URL"])
def way(request: pytest.FixtureRequest) -> Callable[[Chalice], Post]:
    way: Callable[[Chalice], Post] = request.param
    return way


def that_raises(error: Exception) -> Chalice:
    def open_channels() -> Channels:
        raise error

    return create_app(open_channels)


def assert_plain(reply: Reply, status: int, message: str) -> None:
    assert (reply.status, reply.body) == (status, message)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_bug_tells_the_log_everything_and_the_client_nothing(
    way: Callable[[Chalice], Post], caplog: pytest.LogCaptureFixture
) -> None:
    post = way(that_raises(RuntimeError("what went wrong")))

    assert_plain(post(CREATE), 500, "internal error")

    assert "Traceback" in caplog.text
    assert "what went wrong" in caplog.text


@pytest.mark.parametrize("error", [ValueError("bug"), KeyError("bug"), UnicodeError("bug"), RecursionError("bug")])
def test_a_bug_never_reads_as_the_clients_fault(error: Exception, way: Callable[[Chalice], Post]) -> None:
    assert_plain(way(that_raises(error))(CREATE), 500, "internal error")


def test_an_outage_says_when_to_come_back(way: Callable[[Chalice], Post], caplog: pytest.LogCaptureFixture) -> None:
    reply = way(that_raises(StorageUnavailable("ThrottlingException")))(CREATE)

    assert_plain(reply, 503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "DynamoDB: ThrottlingException")
    ]


@pytest.fixture
def lost_local(endpoint: str) -> Iterator[Post]:
    """`chalice local` for a table that is not there."""
    lost = KEYS | {"AWS_ENDPOINT_URL_DYNAMODB": endpoint, "TABLE_NAME": "no-such-table"}
    with chalice_local(lost) as url, httpx.Client(base_url=url) as client:
        yield over_http(client)


def test_a_bug_under_chalice_local_has_the_same_form(lost_local: Post) -> None:
    assert_plain(lost_local(CREATE), 500, "internal error")


def test_an_outage_under_chalice_local_has_the_same_form() -> None:
    nowhere = KEYS | {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{free_port()}", "TABLE_NAME": "any"}
    with chalice_local(nowhere) as url, httpx.Client(base_url=url, timeout=30) as client:
        reply = over_http(client)(CREATE)

    assert_plain(reply, 503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
