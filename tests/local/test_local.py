"""`chalice local` as a developer uses it: with its in-memory DynamoDB or another endpoint, and with browsers."""

import http.client
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.development.embedded import TABLE_NAME
from chalicelib.limits import MAX_BODY_BYTES
from harness.transports import chalice_local

CREATE = {"method": "create_data_channel"}


@pytest.fixture
def browser(local_url: str) -> Iterator[httpx.Client]:
    """A page that is served from another port."""
    with httpx.Client(base_url=local_url, timeout=60, headers={"Origin": "http://localhost:8080"}) as client:
        yield client


def test_the_server_prints_its_address_and_each_requests_method_status_and_outcome(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with chalice_local(log=log) as url:
        httpx.post(url, json=CREATE)
        httpx.post(url, json={"method": "get_offer"})

    assert f"Serving on {url.rstrip('/')}" in log.read_text()
    said = [line for line in log.read_text().splitlines() if "HTTP" not in line]
    assert said[-2:] == ["create_data_channel 200 done", "get_offer 400 channel_id is missing"]


def test_setting_only_the_endpoint_switches_to_another_engine(endpoint: str, real_client: DynamoDBClient) -> None:
    bare = {"AWS_ENDPOINT_URL_DYNAMODB": endpoint, "AWS_EC2_METADATA_DISABLED": "true"}
    with chalice_local(bare) as url:
        channel_id = httpx.post(url, json=CREATE).json()["channel_id"]
    with chalice_local(bare) as url:
        again = httpx.post(url, json={"method": "get_candidates", "channel_id": channel_id})

    assert again.json() == {"items": []}
    stored = real_client.get_item(TableName=TABLE_NAME, Key={"channel_id": {"S": channel_id}})
    assert stored["Item"]["candidate"] == {"L": []}


def test_candidates_from_many_browsers_at_once_are_all_stored(local_url: str) -> None:
    """Without our locking, moto would lose most of these."""
    workers, each = 8, 20
    with httpx.Client(base_url=local_url, timeout=60) as client:
        channel_id = client.post("", json=CREATE).json()["channel_id"]

        def send(number: int) -> None:
            with httpx.Client(base_url=local_url, timeout=60) as own:
                for candidate in range(each):
                    request = {
                        "method": "create_candidate",
                        "channel_id": channel_id,
                        "candidate": f"{number}:{candidate}",
                    }
                    assert own.post("", json=request).status_code == httpx.codes.OK

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(send, range(workers)))
        stored = client.post("", json={"method": "get_candidates", "channel_id": channel_id}).json()["items"]

    assert sorted(stored) == sorted(f"{number}:{candidate}" for number in range(workers) for candidate in range(each))


def test_a_page_from_another_port_can_send_a_preflight(browser: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}

    preflight = browser.options("", headers=asked)

    assert preflight.status_code == httpx.codes.OK
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"].lower()


def test_a_page_from_another_port_can_read_replies_and_refusals(browser: httpx.Client) -> None:
    for content, status in ((b'{"method": "create_data_channel"}', 200), (b"{", 400)):
        reply = browser.post("", content=content, headers={"Content-Type": "text/plain"})

        assert reply.status_code == status
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["access-control-expose-headers"] == "Retry-After"


def test_a_reused_connection_gets_headers_and_body_in_one_segment(local_url: str) -> None:
    """With two segments, Nagle's algorithm and delayed acknowledgements would delay the second one by 44 ms."""
    address = urlsplit(local_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.connect()
    kept = connection.sock

    for _ in range(10):
        connection.request("POST", "/", b"{}")
        assert kept.recv(65536, socket.MSG_PEEK).endswith(b"method is missing")
        connection.getresponse().read()

    assert connection.sock is kept
    connection.close()


def test_the_connection_still_works_after_a_head_request(local_url: str) -> None:
    address = urlsplit(local_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)

    connection.request("HEAD", "/")
    assert connection.getresponse().read() == b""
    connection.request("POST", "/", b'{"method": "create_data_channel"}')

    assert connection.getresponse().status == httpx.codes.OK
    connection.close()


def test_a_client_that_disconnects_does_not_affect_others(local_url: str) -> None:
    address = urlsplit(local_url)
    request = b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n{"method": "create_data_channel"}'
    for length in (33, 33_000):
        with socket.create_connection((str(address.hostname), int(address.port or 0))) as hasty:
            hasty.sendall(request % length)

    assert httpx.post(local_url, json=CREATE).status_code == httpx.codes.OK


def test_sixty_four_browsers_can_connect_at_the_same_time(local_url: str) -> None:
    """With the standard library's backlog of 5, some browsers would have to wait a second and connect again."""
    barrier = threading.Barrier(64)

    def knock(_: int) -> int:
        # Without TLS, nobody needs the certificate authorities, which take long to read 64 times.
        with httpx.Client(base_url=local_url, timeout=30, verify=False) as client:
            barrier.wait(timeout=30)
            return client.post("", json=CREATE).status_code

    with ThreadPoolExecutor(64) as pool:
        assert set(pool.map(knock, range(64))) == {httpx.codes.OK}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("TRACE", "", 501), ("BREW", "", 501), ("POST", "other", 403), ("OPTIONS", "", 200)],
)
def test_requests_that_chalice_answers_itself_get_the_documented_status(
    method: str, path: str, status: int, local_url: str
) -> None:
    """docs/protocol.md lists these replies. On a function URL, all such requests reach the app."""
    assert httpx.request(method, local_url + path).status_code == status


@pytest.mark.parametrize(
    ("request_head", "reply"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"body is empty"),
        (b"Content-Length: many\r\n\r\n{}", b""),
    ],
    ids=["chunked", "a length that is not a number"],
)
def test_after_a_body_of_unknown_length_the_connection_is_closed(
    request_head: bytes, reply: bytes, local_url: str
) -> None:
    address = urlsplit(local_url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + request_head)
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert reply in received
    assert bool(reply) == received.startswith(b"HTTP/1.1 400 ")


def test_a_body_too_large_for_lambda_is_refused(local_url: str) -> None:
    reply = httpx.post(local_url, content=b" " * 7_000_000, timeout=30)

    assert (reply.status_code, reply.text) == (400, f"body must be at most {MAX_BODY_BYTES} bytes")
