"""An application's own log at the most verbose level: which libraries log, and what."""

import asyncio
import logging
import re

import pytest

from test_connection import Recorder, run_pair

# These libraries do ICE, DTLS and SCTP. From level INFO on, they log the addresses that they connect to.
TALKATIVE = {"aioice", "aiortc"}


def test_only_aiortc_and_aioice_log_anything_about_the_peers(server: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    recorder = Recorder()

    channel_id, answered = asyncio.run(run_pair(server, transport=recorder))

    sdp = recorder.requests[1]["answer"]
    addresses = set(re.findall(r"\d+\.\d+\.\d+\.\d+", sdp)) - {"0.0.0.0"}
    words = [word for word in {str(channel_id), *sdp.split(), *sdp.replace(":", " ").split()} if len(word) >= 8]
    talk, rest = split(caplog.records)
    assert channel_id == answered
    assert len([line for line in rest if line.startswith("HTTP Request: POST")]) >= 2
    assert [word for word in [*words, *addresses] if word in "\n".join(rest).replace(server, "")] == []
    assert [address for address in addresses if address in "\n".join(talk)] != []


def split(records: list[logging.LogRecord]) -> tuple[list[str], list[str]]:
    """Return the lines of aiortc and aioice, and the lines of all other loggers."""
    both: tuple[list[str], list[str]] = [], []
    for record in records:
        both[record.name.split(".")[0] not in TALKATIVE].append(record.getMessage())
    return both
