"""A server that listens only on 127.0.0.1, reached through the name `localhost`, which can also mean `::1`."""

from harness.person import Person
from harness.web_servers import Proxy


def test_two_peers_connect_through_a_server_called_localhost(alice: Person, bob: Person, proxy: Proxy) -> None:
    server = proxy.url.replace("127.0.0.1", "localhost")

    alice.start(server)
    bob.start(server, link=alice.link)

    assert alice.outcome == "connected"
    assert bob.outcome == "connected"
