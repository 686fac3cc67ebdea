"""Hosts and guests of an address: one link for many guests, in real browsers."""

from collections import Counter
from collections.abc import Iterator

import pytest

from harness.browsers import PATIENCE_SECONDS, Browser, Page
from harness.front import Front

ROUNDS = 50
RUNS_EACH_WAY = 5
# Chromium may need 20 s to notice that the host is gone. Then the guest gives the next door 15 s, and the host 5 s.
AWAY_SECONDS = 180


@pytest.fixture
def address_url(page_url: str) -> str:
    return page_url.replace("peer.html", "address.html")


@pytest.fixture
def host(chromium: Browser, address_url: str) -> Iterator[Page]:
    with chromium.profile() as profile:
        yield profile.open(address_url)


@pytest.fixture
def guests(chromium: Browser, address_url: str) -> Iterator[Page]:
    with chromium.profile() as profile:
        yield profile.open(address_url)


def guest_id(name: str) -> str:
    """Return a guest id that tests can read."""
    return f"{name:_<22}"


def link_of(server: str, address: dict[str, str]) -> dict[str, str]:
    """Return what a guest knows of an address."""
    return {"server": server, "addressId": address["addressId"], "key": address["key"]}


def test_three_guests_come_to_one_address_and_one_of_them_leaves_and_returns(
    host: Page, guests: Page, front: Front
) -> None:
    link = link_of(front.url, host.call("listen", {"server": front.url}))
    ann, ben, cleo = ids = [guest_id(name) for name in ("Ann", "Ben", "Cleo")]

    for guest in ids:
        guests.call("visit", {**link, "guest": guest})
    guests.call("visit", {**link, "guest": ben})

    assert host.call("arrivals", 4) == [
        {"guest": ann, "isBack": False},
        {"guest": ben, "isBack": False},
        {"guest": cleo, "isBack": False},
        {"guest": ben, "isBack": True},
    ]
    assert [guests.call("say", guest, guest) for guest in ids] == [f"welcome, {guest}" for guest in ids]


def test_two_guests_that_come_at_the_same_moment_each_connect_once(host: Page, guests: Page, front: Front) -> None:
    """Both read the same pointer. One of them is refused in the door, and goes on at the next one."""
    link = link_of(front.url, host.call("listen", {"server": front.url}))
    pairs = [(guest_id(f"left-{number}"), guest_id(f"right-{number}")) for number in range(ROUNDS)]

    for pair in pairs:
        guests.call("visitTogether", link, *pair)

    arrivals = [each["guest"] for each in host.call("arrivals", 2 * ROUNDS)]
    assert sorted(arrivals) == sorted(guest for pair in pairs for guest in pair)


@pytest.mark.parametrize("hosts", ["chromium", "firefox"])
def test_chromium_and_firefox_meet_at_one_address(
    chromium: Browser, firefox: Browser, address_url: str, front: Front, hosts: str
) -> None:
    """Guests of both browsers come at the same moment, so that one of them is refused at the first door."""
    with chromium.profile() as one, firefox.profile() as other:
        pages = {"chromium": one.open(address_url), "firefox": other.open(address_url)}
        link = link_of(front.url, pages[hosts].call("listen", {"server": front.url}))

        for number in range(RUNS_EACH_WAY):
            ids = {name: guest_id(f"{name}-{number}") for name in pages}
            visits = [page.begin("visit", {**link, "guest": ids[name]}) for name, page in pages.items()]
            for visit in visits:
                visit.result(PATIENCE_SECONDS)

            assert [page.call("say", ids[name], name) for name, page in pages.items()] == [
                "welcome, chromium",
                "welcome, firefox",
            ]
        arrivals = [each["guest"] for each in pages[hosts].call("arrivals", 2 * RUNS_EACH_WAY)]
        assert sorted(arrivals) == sorted(guest_id(f"{name}-{n}") for name in pages for n in range(RUNS_EACH_WAY))


def test_after_a_host_is_killed_the_next_host_takes_over_its_address_and_its_guest(
    chromium: Browser, guests: Page, address_url: str, front: Front
) -> None:
    ann, ben = guest_id("Ann"), guest_id("Ben")
    with chromium.profile() as profile:
        address = profile.open(address_url).call("listen", {"server": front.url})
        link = link_of(front.url, address)
        guests.call("stay", {**link, "guest": ann})
        # The guest will try this door, too, before it knows that nobody is behind it.
        front.wait_for("create_offer", 2)
    guests.begin("until", "host-away").result(AWAY_SECONDS)

    with chromium.profile() as profile:
        again = profile.open(address_url)
        resumed = again.call("listen", {"server": front.url, "resume": address})
        guests.call("reunions", 2)
        guests.call("visit", {**link, "guest": ben})

        assert resumed == address
        assert [each["guest"] for each in again.call("arrivals", 2)] == [ann, ben]
        assert guests.call("say", ann, "Ann") == "welcome, Ann"


def test_a_host_that_stops_and_returns_at_once_gets_its_guest_back(host: Page, guests: Page, front: Front) -> None:
    address = host.call("listen", {"server": front.url})
    ann = guest_id("Ann")
    guests.call("stay", {**link_of(front.url, address), "guest": ann})
    # The guest may be connected a moment before the host is.
    host.call("arrivals", 1)

    host.call("stop")
    host.call("listen", {"server": front.url, "resume": address})
    guests.call("leave", ann)
    guests.call("reunions", 2)

    assert [each["guest"] for each in host.call("arrivals", 2)] == [ann, ann]
    assert guests.call("say", ann, "Ann") == "welcome, Ann"


def test_a_stranger_can_neither_write_to_an_address_nor_erase_it_and_the_next_guest_connects(
    host: Page, guests: Page, front: Front
) -> None:
    address = host.call("listen", {"server": front.url})
    ann = guest_id("Ann")

    without = guests.call("attack", front.url, address["addressId"])
    guessed = guests.call("attack", front.url, address["addressId"], "a guess of 16 bytes or more")
    guests.call("visit", {**link_of(front.url, address), "guest": ann})

    assert set(without) == {"owner is missing"}
    assert set(guessed) == {"owner does not match"}
    assert guests.call("say", ann, "Ann") == "welcome, Ann"


def test_a_guest_joins_with_two_requests_and_no_preflight(host: Page, guests: Page, front: Front) -> None:
    """The host takes four: it reads the answer, erases the door, and opens the next one with its pointer."""
    for page in (host, guests):
        page.slow_time_down()
    address = host.call("listen", {"server": front.url})
    front.wait_for("create_offer")
    before = front.exchange

    guests.call("visit", {**link_of(front.url, address), "guest": guest_id("Ann")})
    front.wait_for("create_offer", 2)
    front.wait_for("delete_data_channel")

    joining = Counter(front.exchange) - Counter(before)
    # The host's reads of its two doors are held, and may come sooner or later.
    del joining["get_answer"]
    assert joining == {"get_offer": 1, "create_answer": 1, "create_data_channel": 1, "create_offer": 1}
    assert set(front.verbs) == {"POST"}
