"""Several execution environments of the packaged function, one faulty way to one engine, and a clock that can jump."""

import json
import os
import signal
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
    """The clock of the functions: the machine's, and an offset that changes for all of them in one instant."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jumps: list[tuple[float, float, int]] = []
        self.offset = 0
        self.jump(0)

    @property
    def variables(self) -> Mapping[str, str]:
        """What a process needs in its environment to follow this clock; its monotonic clock stays the machine's."""
        variables: Mapping[str, str] = get_reload_information()[1]
        return {**variables, "FAKETIME_TIMESTAMP_FILE": str(self._path)}

    def jump(self, seconds: int) -> None:
        """Move the clock, back too."""
        self.offset += seconds
        new = self._path.with_suffix(".new")
        new.write_text(f"{self.offset:+}\n")
        began = time.time()
        new.rename(self._path)
        self._jumps.append((began, time.time(), self.offset))

    def earliest(self, moment: float) -> float:
        """Return the least that the clock can show at a moment of the machine's; it has only been moved forward."""
        return moment + max(offset for _, ended, offset in self._jumps if ended <= moment)

    def latest(self, moment: float) -> float:
        return moment + max(offset for began, _, offset in self._jumps if began <= moment)

    def first_shows(self, second: float) -> tuple[float, float]:
        """Return the earliest and the latest moment of the machine's at which the clock can first have shown this."""
        return (
            min(max(second - offset, began) for began, _, offset in self._jumps),
            min(max(second - offset, ended) for _, ended, offset in self._jumps),
        )


class NoReply(Exception):
    """Nobody knows what became of the call."""


class Client:
    """A client with connections of its own, of one execution environment."""

    def __init__(self, environment: ExecutionEnvironment, http: httpx.Client) -> None:
        self.environment = environment
        self._http = http

    def post(self, request: Mapping[str, Any] | bytes) -> Reply:
        """Make one call. Raises NoReply when the function ended during it, which a URL tells by a 502."""
        event = url_event(encode(request), {"content-type": "application/json"})
        try:
            response = self._http.post(self.environment.url, content=json.dumps(event))
            result = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:  # The emulator tells a time-out in words.
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
    """Run the unpacked package in `size` execution environments, each with a client."""
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
