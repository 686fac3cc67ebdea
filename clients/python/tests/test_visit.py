"""A guest follows the link of an address: to the open door, to the next door, or until it gives up.

Connections are real. The server is in memory, and waiting takes no time.
"""

import asyncio
import itertools

import pytest

from doubles import CHANNEL_ID, URL
from meeting import Connections, Meeting, meeting
from memory_server import Request, Stored
from peerpost import (
    Address,
    ChannelExpiredError,
    ConnectionFailedError,
    InvalidDescriptionError,
    Link,
    RefusalError,
    Sealer,
    TamperedError,
    connect,
    new_key,
)
from peerpost.address import Pointer, new_owner
from peerpost.limits import DOOR_PATIENCE_SECONDS
from test_listening import meet


def address_at(place: Meeting) -> Address:
    """A new address, to which nobody has written."""
    address = Address(CHANNEL_ID, new_key(), new_owner())
    place.server.channels[CHANNEL_ID] = Stored(place.server.now + 86_400, owner=address.owner)
    return address


def test_a_guest_joins_with_two_requests_and_makes_no_more() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        async with meeting(place.server) as guests:
            requests = len(place.server.requests)
            await guests.guest(host.link)
            await asyncio.sleep(60)

        ours = [each for each in place.server.requests[requests:] if each.method not in HOSTS]
        assert [each.method for each in ours] == ["get_offer", "create_answer"]

    meet(steps)


HOSTS = {"create_data_channel", "create_offer", "get_answer", "delete_data_channel"}


def test_a_guest_can_connect_with_an_existing_connection() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        door = place.pointer(host.address).door
        peer = place.connections()
        found = await connect(peer, place.server.client(), host.link)

        assert found == door
        assert peer.connectionState == "connected"

    meet(steps)


def test_cancelling_a_guest_while_it_closes_its_client_closes_the_connection_that_it_has_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def steps(place: Meeting) -> None:
        is_closing, guests = asyncio.Event(), Connections()

        async def never_close() -> None:
            is_closing.set()
            await asyncio.Event().wait()

        host = place.host()
        await host.until_open()
        monkeypatch.setattr("peerpost.client.new_http_client", lambda: place.server.http)
        monkeypatch.setattr(place.server.http, "aclose", never_close)
        visiting = asyncio.create_task(connect(guests, URL, host.link))
        await is_closing.wait()
        visiting.cancel()
        await asyncio.gather(visiting, return_exceptions=True)

        assert visiting.cancelled()
        assert [guest.connectionState for guest in guests.made] == ["closed"]

    meet(steps)


def test_a_guest_waits_for_a_host_that_has_not_written_yet() -> None:
    async def steps(place: Meeting) -> None:
        address = address_at(place)
        waiting = asyncio.create_task(place.guest(address.link()))
        await asyncio.sleep(100)
        host = place.host(resume=address)

        assert (await waiting).connectionState == "connected"
        await host.until_guests(1)

    meet(steps)


def test_an_address_that_does_not_exist_is_an_error() -> None:
    async def steps(place: Meeting) -> None:
        with pytest.raises(ChannelExpiredError, match="there is no such address: it has expired, or never existed"):
            await place.guest(Link(CHANNEL_ID, new_key(), is_address=True))

    meet(steps)


def test_an_address_that_expires_while_a_guest_waits_is_an_error() -> None:
    async def steps(place: Meeting) -> None:
        address = address_at(place)
        place.server.channels[CHANNEL_ID].expires = place.server.now + 60
        with pytest.raises(ChannelExpiredError, match="no such address"):
            await place.guest(address.link())

        assert 60 < place.server.now < 70

    meet(steps)


def test_a_guest_whose_patience_runs_out_gets_an_error() -> None:
    async def steps(place: Meeting) -> None:
        address = address_at(place)
        with pytest.raises(ConnectionFailedError, match="the host of the address did not come within 40 seconds"):
            await place.guest(address.link(), patience=40)

        assert place.server.now == pytest.approx(40, abs=1)

    meet(steps)


@pytest.mark.parametrize("text", ["nonsense", "", "AAAA"])
def test_a_pointer_that_somebody_else_has_written_is_an_error_and_no_door_is_tried(text: str) -> None:
    async def steps(place: Meeting) -> None:
        address = address_at(place)
        place.server.channels[CHANNEL_ID].offer = text
        with pytest.raises(TamperedError, match="the address was tampered with, or sealed with another key"):
            await place.guest(address.link())

        assert place.server.methods() == ["get_offer"]
        assert place.connections.made == []

    meet(steps)


def test_a_pointer_sealed_for_another_purpose_is_an_error() -> None:
    async def steps(place: Meeting) -> None:
        address = address_at(place)
        text = Sealer(address.key).seal('{"door":"' + CHANNEL_ID + '"}', "offer")
        place.server.channels[CHANNEL_ID].offer = text
        with pytest.raises(TamperedError):
            await place.guest(address.link())

    meet(steps)


def test_an_offer_that_cannot_be_used_is_an_error() -> None:
    async def steps(place: Meeting) -> None:
        address = address_at(place)
        pointer = Pointer(CHANNEL_ID, new_key(), "v=0 (of no use)")
        place.server.channels[CHANNEL_ID].offer = pointer.sealed(Sealer(address.key))
        with pytest.raises(InvalidDescriptionError):
            await place.guest(address.link())

        assert [peer.connectionState for peer in place.connections.made] == ["closed"]

    meet(steps)


def test_a_pointer_without_an_offer_leads_to_the_offer_in_the_door() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        pointer = place.pointer(host.address)
        assert pointer.offer is not None
        place.server.channels[pointer.door].offer = Sealer(pointer.key).seal(pointer.offer, "offer")
        short = Pointer(pointer.door, pointer.key).sealed(Sealer(host.address.key))
        place.server.channels[host.address.address_id].offer = short
        guest = await place.guest(host.link)

        assert guest.connectionState == "connected"

    meet(steps)


def test_a_guest_whose_door_is_already_taken_goes_to_the_next_door() -> None:
    async def steps(place: Meeting) -> None:
        def answer_first(request: Request) -> None:
            if request.method == "create_answer" and request.channel_id == door:
                place.server.channels[door].answer = "of another guest"

        host, seen = place.host(), list[str]()
        await host.until_open()
        door = place.pointer(host.address).door
        place.server.on_request = answer_first
        guest = await place.guest(host.link, on_progress=seen.append)

        assert guest.connectionState == "connected"
        assert seen.count("gathering") == 2
        assert "host-away" not in seen

    meet(steps)


def test_a_guest_with_an_existing_connection_is_refused_if_its_door_is_already_taken() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        place.server.channels[place.pointer(host.address).door].answer = "of another guest"
        with pytest.raises(RefusalError, match="answer already exists"):
            await connect(place.connections(), place.server.client(), host.link)

    meet(steps)


def test_a_guest_reports_once_that_the_host_is_away_and_connects_when_it_is_back() -> None:
    async def steps(place: Meeting) -> None:
        host, seen = place.host(), list[str]()
        await host.until_open()
        await host.stop()
        waiting = asyncio.create_task(place.guest(host.link, on_progress=seen.append))
        await asyncio.sleep(200)
        place.host(resume=host.address)

        assert (await waiting).connectionState == "connected"
        assert seen.count("host-away") == 1
        assert seen[-1] == "connected"

    meet(steps)


def test_a_guest_that_waits_for_its_host_asks_less_and_less_often() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        await host.stop()
        before = len(place.server.requests)
        with pytest.raises(ConnectionFailedError):
            await place.guest(host.link)

        asked = [each.at for each in place.server.requests[before:] if each.method == "get_offer"]
        pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
        assert pauses[1] < 0.4
        assert pauses[-2] == pytest.approx(5, rel=0.26)
        assert len(asked) < 150

    meet(steps)


def test_a_host_that_has_taken_a_guest_and_opens_no_other_door_is_reported_as_away() -> None:
    async def steps(place: Meeting) -> None:
        host, seen = place.host(), list[str]()
        await host.until_open()
        door = place.server.channels[place.pointer(host.address).door]
        await host.stop()
        place.server.channels[place.pointer(host.address).door] = door
        door.answer = "of another guest"
        with pytest.raises(ConnectionFailedError):
            await place.guest(host.link, on_progress=seen.append, patience=60)

        assert seen.count("host-away") == 1

    meet(steps)


def test_a_guest_at_the_door_of_a_killed_host_goes_to_the_door_of_the_next_host() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        dead_door = place.server.channels[place.pointer(host.address).door]
        await host.stop()
        # A host that is killed erases nothing.
        place.server.channels[place.pointer(host.address).door] = dead_door
        began = place.server.now
        waiting = asyncio.create_task(place.guest(host.link))
        await asyncio.sleep(1)
        place.host(resume=host.address)

        assert (await waiting).connectionState == "connected"
        assert dead_door.answer is not None
        assert place.server.now - began > DOOR_PATIENCE_SECONDS

    meet(steps)


def test_connections_that_a_guest_gave_up_are_closed() -> None:
    async def steps(place: Meeting) -> None:
        host = place.host()
        await host.until_open()
        await host.stop()
        async with meeting(place.server) as guests:
            with pytest.raises(ConnectionFailedError):
                await guests.guest(host.link)

            assert {peer.connectionState for peer in guests.connections.made} == {"closed"}

    meet(steps)


@pytest.mark.parametrize("guest", ["", "short", "!" * 22])
def test_an_invalid_guest_id_is_an_error(guest: str) -> None:
    async def steps(place: Meeting) -> None:
        with pytest.raises(ValueError, match="."):
            await place.guest(address_at(place).link(), guest=guest)

    meet(steps)


def test_passing_both_a_link_and_a_key_is_an_error() -> None:
    async def steps(place: Meeting) -> None:
        with pytest.raises(ValueError, match="do not pass a key together with a Link"):
            await connect(place.connections, place.server.client(), Link(CHANNEL_ID, new_key()), key=new_key())

    meet(steps)


def test_the_link_of_a_channel_can_be_passed_too() -> None:
    async def steps(place: Meeting) -> None:
        key, opened = new_key(), asyncio.get_running_loop().create_future()
        offering = asyncio.create_task(
            connect(place.connections, place.server.client(), key=key, on_channel=opened.set_result)
        )
        answered = await connect(place.connections, place.server.client(), Link(await opened, key))

        assert (await offering).connectionState == answered.connectionState == "connected"

    meet(steps)
