"""A cluster to test: several execution environments of the packaged function.

They share one faulty proxy to one engine, and a clock that can jump.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from libfaketime import get_reload_information

from harness.engines import client_of, new_table
from harness.faulty_proxy import FaultyProxy, faulty_proxy
from harness.runtime import TIMEOUT_SECONDS, ExecutionEnvironment, execution_environment
from harness.transports import Reply, encode, lower, url_event


class FunctionClock:
    """The clock that all functions see: the machine's clock, plus an offset that changes for all of them at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Two disturbances of a history may jump at the same moment.
        self._turn = threading.Lock()
        self._jumps: list[tuple[float, float, int]] = []
        self.offset = 0
        self.jump(0)

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables that make a process follow this clock. Its monotonic clock stays real."""
        variables: Mapping[str, str] = get_reload_information()[1]
        return {**variables, "FAKETIME_TIMESTAMP_FILE": str(self._path)}

    def jump(self, seconds: int) -> None:
        """Move the clock by this many seconds, forward or back."""
        with self._turn:
            self.offset += seconds
            new = self._path.with_suffix(".new")
            new.write_text(f"{self.offset:+}\n")
            began = time.time()
            new.rename(self._path)
            self._jumps.append((began, time.time(), self.offset))

    def earliest(self, moment: float) -> float:
        """Return the earliest time that this clock can show at a moment of the machine's clock.

        It assumes that the clock has only been moved forward.
        """
        return moment + max(offset for _, ended, offset in self._jumps if ended <= moment)

    def latest(self, moment: float) -> float:
        return moment + max(offset for began, _, offset in self._jumps if began <= moment)

    def first_shows(self, second: float) -> tuple[float, float]:
        """Return the earliest and the latest real moment at which this clock can have reached this second."""
        return (
            min(max(second - offset, began) for began, _, offset in self._jumps),
            min(max(second - offset, ended) for _, ended, offset in self._jumps),
        )


class NoReply(Exception):
    """The call got no reply, so whether it took effect is unknown."""


class Client:
    """A client of one execution environment, with its own connections."""

    def __init__(self, environment: ExecutionEnvironment, http: httpx.Client) -> None:
        self.environment = environment
        self._http = http

    def post(self, request: Mapping[str, Any] | bytes) -> Reply:
        """Make one call. Raise NoReply if the function ends during it, which a function URL reports as a 502."""
        event = url_event(encode(request), {"content-type": "application/json"})
        try:
            response = self._http.post(self.environment.url, content=json.dumps(event))
            result = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:  # The emulator reports a timeout as plain text.
            raise NoReply from error
        if "statusCode" not in result:
            raise NoReply(response.text)
        return Reply(result["statusCode"], lower(result["headers"]), result["body"])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the function's process, if there is one."""
        process = self.environment.function()
        if process is not None:
            os.kill(process, number)


@dataclass
class Cluster:
    proxy: FaultyProxy
    clock: FunctionClock
    table: str
    clients: list[Client] = field(default_factory=list)


@contextmanager
def cluster(
    size: int, task_root: Path, endpoint: str, folder: Path, extra: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """Run the unpacked package in `size` execution environments, with one client for each."""
    with ExitStack() as stack:
        clock = FunctionClock(folder / "clock")
        output = stack.enter_context((folder / "log").open("ab"))
        table = stack.enter_context(new_table(client_of(endpoint)))
        proxy = stack.enter_context(faulty_proxy(endpoint))
        here = Cluster(proxy, clock, table)
        variables = {**clock.variables, **(extra or {})}
        for _ in range(size):
            start = execution_environment(task_root, proxy.endpoint, table, output, variables)
            environment = stack.enter_context(start)
            http = stack.enter_context(httpx.Client(timeout=3 * TIMEOUT_SECONDS, trust_env=False))
            here.clients.append(Client(environment, http))
        yield here
