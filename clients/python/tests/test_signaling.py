"""The four methods that aiortc's examples use, tested with a scripted server."""

import argparse
import asyncio
import json
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from aiortc import RTCIceServer, RTCSessionDescription
from aiortc.contrib.signaling import BYE as AIORTC_BYE
from aiortc.contrib.signaling import BaseSignaling
from aiortc.sdp import candidate_from_sdp

from doubles import ACCESS_KEY, CHANNEL_ID, STUN, URL, Script, ok, refused, unauthorized
from peerpost import BYE, AccessKeyError, ChannelExpiredError, Link, RefusalError, Signaling, SignalingClient, new_key
from peerpost.candidates import bye_to_json, candidate_to_json
from peerpost.signaling import add_signaling_arguments, create_signaling
from processes import PATIENCE_SECONDS
from test_connection import Recorder

OFFER = RTCSessionDescription("v=0 offer", "offer")
ANSWER = RTCSessionDescription("v=0 answer", "answer")
CANDIDATE = candidate_from_sdp("1 1 udp 2113937151 192.0.2.1 50000 typ host")
CANDIDATE.sdpMid = "0"


def test_the_signaling_class_has_the_methods_that_aiortcs_examples_expect() -> None:
    signaling = Signaling(Script(ok()).client)

    assert isinstance(signaling, BaseSignaling)
    assert BYE is AIORTC_BYE


def test_an_offerer_sends_and_receives() -> None:
    script = Script(
        ok(channel_id=CHANNEL_ID),
        ok(),
        ok(),
        ok(answer=ANSWER.sdp, items=[candidate_to_json(CANDIDATE)], next=1),
        ok(items=['{"candidate":""}', bye_to_json("answerer")], next=3),
        ok(),
    )
    announced: list[str] = []

    async def run() -> list[object]:
        signaling = Signaling(script.client, on_channel=announced.append)
        await signaling.connect()
        await signaling.send(OFFER)
        await signaling.send(candidate_from_sdp("2 1 udp 1 192.0.2.2 50000 typ host"))
        received: list[object] = [await signaling.receive() for _ in range(3)]
        await signaling.close()
        return received

    received = asyncio.run(run())

    assert received == [ANSWER, CANDIDATE, BYE]
    assert announced == [CHANNEL_ID]
    assert script.methods == [
        "create_data_channel",
        "create_offer",
        "create_candidate",
        "get_answer",
        "get_candidates",
        "create_candidate",
    ]
    assert json.loads(script.requests[-1]["candidate"])["bye"] == "offerer"


def test_an_answerer_receives_and_sends() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok())

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.connect()
        received = await signaling.receive()
        await signaling.send(ANSWER)
        await signaling.send(BYE)
        await signaling.close()
        return received

    assert asyncio.run(run()) == OFFER

    assert script.methods == ["get_offer", "create_answer", "create_candidate"]
    assert json.loads(script.requests[-1]["candidate"])["bye"] == "answerer"


def test_closing_sends_bye() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok())

    async def run() -> None:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.receive()
        await signaling.send(ANSWER)
        await signaling.close()
        await signaling.close()

    asyncio.run(run())

    assert script.methods == ["get_offer", "create_answer", "create_candidate"]


def test_a_peer_that_receives_bye_after_sending_it_deletes_the_channel() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok(), ok(), ok(items=[bye_to_json("offerer")], next=1), ok())

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.receive()
        await signaling.send(ANSWER)
        await signaling.send(BYE)
        received = await signaling.receive()
        await signaling.close()
        return received

    assert asyncio.run(run()) is BYE

    assert script.methods[-2:] == ["get_candidates", "delete_data_channel"]


def test_after_sending_bye_a_peer_does_not_wait_for_an_expired_channel() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok(), ok(), refused("no such channel"))

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.receive()
        await signaling.send(ANSWER)
        await signaling.send(BYE)
        return await signaling.receive()

    assert asyncio.run(run()) is BYE


def test_an_offerer_without_an_answer_deletes_the_channel() -> None:
    script = Script(ok(channel_id=CHANNEL_ID), ok())

    async def run() -> None:
        signaling = Signaling(script.client)
        await signaling.send(OFFER)
        await signaling.close()

    asyncio.run(run())

    assert script.methods == ["create_data_channel", "create_offer", "delete_data_channel"]


@pytest.mark.parametrize(("channel_id", "description"), [(None, ANSWER), (CHANNEL_ID, OFFER)])
def test_a_peer_sends_only_its_own_description(channel_id: str | None, description: RTCSessionDescription) -> None:
    signaling = Signaling(Script(ok(channel_id=CHANNEL_ID)).client, channel_id)

    with pytest.raises(ValueError, match="sends an"):
        asyncio.run(signaling.send(description))


def test_if_the_channel_expires_before_the_exchange_that_is_an_error() -> None:
    script = Script(refused("no such channel"))

    with pytest.raises(ChannelExpiredError):
        asyncio.run(Signaling(script.client, CHANNEL_ID).receive())


def test_an_expired_channel_does_not_end_a_call() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok(), refused("no such channel"))

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.receive()
        await signaling.send(ANSWER)
        receiving = asyncio.create_task(signaling.receive())
        while len(script.requests) < 3:
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not receiving.done()
        await signaling.close()
        return await receiving

    assert asyncio.run(run()) is BYE


def test_sending_bye_after_the_channel_expired_does_not_wait() -> None:
    """A long call outlives its channel, and aiortc's examples send BYE at the end of the call."""
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok(), refused("no such channel"))

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.receive()
        await signaling.send(ANSWER)
        receiving = asyncio.create_task(signaling.receive())
        while len(script.requests) < 3:
            await asyncio.sleep(0)
        await signaling.send(BYE)
        return await receiving

    assert asyncio.run(run()) is BYE


def test_a_channel_is_opened_only_once_by_sending_or_receiving() -> None:
    async def answer_late(_: httpx.Request) -> httpx.Response:
        requests.append(1)
        await asyncio.sleep(0)
        return ok(channel_id=CHANNEL_ID)

    requests: list[int] = []

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer_late)) as http:
            signaling = Signaling(SignalingClient(URL, http=http))
            await asyncio.gather(signaling.connect(), signaling.connect())

    asyncio.run(run())

    assert len(requests) == 1


def test_closing_while_waiting_for_the_offer_returns_bye(server: str) -> None:
    async def run() -> object:
        recorder = Recorder()
        async with httpx.AsyncClient(transport=recorder) as http:
            client = SignalingClient(server, http=http)
            signaling = Signaling(client, await client.create_data_channel())
            receiving = asyncio.create_task(signaling.receive())
            await recorder.until_last("get_offer")
            await signaling.close()
            return await receiving

    assert asyncio.run(run()) is BYE


def test_closing_ends_a_waiting_receive(server: str) -> None:
    async def run() -> object:
        recorder = Recorder()
        async with httpx.AsyncClient(transport=recorder) as http:
            signaling = Signaling(SignalingClient(server, http=http))
            await signaling.send(OFFER)
            receiving = asyncio.create_task(signaling.receive())
            await recorder.until_last("get_answer")
            await signaling.close()
            return await receiving

    received = asyncio.run(run())

    assert received is BYE


def test_a_message_that_arrives_while_its_receive_is_cancelled_goes_to_the_next_receive() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0))

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        receiving = asyncio.create_task(signaling.receive())
        while not signaling._has_description:
            await asyncio.sleep(0)
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        assert receiving.cancelled()
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await signaling.receive()

    assert asyncio.run(run()) == OFFER


def test_after_a_timeout_the_next_receive_continues_the_same_read() -> None:
    async def answer_late(request: httpx.Request) -> httpx.Response:
        methods.append(json.loads(request.content)["method"])
        await may_answer.wait()
        return ok(offer=OFFER.sdp, items=[], next=0)

    methods: list[str] = []
    may_answer = asyncio.Event()

    async def run() -> object:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer_late)) as http:
            signaling = Signaling(SignalingClient(URL, http=http), CHANNEL_ID)
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(signaling.receive(), 0.03)
            may_answer.set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await signaling.receive()

    assert asyncio.run(run()) == OFFER
    assert methods == ["get_offer"]


def test_closing_ends_the_read_of_a_cancelled_receive() -> None:
    script = Script(refused("no offer yet"))

    async def run() -> set[asyncio.Task[object]]:
        signaling = Signaling(script.client, CHANNEL_ID)
        with suppress(TimeoutError):
            await asyncio.wait_for(signaling.receive(), 0.03)
        await signaling.close()
        return asyncio.all_tasks()

    assert len(asyncio.run(run())) == 1


def test_a_receive_after_close_makes_no_request() -> None:
    script = Script(refused("no offer yet"))

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await signaling.receive()

    assert asyncio.run(run()) is BYE
    assert script.requests == []


def test_a_refusal_of_the_server_is_an_error() -> None:
    script = Script(refused("offer must be at most 32768 bytes"))

    with pytest.raises(RefusalError, match="at most 32768"):
        asyncio.run(Signaling(script.client).send(OFFER))


@pytest.mark.parametrize("channel_id", [None, CHANNEL_ID])
def test_either_peer_can_get_ice_servers_before_it_makes_its_connection(channel_id: str | None) -> None:
    opened = [] if channel_id else [ok(channel_id=CHANNEL_ID)]
    script = Script(*opened, ok(ice_servers=[STUN]))

    found = asyncio.run(Signaling(script.client, channel_id).get_ice_servers())

    assert found == [RTCIceServer(["stun:stun.test"])]
    assert script.requests[-1] == {"method": "get_ice_servers", "channel_id": CHANNEL_ID}


def test_a_server_too_old_for_ice_servers_counts_as_having_none() -> None:
    script = Script(refused("method is unknown"))

    assert asyncio.run(Signaling(script.client, CHANNEL_ID).get_ice_servers()) == []


def test_any_other_refusal_to_give_ice_servers_is_an_error() -> None:
    script = Script(refused("no such channel"))

    with pytest.raises(ChannelExpiredError):
        asyncio.run(Signaling(script.client, CHANNEL_ID).get_ice_servers())


def test_a_refused_access_key_is_an_error_at_once() -> None:
    script = Script(unauthorized("access key is unknown"))

    with pytest.raises(AccessKeyError, match="access key is unknown"):
        asyncio.run(Signaling(script.client).connect())

    assert len(script.requests) == 1


def test_passing_both_an_access_key_and_a_client_is_an_error() -> None:
    with pytest.raises(ValueError, match="pass the access key to the SignalingClient"):
        Signaling(Script(ok()).client, access_key=ACCESS_KEY)


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_signaling_arguments(parser)
    return parser.parse_args(words)


def test_an_examples_arguments_create_an_offerer_that_prints_its_link(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        signaling = create_signaling(arguments("--server", server))
        await signaling.connect()
        await signaling.close()

    asyncio.run(run())

    link = Link.parse(capsys.readouterr().out.splitlines()[-1])
    assert link.server == server
    assert link.key is not None


def test_a_link_as_the_only_argument_creates_an_answerer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERPOST_SERVER", raising=False)

    signaling = create_signaling(arguments("--channel", f"https://a.test/#{CHANNEL_ID}"))

    assert signaling._channel.role == "answerer"
    with pytest.raises(ValueError, match="no server"):
        create_signaling(arguments("--channel", CHANNEL_ID))


def test_create_signaling_refuses_a_link_for_many_guests() -> None:
    link = Link(CHANNEL_ID, new_key(), URL, is_address=True)

    with pytest.raises(ValueError, match="this link is for many guests"):
        create_signaling(arguments("--channel", str(link)))


@pytest.mark.parametrize(
    ("words", "access_key"), [(["--server", URL], ACCESS_KEY), (["--channel", f"{URL}#{CHANNEL_ID}"], None)]
)
def test_an_examples_offerer_uses_the_access_key_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, words: list[str], access_key: str | None
) -> None:
    """An answerer needs no key, and must not send one to a server that somebody else chose."""
    monkeypatch.setenv("PEERPOST_ACCESS_KEY", ACCESS_KEY)

    signaling = create_signaling(arguments(*words))

    assert signaling._client._access_key == access_key


def test_an_example_accepts_an_access_key_file_as_an_argument(tmp_path: Path) -> None:
    path = tmp_path / "access-key"
    path.write_text(ACCESS_KEY)

    signaling = create_signaling(arguments("--server", URL, "--access-key-file", str(path)))

    assert signaling._client._access_key == ACCESS_KEY
