"""SnapStart: what a function does after Lambda restores it from a snapshot."""

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from botocore.exceptions import CredentialRetrievalError

from chalicelib import bootstrap
from chalicelib.bootstrap import lambda_app
from chalicelib.errors import StorageUnavailable
from chalicelib.settings import Settings
from harness.engines import ANY_ACCOUNT
from harness.faulty_proxy import FaultyProxy, faulty_proxy
from harness.ssm import KEY, KEYS_NAME, Store, bearer, digest
from harness.transports import over_handler

# The server sets an alarm, and so ends the one that pytest-timeout would set in this process.
pytestmark = pytest.mark.timeout(method="thread")

CREATE = {"method": "create_data_channel"}


class Lambda:
    """A stand-in for `snapshot_restore_py` in Lambda's runtime, which calls hooks after a restore."""

    def __init__(self) -> None:
        self.hooks: list[Callable[[], None]] = []

    def restore(self) -> None:
        for hook in self.hooks:
            hook()


@pytest.fixture
def aws_lambda(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    aws_lambda = Lambda()
    module = SimpleNamespace(register_after_restore=aws_lambda.hooks.append)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", module)
    for name, value in ANY_ACCOUNT.items():
        monkeypatch.setenv(name, value)
    return aws_lambda


@pytest.fixture
def proxy(endpoint: str) -> Iterator[FaultyProxy]:
    with faulty_proxy(endpoint) as proxy:
        yield proxy


@pytest.fixture
def settings(proxy: FaultyProxy, real_table: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # No test here is about time: on a busy machine, a warm-up takes longer than the real limits.
    monkeypatch.setattr("chalicelib.limits.INIT_TABLE_SECONDS", 60)
    monkeypatch.setattr("chalicelib.limits.DYNAMODB_READ_TIMEOUT_SECONDS", 60)
    return Settings(on_lambda=True, snap_start=True, table_name=real_table, dynamodb_endpoint=proxy.endpoint)


def test_a_restore_opens_a_new_connection_before_the_first_request(
    aws_lambda: Lambda, proxy: FaultyProxy, settings: Settings
) -> None:
    """The connection in the snapshot may be dead. Noticing that would cost the first request a second."""
    post = over_handler(lambda_app(settings))
    before = proxy.connections

    aws_lambda.restore()
    after = proxy.connections
    reply = post(CREATE)

    assert (before, after, proxy.connections) == (1, 2, 2)
    assert reply.status == 200


def test_a_restore_reconnects_to_ssm_and_rereads_old_parameters(
    aws_lambda: Lambda, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(**{KEYS_NAME: digest("the key at the time of the snapshot")})
    monkeypatch.setattr("chalicelib.parameters.open_client", lambda: store)
    monkeypatch.setattr("chalicelib.limits.PARAMETER_MAX_AGE_SECONDS", 0)
    post = over_handler(lambda_app(settings._replace(access_keys_parameter=KEYS_NAME)))

    store.values[KEYS_NAME] = digest(KEY)
    reads = len(store.calls)
    aws_lambda.restore()

    assert store.closed == 1
    assert len(store.calls) == reads + 1
    assert post(CREATE, bearer(KEY)).status == 200


def test_a_function_without_snap_start_registers_no_hook(aws_lambda: Lambda, settings: Settings) -> None:
    lambda_app(settings._replace(snap_start=False))

    assert aws_lambda.hooks == []


def test_a_function_restored_during_an_outage_serves_the_next_request(
    aws_lambda: Lambda, proxy: FaultyProxy, settings: Settings
) -> None:
    post = over_handler(lambda_app(settings))

    with proxy.out_of_reach():
        aws_lambda.restore()
    reply = post(CREATE)

    assert reply.status == 200


def test_a_restore_survives_a_client_for_ssm_that_cannot_be_opened(
    aws_lambda: Lambda, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service that issues the credentials may be unreachable. The first request tries again."""

    def credentials_are_away() -> Store:
        raise CredentialRetrievalError(provider="container-role", error_msg="timed out")

    monkeypatch.setattr("chalicelib.parameters.open_client", credentials_are_away)
    post = over_handler(lambda_app(settings._replace(access_keys_parameter=KEYS_NAME)))

    aws_lambda.restore()

    assert post(CREATE, bearer(KEY)).status == 503
    assert post({"method": "get_offer", "channel_id": "no-channel"}).body == "no such channel"


def test_a_restore_survives_a_table_that_cannot_be_opened(
    aws_lambda: Lambda, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_credentials(_: object) -> None:
        raise StorageUnavailable("CredentialRetrievalError")

    with monkeypatch.context() as outage:
        outage.setattr(bootstrap, "open_client", no_credentials)
        post = over_handler(lambda_app(settings))
        aws_lambda.restore()

    assert post(CREATE).status == 200
