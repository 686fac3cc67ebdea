"""What our JavaScript client does while its user waits: its own code, run by Node on a simulated clock.

So the other benchmarks need no copy of the client's numbers, and follow every change of them.
"""

import json
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_suffix(".mjs")
LIMITS = "clients/javascript/src/limits.js"


@dataclass(frozen=True)
class Request:
    """A request: who sends it, when, in seconds since the first one, and for how many seconds it may be held."""

    peer: str
    method: str
    at: float
    wait: float


class Client:
    """Our JavaScript client. A reply takes `reply_seconds` in addition to the time for which the server holds it."""

    def connection(self, reply_seconds: float, max_wait_seconds: float, guest_after: float) -> tuple[Request, ...]:
        """Return the requests of a host, and of a guest that starts so many seconds after the host's first read."""
        scenario = {"replySeconds": reply_seconds, "maxWaitSeconds": max_wait_seconds, "guestAfterSeconds": guest_after}
        return simulated(**scenario)

    def reads(self, reply_seconds: float, max_wait_seconds: float) -> tuple[Request, ...]:
        """Return what a host asks while no guest comes, until it gives up. The first of these requests is at 0 s."""
        return waiting(reply_seconds, max_wait_seconds)

    def listening(self, reply_seconds: float, max_wait_seconds: float, seconds: float) -> tuple[Request, ...]:
        """Return the requests of a host that waits at an address for this long, and whose guests never come."""
        return simulated(replySeconds=reply_seconds, maxWaitSeconds=max_wait_seconds, listenSeconds=seconds)


@cache
def simulated(**scenario: float) -> tuple[Request, ...]:
    """Run a scenario of pace.mjs."""
    return tuple(Request(**request) for request in node([str(SCRIPT), json.dumps(scenario)]))


@cache
def waiting(reply_seconds: float, max_wait_seconds: float) -> tuple[Request, ...]:
    asking = [
        request
        for request in simulated(replySeconds=reply_seconds, maxWaitSeconds=max_wait_seconds)
        if request.method.startswith("get_")
    ]
    return tuple(replace(request, at=request.at - asking[0].at) for request in asking)


@cache
def limits() -> dict[str, Any]:
    """Return the numbers of clients/javascript/src/limits.js."""
    script = f'import * as limits from "./{LIMITS}"; console.log(JSON.stringify(limits));'
    numbers: dict[str, Any] = node(["--input-type=module", "--eval", script])
    return numbers


def node(arguments: list[str]) -> Any:
    root = SCRIPT.parents[1]
    run = subprocess.run(["node", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)
