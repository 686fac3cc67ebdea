"""SSM for the tests: an in-memory double, and moto's server for code that runs in another process."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import boto3

from chalicelib.development.embedded import ANY_KEYS, ANY_REGION
from harness.engines import free_port, wait_for_port

# In the format that tools/access_key.py prints.
KEY, OTHER_KEY = "a-key-" + "x" * 37, "another-key-" + "y" * 31
KEYS_NAME, SECRET_NAME = "/peerpost/access-keys", "/peerpost/turn-secret"
SECRET = "what-coturn-knows-too"  # pragma: allowlist secret


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def bearer(key: str) -> dict[str, str]:
    return {"content-type": "application/json", "authorization": f"Bearer {key}"}


class Store:
    """Replaces boto3's client. It returns `values` by name, or raises `error` if that is set, and records its calls."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.error: BaseException | None = None
        self.calls: list[dict[str, object]] = []
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def get_parameter(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(asked)
        if self.error:
            raise self.error
        return {"Parameter": {"Value": self.values[asked["Name"]]}}


@contextmanager
def ssm_server() -> Iterator[str]:
    """Run moto's server, and yield its endpoint."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def put(endpoint: str, name: str, value: str) -> None:
    # Our pinned type stubs do not cover this service.
    ssm = cast(Any, boto3).client("ssm", endpoint_url=endpoint, region_name=ANY_REGION, **ANY_KEYS)
    ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
