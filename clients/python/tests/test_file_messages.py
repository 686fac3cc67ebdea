"""The messages of a file transfer. The tests of both clients read them from `clients/file-messages.json`."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from doubles import run_at_once
from peerpost import TransferError
from peerpost.file_messages import fields_of, read_message
from peerpost.transfer import Offer, receive, receive_offer, send
from test_transfer import Wire, control, ignore, two_ends

CASES: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parents[2] / "file-messages.json").read_text())
ALIVE = "alive"


def transfers_of(role: str) -> list[dict[str, Any]]:
    return [case for case in CASES["transfers"] if role in case["roles"]]


def reason(case: dict[str, Any]) -> str:
    return str(case["why"])


@pytest.mark.parametrize("case", CASES["messages"], ids=reason)
def test_a_message_is_read_as_the_shared_list_says(case: dict[str, Any]) -> None:
    message = read_message(case["text"])

    assert (None if message is None else known(fields_of(message))) == (case["read"] and known(case["read"]))


def known(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out optional fields that are unset or false."""
    return {name: value for name, value in fields.items() if name == "size" or value not in (None, False)}


def pieces_of(step: dict[str, Any]) -> list[str | bytes]:
    """Return the messages of a step. Long content is sent in pieces."""
    if "message" in step:
        return [json.dumps(step["message"])]
    if "text" in step:
        return [step["text"]]
    if "content" in step:
        return [step["content"].encode()]
    return [bytes(min(65_536, step["zeros"] - start)) for start in range(0, step["zeros"], 65_536)]


def content_of(steps: list[dict[str, Any]]) -> bytes:
    """Return the whole content that the sender sends."""
    parts = [step for step in steps if step["from"] == "sender" and ("content" in step or "zeros" in step)]
    return b"".join(piece for step in parts for piece in pieces_of(step) if isinstance(piece, bytes))


class Kept:
    def __init__(self) -> None:
        self.content = bytearray()
        self.is_complete = False

    async def write(self, chunk: bytes) -> None:
        self.content += chunk

    async def complete(self) -> None:
        self.is_complete = True


class Content:
    def __init__(self, announcement: dict[str, Any], content: bytes) -> None:
        self.offer = Offer(announcement["name"], announcement["size"])
        self._content = content

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        if self._content:
            yield self._content


def heard_by(wire: Wire) -> list[str | bytes]:
    """Return a list that collects every message that arrives at one end, except `alive` messages."""
    heard: list[str | bytes] = []

    def take(message: str | bytes) -> None:
        if isinstance(message, bytes) or json.loads(message)["type"] != ALIVE:
            heard.append(message)

    wire.on("message", take)
    return heard


def said_by(role: str, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [plain(step["message"]) for step in steps if step["from"] == role and "message" in step]


def plain(message: dict[str, Any]) -> dict[str, Any]:
    """Leave out what may differ between the clients: the reason and the id of an error, and the field `once`."""
    if message["type"] == "error":
        return {"type": "error"}
    return {name: value for name, value in message.items() if name != "once"}


def controls(messages: list[str | bytes]) -> list[dict[str, Any]]:
    return [plain(json.loads(message)) for message in messages if isinstance(message, str)]


@pytest.mark.parametrize("case", transfers_of("receiver"), ids=reason)
def test_a_receiver_behaves_as_the_shared_list_says(case: dict[str, Any]) -> None:
    steps = case["steps"]
    sink = Kept()

    @asynccontextmanager
    async def given() -> AsyncIterator[Kept]:
        yield sink

    async def take_part() -> list[str | bytes]:
        here, _, _, receiving = two_ends()
        heard = heard_by(here)
        for step in steps:
            for piece in pieces_of(step) if step["from"] == "sender" else []:
                here.send(piece)
        asyncio.get_running_loop().call_later(2, here.close)
        try:
            await receive(receiving, await receive_offer(receiving), given(), ignore)
        except TransferError:
            assert case["outcome"] == "failed"
        return heard

    heard = run_at_once(take_part())

    expected = [message for message in said_by("receiver", steps) if message["type"] != ALIVE]
    assert controls(heard) == expected
    assert sink.is_complete == (case["outcome"] == "done")
    if sink.is_complete:
        assert sink.content == content_of(steps)


@pytest.mark.parametrize("case", transfers_of("sender"), ids=reason)
def test_a_sender_behaves_as_the_shared_list_says(case: dict[str, Any]) -> None:
    steps = case["steps"]
    content = content_of(steps)

    async def take_part() -> list[str | bytes]:
        here, there, sending, _ = two_ends()
        heard = heard_by(there)

        async def reply() -> None:
            for index, step in enumerate(steps):
                while step["from"] == "sender" and not has_heard(heard, steps[: index + 1]):
                    await asyncio.sleep(0.01)
                for piece in pieces_of(step) if step["from"] == "receiver" else []:
                    there.send(piece)
            asyncio.get_running_loop().call_later(1, here.close)

        replying = asyncio.create_task(reply())
        try:
            await send(sending, Content(steps[0]["message"], content), ignore)
        except TransferError:
            assert case["outcome"] == "failed"
        else:
            assert case["outcome"] == "done"
        await replying
        return heard

    heard = run_at_once(take_part())

    assert controls(heard) == said_by("sender", steps)
    assert b"".join(piece for piece in heard if isinstance(piece, bytes)) == content


def has_heard(heard: list[str | bytes], steps: list[dict[str, Any]]) -> bool:
    size = sum(len(piece) for piece in heard if isinstance(piece, bytes))
    return len(controls(heard)) >= len(said_by("sender", steps)) and size >= len(content_of(steps))


def test_a_receiver_that_reports_done_before_everything_was_sent_breaks_the_protocol() -> None:
    class Endless(Content):
        async def chunks(self) -> AsyncGenerator[bytes, None]:
            yield b"one"
            await asyncio.Event().wait()

    async def send_all() -> None:
        here, there, sending, _ = two_ends()
        there.send(control(type="alive"))
        there.send(control(type="done", sha256="0" * 64))
        asyncio.get_running_loop().call_later(1, here.close)
        await send(sending, Endless({"name": "a", "size": None}, b""), ignore)

    with pytest.raises(TransferError, match="does not follow the protocol"):
        run_at_once(send_all())
