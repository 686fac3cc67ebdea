"""The transports by which a request can reach the server, all behind the same interface, Post."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
from chalice.app import Chalice
from chalice.test import Client

from chalicelib.function_url import lambda_handler
from harness.engines import ROOT, free_port, wait_for_port

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


class Post(Protocol):
    """Send one request. A body that is not bytes is sent as JSON."""

    def __call__(self, body: object, headers: Mapping[str, str] = JSON, http_method: str = "POST") -> Reply: ...


def encode(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def over_test_client(app: Chalice) -> Post:
    """Send requests through Chalice's own test client."""

    def post(body: object, headers: Mapping[str, str] = JSON, http_method: str = "POST") -> Reply:
        with Client(app, project_dir=str(ROOT)) as client:
            reply = client.http.request(http_method, "/", headers=dict(headers), body=encode(body))
        return Reply(reply.status_code, lower(reply.headers), reply.body.decode())

    return post


def url_event(body: bytes | None, headers: Mapping[str, str], http_method: str = "POST") -> dict[str, Any]:
    """Return the event that a function URL makes from a request. A binary body is base64-encoded."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": dict(headers),
        "requestContext": {"http": {"method": http_method, "path": "/", "protocol": "HTTP/1.1"}, "stage": "$default"},
        "isBase64Encoded": False,
    }
    if body is None:
        return event
    is_text = headers.get("content-type", "").startswith(("text/", "application/json"))
    try:
        return event | {"body": body.decode()} if is_text else event | encoded(body)
    except UnicodeDecodeError:
        return event | encoded(body)


def encoded(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def over_function_url(invoke: Callable[[dict[str, Any], object], dict[str, Any]]) -> Post:
    """Call the Lambda entry point with function URL events. Events and results go through JSON."""

    def post(body: object, headers: Mapping[str, str] = JSON, http_method: str = "POST") -> Reply:
        event = json.loads(json.dumps(url_event(encode(body) or None, headers, http_method)))
        response = json.loads(json.dumps(invoke(event, None)))
        return Reply(response["statusCode"], lower(response["headers"]), response["body"])

    return post


def over_handler(app: Chalice) -> Post:
    return over_function_url(lambda_handler(app))


def over_http(client: httpx.Client) -> Post:
    """Send requests over HTTP to the server that the client points to."""

    def post(body: object, headers: Mapping[str, str] = JSON, http_method: str = "POST") -> Reply:
        reply = client.request(http_method, "/", headers=dict(headers), content=encode(body))
        return Reply(reply.status_code, lower(dict(reply.headers)), reply.text)

    return post


@contextmanager
def chalice_local(
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    debug: bool = False,
    port: int | None = None,
    warm: bool = True,
) -> Iterator[str]:
    """Run `chalice local` as `make run` does, and yield its URL.

    If `warm`, the server has had a request. The first one loads moto and opens the table. On a busy machine, this takes
    longer than most HTTP clients wait for a reply.
    """
    port = port or free_port()
    chalice = [str(Path(sys.executable).with_name("chalice")), *["--debug"] * debug]
    command = [*chalice, "local", "--no-autoreload", "--port", str(port)]
    with (
        open(log or os.devnull, "wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=os.environ | (environment or {}), stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            wait_for_port(port, process)
            url = f"http://127.0.0.1:{port}/"
            if warm:
                poll = {"method": "get_offer", "channel_id": "none"}
                httpx.post(url, json=poll, timeout=60, trust_env=False, verify=False)
            yield url
        finally:
            process.terminate()
