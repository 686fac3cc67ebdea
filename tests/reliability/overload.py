"""A function URL without enough capacity: too few execution environments, or a throttled DynamoDB."""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from harness.engines import client_of, new_table
from harness.faulty_proxy import Fault, FaultyProxy, faulty_proxy, let_through, refusal
from harness.runtime import Event, function_url
from harness.service import app_over

# Short, so that clients ask often and are refused sometimes.
HOLD_SECONDS = 2

# The reply that a function URL sends by itself when all reserved concurrency is in use.
TOO_MANY: Event = {
    "statusCode": 429,
    "headers": {"content-type": "application/json"},
    "body": json.dumps({"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "message": "Rate Exceeded."}),
}


@dataclass
class Url:
    """An overloaded service, and the status of each of its replies."""

    address: str
    proxy: FaultyProxy
    table: str
    statuses: list[int] = field(default_factory=list)


@contextmanager
def overloaded_url(endpoint: str, concurrency: int, table_requests_per_second: float | None = None) -> Iterator[Url]:
    """Serve the application in `concurrency` execution environments, on the real engine."""
    with ExitStack() as stack:
        table = stack.enter_context(new_table(client_of(endpoint)))
        proxy = stack.enter_context(faulty_proxy(endpoint))
        if table_requests_per_second is not None:
            proxy.weather = throttling(table_requests_per_second)
        here = Url("", proxy, table)
        idle: queue.SimpleQueue[Callable[[Event, object], Event]] = queue.SimpleQueue()
        channels = Channels(Table(client_of(proxy.endpoint), table))
        for _ in range(concurrency):
            idle.put(lambda_handler(app_over(channels, HOLD_SECONDS)))

        def invoke(event: Event, context: object) -> Event:
            reply = TOO_MANY
            try:
                environment = idle.get_nowait()
            except queue.Empty:
                pass
            else:
                try:
                    reply = environment(event, context)
                finally:
                    idle.put(environment)
            here.statuses.append(reply["statusCode"])
            return reply

        here.address = stack.enter_context(function_url(invoke))
        yield here


def throttling(requests_per_second: float) -> Callable[[], Fault]:
    """Let this many requests through each second, in bursts of at most that many, and throttle the rest."""
    throttled = refusal(400, "ThrottlingException")
    turn, left, last = threading.Lock(), requests_per_second, time.monotonic()

    def choose() -> Fault:
        nonlocal left, last
        with turn:
            now = time.monotonic()
            left, last = min(left + (now - last) * requests_per_second, requests_per_second), now
            if left < 1:
                return throttled
            left -= 1
        return let_through

    return choose
