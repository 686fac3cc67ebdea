"""Checks the server against docs/openapi.yaml over HTTP. schemathesis sends valid and invalid requests.

The service runs behind a simulated function URL, on the in-memory table of tests/fuzz/handler.py.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from harness.clock import Clock
from harness.engines import ROOT
from harness.runtime import Forwarder, FunctionUrl
from harness.service import app_over
from tests.fuzz.handler import CHANNELS, NOW, Context
from tests.fuzz.memory import Memory

# positive_data_acceptance: a valid request can get a 400 because its channel does not exist. OpenAPI cannot say this.
# unsupported_method: our contract returns 400 for other HTTP methods, which tests/engine/test_contract.py checks.
EXCLUDED = "positive_data_acceptance,unsupported_method"


class AnyVerb(Forwarder):
    """A function URL forwards every HTTP method, even unknown ones."""

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.forward
        raise AttributeError(name)


class OneAtATime(FunctionUrl):
    """The function in this process. Like a Lambda environment, it handles one call at a time."""

    def __init__(self) -> None:
        channels = Channels(Table(Memory(CHANNELS).client, "any table"), Clock(NOW))
        handler, turn = lambda_handler(app_over(channels)), threading.Lock()

        def invoke(event: dict[str, object], _: object) -> dict[str, object]:
            with turn:
                return handler(event, Context())

        super().__init__(invoke)
        self.RequestHandlerClass = AnyVerb


def run(seconds: int, seed: str | None = None) -> int:
    """Run schemathesis for this many seconds, and return its exit code."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", "docs/openapi.yaml", "--no-color"]
    options = ["--checks=all", f"--exclude-checks={EXCLUDED}", f"--max-time={seconds}", "--continue-on-failure"]
    options += [f"--seed={seed}"] if seed else []
    with OneAtATime() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"--url=http://127.0.0.1:{server.server_port}"
        environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks"}
        done = subprocess.run([*command, *options, url], cwd=ROOT, env=environment, check=False)
        server.shutdown()
    return done.returncode
