"""The promise to guests of an address.

A guest is reported as connected only if it really is, and a guest that keeps trying connects in the end.

`make soak` lets five hundred more guests visit an address.
"""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.reliability.visits import FUNCTION, GUEST, HOST, Place, Visit, place, visits

# With this seed, a host, the guests and a function are each killed once during these visits.
GUESTS, SEED = 7, 1


def test_guests_are_reported_as_connected_only_if_they_are_and_connect_in_the_end_if_they_keep_trying(
    task_root: Path, endpoint: str, tmp_path: Path
) -> None:
    with place(task_root, endpoint, tmp_path) as here:
        asyncio.run(visits(here, SEED, GUESTS))

    assert here.violations == []
    assert here.counts["guests"] == GUESTS
    assert here.counts["times reported as connected"] >= GUESTS
    assert {event: here.counts[event] for event in (HOST, GUEST, FUNCTION)} == {HOST: 1, GUEST: 1, FUNCTION: 1}


def process(*words: dict[str, str]) -> Any:
    return SimpleNamespace(words=list(words), is_killed=False, has_ended=False)


def told(visit: Visit) -> dict[str, str]:
    return {"guest": visit.guest, "state": "connected"}


def test_a_guest_that_is_reported_as_connected_must_be_seen_by_its_host() -> None:
    async def run() -> None:
        here = Place("", [], None, patience=0.1, hosts=[process({"guest": "another"})])
        visit = Visit(here)
        here.guests.append(process(told(visit)))

        with pytest.raises(TimeoutError):
            await visit.until_seen()
        here.hosts[-1].words.append({"guest": visit.guest})
        await visit.until_seen()

    asyncio.run(run())


def test_a_killed_host_may_have_missed_a_guest_once_but_not_twice() -> None:
    async def run() -> None:
        here = Place("", [], None, patience=0.1, hosts=[process()])
        visit = Visit(here)
        here.guests.append(process(told(visit)))
        here.hosts.append(process())
        await visit.until_seen()

        here.guests.append(process(told(visit)))
        with pytest.raises(TimeoutError):
            await visit.until_seen()

    asyncio.run(run())
