"""The checker itself, on histories that are known to be good or bad."""

from itertools import combinations

import pytest

from harness.channel_model import (
    DONE,
    EXPIRE,
    GONE,
    NEW,
    NO_OWNER,
    NOT_THE_OWNERS,
    Channel,
    Reply,
    Request,
    State,
    step,
)
from harness.contract import OWNER, STRANGER
from harness.linearizability import NEVER, Operation, explain

FULL: State = Channel(candidates=tuple(str(number) for number in range(800)))
OWNED: State = Channel(owner=OWNER)
NO_OFFER: Reply = (400, "no offer yet")
NO_ANSWER: Reply = (400, "no answer yet")
TAKEN: Reply = (400, "answer already exists")
GET_OFFER: Request = {"method": "get_offer"}
GET_ANSWER: Request = {"method": "get_answer"}
GET_ALL: Request = {"method": "get_candidates"}
GET_LATER: Request = {"method": "get_candidates", "since": 1}
DELETE: Request = {"method": "delete_data_channel"}


def offer(text: str, *candidates: str) -> Request:
    return {"method": "create_offer", "offer": text, "candidates": list(candidates)}


def answer(text: str, *candidates: str) -> Request:
    return {"method": "create_answer", "answer": text, "candidates": list(candidates)}


def add(*candidates: str) -> Request:
    return {"method": "create_candidate", "candidates": list(candidates)}


def items(*candidates: str) -> Reply:
    return 200, {"items": list(candidates)}


def said(**fields: str) -> Reply:
    return 200, fields


def op(invoked: float, completed: float, call: Request, reply: Reply | None) -> Operation:
    return Operation(call, reply, invoked, completed)


def lost(invoked: float, call: Request) -> Operation:
    return op(invoked, NEVER, call, None)


GOOD = {
    "nothing happens": [],
    "calls one after the other": [
        op(0, 1, offer("a"), DONE),
        op(2, 3, GET_OFFER, said(offer="a")),
        op(4, 5, offer("b"), DONE),
        op(6, 7, GET_OFFER, said(offer="b")),
    ],
    "a read during a write returns the new offer": [op(0, 9, offer("a"), DONE), op(1, 2, GET_OFFER, said(offer="a"))],
    "a read during a write finds no offer yet": [op(0, 9, offer("a"), DONE), op(1, 2, GET_OFFER, NO_OFFER)],
    "two simultaneous offers, either of which may win": [
        op(0, 3, offer("a"), DONE),
        op(1, 2, offer("b"), DONE),
        op(4, 5, GET_OFFER, said(offer="a")),
    ],
    "one winner": [
        op(0, 3, answer("a"), TAKEN),
        op(1, 2, answer("b"), DONE),
        op(4, 5, GET_ANSWER, said(answer="b")),
    ],
    "a lost write took effect": [lost(0, answer("a")), op(1, 2, GET_ANSWER, said(answer="a"))],
    "a lost write took effect late": [
        lost(0, answer("a")),
        op(1, 2, GET_ANSWER, NO_ANSWER),
        op(3, 4, answer("b"), TAKEN),
        op(5, 6, GET_ANSWER, said(answer="a")),
    ],
    "a lost write took no effect": [lost(0, answer("a")), op(1, 2, answer("b"), DONE)],
    "candidates of two simultaneous writes in any order": [
        op(0, 9, add("a"), DONE),
        op(0, 9, add("b", "c"), DONE),
        op(1, 2, GET_ALL, items("b", "c")),
        op(3, 4, GET_LATER, (200, {"items": ["c"], "next": 2})),
        op(10, 11, GET_ALL, items("b", "c", "a")),
    ],
    "a stored candidate is not added again": [
        op(0, 1, add("a", "b"), DONE),
        op(2, 3, answer("x", "b", "c"), DONE),
        op(4, 5, GET_ALL, items("a", "b", "c")),
    ],
    "a write during a delete": [
        op(0, 9, DELETE, DONE),
        op(1, 2, offer("a"), DONE),
        op(3, 4, GET_OFFER, GONE),
    ],
    "a write that began before the channel expired and returned afterwards": [
        op(0, 5, answer("a"), DONE),
        op(2, 2, EXPIRE, DONE),
        op(3, 4, GET_ANSWER, GONE),
    ],
}
BAD = {
    "lost update": [op(0, 1, offer("a"), DONE), op(2, 3, GET_OFFER, NO_OFFER)],
    "lost candidate": [
        op(0, 2, add("a"), DONE),
        op(1, 3, add("b"), DONE),
        op(4, 5, GET_ALL, items("a")),
    ],
    "an earlier write takes effect again after a later one": [
        op(0, 1, offer("a"), DONE),
        op(2, 3, offer("b"), DONE),
        op(4, 5, GET_OFFER, said(offer="a")),
    ],
    "stale read": [
        op(0, 9, offer("a"), DONE),
        op(1, 2, GET_OFFER, said(offer="a")),
        op(3, 4, GET_OFFER, NO_OFFER),
    ],
    "one write that takes effect twice": [
        op(0, 9, offer("a"), DONE),
        op(1, 2, GET_OFFER, said(offer="a")),
        op(3, 4, offer("b"), DONE),
        op(5, 6, GET_OFFER, said(offer="b")),
        op(7, 8, GET_OFFER, said(offer="a")),
    ],
    "two winners": [op(0, 2, answer("a"), DONE), op(1, 3, answer("b"), DONE)],
    "no winner": [op(0, 2, answer("a"), TAKEN), op(1, 3, answer("b"), TAKEN)],
    "the refused answer is stored": [
        op(0, 2, answer("a"), DONE),
        op(1, 3, answer("b"), TAKEN),
        op(4, 5, GET_ANSWER, said(answer="b")),
    ],
    "a refused answer is stored although there was no channel": [
        op(0, 1, answer("a"), GONE),
        op(2, 3, GET_ANSWER, said(answer="a")),
    ],
    "the candidates of a refused answer are stored": [
        op(0, 1, answer("a"), DONE),
        op(2, 3, answer("b", "x"), TAKEN),
        op(4, 5, GET_ALL, items("x")),
    ],
    "a deleted channel exists again": [
        op(0, 1, DELETE, DONE),
        op(2, 3, GET_ALL, items()),
    ],
    "an expired channel exists again": [
        op(1, 1, EXPIRE, DONE),
        op(2, 3, GET_OFFER, GONE),
        op(4, 5, GET_OFFER, NO_OFFER),
    ],
    "a write to an expired channel": [op(1, 1, EXPIRE, DONE), op(2, 3, offer("a"), DONE)],
    "a channel that is gone before it expires": [op(0, 1, GET_OFFER, GONE), op(2, 2, EXPIRE, DONE)],
    "duplicates": [op(0, 1, add("a"), DONE), op(2, 3, add("a"), DONE), op(4, 5, GET_ALL, items("a", "a"))],
    "wrong order": [op(0, 1, add("a"), DONE), op(2, 3, add("b"), DONE), op(4, 5, GET_ALL, items("b", "a"))],
    "an order of candidates that changes": [
        op(0, 9, add("a"), DONE),
        op(0, 9, add("b"), DONE),
        op(1, 2, GET_ALL, items("a", "b")),
        op(3, 4, GET_ALL, items("b", "a")),
    ],
    "half a batch": [op(0, 9, add("a", "b"), DONE), op(1, 2, GET_ALL, items("a"))],
    "a wrong position of the next candidate": [
        op(0, 1, add("a", "b"), DONE),
        op(2, 3, GET_LATER, (200, {"items": ["b"], "next": 3})),
    ],
    "an offer that nobody wrote": [op(0, 1, GET_OFFER, said(offer="a"))],
    "a lost write that takes effect before it is sent": [op(0, 1, GET_ANSWER, said(answer="a")), lost(2, answer("a"))],
    "a lost write that takes effect twice": [
        lost(0, offer("a")),
        op(1, 2, GET_OFFER, said(offer="a")),
        op(3, 4, offer("b"), DONE),
        op(5, 6, GET_OFFER, said(offer="a")),
    ],
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD.keys())
def test_a_good_history_has_an_order(history: list[Operation]) -> None:
    order = explain(history, NEW, step)

    assert order is not None
    state = NEW
    for operation in order:
        [state] = step(state, operation)
    assert {id(each) for each in order} >= {id(each) for each in history if each.completed != NEVER}
    for earlier, later in combinations(order, 2):
        assert earlier.invoked <= later.completed


@pytest.mark.parametrize("history", BAD.values(), ids=BAD.keys())
def test_a_bad_history_has_no_order(history: list[Operation]) -> None:
    assert explain(history, NEW, step) is None


def owner(request: Request) -> Request:
    return {**request, "owner": OWNER}


def stranger(request: Request) -> Request:
    return {**request, "owner": STRANGER}


GOOD_WITH_AN_OWNER = {
    "a stranger is refused whatever it tries": [
        op(0, 9, stranger(offer("theirs", "x")), NOT_THE_OWNERS),
        op(0, 9, add("x"), NO_OWNER),
        op(0, 9, DELETE, NO_OWNER),
        op(1, 2, owner(offer("mine")), DONE),
        op(3, 4, GET_OFFER, said(offer="mine")),
    ],
    "a stranger's lost write takes no effect": [
        lost(0, offer("theirs")),
        op(1, 2, owner(answer("mine")), DONE),
        op(3, 4, GET_OFFER, NO_OFFER),
    ],
    "the channel is gone for strangers, too": [
        op(0, 1, owner(DELETE), DONE),
        op(2, 3, offer("theirs"), GONE),
        op(4, 5, stranger(DELETE), DONE),
    ],
}
BAD_WITH_AN_OWNER = {
    "a stranger's write is acknowledged": [op(0, 1, offer("theirs"), DONE)],
    "a stranger's refused write is stored": [
        op(0, 1, stranger(add("theirs")), NOT_THE_OWNERS),
        op(2, 3, GET_ALL, items("theirs")),
    ],
    "a stranger's lost write is stored": [lost(0, offer("theirs")), op(1, 2, GET_OFFER, said(offer="theirs"))],
    "a stranger's delete is acknowledged": [op(0, 1, stranger(DELETE), DONE)],
    "a stranger's lost delete erases the channel": [lost(0, DELETE), op(1, 2, GET_ALL, GONE)],
    "the owner is refused": [op(0, 1, owner(offer("mine")), NOT_THE_OWNERS)],
    "the wrong refusal": [op(0, 1, offer("theirs"), NOT_THE_OWNERS)],
    "a stranger learns more than that it is not the owner": [
        op(0, 1, owner(answer("mine")), DONE),
        op(2, 3, answer("theirs"), TAKEN),
    ],
}


@pytest.mark.parametrize("history", GOOD_WITH_AN_OWNER.values(), ids=GOOD_WITH_AN_OWNER.keys())
def test_a_good_history_of_an_owners_channel_has_an_order(history: list[Operation]) -> None:
    assert explain(history, OWNED, step) is not None


@pytest.mark.parametrize("history", BAD_WITH_AN_OWNER.values(), ids=BAD_WITH_AN_OWNER.keys())
def test_a_bad_history_of_an_owners_channel_has_no_order(history: list[Operation]) -> None:
    assert explain(history, OWNED, step) is None


def test_a_history_in_which_a_full_channel_accepts_a_new_candidate_has_no_order() -> None:
    refusal: Reply = (400, "too many candidates: a channel holds 800")

    assert explain([op(0, 1, add("new"), refusal), op(2, 3, add("7"), DONE)], FULL, step) is not None
    assert explain([op(0, 1, add("new"), DONE)], FULL, step) is None


def test_a_history_with_many_lost_writes_is_checked_quickly() -> None:
    """Each lost write doubles the possible histories, but most of these lead to the same state."""
    lost_ones = [lost(number / 100, add("abcd"[number % 4])) for number in range(18)]

    assert explain([*lost_ones, op(1, 2, GET_ALL, items("a", "b"))], NEW, step) is not None
    assert explain([*lost_ones, op(1, 2, GET_ALL, items("z"))], NEW, step) is None
