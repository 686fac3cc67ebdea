"""The benchmark of late guests: the states of hosts that it brings about, and its counts."""

from itertools import pairwise

import pytest

from benchmarks import late_guest, pace
from benchmarks.late_guest import HELD, MOST, POLLED
from chalicelib.limits import MAX_WAIT_SECONDS


def test_a_host_whose_clock_was_moved_forward_polls_like_one_that_has_waited() -> None:
    server = {"replySeconds": late_guest.REPLY_SECONDS, "maxWaitSeconds": MAX_WAIT_SECONDS}
    waited = [each.at for each in pace.simulated(**server) if each.method == "get_answer" and each.at > 30]
    skipped = [
        each
        for each in pace.simulated(**server, skippedSeconds=late_guest.SKIPPED_SECONDS)
        if each.method == "get_answer" and not each.wait
    ]

    later = skipped[late_guest.GROWN_AFTER_POLLS - 2].at

    # The pause in which a guest of the benchmark comes is as long as one after 30 s.
    assert skipped[late_guest.GROWN_AFTER_POLLS - 1].at - later == pytest.approx(waited[1] - waited[0])
    # Its clock then shows about 30 s.
    assert later + late_guest.SKIPPED_SECONDS == pytest.approx(30, abs=6)


def test_the_phases_contain_every_request_of_the_connection() -> None:
    sent = pace.Client().connection(late_guest.REPLY_SECONDS, MAX_WAIT_SECONDS, late_guest.WAITED_SECONDS)

    phases = late_guest.phases()

    assert sum(phases.values()) == len(sent)
    assert phases["the guest joins"] == 2
    assert phases["the host opens"] == 1
    assert phases["the host erases the channel"] == 1


def test_a_host_holds_its_first_read() -> None:
    asked = pace.Client().reads(late_guest.REPLY_SECONDS, MAX_WAIT_SECONDS)
    held = late_guest.held_seconds()

    assert held > 0
    assert all(request.at < held for request in asked if request.wait)
    assert all(later.at > earlier.at for earlier, later in pairwise(asked))


@pytest.mark.parametrize(("requests", "kept"), [(2, True), (3, False)])
def test_a_guest_that_takes_more_requests_fails_the_check(requests: int, kept: bool) -> None:
    cell = {"requests": [requests], "connections": [1]}
    results = {"runs": {case: {"50": cell} for case in (HELD, POLLED)}, "phases": {"the guest joins": 2}}

    assert late_guest.counts(results).ours["guest in Chromium: requests"] == requests
    assert late_guest.counts(results).ours.keys() >= {f"guest in Chromium: {count}" for count in MOST}
    if kept:
        late_guest.check(results)
    else:
        with pytest.raises(AssertionError, match="takes 3 requests, but should take at most 2"):
            late_guest.check(results)
