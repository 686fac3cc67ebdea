"""A call during a network change: two Chromiums on two hosts, one of which changes its network."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from harness import browsers
from harness.browsers import Page
from harness.front import Front
from harness.namespaces import Host, two_hosts

# Chromium considers a connection lost after 5 s. It resends unacknowledged messages at growing intervals.
HEALING_SECONDS = 80
# These addresses are reserved for documentation (RFC 5737).
WIFI, OTHER_PLACE, PHONE, OTHER_PHONE = "192.0.2.1/24", "192.0.2.3/24", "198.51.100.1/24", "198.51.100.2/24"


@dataclass(frozen=True)
class Call:
    """A call between two pages on separate hosts. One of them moves to another network."""

    mover: Page
    other: Page
    host: Host
    other_host: Host

    def connect(self, server: str, offerer: Page) -> None:
        answerer = self.other if offerer is self.mover else self.mover
        channel_id = offerer.call("offer", {"server": server})
        answerer.call("answer", {"server": server, "channelId": channel_id})
        for page in (self.mover, self.other):
            page.call("connected")

    def exchange_messages(self) -> list[str]:
        """Send a message each way, and return what arrived, however long it took."""
        self.mover.call("send", "from the one that moved")
        self.other.call("send", "from the other")
        arriving = [page.begin("receive") for page in (self.other, self.mover)]
        return [message.result(HEALING_SECONDS) for message in arriving]


@pytest.fixture
def call(page_url: str, front: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    with ExitStack() as stack:
        hosts = stack.enter_context(two_hosts(cables=2))
        hosts[0].join("cable0", WIFI)
        hosts[1].join("cable0", "192.0.2.2/24")
        for host in hosts:
            host.wait_until_up("cable0")
        pages = []
        for host in hosts:
            for port in (urlsplit(page_url).port, front.server_port):
                stack.enter_context(host.reach(port or 0))
            browser = stack.enter_context(browsers.run("chromium", tmp_path_factory.mktemp("host"), entry=host.entry))
            pages.append(stack.enter_context(browser.profile()).open(page_url))
        for page in pages:
            page.slow_time_down()
        mover, other = pages
        yield Call(mover, other, *hosts)


def get_another_address(call: Call) -> None:
    call.host.leave("cable0")
    call.host.join("cable0", OTHER_PLACE)


def be_out_of_reach_for_a_while(call: Call) -> None:
    call.host.leave("cable0")
    for lost in [page.begin("lost") for page in (call.mover, call.other)]:
        lost.result(HEALING_SECONDS)
    call.host.join("cable0", OTHER_PLACE)


def change_to_another_network(call: Call) -> None:
    call.host.leave("cable0")
    call.other_host.join("cable1", OTHER_PHONE)
    call.host.join("cable1", PHONE)


@pytest.mark.parametrize("moves", [get_another_address, change_to_another_network, be_out_of_reach_for_a_while])
@pytest.mark.parametrize("offerer", ["mover", "other"])
def test_a_call_survives_a_network_change_without_the_server(
    call: Call, front: Front, offerer: str, moves: Callable[[Call], None]
) -> None:
    """Whether the offerer or the answerer moves, its address is gone and both sides disconnect.

    They reconnect without a new link.
    """
    call.connect(front.url, offerer=getattr(call, offerer))
    front.wait_for("delete_data_channel")
    requests = dict(front.verbs)

    moves(call)

    assert call.exchange_messages() == ["from the one that moved", "from the other"]
    assert front.verbs == requests
