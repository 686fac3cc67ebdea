"""app.py: `handler` for Lambda and `app` for `chalice local`, each built only from environment variables."""

import gc
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer

from harness.contract import open_channel
from harness.engines import ANY_ACCOUNT
from harness.transports import over_function_url, over_test_client

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


def test_chalice_locals_app_creates_a_table_if_none_is_named(start: Start, endpoint: str) -> None:
    module = start(AWS_ENDPOINT_URL_DYNAMODB=endpoint)

    open_channel(over_test_client(module.app))


def test_botocore_cannot_log_its_requests_at_any_log_level(start: Start, endpoint: str, real_table: str) -> None:
    start(AWS_LAMBDA_FUNCTION_NAME="peerpost", TABLE_NAME=real_table, AWS_ENDPOINT_URL_DYNAMODB=endpoint)

    logging.getLogger("botocore").setLevel(logging.DEBUG)

    assert not logging.getLogger("botocore").isEnabledFor(logging.DEBUG)
    assert logging.getLogger("botocore").isEnabledFor(logging.INFO)
    logging.getLogger("botocore").setLevel(logging.NOTSET)
