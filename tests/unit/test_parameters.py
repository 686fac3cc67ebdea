"""An SSM parameter: when it is read, and what happens if that fails."""

import json
import logging
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from chalicelib import limits
from chalicelib.errors import ParameterUnavailable
from chalicelib.limits import PARAMETER_MAX_AGE_SECONDS, SSM_ATTEMPTS
from chalicelib.parameters import Parameter, open_client
from harness.clock import Clock
from harness.engines import free_port
from harness.faulty_proxy import answer_with, faulty_proxy, refusal, stall
from harness.ssm import SECRET, SECRET_NAME, Store, put, ssm_server


def refused(code: str) -> ClientError:
    return ClientError(cast(Any, {"Error": {"Code": code, "Message": SECRET}}), "GetParameter")


OUTAGES = [
    refused("ThrottlingException"),
    refused("InternalServerError"),
    refused("AccessDeniedException"),
    ConnectTimeoutError(endpoint_url="any"),
    ReadTimeoutError(endpoint_url="any"),
    NoCredentialsError(),
    ResponseParserError(SECRET),
    KeyError("Parameter"),
]


def test_a_parameter_is_read_decrypted_and_again_only_when_it_is_old(clock: Clock) -> None:
    store = Store(name="first")
    parameter = Parameter(lambda: store, "name", clock)

    values = [parameter.read(), parameter.read()]
    store.values["name"] = "second"
    clock.seconds += PARAMETER_MAX_AGE_SECONDS - 1
    values.append(parameter.read())
    clock.seconds += 1
    values += [parameter.read(), parameter.read()]

    assert values == ["first", "first", "first", "second", "second"]
    assert store.calls == [{"Name": "name", "WithDecryption": True}] * 2


def test_after_the_clock_was_set_back_a_parameter_is_read_again(clock: Clock) -> None:
    store = Store(name="first")
    parameter = Parameter(lambda: store, "name", clock)
    parameter.read()
    store.values["name"] = "second"

    clock.seconds -= 86_400

    assert parameter.read() == "second"


@pytest.mark.parametrize("error", OUTAGES, ids=repr)
def test_while_ssm_fails_the_last_value_stays_in_use(
    error: Exception, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(name=SECRET)
    parameter = Parameter(lambda: store, "name", clock)
    parameter.read()

    store.error = error
    clock.seconds += PARAMETER_MAX_AGE_SECONDS
    values = [parameter.read(), parameter.read()]

    assert values == [SECRET] * 2
    assert len(store.calls) == 2, "the second request must not wait for another try"
    trouble = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, f"SSM: {trouble}; the last value stays in use")
    ]
    assert SECRET not in caplog.text


@pytest.mark.parametrize("error", OUTAGES, ids=repr)
def test_a_parameter_that_was_never_read_is_unavailable_and_tried_again(error: Exception, clock: Clock) -> None:
    store = Store(name="value")
    store.error = error
    parameter = Parameter(lambda: store, "name", clock)

    for _ in range(2):
        with pytest.raises(ParameterUnavailable) as unavailable:
            parameter.read()
        assert SECRET not in str(unavailable.value)
    store.error = None

    assert parameter.read() == "value"


def test_a_deleted_parameter_is_no_longer_used(clock: Clock) -> None:
    """Otherwise an instance that stays busy for days would keep using a value that the operator has removed."""
    store = Store(name="value")
    parameter = Parameter(lambda: store, "name", clock)
    parameter.read()

    store.error = refused("ParameterNotFound")
    clock.seconds += PARAMETER_MAX_AGE_SECONDS
    for _ in range(2):
        with pytest.raises(ParameterUnavailable, match="ParameterNotFound"):
            parameter.read()
    store.error = None

    assert parameter.read() == "value"


def test_a_deadline_during_a_read_keeps_the_last_value(clock: Clock) -> None:
    store = Store(name="value")
    parameter = Parameter(lambda: store, "name", clock)
    parameter.read()

    store.error = KeyboardInterrupt()
    clock.seconds += PARAMETER_MAX_AGE_SECONDS
    with pytest.raises(KeyboardInterrupt):
        parameter.read()

    assert parameter.read() == "value"


@pytest.fixture
def no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the client of other tests, and set the environment that a new client needs."""
    open_client.cache_clear()
    for name, value in (("ACCESS_KEY_ID", "any"), ("SECRET_ACCESS_KEY", "any"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a new client wait for a minute: on a busy machine, a reply may take more than the usual second."""
    monkeypatch.setattr(limits, "SSM_READ_TIMEOUT_SECONDS", 60)


@pytest.mark.slow
@pytest.mark.usefixtures("no_client", "patient")
def test_the_client_retries_temporary_faults_and_gives_up_after_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    with ssm_server() as ssm, faulty_proxy(ssm) as proxy:
        put(ssm, SECRET_NAME, SECRET)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", proxy.endpoint)
        parameter = Parameter(open_client, SECRET_NAME)

        proxy.faults = [refusal(500, "InternalServerError")] * SSM_ATTEMPTS
        with pytest.raises(ParameterUnavailable, match="InternalServerError"):
            parameter.read()
        assert proxy.requests == SSM_ATTEMPTS
        proxy.faults = [refusal(500, "InternalServerError")]

        assert parameter.read() == SECRET


@pytest.mark.slow
@pytest.mark.usefixtures("no_client")
def test_the_client_asks_again_if_no_reply_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = json.dumps({"Parameter": {"Value": SECRET}}).encode()
    with faulty_proxy("http://127.0.0.1:9") as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", proxy.endpoint)
        proxy.faults = [stall, answer_with(reply)]

        assert Parameter(open_client, SECRET_NAME).read() == SECRET
        assert proxy.requests == 2


@pytest.mark.usefixtures("no_client")
def test_an_unreachable_ssm_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", f"http://127.0.0.1:{free_port()}")

    with pytest.raises(ParameterUnavailable, match="EndpointConnectionError"):
        Parameter(open_client, "name").read()
