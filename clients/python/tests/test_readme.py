"""The README's code, run exactly as printed."""

import re
import textwrap

import pytest

from peerpost.cli import main
from processes import HERE, line_of, python

README = (HERE.parent / "README.md").read_text()

PROGRAM = """
import asyncio
import functools
import aiortc
from aiortc import RTCConfiguration
from peerpost import Link, connect, listen, new_key

SERVER, ACCESS_KEY = {server!r}, "for-who-wants-one"
print = functools.partial(print, flush=True)
# The README's asks a STUN server; a test asks nobody.
RTCPeerConnection = lambda configuration=None: aiortc.RTCPeerConnection(RTCConfiguration(iceServers=[]))

async def main():
{block}
    await asyncio.sleep(60)

asyncio.run(main())
"""


def program(block: str, server: str) -> str:
    return PROGRAM.format(server=server, block=textwrap.indent(block, "    "))


BLOCKS = re.findall("```python\n(.*?)```", README, re.DOTALL)
OFFERER_LINES, ANSWERER_LINES = BLOCKS[:2]
(HOST_LINES,) = [block for block in BLOCKS if "listen(" in block]
(GUEST_LINES,) = [block for block in BLOCKS if "connect(new_peer, link.server, link)" in block]
(MAKING_LINES,) = [block for block in BLOCKS if "def new_peer(configuration)" in block and "new_key()" in block]


@pytest.mark.parametrize(
    "offerer_lines",
    [
        pytest.param(OFFERER_LINES, id="with an existing connection"),
        pytest.param(MAKING_LINES, id="with ICE servers", marks=pytest.mark.slow),
    ],
)
def test_the_readmes_code_for_both_sides_connects(server: str, offerer_lines: str) -> None:
    answerer_program = program(ANSWERER_LINES, "").replace("input()", "__import__('sys').argv[1]")

    with (
        python("-c", program(offerer_lines, server)) as offerer,
        python("-c", answerer_program, line_of(offerer)) as answerer,
    ):
        assert line_of(answerer) == "hello"


def test_the_readmes_code_for_an_address_serves_one_guest_after_the_other(server: str) -> None:
    guest_program = program(GUEST_LINES, "").replace("input()", "__import__('sys').argv[1]")

    with python("-c", program(HOST_LINES, server)) as host:
        link = line_of(host)
        with python("-c", guest_program, link) as one, python("-c", guest_program, link) as other:
            assert [line_of(one), line_of(other)] == ["hello", "hello"]


def test_the_readme_lists_exactly_the_options_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall("--[a-z][a-z-]+", README)) - {"--channel"}

    for command in ("send", "receive"):
        with pytest.raises(SystemExit):
            main([command, "--help"])

    assert documented == set(re.findall("--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
