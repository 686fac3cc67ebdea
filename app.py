"""Where the pieces meet: the route, the form of every reply, the table, the Lambda entry point."""

import gc

gc.disable()  # No module that is loaded here is garbage: looking for it would be a tenth of a cold start.

import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from chalice.app import Chalice, CORSConfig, Request, Response

from chalicelib import handlers, limits, request_log
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels, open_client
from chalicelib.errors import ParameterUnavailable, SignalingError, StorageUnavailable, Unauthorized, UnknownKey
from chalicelib.function_url import lambda_handler
from chalicelib.ice_servers import IceServers

# At DEBUG botocore logs whole requests, and so what the peers say: never here, whatever level the operator sets.
logging.disable(logging.DEBUG)

logger = logging.getLogger("peerpost")
Alarm = Callable[[int], object]
PLAIN: dict[str, str | list[str]] = {"Content-Type": "text/plain; charset=utf-8"}


def create_app(
    open_channels: Callable[[], Channels], cors: CORSConfig | None = None, alarm: Alarm = abs, **features: Any
) -> Chalice:
    """Return the application over these channels; a real `alarm` ends a request in time, `features` are a Server's."""
    app = Chalice(app_name="peerpost", configure_logs=False)  # The Lambda runtime logs in JSON, with tracebacks.
    app.register_middleware(in_our_form)

    # Every type: a browser that says text/plain saves the preflight's round trip.
    @app.route("/", methods=["POST"], content_types=["*/*"], cors=cors)
    def signal() -> Response:
        request: Any = app.current_request
        longest = longest_wait(request)
        try:
            alarm(int(longest) + limits.WAIT_RESERVE_SECONDS)
            server = handlers.Server(open_channels(), **features)
            reply = handlers.handle(body_of(request), server, longest, request.headers.get("authorization", ""))
        except (SignalingError, StorageUnavailable, KeyboardInterrupt) as trouble:
            return failure(trouble)
        finally:
            alarm(0)
        return Response(reply, {"Content-Type": "application/json"})

    return app


def failure(trouble: BaseException) -> Response:
    """Return what a client is told that asked for what it may not have, or met an outage, which the log is told of."""
    if isinstance(trouble, Unauthorized):
        challenge = 'Bearer error="invalid_token"' if isinstance(trouble, UnknownKey) else "Bearer"
        return Response(str(trouble), PLAIN | {"WWW-Authenticate": challenge}, 401)
    if isinstance(trouble, SignalingError):
        return Response(str(trouble), PLAIN, 400)
    logger.error("%s: %s", getattr(trouble, "service", "DynamoDB"), str(trouble) or "out of time")
    return Response("storage is unavailable", PLAIN | {"Retry-After": str(limits.RETRY_AFTER_SECONDS)}, 503)


def in_our_form(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Log every request; give its reply our headers, and Chalice's own errors, which are JSON, our plain form."""
    line = request_log.begin()
    response = get_response(request)
    if response.status_code == 405:
        response = Response("HTTP method must be POST", PLAIN, 400)
    elif response.status_code == 500:
        response = Response("internal error", PLAIN, 500)
    line.write(response.status_code, response.body if isinstance(response.body, str) else "done")
    if request.method == "HEAD":
        response.body = ""
    response.headers = {**response.headers, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return response


def body_of(request: Any) -> bytes:
    try:
        return bytes(request.raw_body)
    except ValueError as error:  # Not base64 though the event says so, or a character that UTF-8 does not have.
        raise SignalingError("body does not decode") from error


def longest_wait(request: Any) -> float:
    """Return the seconds that a reply may be held: as the operator wishes, and never beyond the function's time."""
    wish = float(os.environ.get("MAX_WAIT_SECONDS", limits.MAX_WAIT_SECONDS))
    context = request.lambda_context
    left = context.get_remaining_time_in_millis() / 1000 - limits.WAIT_RESERVE_SECONDS if context else wish
    return max(0, min(wish, left))


@cache
def channels() -> Channels:
    """Return the channels of the table TABLE_NAME; where none is named, this is development, and they are local."""
    if "TABLE_NAME" in os.environ:
        return Channels(open_client(), os.environ["TABLE_NAME"])
    from chalicelib import embedded

    return embedded.open_channels()


def features() -> dict[str, Any]:
    """Return what is off unless the environment names its parameters: access keys, and ICE servers."""
    keys, turn_urls = os.environ.get("ACCESS_KEYS_PARAMETER"), urls("TURN_URLS")
    secret = parameter(os.environ["TURN_SECRET_PARAMETER"]) if turn_urls else str
    access_keys = None if keys is None else AccessKeys(parameter(keys))
    return {"access_keys": access_keys, "ice_servers": IceServers(urls("STUN_URLS"), turn_urls, secret)}


def urls(variable: str) -> list[str]:
    return os.environ.get(variable, "").replace(",", " ").split()


def parameter(name: str) -> Callable[[], str]:
    """Return the way to a parameter's value, which is read once here, as `channels` are, where that succeeds."""
    from chalicelib import parameters  # Here: most servers have none, and their start loads nothing of it.

    value = parameters.Parameter(parameters.open_client(), name).value
    try:
        value()
    except ParameterUnavailable as outage:
        logger.error("SSM: %s", outage)
    return value


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # botocore's time-outs start anew with each byte. A KeyboardInterrupt passes its `except Exception`, which retries.
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        signal.alarm(limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS + limits.DYNAMODB_READ_TIMEOUT_SECONDS)
        channels().warm_up()  # Here, where Lambda lends a whole core, and not at the first request.
        signal.alarm(0)
    app = create_app(channels, alarm=signal.alarm, **features())  # Without CORS, which is the function URL's business.
else:
    from chalicelib import local

    local.speed_up()
    local.log_in_words()
    app = create_app(channels, CORSConfig(expose_headers=["Retry-After"]), **features())

handler = lambda_handler(app)

gc.freeze()  # All of it stays, so that no later collection goes through it.
gc.enable()
