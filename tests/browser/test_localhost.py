"""A server that listens on 127.0.0.1 alone, and is called `localhost`, which may also be `::1`."""

from harness.person import Person
from harness.web_servers import Proxy


def test_two_people_connect_through_a_server_that_is_called_localhost(alice: Person, bob: Person, proxy: Proxy) -> None:
    server = proxy.url.replace("127.0.0.1", "localhost")

    alice.start(server)
    bob.start(server, link=alice.link)

    assert alice.outcome == "connected"
    assert bob.outcome == "connected"
