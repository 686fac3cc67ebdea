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
from harness.effort import tries
from harness.engines import client_of, new_table
from harness.service import app_over
from harness.transports import over_handler

FEW = 4
WORDS = st.sampled_from("abcdef")


@dataclass
class Model:
    """A channel as the contract describes it."""

    born: float
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

    def call(self, method: str, channel_id: str, **fields: object) -> tuple[int, Any]:
        reply = self.post({"method": method, "channel_id": channel_id} | fields)
        return reply.status, reply.json() if reply.status == 200 else reply.body

    def living(self, channel_id: str) -> Model | None:
        model = self.models.get(channel_id)
        return model if model and self.clock.seconds < model.born + limits.CHANNEL_TTL_SECONDS else None

    @rule(target=ids)
    def create(self) -> str:
        channel_id = str(self.post({"method": "create_data_channel"}).json()["channel_id"])
        assert channel_id not in self.models
        self.models[channel_id] = Model(self.clock.seconds)
        return channel_id

    @rule(target=ids, channel_id=st.uuids(version=4).map(str))
    def guess(self, channel_id: str) -> str:
        return channel_id

    @rule(seconds=st.sampled_from([1, 60, 299, 300]))
    def wait(self, seconds: int) -> None:
        self.clock.seconds += seconds

    @rule(channel_id=ids, offer=WORDS)
    def create_offer(self, channel_id: str, offer: str) -> None:
        model = self.living(channel_id)
        expected = (200, {}) if model else (400, "no such channel")
        assert self.call("create_offer", channel_id, offer=offer) == expected
        if model:
            model.offer = offer

    @rule(channel_id=ids, answer=WORDS)
    def create_answer(self, channel_id: str, answer: str) -> None:
        model = self.living(channel_id)
        expected: tuple[int, Any] = (200, {}) if model else (400, "no such channel")
        if model and model.answer is not None:
            expected = (400, "answer already exists")
        assert self.call("create_answer", channel_id, answer=answer) == expected
        if model and model.answer is None:
            model.answer = answer

    @rule(channel_id=ids, candidate=WORDS)
    def create_candidate(self, channel_id: str, candidate: str) -> None:
        model = self.living(channel_id)
        expected: tuple[int, Any] = (200, {}) if model else (400, "no such channel")
        if model and candidate not in model.candidates:
            if len(model.candidates) == FEW:
                expected = (400, f"too many candidates: a channel holds {FEW}")
            else:
                model.candidates.append(candidate)
        assert self.call("create_candidate", channel_id, candidate=candidate) == expected

    @rule(target=ids, offer=WORDS, candidates=st.lists(WORDS, max_size=FEW))
    def create_with_all(self, offer: str, candidates: list[str]) -> str:
        request = {"method": "create_data_channel", "offer": offer, "candidates": candidates}
        channel_id = str(self.post(request).json()["channel_id"])
        self.models[channel_id] = Model(self.clock.seconds, offer, None, list(dict.fromkeys(candidates)))
        return channel_id

    @rule(channel_id=ids, what=st.sampled_from(["offer", "answer"]), text=WORDS, candidates=st.lists(WORDS, max_size=6))
    def create_with_candidates(self, channel_id: str, what: str, text: str, candidates: list[str]) -> None:
        model = self.living(channel_id)
        expected: tuple[int, Any] = (200, {}) if model else (400, "no such channel")
        if model:
            together = list(dict.fromkeys([*model.candidates, *candidates]))
            if what == "answer" and model.answer is not None:
                expected = (400, "answer already exists")
            elif len(together) > FEW:
                expected = (400, f"too many candidates: a channel holds {FEW}")
            else:
                setattr(model, what, text)
                model.candidates = together
        assert self.call(f"create_{what}", channel_id, **{what: text}, candidates=candidates) == expected

    @rule(channel_id=ids, candidates=st.lists(WORDS, max_size=6), since=st.integers(0, FEW + 1))
    def create_candidates_since(self, channel_id: str, candidates: list[str], since: int) -> None:
        model = self.living(channel_id)
        expected: tuple[int, Any] = (400, "no such channel")
        if model:
            together = list(dict.fromkeys([*model.candidates, *candidates]))
            if len(together) > FEW:
                expected = (400, f"too many candidates: a channel holds {FEW}")
            else:
                model.candidates = together
                expected = (200, {"items": together[since:], "next": len(together)})
        assert self.call("create_candidate", channel_id, candidates=candidates, since=since) == expected

    @rule(channel_id=ids)
    def delete(self, channel_id: str) -> None:
        assert self.call("delete_data_channel", channel_id) == (200, {})
        self.models.pop(channel_id, None)

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


@pytest.mark.usefixtures("few_candidates")
def test_the_service_agrees_with_the_model(endpoint: str) -> None:
    machine = type("HistoryHere", (History,), {"endpoint": endpoint})

    run_state_machine_as_test(machine, settings=settings(max_examples=tries(60), stateful_step_count=80, deadline=None))
