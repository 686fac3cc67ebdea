"""The benchmark of late guests: the states of hosts that it brings about, and its counts."""

from bisect import bisect
from itertools import pairwise

import pytest

from benchmarks import late_guest, pace
from benchmarks.late_guest import MOST, PEERPOST
from chalicelib.limits import MAX_WAIT_SECONDS


@pytest.mark.parametrize("waited", [late_guest.WAITED_SECONDS, late_guest.LATE_SECONDS])
def test_a_host_whose_clock_was_moved_forward_polls_like_one_that_has_waited(waited: int) -> None:
    skipped_seconds = waited - late_guest.REAL_SECONDS

    real, skipped = (reads(skippedSeconds=seconds) for seconds in (0, skipped_seconds))

    # The guest comes after the last of these polls, and before the next one.
    first = bisect(real, real[0] + waited)
    later = bisect(skipped, skipped[0] + late_guest.REAL_SECONDS)
    assert real[first] - real[first - 1] == pytest.approx(skipped[later] - skipped[later - 1])
    # The benchmark takes the time to the next poll from the last two polls.
    assert skipped[later] - skipped[later - 1] == pytest.approx(skipped[later - 1] - skipped[later - 2])


def reads(**scenario: float) -> list[float]:
    """Return when a host asks for an answer, in seconds."""
    server = {"replySeconds": late_guest.REPLY_SECONDS, "maxWaitSeconds": MAX_WAIT_SECONDS}
    return [each.at for each in pace.simulated(**server, **scenario) if each.method == "get_answer"]


def test_a_guest_comes_between_two_polls() -> None:
    moments = [late_guest.between([1000, 1500, 2000], part, now=2100) for part in (0.1, 0.5, 0.9)]

    # The first moment would be 2050 ms, which has passed already, so it is one poll later.
    assert moments == [2550, 2250, 2450]


def test_the_phases_contain_every_request_of_the_connection() -> None:
    sent = pace.Client().connection(late_guest.REPLY_SECONDS, MAX_WAIT_SECONDS, late_guest.WAITED_SECONDS)

    phases = late_guest.phases()

    assert sum(phases.values()) == len(sent)
    assert phases["the guest joins"] == 2
    assert phases["the host opens"] == 1
    assert phases["the host erases the channel"] == 1


def test_a_host_asks_for_held_replies_only_at_first() -> None:
    asked = pace.Client().reads(late_guest.REPLY_SECONDS, MAX_WAIT_SECONDS)
    held = late_guest.held_seconds()

    assert held > 0
    assert all(request.at < held for request in asked if request.wait)
    assert all(later.at > earlier.at for earlier, later in pairwise(asked))


@pytest.mark.parametrize(("requests", "kept"), [(2, True), (3, False)])
def test_a_guest_that_takes_more_requests_fails_the_check(requests: int, kept: bool) -> None:
    cell = {"requests": [requests], "connections": [1]}
    results = {"runs": {case: {"50": cell} for case in PEERPOST}, "phases": {"the guest joins": 2}}

    assert late_guest.counts(results).ours["guest in Chromium: requests"] == requests
    assert late_guest.counts(results).ours.keys() >= {f"guest in Chromium: {count}" for count in MOST}
    if kept:
        late_guest.check(results)
    else:
        with pytest.raises(AssertionError, match="takes 3 requests, but should take at most 2"):
            late_guest.check(results)
