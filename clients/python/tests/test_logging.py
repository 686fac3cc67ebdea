"""What an application finds in its own log, at the most verbose: whose lines they are, and what they tell."""

import asyncio
import logging
import re

import pytest

from test_connection import Recorder, run_pair

# A peer's own ICE, DTLS and SCTP: they name what they connect to, from INFO on.
TALKATIVE = {"aioice", "aiortc"}


def test_nobody_but_aiortc_and_aioice_logs_anything_of_the_peers(server: str, caplog: pytest.LogCaptureFixture) -> None:
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
    """Return the lines of aiortc and aioice, and those of all others."""
    both: tuple[list[str], list[str]] = [], []
    for record in records:
        both[record.name.split(".")[0] not in TALKATIVE].append(record.getMessage())
    return both
