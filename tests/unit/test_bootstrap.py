"""How the server is built from its settings, and which failures its start survives."""

import logging
import math
import signal
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import bootstrap, limits
from chalicelib.bootstrap import build_services, lambda_app, opened_once, parameters_of
from chalicelib.dynamodb import Table
from chalicelib.errors import StorageUnavailable, UnknownKey
from chalicelib.settings import Settings
from harness.contract import assert_unavailable
from harness.log_lines import listening
from harness.ssm import KEY, KEYS_NAME, OTHER_KEY, SECRET, SECRET_NAME, Store, bearer, digest
from harness.transports import over_handler
from tests.fuzz.memory import Memory

# The server sets an alarm, and so ends the one that pytest-timeout would set in this process.
pytestmark = pytest.mark.timeout(method="thread")

CREATE = {"method": "create_data_channel"}
WITH_EVERYTHING = Settings(
    on_lambda=True,
    table_name="channels",
    access_keys_parameter=KEYS_NAME,
    stun_urls=("stun:a.example",),
    turn_urls=("turn:a.example", "turns:b.example"),
    turn_secret_parameter=SECRET_NAME,
)


class ImpatientAlarm:
    """An alarm that rings at once, and records the seconds for which it was set."""

    def __init__(self) -> None:
        self.times: list[int] = []

    def __call__(self, seconds: int) -> None:
        if seconds:
            self.times.append(seconds)
            signal.raise_signal(signal.SIGALRM)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A table in memory, which the server opens instead of DynamoDB."""
    memory = Memory({})
    monkeypatch.setattr(bootstrap, "open_client", lambda _: memory.client)
    return memory


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A stand-in with both parameters, which the server opens instead of SSM."""
    store = Store(**{KEYS_NAME: digest(KEY), SECRET_NAME: SECRET})
    monkeypatch.setattr("chalicelib.parameters.open_client", lambda: store)
    return store


def test_the_longest_life_of_a_channel_reaches_the_handlers(memory: Memory) -> None:
    settings = Settings(table_name="channels", max_ttl_seconds=600)

    services = build_services(Table(memory.client, "channels"), {}, settings)

    assert services.max_ttl_seconds == 600


def test_features_without_a_setting_are_off(memory: Memory, store: Store) -> None:
    settings = Settings(table_name="channels", turn_secret_parameter=SECRET_NAME)

    parameters = parameters_of(settings)
    server = build_services(Table(memory.client, "channels"), parameters, settings)

    assert parameters == {}
    assert server.access_keys is None
    assert server.ice_servers.current() == []
    assert store.calls == []


@pytest.mark.usefixtures("store")
def test_features_with_a_setting_are_on(memory: Memory) -> None:
    parameters = parameters_of(WITH_EVERYTHING)

    server = build_services(Table(memory.client, "channels"), parameters, WITH_EVERYTHING)

    assert server.access_keys is not None
    server.access_keys.check(KEY)
    with pytest.raises(UnknownKey):
        server.access_keys.check(OTHER_KEY)
    stun, turn = server.ice_servers.current()
    assert stun == {"urls": ["stun:a.example"]}
    assert turn["urls"] == ["turn:a.example", "turns:b.example"]


@pytest.mark.usefixtures("memory")
def test_both_parameters_are_read_once_at_startup(store: Store) -> None:
    post = over_handler(lambda_app(WITH_EVERYTHING))
    at_start = [call["Name"] for call in store.calls]

    assert post(CREATE | {"ice_servers": True}, bearer(KEY)).status == 200

    assert at_start == [KEYS_NAME, SECRET_NAME]
    assert len(store.calls) == 2


@pytest.mark.usefixtures("memory")
def test_a_parameter_that_is_unreadable_at_startup_is_read_later_when_needed(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.error = ReadTimeoutError(endpoint_url="any")

    post = over_handler(lambda_app(WITH_EVERYTHING))
    at_start = [(record.levelno, record.getMessage()) for record in caplog.records]
    during = post(CREATE, bearer(KEY))
    store.error = None
    after = post(CREATE, bearer(KEY))

    assert at_start == [(logging.ERROR, "SSM: ReadTimeoutError")] * 2
    assert_unavailable(during)
    assert after.status == 200


def test_a_table_that_is_unavailable_at_startup_is_tried_again_by_the_first_request(memory: Memory) -> None:
    memory.throttled = True
    post = over_handler(lambda_app(Settings(on_lambda=True, table_name="channels")))

    during = post(CREATE)
    memory.throttled = False
    after = post(CREATE)

    assert_unavailable(during)
    assert after.status == 200


@pytest.mark.usefixtures("memory")
def test_a_start_without_credentials_is_an_outage_and_later_requests_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_credentials(_: object) -> None:
        raise StorageUnavailable("CredentialRetrievalError")

    with monkeypatch.context() as outage:
        outage.setattr(bootstrap, "open_client", no_credentials)
        post = over_handler(lambda_app(Settings(on_lambda=True, table_name="channels")))
        during = post(CREATE)
    after = post(CREATE)

    assert_unavailable(during)
    assert after.status == 200


def test_with_dynamodb_and_ssm_down_the_start_is_in_time_and_requests_get_a_503(
    memory: Memory, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Lambda allows 10 s for a start, and then kills the function."""
    alarm = ImpatientAlarm()

    with monkeypatch.context() as start:
        start.setattr(signal, "alarm", alarm)
        post = over_handler(lambda_app(WITH_EVERYTHING))
    memory.throttled, store.error = True, ReadTimeoutError(endpoint_url="any")
    reply = post(CREATE, bearer(KEY))

    assert alarm.times == [limits.INIT_TABLE_SECONDS, limits.INIT_PARAMETERS_SECONDS]
    assert sum(alarm.times) == 8
    assert caplog.records[0].getMessage() == "SSM: out of time"
    assert_unavailable(reply)


def test_a_server_is_opened_once_and_retried_only_after_a_failure() -> None:
    outcomes: list[Any] = [StorageUnavailable("away"), "a server"]
    get_services: Callable[[], Any] = opened_once(lambda: raise_or_return(outcomes.pop(0)))

    with pytest.raises(StorageUnavailable):
        get_services()

    assert [get_services(), get_services()] == ["a server", "a server"]


def raise_or_return(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@pytest.mark.usefixtures("memory")
def test_the_function_limits_waits_as_its_settings_say_and_logs_no_poll_that_finds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reply that was held has a line in the log, and a poll that is not slow has none."""
    monkeypatch.setattr(limits, "SLOW_POLL_SECONDS", math.inf)
    app = lambda_app(Settings(on_lambda=True, table_name="channels", max_wait_seconds=0))
    post = over_handler(app)
    channel_id = post(CREATE).json()["channel_id"]

    with listening() as lines:
        reply = post({"method": "get_offer", "channel_id": channel_id, "wait": 60})

    assert reply.body == "no offer yet"
    assert lines == []


@pytest.mark.usefixtures("memory")
def test_the_function_ends_a_request_in_time_for_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    post = over_handler(lambda_app(Settings(on_lambda=True, table_name="channels", max_wait_seconds=3)))
    alarm = ImpatientAlarm()
    monkeypatch.setattr(signal, "alarm", alarm)

    assert_unavailable(post(CREATE))

    assert alarm.times == [3 + limits.REQUEST_SECONDS]
