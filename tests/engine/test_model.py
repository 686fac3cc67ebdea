"""Long random sequences of requests, on a clock that moves, compared with a short model of the contract."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chalicelib import limits
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from harness.clock import Clock
from harness.contract import OWNER, STRANGER
from harness.effort import tries
from harness.engines import client_of, new_table
from harness.service import app_over
from harness.transports import over_handler

FEW = 4
WORDS = st.sampled_from("abcdef")
OWNERS = st.sampled_from([None, OWNER, STRANGER])
TTLS = st.none() | st.sampled_from([1, 60, 300, 600, limits.MAX_TTL_SECONDS + 1])


@dataclass
class Model:
    """A channel as the contract describes it."""

    ends: float
    owner: str | None = None
    offer: str | None = None
    answer: str | None = None
    candidates: list[str] = field(default_factory=list)


class History(RuleBasedStateMachine):
    endpoint: str
    ids = Bundle[str]("ids")

    def __init__(self) -> None:
        super().__init__()
        client = client_of(self.endpoint)
        self.table = new_table(client)
        self.clock = Clock()
        channels = Channels(Table(client, self.table.__enter__()), self.clock)
        self.post = over_handler(app_over(channels))
        self.models: dict[str, Model] = {}

    def teardown(self) -> None:
        self.table.__exit__(None, None, None)

    def call(self, method: str, channel_id: str, owner: str | None = None, **fields: object) -> tuple[int, Any]:
        secret = {} if owner is None else {"owner": owner}
        reply = self.post({"method": method, "channel_id": channel_id} | secret | fields)
        return reply.status, reply.json() if reply.status == 200 else reply.body

    def living(self, channel_id: str) -> Model | None:
        model = self.models.get(channel_id)
        return model if model and self.clock.seconds < model.ends else None

    def writable(self, channel_id: str, owner: str | None) -> tuple[Model | None, tuple[int, Any]]:
        """Return the channel, or None if this client may not write to it, and the reply if no other rule is broken."""
        model = self.living(channel_id)
        if model is None:
            return None, (400, "no such channel")
        if model.owner in (None, owner):
            return model, (200, {})
        return None, (400, "owner is missing" if owner is None else "owner does not match")

    def open(self, ttl: int | None, owner: str | None, **fields: Any) -> str:
        asked = {} if ttl is None else {"ttl": ttl}
        secret = {} if owner is None else {"owner": owner}
        reply = self.post({"method": "create_data_channel"} | asked | secret | fields).json()
        channel_id = str(reply.pop("channel_id"))
        assert channel_id not in self.models
        granted = limits.CHANNEL_TTL_SECONDS if ttl is None else min(ttl, limits.MAX_TTL_SECONDS)
        assert reply == ({} if ttl is None else {"ttl": granted})
        # The server counts in whole seconds.
        self.models[channel_id] = Model(int(self.clock.seconds) + granted, owner)
        return channel_id

    @rule(target=ids, ttl=TTLS, owner=OWNERS)
    def create(self, ttl: int | None, owner: str | None) -> str:
        return self.open(ttl, owner)

    @rule(target=ids, channel_id=st.uuids(version=4).map(str))
    def guess(self, channel_id: str) -> str:
        return channel_id

    @rule(seconds=st.sampled_from([1, 60, 299, 300]))
    def wait(self, seconds: int) -> None:
        self.clock.seconds += seconds

    @rule(channel_id=ids, offer=WORDS, owner=OWNERS)
    def create_offer(self, channel_id: str, offer: str, owner: str | None) -> None:
        model, expected = self.writable(channel_id, owner)
        assert self.call("create_offer", channel_id, owner, offer=offer) == expected
        if model:
            model.offer = offer

    @rule(channel_id=ids, answer=WORDS, owner=OWNERS)
    def create_answer(self, channel_id: str, answer: str, owner: str | None) -> None:
        model, expected = self.writable(channel_id, owner)
        if model and model.answer is not None:
            expected = (400, "answer already exists")
        assert self.call("create_answer", channel_id, owner, answer=answer) == expected
        if model and model.answer is None:
            model.answer = answer

    @rule(channel_id=ids, candidate=WORDS, owner=OWNERS)
    def create_candidate(self, channel_id: str, candidate: str, owner: str | None) -> None:
        model, expected = self.writable(channel_id, owner)
        if model and candidate not in model.candidates:
            if len(model.candidates) == FEW:
                expected = (400, f"too many candidates: a channel holds {FEW}")
            else:
                model.candidates.append(candidate)
        assert self.call("create_candidate", channel_id, owner, candidate=candidate) == expected

    @rule(target=ids, offer=WORDS, candidates=st.lists(WORDS, max_size=FEW), ttl=TTLS, owner=OWNERS)
    def create_with_all(self, offer: str, candidates: list[str], ttl: int | None, owner: str | None) -> str:
        channel_id = self.open(ttl, owner, offer=offer, candidates=candidates)
        model = self.models[channel_id]
        model.offer, model.candidates = offer, list(dict.fromkeys(candidates))
        return channel_id

    @rule(
        channel_id=ids,
        what=st.sampled_from(["offer", "answer"]),
        text=WORDS,
        candidates=st.lists(WORDS, max_size=6),
        owner=OWNERS,
    )
    def create_with_candidates(
        self, channel_id: str, what: str, text: str, candidates: list[str], owner: str | None
    ) -> None:
        model, expected = self.writable(channel_id, owner)
        if model:
            together = list(dict.fromkeys([*model.candidates, *candidates]))
            if what == "answer" and model.answer is not None:
                expected = (400, "answer already exists")
            elif len(together) > FEW:
                expected = (400, f"too many candidates: a channel holds {FEW}")
            else:
                setattr(model, what, text)
                model.candidates = together
        request: dict[str, Any] = {what: text, "candidates": candidates}
        assert self.call(f"create_{what}", channel_id, owner, **request) == expected

    @rule(channel_id=ids, candidates=st.lists(WORDS, max_size=6), since=st.integers(0, FEW + 1), owner=OWNERS)
    def create_candidates_since(self, channel_id: str, candidates: list[str], since: int, owner: str | None) -> None:
        model, expected = self.writable(channel_id, owner)
        if model:
            together = list(dict.fromkeys([*model.candidates, *candidates]))
            if len(together) > FEW:
                expected = (400, f"too many candidates: a channel holds {FEW}")
            else:
                model.candidates = together
                expected = (200, {"items": together[since:], "next": len(together)})
        assert self.call("create_candidate", channel_id, owner, candidates=candidates, since=since) == expected

    @rule(channel_id=ids, owner=OWNERS)
    def delete(self, channel_id: str, owner: str | None) -> None:
        model, expected = self.writable(channel_id, owner)
        if model or not self.living(channel_id):
            expected = (200, {})
            self.models.pop(channel_id, None)
        assert self.call("delete_data_channel", channel_id, owner) == expected

    @rule(channel_id=ids, since=st.integers(0, FEW + 1))
    def get_since(self, channel_id: str, since: int) -> None:
        model = self.living(channel_id)
        expected: tuple[int, Any] = (400, "no such channel")
        if model:
            expected = (200, {"items": model.candidates[since:], "next": len(model.candidates)})
        assert self.call("get_candidates", channel_id, since=since) == expected

    @rule(channel_id=ids, what=st.sampled_from(["offer", "answer"]))
    def get_description(self, channel_id: str, what: str) -> None:
        model = self.living(channel_id)
        text = getattr(model, what) if model else None
        refusal = f"no {what} yet" if model else "no such channel"
        assert self.call(f"get_{what}", channel_id) == ((200, {what: text}) if text else (400, refusal))

    @rule(channel_id=ids)
    def get_candidates(self, channel_id: str) -> None:
        model = self.living(channel_id)
        expected = (200, {"items": model.candidates}) if model else (400, "no such channel")
        assert self.call("get_candidates", channel_id) == expected

    @invariant()
    def nothing_is_answered_for_an_expired_channel(self) -> None:
        for channel_id in list(self.models)[-1:]:
            if not self.living(channel_id):
                assert self.call("get_offer", channel_id) == (400, "no such channel")


@pytest.fixture
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CANDIDATES", FEW)


# pytest's usual limit is for an eighth of the tries.
@pytest.mark.timeout(tries(4800))
@pytest.mark.usefixtures("few_candidates")
def test_the_service_agrees_with_the_model(endpoint: str) -> None:
    machine = type("HistoryHere", (History,), {"endpoint": endpoint})

    run_state_machine_as_test(machine, settings=settings(max_examples=tries(60), stateful_step_count=80, deadline=None))
