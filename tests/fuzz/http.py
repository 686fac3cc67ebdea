"""The document against the server: what docs/openapi.yaml allows and what it does not, over HTTP, by schemathesis.

The service stands behind a function URL's stand-in, on the table of tests/fuzz/handler.py, in memory.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from app import create_app
from chalicelib.channels import Channels
from chalicelib.function_url import lambda_handler
from harness.clock import Clock
from harness.engines import ROOT
from harness.runtime import Forwarder, FunctionUrl
from tests.fuzz.handler import CHANNELS, NOW, Context
from tests.fuzz.memory import Memory

# What the document cannot say: whether a channel is there decides on 200 or 400.
# What the contract has otherwise: another HTTP method is a 400, which tests/engine/test_contract.py holds.
EXCLUDED = "positive_data_acceptance,unsupported_method"


class AnyVerb(Forwarder):
    """A function URL hands on every verb, those that nobody has heard of too."""

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.forward
        raise AttributeError(name)


class OneAtATime(FunctionUrl):
    """A function in memory takes one call at a time, as a Lambda environment does."""

    def __init__(self) -> None:
        channels = Channels(Memory(CHANNELS).client, "any table", Clock(NOW))
        handler, turn = lambda_handler(create_app(lambda: channels)), threading.Lock()

        def invoke(event: dict[str, object], _: object) -> dict[str, object]:
            with turn:
                return handler(event, Context())

        super().__init__(invoke)
        self.RequestHandlerClass = AnyVerb


def run(seconds: int, seed: str | None = None) -> int:
    """Try for so many seconds, and return schemathesis's exit code."""
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
