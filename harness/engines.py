"""The DynamoDB engines that the tests run on, and the tables that they create there."""

import fcntl
import os
import random
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib import limits
from chalicelib.development.embedded import ANY_KEYS, ANY_REGION, create_table
from chalicelib.dynamodb import open_client

ROOT = Path(__file__).parent.parent
DYNOXIDE = ROOT / "tests/engine/node_modules/@dynoxide/linux-x64/dynoxide"
MINISTACK = ROOT / ".venv-ministack/bin/ministack"
# Made-up credentials for a server that never talks to a real AWS account.
ANY_ACCOUNT = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
NO_ENGINE = """\
The tests need a DynamoDB engine. `make test` installs one: dynoxide on Linux x86-64, ministack elsewhere.
You can also start an engine yourself and pass its endpoint:
  DYNAMODB_TEST_ENDPOINT=http://127.0.0.1:8001 make test"""


# Operating systems pick the ports of outgoing connections above this range, so no connection takes one by chance.
PORTS = range(20_000, 30_000)
# Each reserved port is a lock on one byte of this file. The lock goes away when the process ends, however it ends.
_reservations = Path(tempfile.gettempdir(), f"peerpost-ports-{os.getuid()}").open("wb")  # noqa: SIM115 - open as long as the process
_reserved: set[int] = set()
_reserving = threading.Lock()


def free_port() -> int:
    """Return a port that nothing listens on, and reserve it.

    Other test processes do not get the port while this process lives. So it is still free when a program starts on
    it, and when that program is restarted.
    """
    with _reserving:
        first = random.randrange(len(PORTS))
        for number in range(len(PORTS)):
            port = PORTS[(first + number) % len(PORTS)]
            if port not in _reserved and _reserve(port):
                _reserved.add(port)
                return port
    raise RuntimeError(f"no port from {PORTS.start} to {PORTS.stop - 1} is free")


def _reserve(port: int) -> bool:
    try:
        fcntl.lockf(_reservations, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def wait_for_port(port: int, process: subprocess.Popen[Any], seconds: float = 500) -> None:
    """Return once a process listens on a port of this machine. Fail if the process ends first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode} before it listened on {port}")
        time.sleep(0.01)
    raise TimeoutError(f"{process.args!r} did not listen on {port} within {seconds} s")


def engine_name() -> str:
    """Return the engine that `real_engine` uses: `dynoxide`, `ministack`, or the endpoint that was configured."""
    if endpoint := os.environ.get("DYNAMODB_TEST_ENDPOINT"):
        return endpoint
    if os.access(DYNOXIDE, os.X_OK):
        return "dynoxide"
    if os.access(MINISTACK, os.X_OK):
        return "ministack"
    raise RuntimeError(NO_ENGINE)


@contextmanager
def real_engine() -> Iterator[str]:
    """Yield the endpoint of an engine that serialises writes as DynamoDB does."""
    name = engine_name()
    if name == "dynoxide":
        port = free_port()
        command = [str(DYNOXIDE), "--host", "127.0.0.1", "--port", str(port)]
        with running(command, port) as endpoint:
            yield endpoint
    elif name == "ministack":
        port = free_port()
        with running([str(MINISTACK)], port, BIND_HOST="127.0.0.1", GATEWAY_PORT=str(port)) as endpoint:
            yield endpoint
    else:
        yield name


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[str]:
    """Run an engine, and yield its endpoint once it listens."""
    with subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def client_of(endpoint: str) -> DynamoDBClient:
    """Return a new client for an engine. For a table in AWS, keys and region come from the environment."""
    if ".amazonaws.com" in endpoint:
        return open_client(endpoint)
    return open_client(endpoint, region_name=ANY_REGION, **ANY_KEYS)


def patient_client_of(endpoint: str, seconds: float = 60) -> DynamoDBClient:
    """Return a new client that waits this long for each part of a reply. The server's own client waits for a second.

    On a busy machine, an engine may need more than that second. A test that is not about slow replies needs a client
    that does not send such a request again.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "DYNAMODB_READ_TIMEOUT_SECONDS", seconds)
        return client_of(endpoint)


@contextmanager
def new_table(client: DynamoDBClient) -> Iterator[str]:
    """Create a table for one test, and delete it afterwards."""
    name = f"peerpost-test-{uuid.uuid4()}"
    create_table(client, name)
    # On AWS, a new table takes seconds. On the other engines it is there at once.
    if client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    yield name
    client.delete_table(TableName=name)
