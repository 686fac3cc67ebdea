"""The smoke test of a deployment: it passes on a working server, and notices every kind of fault."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from chalicelib.handlers import HANDLERS
from harness.engines import ROOT, free_port
from tools import smoke

Answer = Callable[[dict[str, str]], tuple[int, object]]


def run_smoke(url: str, patience_seconds: float = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.smoke", url, "--patience", str(patience_seconds)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A server that sends the given replies: an object as JSON, or a string as plain text."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, result = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(result, str) else "application/json")
            self.end_headers()
            self.wfile.write((result if isinstance(result, str) else json.dumps(result)).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listener:
        threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.server_port}/"
        listener.shutdown()


def right(request: dict[str, str]) -> tuple[int, object]:
    """Return the reply that the contract requires."""
    if request["method"] == "create_data_channel":
        return 200, {"channel_id": "an id"}
    if request["method"] == "get_ice_servers":
        return 200, {"ice_servers": [{"urls": ["stun:stun.example.org"]}]}
    return next(
        (400 if isinstance(expected, str) else 200, expected)
        for asked, expected in smoke.walk("an id")
        if asked == request
    )


def test_the_smoke_test_calls_every_method_and_prints_each_result(local_url: str) -> None:
    run = run_smoke(local_url)

    assert (run.returncode, run.stderr) == (0, "")
    lines = [line.split(maxsplit=4) for line in run.stdout.splitlines()]
    assert [(name, status) for name, _, _, status, _ in lines[:-1]] == [
        ("create_data_channel", "200"),
        ("get_ice_servers", "200"),
        *((method, "200") for method in list(HANDLERS)[1:-2]),
        ("create_answer", "400"),
        ("delete_data_channel", "200"),
    ]
    assert lines[-3][4] == "answer already exists"


@pytest.mark.parametrize(
    ("method", "wrong", "said"),
    [
        ("create_data_channel", (500, "internal error"), "500 internal error"),
        ("create_data_channel", (200, {}), "200 {}"),
        ("create_data_channel", (200, "channel"), "200 channel"),
        ("create_data_channel", (201, {"channel_id": "an id"}), '201 {"channel_id": "an id"}'),
        ("create_data_channel", (403, {"Message": "Forbidden"}), '403 {"Message": "Forbidden"}'),
        ("create_data_channel", (401, "access key is missing"), "401 access key is missing"),
        ("get_ice_servers", (200, {}), "200 {}"),
        ("get_ice_servers", (200, {"ice_servers": "none"}), '200 {"ice_servers": "none"}'),
        ("get_ice_servers", (400, "method is unknown"), "400 method is unknown"),
        ("create_offer", (503, "storage is unavailable"), "503 storage is unavailable"),
        ("get_offer", (200, {"offer": "another"}), '200 {"offer": "another"}'),
        ("create_answer", (200, {}), "expected 'answer already exists', got 200 {}"),
        ("get_answer", (400, "no answer yet"), "400 no answer yet"),
        ("create_candidate", (200, "{}"), "200 {}"),
        ("get_candidates", (200, {"items": []}), '200 {"items": []}'),
    ],
)
def test_the_smoke_test_stops_at_the_first_wrong_reply_and_prints_it(
    method: str, wrong: tuple[int, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        server(lambda request: wrong if request["method"] == method else right(request)) as url,
        pytest.raises(SystemExit) as end,
    ):
        smoke.main([url, "--patience", "0"])

    # Python prints a text that a program exits with as an error, and returns 1.
    error = str(end.value.code)
    assert error.startswith(f"FAILED: {method}: ")
    assert said in error
    assert capsys.readouterr().out.splitlines()[-1].startswith(method)


def test_an_unreachable_server_fails_the_smoke_test() -> None:
    run = run_smoke(f"http://127.0.0.1:{free_port()}/")

    assert run.returncode == 1
    assert run.stderr.startswith("FAILED: create_data_channel: ConnectError")


@pytest.mark.parametrize(
    "early",
    [
        (403, {"Message": "Forbidden"}),
        (429, {"Reason": "ConcurrentInvocationLimitExceeded", "Message": "Rate exceeded"}),
        (500, "internal error"),
        (503, "storage is unavailable"),
    ],
)
def test_replies_that_are_normal_for_a_new_deployment_are_retried_and_reported(
    early: tuple[int, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0)
    replies = iter([early, early])

    with server(lambda request: next(replies, right(request))) as url, httpx.Client(base_url=url) as http:
        smoke.smoke(http, patience_seconds=60)

    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Not ready yet")]
    assert len(said) == 2
    assert all(str(early[0]) in line for line in said)


def test_only_the_first_call_is_retried() -> None:
    """A server that has opened a channel is ready, so a later failure is a real one."""

    def answer(request: dict[str, str]) -> tuple[int, object]:
        return (503, "storage is unavailable") if request["method"] == "create_offer" else right(request)

    with server(answer) as url, httpx.Client(base_url=url) as http, pytest.raises(smoke.Surprise, match="create_offer"):
        smoke.smoke(http, patience_seconds=60)


def test_the_smoke_test_sends_the_access_key_only_to_open_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, str | None] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        sent[asked["method"]] = request.headers.get("authorization")
        status, result = right(asked)
        return httpx.Response(status, text=result) if isinstance(result, str) else httpx.Response(status, json=result)

    monkeypatch.setenv("PEERPOST_ACCESS_KEY", "a-key")
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="https://server.example") as http:
        smoke.smoke(http, patience_seconds=0)

    assert sent.pop("create_data_channel") == "Bearer a-key"
    assert set(sent.values()) == {None}


def test_the_smoke_test_signs_requests_for_a_function_url_that_requires_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "AKID", "SECRET_ACCESS_KEY": "secret", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    url = "https://abc.lambda-url.eu-west-1.on.aws/"
    request = httpx.Request("POST", url, json={"method": "create_data_channel"})

    signed = next(smoke.Signature().auth_flow(request))

    assert re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKID/\d{8}/eu-west-1/lambda/aws4_request, "
        r"SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}",
        signed.headers["authorization"],
    )
    assert signed.url == url
    assert signed.headers["host"] == "abc.lambda-url.eu-west-1.on.aws"
