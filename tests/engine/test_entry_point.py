"""app.py: `handler` for Lambda and `app` for `chalice local`, each built only from environment variables."""

import gc
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.development import embedded
from harness.contract import open_channel
from harness.engines import ANY_ACCOUNT
from harness.log_lines import listening, words
from harness.ssm import KEY, KEYS_NAME, Store, bearer, digest
from harness.transports import over_function_url, over_test_client

# On Lambda, the server sets an alarm, and so ends the one that pytest-timeout would set in this process.
pytestmark = pytest.mark.timeout(method="thread")

Start = Callable[..., ModuleType]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Import app.py as at startup, and afterwards undo its changes to the process."""
    for cls, name in (
        (ChaliceRequestHandler, "wbufsize"),
        (ChaliceRequestHandler, "handle_expect_100"),
        (ThreadedHTTPServer, "request_queue_size"),
        (ThreadedHTTPServer, "serve_forever"),
    ):
        monkeypatch.setattr(cls, name, getattr(cls, name))

    def start(**environment: str) -> ModuleType:
        for name, value in (ANY_ACCOUNT | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "app", raising=False)
        return importlib.import_module("app")

    yield start
    sys.modules.pop("app", None)
    gc.unfreeze()
    logging.disable(logging.NOTSET)


def test_the_handler_serves_a_function_url(start: Start, endpoint: str, real_table: str) -> None:
    module = start(AWS_LAMBDA_FUNCTION_NAME="peerpost", TABLE_NAME=real_table, AWS_ENDPOINT_URL_DYNAMODB=endpoint)

    open_channel(over_function_url(module.handler))

    assert gc.isenabled()


def test_chalice_locals_app_uses_a_table_that_the_developer_named(start: Start, endpoint: str, real_table: str) -> None:
    module = start(TABLE_NAME=real_table, AWS_ENDPOINT_URL_DYNAMODB=endpoint)

    open_channel(over_test_client(module.app))


def test_chalice_locals_app_creates_a_table_in_the_engine_if_none_is_named(
    start: Start, endpoint: str, real_client: DynamoDBClient
) -> None:
    module = start(AWS_ENDPOINT_URL_DYNAMODB=endpoint)

    channel_id = open_channel(over_test_client(module.app))

    assert "Item" in real_client.get_item(TableName=embedded.TABLE_NAME, Key={"channel_id": {"S": channel_id}})


def test_botocore_cannot_log_its_requests_at_any_log_level(start: Start, endpoint: str, real_table: str) -> None:
    start(AWS_LAMBDA_FUNCTION_NAME="peerpost", TABLE_NAME=real_table, AWS_ENDPOINT_URL_DYNAMODB=endpoint)

    logging.getLogger("botocore").setLevel(logging.DEBUG)

    assert not logging.getLogger("botocore").isEnabledFor(logging.DEBUG)
    assert logging.getLogger("botocore").isEnabledFor(logging.INFO)
    logging.getLogger("botocore").setLevel(logging.NOTSET)


def test_chalice_local_lets_pages_of_other_origins_read_when_to_retry(
    start: Start, endpoint: str, real_table: str
) -> None:
    module = start(TABLE_NAME=real_table, AWS_ENDPOINT_URL_DYNAMODB=endpoint)

    reply = over_test_client(module.app)({"method": "create_data_channel"})

    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-expose-headers"] == "Retry-After"


def test_chalice_local_limits_waits_as_its_settings_say(start: Start, endpoint: str, real_table: str) -> None:
    module = start(TABLE_NAME=real_table, AWS_ENDPOINT_URL_DYNAMODB=endpoint, MAX_WAIT_SECONDS="0")
    post = over_test_client(module.app)
    channel_id = post({"method": "create_data_channel"}).json()["channel_id"]

    with listening() as lines:
        post({"method": "get_offer", "channel_id": channel_id, "wait": 60})

    assert [words(line) for line in lines] == [("get_offer", 400, "no offer yet", 1)]


def test_chalice_local_asks_for_access_keys_if_a_parameter_is_set(
    start: Start, endpoint: str, real_table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.parameters.open_client", lambda: Store(**{KEYS_NAME: digest(KEY)}))
    module = start(TABLE_NAME=real_table, AWS_ENDPOINT_URL_DYNAMODB=endpoint, ACCESS_KEYS_PARAMETER=KEYS_NAME)
    post = over_test_client(module.app)

    assert post({"method": "create_data_channel"}).status == 401
    assert post({"method": "create_data_channel"}, bearer(KEY)).status == 200
