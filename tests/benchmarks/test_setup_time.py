"""The simulated line of the set-up benchmark: nothing arrives earlier than on a real network, and nothing is lost."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from benchmarks.line import INITIAL_WINDOW_BYTES, SlowStart, line

RTT_SECONDS = 0.05


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that serves one connection after another, and yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65_536):
        connection.sendall(data)


def greet(connection: socket.socket) -> None:
    connection.sendall(b"welcome")


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_the_first_reply_takes_two_round_trips_and_later_ones_take_one() -> None:
    with server(echo) as port, line(port, RTT_SECONDS) as far:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", far.port)) as client:
            came = [began]
            for _ in range(3):
                client.sendall(b"ping")
                assert client.recv(4) == b"ping"
                came.append(time.monotonic())

    took = [after - before for before, after in itertools.pairwise(came)]
    assert took[0] >= 2 * RTT_SECONDS
    assert min(took[1:]) >= RTT_SECONDS


def test_data_that_the_server_sends_first_takes_half_a_round_trip() -> None:
    with server(greet) as port, line(port, RTT_SECONDS) as far:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", far.port)) as client:
            received = read_all(client)
            took = time.monotonic() - began

    assert received == b"welcome"
    assert took >= RTT_SECONDS / 2


@pytest.mark.parametrize("rtt", [0, RTT_SECONDS], ids=["near", "far"])
def test_all_data_arrives_complete_and_in_order(rtt: float) -> None:
    sent = b"".join(number.to_bytes(4, "big") for number in range(100_000))
    with server(echo) as port, line(port, rtt) as far, socket.create_connection(("127.0.0.1", far.port)) as client:

        def send() -> None:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        received = read_all(client)
        sender.join()

    assert received == sent


def test_the_line_counts_its_connections() -> None:
    with server(greet) as port, line(port) as far:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", far.port)) as client:
                read_all(client)

        assert far.connections == 3


def test_the_round_trip_can_change_between_connections() -> None:
    with server(greet) as port, line(port) as far:
        far.rtt = RTT_SECONDS
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", far.port)) as client:
            read_all(client)

        assert time.monotonic() - began >= RTT_SECONDS / 2


def test_a_sender_begins_with_ten_segments_and_sends_twice_as_much_each_round_trip() -> None:
    departures = SlowStart(RTT_SECONDS).departures(now=1, size=8 * INITIAL_WINDOW_BYTES)

    assert [moment for moment, _ in departures] == pytest.approx([1 + trip * RTT_SECONDS for trip in range(4)])
    assert [size for _, size in departures] == [windows * INITIAL_WINDOW_BYTES for windows in (1, 2, 4, 1)]


def test_data_waits_until_the_data_before_it_has_left() -> None:
    tcp = SlowStart(RTT_SECONDS)
    tcp.departures(now=1, size=INITIAL_WINDOW_BYTES + 1)

    ((moment, size),) = tcp.departures(now=1, size=1)

    assert moment == pytest.approx(1 + RTT_SECONDS)
    assert size == 1


def test_a_sender_on_a_line_without_delay_sends_everything_at_once() -> None:
    departures = SlowStart(0).departures(now=1, size=8 * INITIAL_WINDOW_BYTES)

    assert {moment for moment, _ in departures} == {1}
    assert sum(size for _, size in departures) == 8 * INITIAL_WINDOW_BYTES
