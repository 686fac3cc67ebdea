"""The page in two browsers on separate hosts, one of which loses its network for a minute."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from harness import browsers
from harness.browsers import Page
from harness.front import Front
from harness.namespaces import Host
from harness.nat import Internet, internet
from harness.page_scripts import SAY, SHOWN
from tools.serve import serve

OUTAGE_SECONDS = 60


@dataclass(frozen=True)
class Person:
    """Somebody at a computer, with the page open."""

    host: Host
    page: Page

    def sees(self, element: str, text: str) -> str:
        seen: str = self.page.evaluate(SHOWN, element, text)
        return seen

    def says(self, text: str) -> None:
        self.page.evaluate(SAY, text)


@dataclass(frozen=True)
class Conversation:
    network: Internet
    host: Person
    guest: Person

    def exchange_messages(self, about: str) -> None:
        self.host.says(f"host {about}")
        self.guest.says(f"guest {about}")
        self.host.sees("#log", f"guest {about}")
        self.guest.sees("#log", f"host {about}")


@pytest.fixture
def conversation(front: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    """Two connected pages. They reach each other, and the server, over the same cables."""
    with ExitStack() as stack:
        site = stack.enter_context(serve())
        threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True).start()
        stack.callback(site.shutdown)
        network = stack.enter_context(internet())
        servers = network.public_host()
        ports = (site.server_port, front.server_port)
        for port in ports:
            stack.enter_context(servers.publish(network.addresses[servers], port))
        people = []
        url = f"http://127.0.0.1:{site.server_port}/?server={front.url}"
        for _ in range(2):
            host = network.public_host()
            for port in ports:
                stack.enter_context(host.reach_over_cable(network.addresses[servers], port))
            browser = stack.enter_context(browsers.run("chromium", tmp_path_factory.mktemp("host"), entry=host.entry))
            person = Person(host, stack.enter_context(browser.profile()).open(url))
            people.append(person)
            url = url if len(people) == 2 else person.sees("#link", "#@")
        conversation = Conversation(network, *people)
        for person in people:
            person.sees("#conversation-title", "You are connected")
        conversation.exchange_messages("before")
        yield conversation


@pytest.mark.parametrize("who", ["host", "guest"])
@pytest.mark.parametrize(
    ("cut", "mend"),
    [
        pytest.param(Internet.disconnect, Internet.connect, id="the browser notices"),
        pytest.param(Internet.mute, Internet.unmute, id="nobody notices"),
    ],
)
def test_two_people_are_connected_again_after_one_of_them_lost_the_network_for_a_minute(
    conversation: Conversation,
    who: str,
    cut: Callable[[Internet, Host], None],
    mend: Callable[[Internet, Host], None],
) -> None:
    network, people = conversation.network, (conversation.host, conversation.guest)
    host = getattr(conversation, who).host
    link = conversation.guest.page.evaluate("() => location.href")
    outage = threading.Timer(OUTAGE_SECONDS, mend, (network, host))

    cut(network, host)
    outage.start()
    for person in people:
        person.sees("#conversation-title", "Connecting again")
    outage.join()

    for person in people:
        assert f"{who} before" in person.sees("#log", "Connected again.")
    conversation.exchange_messages("after")
    assert conversation.guest.page.evaluate("() => location.href") == link
