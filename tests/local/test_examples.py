"""The examples, run as a reader would run them, against `chalice local`."""

import asyncio
import multiprocessing
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import httpx
import pytest

from examples import two_peers
from harness.contract import NOBODYS_ID
from harness.engines import ROOT

PAIRS = 20
# Only a hanging test takes this long.
PATIENCE_SECONDS = 300


def example(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "examples/two_peers.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_two_peers_in_two_processes_open_a_data_channel(local_url: str) -> None:
    run = example(local_url)

    assert run.returncode == 0, run.stderr
    assert re.search("answerer: received 'hello over the data channel'", run.stdout)
    assert re.search("offerer: the answerer replied 'I heard: hello over the data channel'", run.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "{url} refused the request: no such channel\n"),
        ("elsewhere", "{url} is not a Peerpost server: it replied 403\n"),
    ],
)
def test_a_users_mistake_is_reported_in_one_line(path: str, said: str, local_url: str) -> None:
    url = f"{local_url}{path}"

    run = example(url, "--channel", NOBODYS_ID)

    assert (run.returncode, run.stdout, run.stderr) == (1, "", said.format(url=url))


def test_a_server_that_is_not_running_is_reported_in_one_line() -> None:
    run = example("http://127.0.0.1:9/")

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "no reply from http://127.0.0.1:9/: `make run` starts a server\n"


async def offer_all(url: str, ids: list[str]) -> list[str]:
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as http:
        return await asyncio.gather(*(two_peers.offer(http, each, f"to {each}") for each in ids))


async def answer_all(url: str, ids: list[str]) -> list[str]:
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as http:
        return await asyncio.gather(*(two_peers.answer(http, each) for each in ids))


def in_a_loop(name: str, url: str, ids: list[str]) -> list[str]:
    # On a busy machine, twenty peers need minutes for what one of them does in a few seconds.
    two_peers.PATIENCE_SECONDS = PATIENCE_SECONDS
    return asyncio.run(offer_all(url, ids) if name == "offer" else answer_all(url, ids))


@pytest.mark.slow
def test_twenty_pairs_connect_at_the_same_time(local_url: str) -> None:
    with httpx.Client(base_url=local_url, timeout=PATIENCE_SECONDS) as http:
        ids = [http.post("", json={"method": "create_data_channel"}).json()["channel_id"] for _ in range(PAIRS)]

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        offerers = processes.submit(in_a_loop, "offer", local_url, ids)
        answerers = processes.submit(in_a_loop, "answer", local_url, ids)

        assert answerers.result() == [f"to {each}" for each in ids]
        assert offerers.result() == [f"I heard: to {each}" for each in ids]
