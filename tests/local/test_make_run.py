"""`make run` on a developer's machine, with all sorts of shell settings and networks."""

import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import httpx
import pytest

from chalicelib.development.embedded import TABLE_NAME
from harness.contract import assert_unavailable, open_channel
from harness.engines import ANY_ACCOUNT, client_of, free_port
from harness.faulty_proxy import faulty_proxy
from harness.transports import Post, chalice_local, over_http

CREATE = {"method": "create_data_channel"}


@contextmanager
def started(environment: Mapping[str, str], log: Path | None = None) -> Iterator[Post]:
    """Start `chalice local`, and yield a function that posts to it. The first request is that of the test."""
    with (
        chalice_local(environment, log=log, warm=False) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield over_http(client)


@pytest.mark.parametrize(
    "shell",
    [
        {
            "AWS_PROFILE": "no-such-profile",
            "AWS_DEFAULTS_MODE": "bogus",
            "AWS_RETRY_MODE": "bogus",
            "AWS_MAX_ATTEMPTS": "many",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_CA_BUNDLE": "/no/such/file",
        },
        pytest.param(
            {"AWS_PROFILE": "", "AWS_CONFIG_FILE": "/proc/self/mem", "AWS_USE_FIPS_ENDPOINT": "perhaps"},
            marks=pytest.mark.slow,
        ),
        pytest.param({"AWS_DEFAULT_PROFILE": "no-such-profile"}, marks=pytest.mark.slow),
    ],
    ids=lambda shell: " ".join(f"{name}={value}" for name, value in shell.items()),
)
def test_the_in_memory_server_ignores_the_shells_aws_settings(shell: dict[str, str]) -> None:
    with started(shell) as post:
        open_channel(post)


class Recorder(ThreadingTCPServer):
    """A proxy that forwards nothing and records the first line of every request."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Refuse)
        self.connections = 0
        self.asked: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that make a program use this proxy for every address except this machine's."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        return {**dict.fromkeys(names, url), "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def connections_so_far(self) -> int:
        """Return how many connections there were, even if their requests have not been read yet."""
        # The server accepts connections in their order, so this one comes after all others.
        with socket.create_connection(("127.0.0.1", self.server_address[1])) as last, last.makefile("rb") as reply:
            last.sendall(b"the last one\r\n")
            reply.read()
        return self.connections - 1


class Refuse(StreamRequestHandler):
    server: Recorder

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline().decode())
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recorder:
        threading.Thread(target=recorder.serve_forever, args=(0.02,), daemon=True).start()
        yield recorder
        recorder.shutdown()


def test_an_empty_endpoint_means_in_memory_and_sends_nothing_to_aws(recorder: Recorder) -> None:
    environment = ANY_ACCOUNT | {"AWS_ENDPOINT_URL_DYNAMODB": ""} | recorder.environment

    with started(environment) as post:
        open_channel(post)

    assert recorder.connections_so_far() == 0


def test_a_configured_endpoint_is_used_even_if_the_shell_says_to_ignore_endpoints(
    recorder: Recorder, endpoint: str
) -> None:
    ignoring = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL_DYNAMODB": endpoint}

    with started(ANY_ACCOUNT | ignoring | recorder.environment) as post:
        channel_id = open_channel(post)

    stored = client_of(endpoint).get_item(TableName=TABLE_NAME, Key={"channel_id": {"S": channel_id}})
    assert "Item" in stored
    assert recorder.connections_so_far() == 0


def test_a_request_to_aws_reaches_the_recording_proxy(recorder: Recorder) -> None:
    """With a table name and no endpoint, the server uses AWS. The other tests rely on the proxy."""
    with started(ANY_ACCOUNT | {"TABLE_NAME": "any"} | recorder.environment) as post:
        assert_unavailable(post(CREATE))

    assert recorder.asked
    assert {line.split()[1] for line in recorder.asked} == {"dynamodb.us-east-1.amazonaws.com:443"}


def test_a_client_that_expects_100_continue_gets_it_before_its_body(local_url: str) -> None:
    """curl expects it for bodies over 1 MB, and otherwise waits for a second."""
    body = b'{"method": "create_data_channel"}'
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    url = httpx.URL(local_url)

    with socket.create_connection((url.host, url.port or 0), timeout=30) as connection:
        connection.sendall(head.encode())
        interim = connection.recv(65536)
        connection.sendall(body)
        reply = http.client.HTTPResponse(connection)
        reply.begin()

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert reply.status == 200


@pytest.mark.slow
def test_localhost_is_served_on_ipv4_and_ipv6(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with chalice_local(log=log) as url:
        port = httpx.URL(url).port
        for host in ("127.0.0.1", "[::1]", "localhost"):
            reply = httpx.post(f"http://{host}:{port}/", json=CREATE, timeout=60)
            assert reply.status_code == 200

    assert f"Serving on http://127.0.0.1:{port}\nServing on http://[::1]:{port}\n" in log.read_text()


@pytest.mark.slow
def test_if_ipv6_is_not_available_the_server_says_so_at_startup(tmp_path: Path) -> None:
    log = tmp_path / "log"
    # Free on 127.0.0.1, too. Port 0 would be free on ::1 alone.
    port = free_port()
    with socket.create_server(("::1", port), family=socket.AF_INET6), chalice_local(log=log, port=port) as url:
        assert httpx.post(url, json=CREATE, timeout=60).status_code == 200

    assert f"\nNot on http://[::1]:{port}, which localhost may mean: " in log.read_text()


@pytest.mark.slow
def test_until_the_engine_is_up_requests_get_a_503_and_then_they_work(endpoint: str) -> None:
    with (
        faulty_proxy(endpoint) as engine,
        started(ANY_ACCOUNT | {"AWS_ENDPOINT_URL_DYNAMODB": engine.endpoint}) as post,
    ):
        with engine.out_of_reach():
            before = post(CREATE)
        open_channel(post)

    assert_unavailable(before)


@pytest.mark.slow
def test_after_the_engine_loses_its_table_one_request_gets_a_503_and_the_table_is_recreated(endpoint: str) -> None:
    with started(ANY_ACCOUNT | {"AWS_ENDPOINT_URL_DYNAMODB": endpoint}) as post:
        open_channel(post)
        client_of(endpoint).delete_table(TableName=TABLE_NAME)
        during = post(CREATE)
        open_channel(post)

    assert_unavailable(during)


def test_a_missing_table_that_the_developer_named_is_a_500(endpoint: str) -> None:
    """The configuration is wrong, so retrying would not help."""
    environment = ANY_ACCOUNT | {"AWS_ENDPOINT_URL_DYNAMODB": endpoint, "TABLE_NAME": "no-such-table"}

    with started(environment) as post:
        reply = post(CREATE)

    assert (reply.status, reply.body) == (500, "internal error")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.slow
def test_an_engine_that_never_starts_is_a_503(tmp_path: Path) -> None:
    log = tmp_path / "log"
    nowhere = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{free_port()}", "TABLE_NAME": "any"}

    with started(ANY_ACCOUNT | nowhere, log) as post:
        assert_unavailable(post(CREATE))

    assert "DynamoDB: EndpointConnectionError" in log.read_text()


def test_an_invalid_setting_stops_the_start_with_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with pytest.raises(RuntimeError, match="ended with status 1"), chalice_local({"MAX_WAIT_SECONDS": "5s"}, log=log):
        pass

    line = "Peerpost cannot start: MAX_WAIT_SECONDS must be a number of seconds from 0, not '5s'\n"
    assert log.read_text() == line
