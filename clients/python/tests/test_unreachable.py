"""The reason for which two peers could not reach each other."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from doubles import CHANNEL_ID, Script, ok
from peerpost import ConnectionFailedError, cli, connect
from peerpost.unreachable import unreachable

STUN_SERVER = ("stun.test", 3478)
TURN_SERVER = ("turn.test", 3478)


def failed_connection(
    local: list[str],
    remote: list[str],
    stun: tuple[str, int] | None = None,
    turn: tuple[str, int] | None = None,
    state: str = "failed",
) -> RTCPeerConnection:
    """A connection whose ICE agent has candidates of these types."""
    agent = SimpleNamespace(
        local_candidates=[SimpleNamespace(type=each) for each in local],
        remote_candidates=[SimpleNamespace(type=each) for each in remote],
        stun_server=stun,
        turn_server=turn,
    )
    sctp = SimpleNamespace(transport=SimpleNamespace(transport=IceTransport(agent)))
    return cast(RTCPeerConnection, SimpleNamespace(sctp=sctp, getTransceivers=list, iceConnectionState=state))


class IceTransport:
    def __init__(self, agent: object) -> None:
        self.iceGatherer = SimpleNamespace(_connection=agent)


@pytest.mark.parametrize(
    ("connection", "reason"),
    [
        (failed_connection(["host"], []), "no candidates of the other peer arrived"),
        (failed_connection(["host"], ["host"], stun=STUN_SERVER), "no STUN server answered"),
        (failed_connection(["host", "srflx"], ["host"], STUN_SERVER, TURN_SERVER), "the TURN server gave no address"),
        (
            failed_connection(["host", "srflx"], ["host", "srflx"], STUN_SERVER),
            "both peers are behind strict NATs, with no TURN server",
        ),
        (failed_connection(["host", "srflx"], ["host"], STUN_SERVER), None),
        (failed_connection(["host", "srflx"], ["srflx", "relay"], STUN_SERVER), None),
        (failed_connection(["host", "relay"], ["host"], STUN_SERVER, TURN_SERVER), None),
        (failed_connection(["host"], ["host"]), None),
        (failed_connection(["host"], ["host"], STUN_SERVER, state="completed"), None),
        (failed_connection(["host"], [], STUN_SERVER, state="closed"), None),
    ],
)
def test_the_error_says_why_ice_has_failed_if_the_candidates_show_it(
    connection: RTCPeerConnection, reason: str | None
) -> None:
    error = unreachable(connection)

    plain = "the peers could not reach each other"
    assert str(error) == (f"{plain}: {reason}" if reason else plain)


def test_without_access_to_aiortcs_ice_agent_the_error_gives_no_reason() -> None:
    bare = SimpleNamespace(getTransceivers=list, sctp=SimpleNamespace(transport=SimpleNamespace(transport=object())))

    assert str(unreachable(cast(RTCPeerConnection, bare))) == "the peers could not reach each other"


async def answer_an_offer_without_candidates() -> None:
    nobody, peer = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    nobody.createDataChannel("chat")
    await nobody.setLocalDescription(await nobody.createOffer())
    lines = nobody.localDescription.sdp.splitlines(keepends=True)
    await nobody.close()
    sdp = "".join(line for line in lines if "candidate" not in line)
    script = Script(ok(offer=sdp, items=[], next=0), ok(), ok(items=[], next=0))
    try:
        await connect(peer, script.client, CHANNEL_ID, timeout=0.5)
    finally:
        await peer.close()


def test_a_real_peer_that_gets_no_candidates_gives_that_as_the_reason() -> None:
    with pytest.raises(ConnectionFailedError, match=r"within 0\.5 seconds: no candidates of the other peer arrived$"):
        asyncio.run(answer_an_offer_without_candidates())


def test_the_command_line_prints_the_reason_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def receive(_: object) -> None:
        await answer_an_offer_without_candidates()

    monkeypatch.setattr(cli, "run_receive", receive)

    code = cli.main(["receive", CHANNEL_ID])

    assert code == 1
    assert capsys.readouterr().err == (
        "peerpost: the peers could not reach each other within 0.5 seconds: no candidates of the other peer arrived\n"
    )
