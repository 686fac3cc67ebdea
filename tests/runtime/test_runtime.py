"""The package under AWS's own runtime. test_contract.py runs the contract there too."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.contract import open_channel, state
from harness.engines import ROOT, free_port
from harness.runtime import Invoke, function_url, lambda_function
from harness.transports import over_function_url, over_http
from tools import smoke

PEERS = 6
# Generous, because the machine may be busy, and the function may have to start first.
PATIENCE_SECONDS = 60


@pytest.fixture
def url(packaged: Invoke) -> Iterator[str]:
    with function_url(packaged) as url:
        yield url


def test_two_peers_open_a_data_channel(url: str) -> None:
    command = [sys.executable, "examples/two_peers.py", url]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert "offerer: the answerer replied 'I heard: hello over the data channel'" in run.stdout


def test_the_smoke_test_of_a_deployment_passes(url: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http:
        smoke.smoke(http, patience_seconds=0)


def test_a_browser_can_call_the_function_from_another_origin(url: str) -> None:
    origin = {"Origin": "https://app.example"}

    with httpx.Client(base_url=url, headers=origin, timeout=PATIENCE_SECONDS) as http:
        preflight = http.options("", headers={"Access-Control-Request-Method": "POST"})
        reply = http.post("", content=b'{"method": "create_data_channel"}')

    assert (preflight.status_code, reply.status_code) == (200, 200)
    assert {each.headers["access-control-allow-origin"] for each in (preflight, reply)} == {"*"}


def test_no_candidate_is_lost_between_execution_environments(url: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http:
        post = over_http(http)
        channel_id = open_channel(post)
        candidates = [[f"{peer}:{number}" for number in range(10)] for peer in range(PEERS)]

        def send(own: list[str]) -> list[int]:
            said = {"method": "create_candidate", "channel_id": channel_id}
            return [post(said | {"candidate": candidate}).status for candidate in own]

        with ThreadPoolExecutor(PEERS) as threads:
            statuses = [status for sent in threads.map(send, candidates) for status in sent]

        assert set(statuses) == {200}
        items = post({"method": "get_candidates", "channel_id": channel_id}).json()["items"]
        assert [[item for item in items if item in own] for own in candidates] == candidates


def test_a_restart_between_two_requests_loses_nothing(
    task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    with lambda_function(task_root, endpoint, real_table, tmp_path / "log", concurrency=1) as invoke:
        post = over_function_url(invoke)
        channel_id = open_channel(post)
        post({"method": "create_offer", "channel_id": channel_id, "offer": "an offer"})
        post({"method": "create_answer", "channel_id": channel_id, "answer": "an answer"})
        post({"method": "create_candidate", "channel_id": channel_id, "candidate": "a candidate"})
        before = state(post, channel_id)

    with lambda_function(task_root, endpoint, real_table, tmp_path / "log", concurrency=1) as invoke:
        after = state(over_function_url(invoke), channel_id)

    assert after == before == ['{"offer":"an offer"}', '{"answer":"an answer"}', '{"items":["a candidate"]}']


def test_the_log_has_one_line_for_each_request_with_its_request_id(
    task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"

    with lambda_function(task_root, endpoint, real_table, log, concurrency=1) as invoke:
        post = over_function_url(invoke)
        channel_id = open_channel(post)
        post({"method": "create_answer", "channel_id": channel_id})
        post(b"", http_method="GET")

    lines = request_lines(log)
    assert [(line["method"], line["status"], line["outcome"], line["dynamodb_calls"]) for line in lines] == [
        ("create_data_channel", 200, "done", 1),
        ("create_answer", 400, "answer is missing", 0),
        ("unknown", 400, "HTTP method must be POST", 0),
    ]
    assert [line["requestId"] for line in lines] == re.findall(
        "^START RequestId: (\\S+)", log.read_text(), re.MULTILINE
    )
    assert all(line["duration_ms"] >= line["dynamodb_ms"] >= 0 for line in lines)
    assert lines[0]["dynamodb_ms"] > 0


def test_the_log_says_how_many_polls_have_found_nothing(
    task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"

    with lambda_function(task_root, endpoint, real_table, log, concurrency=1) as invoke:
        post = over_function_url(invoke)
        channel_id = open_channel(post)
        for _ in range(20):
            post({"method": "get_offer", "channel_id": channel_id})
        post({"method": "create_offer", "channel_id": channel_id, "offer": "an offer"})

    # A poll that takes longer than usual has a line of its own, so on a busy machine there are some.
    lines = request_lines(log)
    polls = [line for line in lines if line["outcome"] == "no offer yet"]
    assert len(polls) + sum(line.get("quiet_polls", 0) for line in lines) == 20
    assert lines[-1]["method"] == "create_offer"


def request_lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if '"chalicelib.request_log"' in line]


def test_an_outage_logs_one_error_that_names_its_cause(task_root: Path, real_table: str, tmp_path: Path) -> None:
    """The deployment's metric filters count these records."""
    log = tmp_path / "log"
    nowhere = f"http://127.0.0.1:{free_port()}"

    with lambda_function(task_root, nowhere, real_table, log, concurrency=1) as invoke:
        status = over_function_url(invoke)({"method": "create_data_channel"}).status

    errors = [json.loads(line) for line in log.read_text().splitlines() if '"ERROR"' in line]
    assert status == 503
    assert [(error["level"], error["message"]) for error in errors] == [("ERROR", "DynamoDB: EndpointConnectionError")]
