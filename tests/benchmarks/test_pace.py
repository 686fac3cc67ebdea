"""The requests of our JavaScript client on a simulated clock."""

from collections import Counter
from itertools import pairwise

import pytest

from benchmarks import pace

CLIENT = pace.Client()


def test_a_host_waits_until_its_channel_expires() -> None:
    asked = CLIENT.reads(0.07, 5)

    assert asked[0].at == 0
    assert 295 < asked[-1].at < 300


def test_no_request_is_sent_before_the_reply_to_the_one_before() -> None:
    asked = CLIENT.reads(0.07, 5)

    assert all(later.at - earlier.at > 0.0699 + min(earlier.wait, 5) for earlier, later in pairwise(asked))


def test_a_host_whose_server_does_not_hold_replies_asks_again_after_a_pause() -> None:
    asked = CLIENT.reads(0.07, 0)

    assert all(later.at - earlier.at > 0.1 for earlier, later in pairwise(asked[1:]))


def test_a_late_guest_connects_with_two_requests() -> None:
    sent = CLIENT.connection(0.07, 5, guest_after=30)

    first_read = next(request.at for request in sent if request.method == "get_answer")
    of_the_guest = [request for request in sent if request.peer == "guest"]
    assert [request.method for request in of_the_guest] == ["get_offer", "create_answer"]
    assert of_the_guest[0].at - first_read == pytest.approx(30)
    assert sent[-1].method == "delete_data_channel"


def test_a_host_at_an_address_opens_one_door_after_another() -> None:
    sent = Counter(request.method for request in CLIENT.listening(0.07, 5, 1000))

    door_seconds = pace.limits()["DOOR_MS"] / 1000
    # The first of these channels is the address.
    assert sent["create_data_channel"] - 1 == pytest.approx(1000 / door_seconds, abs=1)
    # Each door takes three requests besides the reads: it is opened, pointed to and erased.
    assert sent["create_offer"] == sent["delete_data_channel"] == sent["create_data_channel"] - 1
    assert sent["get_answer"] > 100


def test_the_same_scenario_gives_the_same_requests() -> None:
    scenario = {"replySeconds": 0.07, "maxWaitSeconds": 5, "listenSeconds": 300}

    first = pace.simulated(**scenario)
    pace.simulated.cache_clear()

    assert pace.simulated(**scenario) == first
