"""Hosts and guests of an address: one link for many guests, in real browsers."""

from collections.abc import Iterator

import pytest

from harness.browsers import Browser, Page
from harness.front import Front

ROUNDS = 50


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


def link_of(server: str, address: dict[str, str]) -> dict[str, str]:
    """Return what a guest knows of an address."""
    return {"server": server, "addressId": address["addressId"], "key": address["key"]}


def test_three_guests_come_to_one_address_and_one_of_them_leaves_and_returns(
    host: Page, guests: Page, front: Front
) -> None:
    link = link_of(front.url, host.call("listen", {"server": front.url}))

    for name in ("Ann", "Ben", "Cleo"):
        guests.call("visit", {**link, "name": name, "guest": f"{name:A<22}"})
    guests.call("leave", "Ben")
    guests.call("visit", {**link, "name": "Ben again", "guest": f"{'Ben':A<22}"})

    assert host.call("names", 4) == ["Ann", "Ben", "Cleo", "Ben again"]
    assert [each["isBack"] for each in host.call("arrivals", 4)] == [False, False, False, True]


def test_two_guests_at_the_same_moment_both_connect_each_once(host: Page, guests: Page, front: Front) -> None:
    """Both read the same pointer. One of them is refused in the door, and goes on at the next one."""
    link = link_of(front.url, host.call("listen", {"server": front.url}))
    pairs = [(f"left {number}", f"right {number}") for number in range(ROUNDS)]

    for pair in pairs:
        guests.call("visitTogether", link, *pair)

    names = host.call("names", 2 * ROUNDS)
    assert sorted(names) == sorted(name for pair in pairs for name in pair)
    arrivals = host.call("arrivals", 2 * ROUNDS)
    assert len({each["guest"] for each in arrivals}) == len(arrivals) == 2 * ROUNDS
