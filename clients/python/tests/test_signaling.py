"""aiortc's four verbs, against a server that says what it is told."""

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
from peerpost import BYE, AccessKeyError, ChannelExpiredError, Link, RefusalError, Signaling, SignalingClient
from peerpost.candidates import bye_to_json, candidate_to_json
from peerpost.signaling import add_signaling_arguments, create_signaling
from processes import PATIENCE_SECONDS

OFFER = RTCSessionDescription("v=0 offer", "offer")
ANSWER = RTCSessionDescription("v=0 answer", "answer")
CANDIDATE = candidate_from_sdp("1 1 udp 2113937151 192.0.2.1 50000 typ host")
CANDIDATE.sdpMid = "0"


def test_it_is_what_the_examples_of_aiortc_expect() -> None:
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


def test_closing_says_bye() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok())

    async def run() -> None:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.receive()
        await signaling.send(ANSWER)
        await signaling.close()
        await signaling.close()

    asyncio.run(run())

    assert script.methods == ["get_offer", "create_answer", "create_candidate"]


def test_who_hears_bye_after_its_own_erases_the_channel() -> None:
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


def test_who_has_said_bye_does_not_wait_for_a_channel_that_has_ended() -> None:
    script = Script(ok(offer=OFFER.sdp, items=[], next=0), ok(), ok(), refused("no such channel"))

    async def run() -> object:
        signaling = Signaling(script.client, CHANNEL_ID)
        await signaling.receive()
        await signaling.send(ANSWER)
        await signaling.send(BYE)
        return await signaling.receive()

    assert asyncio.run(run()) is BYE


def test_an_offerer_that_nobody_answered_erases_the_channel() -> None:
    script = Script(ok(channel_id=CHANNEL_ID), ok())

    async def run() -> None:
        signaling = Signaling(script.client)
        await signaling.send(OFFER)
        await signaling.close()

    asyncio.run(run())

    assert script.methods == ["create_data_channel", "create_offer", "delete_data_channel"]


@pytest.mark.parametrize(("channel_id", "description"), [(None, ANSWER), (CHANNEL_ID, OFFER)])
def test_a_peer_sends_its_own_description_alone(channel_id: str | None, description: RTCSessionDescription) -> None:
    signaling = Signaling(Script(ok(channel_id=CHANNEL_ID)).client, channel_id)

    with pytest.raises(ValueError, match="sends an"):
        asyncio.run(signaling.send(description))


def test_the_end_of_the_channel_is_an_error_before_the_exchange() -> None:
    script = Script(refused("no such channel"))

    with pytest.raises(ChannelExpiredError):
        asyncio.run(Signaling(script.client, CHANNEL_ID).receive())


def test_the_end_of_the_channel_does_not_end_a_call() -> None:
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


def test_who_says_bye_after_the_end_of_the_channel_need_not_wait() -> None:
    """A long call outlives its channel, and the examples of aiortc say BYE at the end of it."""
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


def test_a_channel_is_opened_once_whoever_comes_first() -> None:
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


def test_an_answerer_that_closes_while_it_waits_for_the_offer_receives_bye(server: str) -> None:
    async def run() -> object:
        async with SignalingClient(server) as client:
            signaling = Signaling(server, await client.create_data_channel())
        receiving = asyncio.create_task(signaling.receive())
        await asyncio.sleep(0.2)  # the read is held by now
        await signaling.close()
        return await receiving

    assert asyncio.run(run()) is BYE


def test_closing_ends_a_receive_that_waits(server: str) -> None:
    async def run() -> object:
        signaling = Signaling(server)
        await signaling.send(OFFER)
        receiving = asyncio.create_task(signaling.receive())
        await asyncio.sleep(0.2)  # the read is held by now
        await signaling.close()
        return await receiving

    received = asyncio.run(run())

    assert received is BYE


def test_a_message_that_comes_as_its_receive_is_cancelled_is_that_of_the_next() -> None:
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


def test_a_receive_with_a_time_limit_goes_on_with_the_read_of_the_one_before() -> None:
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


def test_closing_ends_a_read_whose_receive_was_cancelled() -> None:
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


def test_what_the_server_refuses_is_an_error() -> None:
    script = Script(refused("offer must be at most 32768 bytes"))

    with pytest.raises(RefusalError, match="at most 32768"):
        asyncio.run(Signaling(script.client).send(OFFER))


@pytest.mark.parametrize("channel_id", [None, CHANNEL_ID])
def test_either_peer_can_ask_for_ice_servers_before_it_makes_its_connection(channel_id: str | None) -> None:
    opened = [] if channel_id else [ok(channel_id=CHANNEL_ID)]
    script = Script(*opened, ok(ice_servers=[STUN]))

    found = asyncio.run(Signaling(script.client, channel_id).get_ice_servers())

    assert found == [RTCIceServer(["stun:stun.test"])]
    assert script.requests[-1] == {"method": "get_ice_servers", "channel_id": CHANNEL_ID}


def test_a_server_that_is_too_old_for_ice_servers_has_none() -> None:
    script = Script(refused("method is unknown"))

    assert asyncio.run(Signaling(script.client, CHANNEL_ID).get_ice_servers()) == []


def test_any_other_refusal_of_ice_servers_is_an_error() -> None:
    script = Script(refused("no such channel"))

    with pytest.raises(ChannelExpiredError):
        asyncio.run(Signaling(script.client, CHANNEL_ID).get_ice_servers())


def test_a_refused_access_key_is_an_error_at_once() -> None:
    script = Script(unauthorized("access key is unknown"))

    with pytest.raises(AccessKeyError, match="access key is unknown"):
        asyncio.run(Signaling(script.client).connect())

    assert len(script.requests) == 1


def test_an_access_key_beside_a_client_is_an_error() -> None:
    with pytest.raises(ValueError, match="a SignalingClient has its own access key"):
        Signaling(Script(ok()).client, access_key=ACCESS_KEY)


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_signaling_arguments(parser)
    return parser.parse_args(words)


def test_the_arguments_of_an_example_make_an_offerer_that_prints_its_link(
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


def test_the_link_alone_makes_an_answerer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERPOST_SERVER", raising=False)

    signaling = create_signaling(arguments("--channel", f"https://a.test/#{CHANNEL_ID}"))

    assert signaling._channel.role == "answerer"
    with pytest.raises(ValueError, match="no server"):
        create_signaling(arguments("--channel", CHANNEL_ID))


@pytest.mark.parametrize(
    ("words", "access_key"), [(["--server", URL], ACCESS_KEY), (["--channel", f"{URL}#{CHANNEL_ID}"], None)]
)
def test_the_offerer_of_an_example_has_the_access_key_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, words: list[str], access_key: str | None
) -> None:
    """An answerer needs none, and its server is another one's choice."""
    monkeypatch.setenv("PEERPOST_ACCESS_KEY", ACCESS_KEY)

    signaling = create_signaling(arguments(*words))

    assert signaling._client._access_key == access_key


def test_a_file_with_an_access_key_is_an_argument_of_an_example(tmp_path: Path) -> None:
    path = tmp_path / "access-key"
    path.write_text(ACCESS_KEY)

    signaling = create_signaling(arguments("--server", URL, "--access-key-file", str(path)))

    assert signaling._client._access_key == ACCESS_KEY
