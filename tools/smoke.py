"""Tests a live server: calls every method, and makes one request that must be refused.

    python -m tools.smoke URL

It prints each result. At the first wrong result, it stops with exit code 1.
If the server requires an access key, set PEERPOST_ACCESS_KEY. There is no option for it, because everybody on a machine
can read command lines.
"""

import argparse
import os
import time
from collections.abc import Generator, Iterator, Sequence

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

# After a deployment, it takes some seconds until the new function URL is in the DNS and everybody may call it, and
# until DynamoDB and SSM accept the function's new role.
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 1
# The statuses that a deployment may return in its first seconds: nobody may call it yet, its first instances are still
# starting, or some AWS services do not know its role yet.
NOT_READY = {
    httpx.codes.FORBIDDEN,
    httpx.codes.TOO_MANY_REQUESTS,
    httpx.codes.INTERNAL_SERVER_ERROR,
    httpx.codes.SERVICE_UNAVAILABLE,
}
TIMEOUT_SECONDS = 15
SHOWN_CHARACTERS = 60

Request = dict[str, str]
Expected = dict[str, object] | str


class Surprise(Exception):
    """The server did not reply as the protocol says. The message says how."""


class Signature(httpx.Auth):
    """Signs requests for a function URL with authorization type AWS_IAM. boto3 finds the credentials and the region."""

    requires_request_body = True

    def __init__(self) -> None:
        session = boto3.Session()
        credentials = session.get_credentials()
        if credentials is None or session.region_name is None:
            raise SystemExit("--sign needs AWS credentials and a region in the environment")
        self._signer = SigV4Auth(credentials, "lambda", session.region_name)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        signed = AWSRequest(request.method, str(request.url), data=request.content)
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


def walk(channel_id: str) -> Iterator[tuple[Request, Expected]]:
    """Yield the requests of two peers, each with the expected reply: an object for a success, a text for a refusal."""
    yield {"method": "create_offer", "channel_id": channel_id, "offer": "v=0 offer"}, {}
    yield {"method": "get_offer", "channel_id": channel_id}, {"offer": "v=0 offer"}
    yield {"method": "create_answer", "channel_id": channel_id, "answer": "v=0 answer"}, {}
    yield {"method": "get_answer", "channel_id": channel_id}, {"answer": "v=0 answer"}
    yield {"method": "create_candidate", "channel_id": channel_id, "candidate": "candidate:1"}, {}
    yield {"method": "get_candidates", "channel_id": channel_id}, {"items": ["candidate:1"]}
    yield {"method": "create_answer", "channel_id": channel_id, "answer": "v=0 another"}, "answer already exists"
    yield {"method": "delete_data_channel", "channel_id": channel_id}, {}


def smoke(http: httpx.Client, patience_seconds: float) -> None:
    """Print each call and its result. Raise Surprise at the first result that is wrong."""
    channel_id = open_channel(http, time.monotonic() + patience_seconds)
    reply = call(http, {"method": "get_ice_servers", "channel_id": channel_id})
    match content(reply):
        case {"ice_servers": [*_]} if reply.status_code == httpx.codes.OK:
            pass
        case _:
            raise Surprise(f"get_ice_servers: expected ice_servers, got {shown(reply)}")
    for request, expected in walk(channel_id):
        reply = call(http, request)
        if reply.status_code != (400 if isinstance(expected, str) else 200) or content(reply) != expected:
            raise Surprise(f"{request['method']}: expected {expected!r}, got {shown(reply)}")


def open_channel(http: httpx.Client, deadline: float) -> str:
    """Open a channel. If the server is not ready yet, try again until the deadline."""
    while True:
        try:
            reply = call(http, {"method": "create_data_channel"})
            if reply.status_code not in NOT_READY:
                break
            trouble = shown(reply)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            trouble = f"{type(error).__name__}: {error}"
        seconds_left = deadline - time.monotonic()
        if seconds_left <= 0:
            raise Surprise(f"create_data_channel: {trouble}")
        print(
            f"Not ready yet, as usual in a deployment's first seconds ({trouble}); "
            f"trying again for up to {seconds_left:.0f} s",
            flush=True,
        )
        time.sleep(PAUSE_SECONDS)
    match content(reply):
        case {"channel_id": str(channel_id)} if reply.status_code == httpx.codes.OK:
            return channel_id
    raise Surprise(f"create_data_channel: expected a channel_id, got {shown(reply)}")


def call(http: httpx.Client, request: Request) -> httpx.Response:
    # No other request of this test needs the key, so no other request contains it.
    key = os.environ.get("PEERPOST_ACCESS_KEY") if request["method"] == "create_data_channel" else None
    began = time.monotonic()
    reply = http.post("", json=request, headers={"Authorization": f"Bearer {key}"} if key else {})
    print(f"{request['method']:20}{(time.monotonic() - began) * 1000:6.0f} ms  {shown(reply)}", flush=True)
    return reply


def content(reply: httpx.Response) -> object:
    """Return the content of a reply: an object if it is JSON, and otherwise its text."""
    try:
        return reply.json() if reply.headers.get("content-type") == "application/json" else reply.text
    except ValueError:
        return reply.text


def shown(reply: httpx.Response) -> str:
    text = ascii(reply.text)[1:-1]
    return f"{reply.status_code} {text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + '...'}"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the server's URL")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        help="how many seconds a new server may take to get ready (default: %(default)s)",
    )
    parser.add_argument("--sign", action="store_true", help="sign the requests: for authorization_type AWS_IAM")
    arguments = parser.parse_args(words)
    auth = Signature() if arguments.sign else None
    with httpx.Client(base_url=arguments.url, auth=auth, timeout=TIMEOUT_SECONDS) as http:
        try:
            smoke(http, arguments.patience)
        except (Surprise, httpx.HTTPError) as surprise:
            raise SystemExit(f"FAILED: {surprise}") from surprise
    print("All methods work, and the server refuses a second answer.")


if __name__ == "__main__":
    main()
