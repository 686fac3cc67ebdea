"""The engines, tables and transports that the tests share."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient
from xdist.scheduler import LoadScopeScheduling

from chalicelib.channels import Channels
from chalicelib.development.embedded import ANY_KEYS, ANY_REGION
from chalicelib.dynamodb import Table, open_client
from harness.clock import Clock
from harness.engines import ANY_ACCOUNT, client_of, engine_name, new_table, patient_client_of, real_engine
from harness.runtime import Invoke, build_package, lambda_function, unpack_read_only
from harness.service import CHALICE_LOCAL, FUNCTION_URL, TEST_CLIENT, Service
from harness.ssm import SECRET, ssm_server
from harness.transports import Post, chalice_local, over_function_url, over_handler, over_http, over_test_client

# Two processes divide the files of these folders. Either the files share no server or browser, or starting it twice
# takes less time than it saves.
BY_FILE = {
    "tests/unit",
    "tests/engine",
    "tests/local",
    "tests/runtime",
    "tests/browser",
    "tests/web",
    "tests/interop",
    "clients/python/tests",
}


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """Divides the tests between the processes of pytest-xdist.

    The tests of one file stay together. So do the tests of a folder, unless it is one of BY_FILE.
    """

    # The documentation of pytest-xdist tells subclasses to override this method.
    def _split_scope(self, nodeid: str) -> str:
        path, _, _ = nodeid.partition("::")
        folder, _, _ = path.rpartition("/")
        return path if folder in BY_FILE else folder


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    return ByFolder(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which engine the tests ran on, in quiet runs too."""
    terminalreporter.write_line(f"DynamoDB engine: {engine_name()}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests whose server runs in another process, and those that need the package."""
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
    return patient_client_of(endpoint)


@pytest.fixture
def real_table(real_client: DynamoDBClient) -> Iterator[str]:
    with new_table(real_client) as name:
        yield name


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[pytest.param("moto", marks=pytest.mark.moto), "engine"])
def client(request: pytest.FixtureRequest) -> Iterator[DynamoDBClient]:
    """A DynamoDB client. Each test that uses it runs on moto, which `chalice local` embeds, and on a real engine."""
    if request.param == "engine":
        yield patient_client_of(request.getfixturevalue("endpoint"))
    else:
        # boto3's session stays: a new one reads hundreds of files for the first client.
        with mock_aws(config={"core": {"reset_boto3_session": False}}):
            yield open_client(region_name=ANY_REGION, **ANY_KEYS)


@pytest.fixture
def table(client: DynamoDBClient) -> Iterator[str]:
    with new_table(client) as name:
        yield name


@pytest.fixture
def channels(client: DynamoDBClient, table: str, clock: Clock) -> Channels:
    return Channels(Table(client, table), clock)


@pytest.fixture(scope="session")
def local_url() -> Iterator[str]:
    """The URL of a running `chalice local` with its embedded DynamoDB."""
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


@pytest.fixture(scope="session")
def ssm() -> Iterator[str]:
    """SSM, for a server in a process of its own."""
    with ssm_server() as endpoint:
        yield endpoint


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    """How requests reach the server: as events of a function URL, unless the test chooses other ways."""
    return getattr(request, "param", FUNCTION_URL)


@pytest.fixture
def service() -> Service:
    """The server that `post` talks to. Test modules that need another server override this fixture."""
    return Service()


@pytest.fixture
def served(real_client: DynamoDBClient, real_table: str, clock: Clock) -> Channels:
    """The channels of a server in this process. Test modules that need other channels override this fixture."""
    return Channels(Table(real_client, real_table), clock)


@pytest.fixture
def post(way: str, service: Service, served: Channels, request: pytest.FixtureRequest) -> Iterator[Post]:
    """A function that sends one request to the server."""
    if way == TEST_CLIENT:
        yield over_test_client(service.app(served))
    elif way == FUNCTION_URL:
        yield over_handler(service.app(served))
    elif way == CHALICE_LOCAL:
        with ExitStack() as stack:
            if service == Service():
                url = request.getfixturevalue("local_url")
            else:
                environment = service.environment(request.getfixturevalue("ssm"))
                url = stack.enter_context(chalice_local(ANY_ACCOUNT | environment))
            yield over_http(stack.enter_context(httpx.Client(base_url=url, timeout=30)))
    elif service == Service():
        yield over_function_url(request.getfixturevalue("packaged"))
    else:
        task_root, log = request.getfixturevalue("task_root"), request.getfixturevalue("tmp_path") / "log"
        endpoint, table = request.getfixturevalue("endpoint"), request.getfixturevalue("real_table")
        environment = service.environment(request.getfixturevalue("ssm"))
        with lambda_function(task_root, endpoint, table, log, concurrency=1, extra=environment) as invoke:
            yield over_function_url(invoke)
        assert not [secret for secret in (SECRET, *service.access_keys) if secret in log.read_text()]
