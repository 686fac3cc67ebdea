"""Starts a function as Lambda does, sends it events, and prints when it was ready and how long each reply took.

    python driver.py [patient] < EVENTS

EVENTS are lines of JSON. Besides the standard library, the driver uses only the function's folder, with its `app.py`.
"""

import json
import sys
import time

if "patient" in sys.argv:
    # Under valgrind everything takes fifty times as long. So replace our time-outs, which would expire.
    import signal

    from chalicelib import limits

    # A built-in function without side effects. A function of our own would add its instructions to the count.
    do_nothing = abs
    signal.alarm = do_nothing
    limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS = limits.DYNAMODB_READ_TIMEOUT_SECONDS = 600

from app import handler


class Context:
    """The context that Lambda passes with an invocation."""

    aws_request_id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"

    def get_remaining_time_in_millis(self) -> int:
        return 15_000


print(json.dumps({"at": time.monotonic()}), flush=True)
for line in sys.stdin:
    began, cpu = time.monotonic(), time.process_time()
    reply = handler(json.loads(line), Context())
    took = {"cpu": time.process_time() - cpu, "seconds": time.monotonic() - began}
    print(json.dumps({"at": time.monotonic(), "status": reply["statusCode"], **took}), flush=True)
