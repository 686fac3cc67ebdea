"""The engines, tables and transports that the tests share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from chalice.app import Chalice
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient
from xdist.scheduler import LoadScopeScheduling

from app import create_app
from chalicelib.channels import Channels, open_client
from chalicelib.embedded import ANY_KEYS, ANY_REGION
from harness.clock import Clock
from harness.engines import client_of, engine_name, new_table, real_engine
from harness.runtime import Invoke, build_package, lambda_function, unpack_read_only
from harness.transports import Post, chalice_local, over_function_url, over_handler, over_http, over_test_client

# Folders whose files share no server, so that two processes can divide them.
BY_FILE = {"unit", "engine", "local", "runtime"}


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """Where two processes share the tests, a folder with servers of its own goes to one of them, and so does a file."""

    def _split_scope(self, nodeid: str) -> str:  # As the documentation of pytest-xdist has it.
        path, _, _ = nodeid.partition("::")
        folder, _, _ = path.rpartition("/")
        return path if folder.rpartition("/")[2] in BY_FILE else folder


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    return ByFolder(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which engine the tests ran on, in quiet runs too."""
    terminalreporter.write_line(f"DynamoDB engine: {engine_name()}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests whose server runs in another process, by what starts it."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", []))
        callspec = getattr(item, "callspec", None)
        parameters = callspec.params.values() if callspec else []
        if "local_url" in fixtures or "chalice local" in parameters:
            item.add_marker(pytest.mark.process)
        is_packaged = {"packaged", "task_root"} & fixtures or "Lambda runtime" in parameters
        if is_packaged or item.path.parent.name == "runtime":
            item.add_marker(pytest.mark.runtime)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with real_engine() as endpoint:
        yield endpoint


@pytest.fixture
def real_client(endpoint: str) -> DynamoDBClient:
    return client_of(endpoint)


@pytest.fixture
def real_table(real_client: DynamoDBClient) -> Iterator[str]:
    with new_table(real_client) as name:
        yield name


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[pytest.param("moto", marks=pytest.mark.moto), "engine"])
def client(request: pytest.FixtureRequest) -> Iterator[DynamoDBClient]:
    """The same test on moto, which `chalice local` embeds, and on a real engine."""
    if request.param == "engine":
        yield client_of(request.getfixturevalue("endpoint"))
    else:
        with mock_aws():
            yield open_client(region_name=ANY_REGION, **ANY_KEYS)


@pytest.fixture
def table(client: DynamoDBClient) -> Iterator[str]:
    with new_table(client) as name:
        yield name


@pytest.fixture
def channels(client: DynamoDBClient, table: str, clock: Clock) -> Channels:
    return Channels(client, table, clock)


@pytest.fixture
def app(channels: Channels) -> Chalice:
    return create_app(lambda: channels)


@pytest.fixture(scope="session")
def local_url() -> Iterator[str]:
    """`chalice local` on its embedded DynamoDB."""
    with chalice_local() as url:
        yield url


@pytest.fixture(scope="session")
def function_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, as `make package` builds it."""
    return build_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def task_root(function_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, unpacked as Lambda does."""
    return unpack_read_only(function_zip, tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="session")
def packaged(task_root: Path, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Invoke]:
    """The package under AWS's own runtime, on the real engine."""
    log = tmp_path_factory.mktemp("runtime") / "log"
    with new_table(client_of(endpoint)) as name, lambda_function(task_root, endpoint, name, log) as invoke:
        yield invoke


@pytest.fixture(params=["test client", "function URL", "chalice local", "Lambda runtime"])
def post(request: pytest.FixtureRequest) -> Iterator[Post]:
    """One request to the server, on each of the ways that lead there."""
    if request.param == "Lambda runtime":
        yield over_function_url(request.getfixturevalue("packaged"))
    elif request.param == "chalice local":
        with httpx.Client(base_url=request.getfixturevalue("local_url")) as client:
            yield over_http(client)
    else:
        real_channels = Channels(request.getfixturevalue("real_client"), request.getfixturevalue("real_table"))
        app = create_app(lambda: real_channels)
        yield over_test_client(app) if request.param == "test client" else over_handler(app)
