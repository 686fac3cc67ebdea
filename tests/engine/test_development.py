"""Parts that only `chalice local` uses: a table that is created automatically, and a server suited to browsers."""

import http.client
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partialmethod
from typing import Any

import httpx
import moto
import pytest
from botocore.exceptions import ClientError
from chalice.app import Chalice
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalDevServer, ThreadedHTTPServer
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.development import embedded, server
from chalicelib.errors import StorageUnavailable
from harness.engines import ANY_ACCOUNT, free_port
from harness.faulty_proxy import faulty_proxy, refusal
from harness.service import app_over

CREATE = {"method": "create_data_channel"}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the AWS account of a developer's shell."""
    for name, value in ANY_ACCOUNT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)


@pytest.fixture
def stoppable_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop moto after the test. `chalice local` itself never stops it."""
    started: list[Any] = []

    def mock_aws(**options: Any) -> Any:
        started.append(moto.mock_aws(**options))
        return started[-1]

    monkeypatch.setattr(embedded, "mock_aws", mock_aws)
    yield
    for each in started:
        each.stop()


@pytest.mark.usefixtures("shell", "stoppable_moto")
def test_a_table_in_memory_ignores_the_shells_settings_and_leaves_them_unchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    before = dict(os.environ)

    channels = Channels(embedded.open_table(None))
    channel_id = channels.create("an offer")

    assert channels.get(channel_id).offer == "an offer"
    assert dict(os.environ) == before


@pytest.mark.usefixtures("shell")
def test_a_table_at_an_endpoint_is_created_and_recreated_if_it_is_lost(
    endpoint: str, real_client: DynamoDBClient
) -> None:
    channels = Channels(embedded.open_table(endpoint))
    channels.create()

    real_client.delete_table(TableName=embedded.TABLE_NAME)
    with pytest.raises(StorageUnavailable, match="^the table was gone, and has been made again$"):
        channels.create()

    channels.create()


@pytest.mark.usefixtures("shell")
def test_an_existing_table_is_used(endpoint: str) -> None:
    channel_id = Channels(embedded.open_table(endpoint)).create("an offer")

    assert Channels(embedded.open_table(endpoint)).get(channel_id).offer == "an offer"


def test_without_an_aws_account_an_engine_gets_dummy_credentials(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    Channels(embedded.open_table(endpoint)).create()


@pytest.mark.usefixtures("shell")
def test_an_unreachable_engine_is_an_outage() -> None:
    with pytest.raises(StorageUnavailable, match="^EndpointConnectionError$"):
        embedded.open_table(f"http://127.0.0.1:{free_port()}")


@pytest.mark.usefixtures("shell")
def test_a_request_that_the_engine_refuses_raises_its_error(endpoint: str) -> None:
    table = embedded.open_table(endpoint)

    with pytest.raises(Exception, match="ValidationException"):
        table.put({"no_key": {"S": "x"}}, "attribute_not_exists(channel_id)")


@pytest.mark.usefixtures("shell")
def test_an_engine_that_refuses_to_create_the_table_raises_its_error(endpoint: str) -> None:
    with faulty_proxy(endpoint) as proxy:
        proxy.faults = [refusal(400, "AccessDeniedException")]

        with pytest.raises(ClientError, match="AccessDeniedException"):
            embedded.open_table(proxy.endpoint)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare Chalice's development server, for this test only."""
    for cls, name in (
        (ChaliceRequestHandler, "wbufsize"),
        (ChaliceRequestHandler, "handle_expect_100"),
        (ThreadedHTTPServer, "request_queue_size"),
        (ThreadedHTTPServer, "serve_forever"),
    ):
        monkeypatch.setattr(cls, name, getattr(cls, name))
    server.prepare()
    # Look for a shutdown more often than every half second.
    monkeypatch.setattr(ThreadedHTTPServer, "serve_forever", partialmethod(ThreadedHTTPServer.serve_forever, 0.02))


@pytest.fixture
def app(served: Channels) -> Chalice:
    return app_over(served)


@contextmanager
def serving(app: Chalice, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Run Chalice's development server, and yield its port."""
    development = LocalDevServer(app, Config(), host, port)
    thread = threading.Thread(target=development.serve_forever)
    thread.start()
    try:
        yield development.server.server_address[1]
    finally:
        development.shutdown()
        thread.join()
        development.server.server_close()


def post_to(host: str, port: int) -> int:
    return httpx.post(f"http://{host}:{port}/", json=CREATE, timeout=30).status_code


@pytest.mark.usefixtures("prepared")
def test_localhost_is_also_served_on_ipv6_and_that_address_is_printed(
    app: Chalice, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(app) as port:
        assert post_to("127.0.0.1", port) == 200
        wait_until_listening("::1", port)
        assert post_to("[::1]", port) == 200

    assert f"\nServing on http://[::1]:{port}\n" in capsys.readouterr().out


def wait_until_listening(host: str, port: int) -> None:
    """Wait for the second server, which starts right after the first one."""
    for _ in range(1000):
        with socket.socket(socket.AF_INET6) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                return
    raise TimeoutError(f"nothing listens on {port} of {host}")


@pytest.mark.usefixtures("prepared")
def test_an_ipv6_port_in_use_is_reported_at_startup(app: Chalice, capsys: pytest.CaptureFixture[str]) -> None:
    # Free on 127.0.0.1, too. Port 0 would be free on ::1 alone.
    port = free_port()
    with socket.create_server(("::1", port), family=socket.AF_INET6), serving(app, port=port):
        assert post_to("127.0.0.1", port) == 200

    assert f"\nNot on http://[::1]:{port}, which localhost may mean: " in capsys.readouterr().out


@pytest.mark.usefixtures("prepared")
def test_a_server_on_another_ip_address_is_not_served_on_ipv6(app: Chalice, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(app, "127.0.0.2") as port:
        assert post_to("127.0.0.2", port) == 200

    assert "[::1]" not in capsys.readouterr().out


@pytest.mark.usefixtures("prepared")
def test_the_server_sends_a_100_continue_before_it_reads_the_body(app: Chalice) -> None:
    with serving(app) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        interim = connection.recv(65536)
        connection.sendall(b"{}")
        reply = http.client.HTTPResponse(connection)
        reply.begin()

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert reply.status == 400


def test_chalice_local_prints_the_log_record_of_a_request_in_words() -> None:
    record = logging.LogRecord("chalicelib.request_log", logging.INFO, "", 0, "request", (), None)
    vars(record).update({"method": "get_offer", "status": 200, "outcome": "done"})
    other = logging.LogRecord("peerpost", logging.ERROR, "", 0, "an outage", (), None)

    words = server.InWords()

    assert words.filter(record)
    assert words.filter(other)
    assert (record.getMessage(), other.getMessage()) == ("get_offer 200 done", "an outage")


@pytest.mark.usefixtures("prepared")
def test_only_chalices_own_log_handler_prints_in_words() -> None:
    root = logging.getLogger()
    chalices, another = logging.StreamHandler(), logging.NullHandler()
    for handler in (chalices, another):
        root.addHandler(handler)

    server.log_in_words()
    for handler in (chalices, another):
        root.removeHandler(handler)

    assert [type(each) for each in chalices.filters] == [server.InWords]
    assert another.filters == []
