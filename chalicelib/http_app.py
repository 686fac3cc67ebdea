"""HTTP: the one route, and the form of every reply.

Calls no AWS service itself, and reads no environment variable.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from chalice.app import Chalice, CORSConfig, Request, Response

from chalicelib import limits, request_log
from chalicelib.deadline import Deadline, OutOfTime, no_deadline
from chalicelib.errors import (
    SignalingError,
    StorageUnavailable,
    TooEarly,
    Unauthorized,
    UnknownKey,
)
from chalicelib.handlers import Services, handle
from chalicelib.request_log import QuietPolls

logger = logging.getLogger(__name__)

PLAIN_TEXT = "text/plain; charset=utf-8"
COMMON_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def create_app(
    get_services: Callable[[], Services],
    *,
    max_wait_seconds: float = limits.MAX_WAIT_SECONDS,
    cors: CORSConfig | None = None,
    deadline: Deadline = no_deadline,
    quiet_polls: QuietPolls | None = None,
) -> Chalice:
    """Return the Chalice application that serves `get_services()`.

    `get_services` is called for each request, and may raise StorageUnavailable.
    `max_wait_seconds` limits for how long a reply is held while there is no news for it.
    `cors` is for a server that browsers call without a function URL in between.
    `deadline` ends a request after the longest wait and all of DynamoDB's retries.
    `quiet_polls` counts the polls that need no line in the log. Without it, each request has one.
    """
    # Without logs of its own: the Lambda runtime logs in JSON, with tracebacks.
    app = Chalice(app_name="peerpost", configure_logs=False)
    app.register_middleware(partial(log_and_finish, quiet_polls=quiet_polls))

    # Every content type: a browser that sends text/plain needs no CORS preflight.
    @app.route("/", methods=["POST"], content_types=["*/*"], cors=cors)
    def post() -> Response:
        request: Any = app.current_request
        longest_wait = longest_wait_of(request.lambda_context, max_wait_seconds)
        try:
            # The deadline must come before Lambda ends the function, so that there is time to send
            # the 503. Terraform demands a timeout_seconds of at least max_wait_seconds + 10, so
            # about one second is left. An alarm takes whole seconds, so round down.
            with deadline(int(longest_wait) + limits.REQUEST_SECONDS):
                reply = handle(
                    body_of(request),
                    get_services(),
                    access_key=bearer_token(request.headers.get("authorization", "")),
                    longest_wait=longest_wait,
                )
        except UnknownKey as refusal:
            return unauthorized(refusal, 'Bearer error="invalid_token"')
        except Unauthorized as refusal:
            return unauthorized(refusal, "Bearer")
        except TooEarly as refusal:
            request_log.current().is_too_early = True
            return plain_text(400, str(refusal))
        except SignalingError as refusal:
            return plain_text(400, str(refusal))
        except StorageUnavailable as outage:
            return unavailable(f"{outage.service}: {outage}")
        except OutOfTime:
            # The time was spent on DynamoDB, on SSM, or on both: the alarm does not say which.
            return unavailable("out of time")
        return Response(reply, {"Content-Type": "application/json"})

    return app


def body_of(request: Any) -> bytes:
    try:
        return bytes(request.raw_body)
    except ValueError as error:
        # The event claims that the body is base64 and it is not, or the body has a lone surrogate,
        # which UTF-8 cannot encode.
        raise SignalingError("body does not decode") from error


def bearer_token(authorization: str) -> str | None:
    """Return the token of an `Authorization` header; None if it has none (RFC 6750, section 2.1).

    >>> bearer_token("Bearer abc"), bearer_token("Basic abc"), bearer_token("")
    ('abc', None, None)
    """
    scheme, _, token = authorization.strip().partition(" ")
    # The scheme is case-insensitive (RFC 9110, section 11.1).
    if scheme.lower() != "bearer":
        return None
    return token.strip() or None


def longest_wait_of(lambda_context: Any, max_wait_seconds: float) -> float:
    """Return for how many seconds a reply may be held, at most.

    The operator sets the maximum, and our Terraform module refuses a timeout that is too short for
    it. If Lambda's timeout is nearer all the same, for example in a deployment without that module,
    the wait is cut: everything else that a request does needs REQUEST_SECONDS.
    """
    # Lambda and `chalice local` always pass a context. A test or a script may leave it out.
    if lambda_context is None:
        return max_wait_seconds
    seconds_left = lambda_context.get_remaining_time_in_millis() / 1000
    return max(0.0, min(max_wait_seconds, float(seconds_left) - limits.REQUEST_SECONDS))


def log_and_finish(
    request: Request,
    get_response: Callable[[Request], Response],
    quiet_polls: QuietPolls | None = None,
) -> Response:
    """Log a request, and give its reply our form: Chalice's own errors are JSON, ours plain text.

    Chalice calls this around every request, also those that it refuses itself. With one route that
    takes every content type, it refuses only other HTTP methods (405). After a bug of ours, it
    returns a 500.
    """
    line = request_log.begin(quiet_polls)
    response = get_response(request)
    # The protocol has no 405: every refusal is a 400, except for the 401 of an access key.
    if response.status_code == 405:
        response = plain_text(400, "HTTP method must be POST")
    elif response.status_code == 500:
        response = plain_text(500, "internal error")
    line.write(response.status_code, "done" if response.status_code == 200 else response.body)
    # RFC 9110, section 9.3.2: a reply to HEAD has no body.
    if request.method == "HEAD":
        response.body = ""
    response.headers = {**response.headers, **COMMON_HEADERS}
    return response


def unauthorized(refusal: Unauthorized, challenge: str) -> Response:
    """Return a 401 with the challenge of RFC 6750, section 3.

    A function URL sends this header as `x-amzn-Remapped-www-authenticate`.
    """
    return plain_text(401, str(refusal), {"WWW-Authenticate": challenge})


def unavailable(cause: str) -> Response:
    """Return a 503. The cause is for the log; the client learns only when to come back."""
    logger.error(cause)
    retry_after = {"Retry-After": str(limits.RETRY_AFTER_SECONDS)}
    return plain_text(503, "storage is unavailable", retry_after)


def plain_text(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, {"Content-Type": PLAIN_TEXT, **(headers or {})}, status)
