"""A host at an address: guests come, leave and return, time passes, and the server fails.

Connections are real. The server is in memory, and waiting takes no time.
"""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from typing import NoReturn

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from doubles import ACCESS_KEY, Script, ok, refused, run_at_once, unauthorized, unavailable
from meeting import ASKS_NOBODY, Connections, Host, Meeting, meeting
from memory_server import MemoryServer, Request
from peerpost import (
    AccessKeyError,
    Address,
    NetworkError,
    NoAddressError,
    RefusalError,
    Sealer,
    ServerError,
    listen,
    new_guest_id,
    new_key,
)
from peerpost.address import GuestAnswer, new_owner
from peerpost.door import HostDoor
from peerpost.limits import MAX_DOORS, MAX_HOST_RETRY_SECONDS
from peerpost.poller import Poller

LOST = httpx.ReadError("the connection broke")


def meet(steps: Callable[[Meeting], Awaitable[None]], server: MemoryServer | None = None) -> None:
    async def run() -> None:
        async with meeting(server) as place:
            await steps(place)

    run_at_once(run())


def test_three_guests_that_open_one_link_at_the_same_time_each_connect_once() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        guests = await asyncio.gather(*(place.guest(host.link) for _ in range(3)))
        await host.until_guests(3)

        assert [guest.connectionState for guest in guests] == ["connected"] * 3
        assert [peer.connection.connectionState for peer in host.peers] == ["connected"] * 3
        assert len({peer.guest for peer in host.peers}) == 3
        assert [peer.replaces for peer in host.peers] == [None] * 3
        assert len(host.addresses) == 1

    meet(steps)


def test_no_guest_may_begin_the_dtls_handshake() -> None:
    """Otherwise a guest whose answer is refused could begin it before the guest who is accepted."""

    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        guest = await place.guest(host.link)
        await host.until_guests(1)

        assert "a=setup:passive" in guest.localDescription.sdp
        assert "a=setup:active" in guest.remoteDescription.sdp

    meet(steps)


def test_a_guest_that_connects_again_is_recognised_and_replaces_its_earlier_connection() -> None:
    async def steps(place: Meeting) -> None:
        host, same = place.host(), new_guest_id()
        await host.until_open()
        for guest in (same, new_guest_id(), same):
            await place.guest(host.link, guest=guest)
        await host.until_guests(3)

        first, other, again = host.peers
        assert (first.guest, again.guest) == (same, same)
        assert other.guest != same
        assert again.replaces is first.connection
        assert (first.replaces, other.replaces) == (None, None)

    meet(steps)


def test_a_guest_that_returns_does_not_replace_a_connection_that_is_already_closed() -> None:
    async def steps(place: Meeting) -> None:
        host, same = place.host(), new_guest_id()
        await host.until_open()
        await place.guest(host.link, guest=same)
        await host.until_guests(1)
        await host.peers[0].connection.close()
        await place.guest(host.link, guest=same)
        await host.until_guests(2)

        assert host.peers[1].replaces is None

    meet(steps)


def test_the_door_of_a_connected_guest_is_erased_and_the_address_stays() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        first_door = place.pointer(host.address).door
        await place.guest(host.link)
        await host.until_guests(1)
        await host.until_open(doors=2)
        await asyncio.sleep(1)

        next_door = place.pointer(host.address).door
        assert next_door != first_door
        assert set(place.server.living) == {host.address.address_id, next_door}

    meet(steps)


def test_the_next_door_opens_before_the_guest_in_the_previous_door_is_connected() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        await place.answer(place.pointer(host.address), GuestAnswer(await answer_that_leads_nowhere(), new_guest_id()))
        await host.until_open(doors=2)

        assert "connecting" in host.steps
        assert host.peers == []

    meet(steps)


async def answer_that_leads_nowhere() -> str:
    """Return an answer whose peer is already closed."""
    offering, answering = RTCPeerConnection(ASKS_NOBODY), RTCPeerConnection(ASKS_NOBODY)
    offering.createDataChannel("chat")
    await offering.setLocalDescription(await offering.createOffer())
    await answering.setRemoteDescription(offering.localDescription)
    await answering.setLocalDescription(await answering.createAnswer())
    sdp = str(answering.localDescription.sdp)
    await asyncio.gather(offering.close(), answering.close())
    return sdp


def test_an_idle_host_replaces_its_door_every_two_minutes_and_reads_the_old_one_a_little_longer() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open(doors=4)

        requests = place.server.requests
        doors = [request.at for request in requests if request.fields.get("ice_servers") is True]
        assert [round(at) for at in doors] == [0, 120, 240, 360]
        first_door = next(request.channel_id for request in requests if request.method == "get_answer")
        reads = [
            request.at for request in requests if (request.method, request.channel_id) == ("get_answer", first_door)
        ]
        assert 124 < reads[-1] < 131

    meet(steps)


def test_a_host_sends_each_offer_only_in_the_pointer_and_not_to_the_door() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open(doors=2)

        writes = [each for each in place.server.requests if each.method.startswith("create_")]
        opening = ["create_data_channel", "create_offer"]
        assert [each.method for each in writes] == ["create_data_channel", *opening, *opening]
        pointers = [each for each in writes if each.method == "create_offer"]
        assert {each.channel_id for each in pointers} == {host.address.address_id}
        pointer = place.pointer(host.address)
        assert pointer.offer is not None
        assert place.server.channels[pointer.door].offer is None

    meet(steps)


def test_an_offer_that_is_too_long_for_the_pointer_is_written_to_the_door() -> None:
    async def steps(place: Meeting) -> None:
        door = HostDoor(place.server.client(), poller=Poller())
        await door.open()
        offer = "v=0" + "a" * 24_500
        pointer = await door.point_out(offer)

        stored = place.server.channels[door.channel_id].offer
        assert stored is not None
        assert pointer.offer is None
        assert Sealer(pointer.key).open(stored, "offer") == offer

    meet(steps)


def test_a_guest_that_has_read_the_old_pointer_still_connects() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        old = place.pointer(host.address)
        await host.until_open(doors=2)
        assert place.pointer(host.address).door != old.door
        assert old.offer is not None
        guest = place.connections()
        await guest.setRemoteDescription(RTCSessionDescription(old.offer, "offer"))
        await guest.setLocalDescription(await guest.createAnswer())
        await place.answer(old, GuestAnswer(guest.localDescription.sdp, new_guest_id()))
        await host.until_guests(1)

        assert host.peers[0].connection.connectionState == "connected"

    meet(steps)


def test_a_host_polls_less_and_less_often_until_a_guest_comes() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        reads = [await reads_in(place, host, first, last) for first, last in ((5, 25), (130, 220), (1_090, 1_180))]
        await place.guest(host.link)
        await host.until_open(doors=11)
        came = place.server.now
        reads.append(await reads_in(place, host, came + 5, came + 25))

        # The host polls every 0.55 s, then every 1.75 s, then every 4.5 s, and after the guest every 0.55 s again.
        assert reads == [pytest.approx(expected, rel=0.2) for expected in (36.4, 51.4, 20, 36.4)]

    meet(steps)


async def reads_in(place: Meeting, host: Host, first: float, last: float) -> int:
    """Wait until the second `last`, and return how often the newest door was read from `first` to `last`."""
    await asyncio.sleep(last - place.server.now)
    door = place.pointer(host.address).door
    reads = [each.at for each in place.server.requests if (each.method, each.channel_id) == ("get_answer", door)]
    return len([at for at in reads if first <= at <= last])


def test_an_idle_host_asks_for_held_replies_only_in_its_first_ten_seconds() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open(doors=3)

        held = [each.at for each in place.server.requests if each.fields.get("wait")]
        assert max(held) < 10

    meet(steps)


@pytest.mark.parametrize("max_ttl", [None, 300, 60])
def test_a_server_without_addresses_is_an_error_before_any_connection_is_made(max_ttl: int | None) -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        with pytest.raises(NoAddressError, match="the server does not offer addresses"):
            await host.task

        assert place.server.methods() == ["create_data_channel"]
        assert place.connections.made == []

    meet_at(max_ttl, steps)


def meet_at(max_ttl: int | None, steps: Callable[[Meeting], Awaitable[None]]) -> None:
    async def run() -> None:
        async with meeting(MemoryServer(max_ttl=max_ttl)) as place:
            await steps(place)

    run_at_once(run())


def test_a_resumed_address_keeps_its_link_and_serves_the_guests_that_wait() -> None:
    async def steps(place: Meeting) -> None:
        first = place.host()
        await first.until_open()
        await first.stop()
        waiting = asyncio.create_task(place.guest(first.link))
        await asyncio.sleep(60)
        second = place.host(resume=first.address)
        await second.until_guests(1)

        assert (await waiting).connectionState == "connected"
        assert second.addresses == first.addresses
        assert len([each for each in place.server.requests if "ttl" in each.fields]) == 1

    meet(steps)


def test_resuming_an_address_that_no_longer_exists_opens_a_new_one() -> None:
    async def steps(place: Meeting) -> None:
        over = Address("00000000-0000-4000-8000-000000000000", new_key(), new_owner())
        host = place.host(resume=over)
        await host.until_open()
        await place.guest(host.link)
        await host.until_guests(1)

        assert over not in host.addresses
        assert len(host.addresses) == 1

    meet(steps)


def test_resuming_an_address_with_another_owner_is_an_error_and_changes_nothing() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        before = place.pointer(host.address)
        thief = place.host(resume=Address(host.address.address_id, host.address.key, new_owner()))
        with pytest.raises(RefusalError, match="owner does not match"):
            await thief.task

        assert place.pointer(host.address) == before
        assert thief.addresses == []

    meet(steps)


def test_when_the_address_has_expired_a_new_one_is_opened_and_announced() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host(ttl=600)
        await host.until(lambda host: len(host.addresses) == 2)
        await host.until_open(doors=4)
        await place.guest(host.link)
        await host.until_guests(1)

        old, new = host.addresses
        assert old.address_id != new.address_id
        assert (old.key, old.owner) != (new.key, new.owner)

    meet(steps)


@pytest.mark.parametrize(
    "fault",
    [
        unavailable(),
        unavailable(429),
        unavailable(500),
        LOST,
        httpx.Response(302),
        httpx.Response(400, html="<h1>Bad Request"),
        httpx.Response(401, html="<h1>Log in"),
    ],
)
def test_a_host_survives_an_hour_of_faults_and_makes_few_requests_meanwhile(
    fault: httpx.Response | Exception,
) -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        await asyncio.sleep(100)
        before = len(place.server.requests)
        place.server.fault = fault
        await asyncio.sleep(3_600)
        during = len(place.server.requests) - before
        place.server.fault = None
        began, doors = place.server.now, host.steps.count("waiting")
        await host.until_open(doors + 1)
        paused = place.server.now - began
        guest = await place.guest(host.link)

        assert guest.connectionState == "connected"
        assert paused < 2 * MAX_HOST_RETRY_SECONDS
        assert during < 400

    meet(steps)


@pytest.mark.parametrize(("fault", "kind"), [(unavailable(), ServerError), (LOST, NetworkError)])
def test_a_host_soon_gives_up_on_a_server_that_has_never_replied(
    fault: httpx.Response | Exception, kind: type[Exception]
) -> None:
    async def steps(place: Meeting) -> None:
        place.server.fault = fault
        host = place.host()
        with pytest.raises(kind):
            await host.task

        assert len(place.server.requests) == 4

    meet(steps)


def test_a_resumed_host_waits_for_a_network_that_comes_late() -> None:
    async def steps(place: Meeting) -> None:
        first = place.host()
        await first.until_open()
        await first.stop()
        place.server.fault = LOST
        second = place.host(resume=first.address)
        await asyncio.sleep(600)
        place.server.fault = None
        await second.until_open()

        assert second.addresses == first.addresses

    meet(steps)


def test_a_refused_access_key_is_an_error() -> None:
    async def run() -> None:
        async for _ in listen(Script(unauthorized("access key is unknown")).client, new_connection=Connections()):
            pass

    with pytest.raises(AccessKeyError, match="access key is unknown"):
        run_at_once(run())


def test_closing_the_generator_erases_the_door_and_closes_its_connection_but_keeps_the_address() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        await host.stop()

        assert set(place.server.living) == {host.address.address_id}
        assert [peer.connectionState for peer in place.connections.made] == ["closed"]
        assert place.server.methods()[-1] == "delete_data_channel"

    meet(steps)


def test_guests_that_the_caller_has_not_taken_are_closed_when_listening_ends() -> None:
    async def steps(place: Meeting) -> None:
        peers = listen(place.server.client(), new_connection=place.connections, on_link=announced.append)
        taking = asyncio.create_task(anext(peers))
        while not announced:
            await asyncio.sleep(0.01)
        first = await place.guest(announced[0].link())
        taken = await taking
        second = await place.guest(announced[0].link())
        await asyncio.sleep(1)
        await peers.aclose()
        await asyncio.sleep(1)

        assert (first.connectionState, taken.connection.connectionState) == ("connected", "connected")
        assert second.connectionState == "closed"

    announced: list[Address] = []
    meet(steps)


def test_a_host_whose_door_is_gone_opens_another_door() -> None:
    """This is what a host finds after its machine has slept."""

    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        place.server.delete(place.pointer(host.address).door)
        await host.until_open(doors=2)
        guest = await place.guest(host.link)

        assert guest.connectionState == "connected"

    meet(steps)


@pytest.mark.parametrize("text", ["nonsense", '{"answer":"v=0"}', '{"answer":"v=0","guest":"short"}'])
def test_an_invalid_answer_is_reported_and_the_next_door_opens(text: str) -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        door = place.pointer(host.address)
        await place.answer(door, text)
        await host.until_open(doors=2)
        guest = await place.guest(host.link)

        assert guest.connectionState == "connected"
        assert door.door not in place.server.living
        assert "guest-failed" in host.steps

    meet(steps)


async def answer_to(offer: str | None) -> str:
    """Return an answer to the offer of a host. Its peer is already closed."""
    assert offer is not None
    guest = RTCPeerConnection(ASKS_NOBODY)
    await guest.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await guest.setLocalDescription(await guest.createAnswer())
    sdp = str(guest.localDescription.sdp)
    await guest.close()
    return sdp


def test_a_guest_with_an_mdns_name_does_not_end_a_host_that_cannot_look_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def port_is_taken() -> NoReturn:
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))

    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        door = place.pointer(host.address)
        # A complete description, whose candidates cannot be added one by one.
        answer = await answer_to(door.offer)
        assert "a=end-of-candidates" in answer
        answer += "a=candidate:1 1 udp 2113937151 11111111-2222-4333-8444-555555555555.local 50000 typ host\r\n"
        await place.answer(door, GuestAnswer(answer, new_guest_id()))
        await host.until(lambda host: "guest-failed" in host.steps)
        guest = await place.guest(host.link)
        await asyncio.sleep(1)

        assert guest.connectionState == "connected"
        assert place.connections.made[0].connectionState == "closed"

    monkeypatch.setattr("aioice.mdns.create_mdns_protocol", port_is_taken)
    meet(steps)


def test_an_answer_whose_media_share_a_transport_that_does_not_exist_is_reported_and_the_connection_closed() -> None:
    async def steps(place: Meeting) -> None:
        def new_connection(configuration: RTCConfiguration) -> RTCPeerConnection:
            connection = place.connections(configuration)
            connection.addTransceiver("video")
            return connection

        host = place.host(new_connection=new_connection)
        await host.until_open()
        door = place.pointer(host.address)
        answer = (await answer_to(door.offer)).replace("a=group:BUNDLE ", "a=group:BUNDLE nobody ")
        await place.answer(door, GuestAnswer(answer, new_guest_id()))
        await host.until(lambda host: "guest-failed" in host.steps)
        await asyncio.sleep(1)

        assert place.connections.made[0].connectionState == "closed"

    meet(steps)


def test_a_host_slows_down_if_the_server_itself_writes_an_answer_to_every_door() -> None:
    async def steps(place: Meeting) -> None:
        def answer(request: Request) -> None:
            if request.method == "get_answer" and request.channel_id in place.server.channels:
                place.server.channels[request.channel_id].answer = "not a guest's"

        place.server.on_request = answer
        host = place.host()
        await host.until_open()
        await asyncio.sleep(600)

        assert host.steps.count("waiting") < 40

    meet(steps)


def test_a_guest_that_never_connects_is_reported_and_its_connection_closed() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host(timeout=5)
        await host.until_open()
        await place.answer(place.pointer(host.address), GuestAnswer(await answer_that_leads_nowhere(), new_guest_id()))
        await host.until(lambda host: "guest-failed" in host.steps)
        await asyncio.sleep(1)

        assert place.connections.made[0].connectionState == "closed"
        assert (await place.guest(host.link)).connectionState == "connected"
        await host.until_guests(1)
        assert len(host.peers) == 1

    meet(steps)


def test_the_number_of_connections_for_guests_that_never_connect_is_limited() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host(timeout=1_000)
        sdp = await answer_that_leads_nowhere()
        await host.until_open()
        answered = set()
        for _ in range(2_000):
            pointer = place.pointer(host.address)
            if pointer.door not in answered:
                await place.answer(pointer, GuestAnswer(sdp, new_guest_id()))
                answered.add(pointer.door)
            await asyncio.sleep(0.01)

        assert len(answered) == MAX_DOORS == len(place.connections.made)

    meet(steps)


def test_an_error_in_the_callers_factory_ends_listening() -> None:
    def fail(_: RTCConfiguration) -> RTCPeerConnection:
        raise ZeroDivisionError

    async def run() -> None:
        async with meeting() as place:
            try:
                async for _ in listen(place.server.client(), new_connection=fail):
                    pass
            finally:
                assert place.server.methods()[-1] == "delete_data_channel"

    with pytest.raises(ZeroDivisionError):
        run_at_once(run())


def test_a_connection_without_content_is_an_error() -> None:
    async def run() -> None:
        async with meeting() as place:
            async for _ in listen(place.server.client(), new_connection=RTCPeerConnection):
                pass

    with pytest.raises(ValueError, match="^nothing to offer"):
        run_at_once(run())


@pytest.mark.parametrize("ttl", [0, 300])
def test_an_address_needs_a_longer_lifetime_than_a_channel(ttl: int) -> None:
    async def run() -> None:
        async for _ in listen(Script(ok()).client, new_connection=Connections(), ttl=ttl):
            pass

    with pytest.raises(ValueError, match="the lifetime of an address must be more than 300 seconds"):
        run_at_once(run())


def test_each_door_has_its_own_key_and_no_request_contains_a_key() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        first = place.pointer(host.address)
        await place.guest(host.link)
        await host.until_open(doors=2)
        second = place.pointer(host.address)

        texts = str([request.fields for request in place.server.requests])
        assert first.key != second.key != host.address.key
        assert "candidate:" not in texts
        assert "fingerprint" not in texts

    meet(steps)


def test_the_owners_secret_is_sent_only_to_the_address() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        await place.guest(host.link)
        await host.until_open(doors=2)
        await host.stop()

        owned = [each for each in place.server.requests if "owner" in each.fields]
        assert {each.fields["owner"] for each in owned} == {host.address.owner}
        assert {each.channel_id for each in owned} == {None, host.address.address_id}

    meet(steps)


def test_the_access_key_is_sent_only_to_open_channels() -> None:
    async def run() -> None:
        script = Script(ok(channel_id=DOOR, ttl=600), ok(channel_id=DOOR), refused("x"), access_key=ACCESS_KEY)
        connections = Connections()
        try:
            async for _ in listen(script.client, new_connection=connections):
                pass
        except RefusalError:
            authorized = [method for method, key in zip(script.methods, script.authorizations, strict=True) if key]
            assert authorized == ["create_data_channel", "create_data_channel"]
            raise
        finally:
            await connections.close()

    with pytest.raises(RefusalError, match="^x$"):
        run_at_once(run())


DOOR = "00000000-0000-4000-8000-000000000000"
