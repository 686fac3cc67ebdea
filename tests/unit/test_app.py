"""The edge: what becomes of faults that are not the client's, on every way to the server."""

import logging
from collections.abc import Callable, Iterator

import httpx
import pytest
from botocore.exceptions import ReadTimeoutError
from chalice.app import Chalice

from app import create_app, features
from chalicelib.channels import Channels
from chalicelib.errors import ParameterUnavailable, SignalingError, StorageUnavailable, UnknownKey
from chalicelib.limits import MAX_WAIT_SECONDS, RETRY_AFTER_SECONDS, WAIT_RESERVE_SECONDS
from harness.engines import ANY_ACCOUNT, free_port
from harness.ssm import KEY, KEYS_NAME, OTHER_KEY, SECRET, SECRET_NAME, Store, digest
from harness.transports import Post, Reply, chalice_local, over_handler, over_http, over_test_client

CREATE = {"method": "create_data_channel"}


@pytest.fixture(params=[over_test_client, over_handler], ids=["test client", "function URL"])
def way(request: pytest.FixtureRequest) -> Callable[[Chalice], Post]:
    way: Callable[[Chalice], Post] = request.param
    return way


def that_raises(error: BaseException) -> Chalice:
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


def test_a_request_whose_time_is_over_is_an_outage(
    way: Callable[[Chalice], Post], caplog: pytest.LogCaptureFixture
) -> None:
    assert_plain(way(that_raises(KeyboardInterrupt()))(CREATE), 503, "storage is unavailable")

    assert [record.getMessage() for record in caplog.records] == ["DynamoDB: out of time"]


@pytest.mark.parametrize("error", [SignalingError("no"), StorageUnavailable("no"), RuntimeError("no")])
def test_an_alarm_is_set_for_each_request_and_taken_back_however_it_ends(error: Exception) -> None:
    alarms: list[int] = []

    def open_channels() -> Channels:
        alarms.append(-1)
        raise error

    over_handler(create_app(open_channels, alarm=alarms.append))(CREATE)

    assert alarms == [int(MAX_WAIT_SECONDS) + WAIT_RESERVE_SECONDS, -1, 0]


def test_the_log_is_left_to_the_runtime(channels: Channels) -> None:
    app = create_app(lambda: channels)

    assert app.app_name == app.log.name == "peerpost"
    assert app.log.handlers == []


@pytest.fixture
def lost_local(endpoint: str) -> Iterator[Post]:
    """`chalice local` for a table that is not there."""
    lost = ANY_ACCOUNT | {"AWS_ENDPOINT_URL_DYNAMODB": endpoint, "TABLE_NAME": "no-such-table"}
    with chalice_local(lost) as url, httpx.Client(base_url=url) as client:
        yield over_http(client)


def test_a_bug_under_chalice_local_has_the_same_form(lost_local: Post) -> None:
    assert_plain(lost_local(CREATE), 500, "internal error")


def test_an_outage_under_chalice_local_has_the_same_form() -> None:
    nowhere = ANY_ACCOUNT | {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{free_port()}", "TABLE_NAME": "any"}
    with chalice_local(nowhere) as url, httpx.Client(base_url=url, timeout=30) as client:
        reply = over_http(client)(CREATE)

    assert_plain(reply, 503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """SSM, and an environment that names nothing."""
    for name in ("ACCESS_KEYS_PARAMETER", "TURN_SECRET_PARAMETER", "TURN_URLS", "STUN_URLS"):
        monkeypatch.delenv(name, raising=False)
    store = Store(**{KEYS_NAME: digest(KEY), SECRET_NAME: SECRET})
    monkeypatch.setattr("chalicelib.parameters.open_client", lambda: store)
    return store


def test_what_the_environment_does_not_name_is_off(store: Store) -> None:
    off = features()

    assert off["access_keys"] is None
    assert off["ice_servers"].current() == []
    assert store.calls == []


def test_what_the_environment_names_is_on_and_read_at_the_start(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ACCESS_KEYS_PARAMETER", KEYS_NAME)
    monkeypatch.setenv("TURN_SECRET_PARAMETER", SECRET_NAME)
    monkeypatch.setenv("TURN_URLS", "turn:a.example,turns:a.example turn:b.example")
    monkeypatch.setenv("STUN_URLS", "stun:a.example")

    on = features()

    assert {call["Name"] for call in store.calls} == {KEYS_NAME, SECRET_NAME}
    on["access_keys"].check(f"Bearer {KEY}")
    with pytest.raises(UnknownKey):
        on["access_keys"].check(f"Bearer {OTHER_KEY}")
    stun, turn = on["ice_servers"].current()
    assert stun == {"urls": ["stun:a.example"]}
    assert turn["urls"] == ["turn:a.example", "turns:a.example", "turn:b.example"]
    assert len(store.calls) == 2
    assert caplog.text == ""


def test_what_cannot_be_read_at_the_start_is_logged_and_read_when_it_is_needed(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ACCESS_KEYS_PARAMETER", KEYS_NAME)
    store.error = ReadTimeoutError(endpoint_url="any")

    on = features()
    with pytest.raises(ParameterUnavailable):
        on["access_keys"].check(f"Bearer {KEY}")
    store.error = None
    on["access_keys"].check(f"Bearer {KEY}")

    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "SSM: ReadTimeoutError")
    ]
