"""Replays every seed, and every input that has ever broken a promise, without the fuzzer."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from chalicelib.function_url import Event, lambda_handler
from chalicelib.handlers import HANDLERS
from tests.fuzz import handler
from tests.fuzz.handler import SEPARATOR, Service

HERE = Path(__file__).parent
INPUTS = sorted(path for folder in ("corpus", "crashes") for path in (HERE / folder).rglob("*") if path.is_file())


@cache
def run_of(target: str) -> Callable[[bytes], object]:
    run: Callable[[bytes], object] = import_module(f"tests.fuzz.{target}").new_run()
    return run


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: "-".join(path.relative_to(HERE).parts))
def test_an_input_breaks_no_promise(path: Path) -> None:
    run_of(path.parent.name)(path.read_bytes())


def test_the_seeds_cover_a_success_a_refusal_and_an_outage_of_each_method() -> None:
    service, outcomes = Service(), set()
    for path in (HERE / "corpus/handler").iterdir():
        requests = path.read_bytes().split(SEPARATOR)
        for request, status in zip(requests, service.run(path.read_bytes()), strict=True):
            outcomes |= {(method, status) for method in HANDLERS if f'"method": "{method}"'.encode() in request}

    expected = {(method, status) for method in HANDLERS for status in (200, 400, 503)}
    assert outcomes >= expected


LIES = {
    "a 500": {"statusCode": 500},
    "an extra header": {"headers": {**handler.PLAIN_HEADERS, "Set-Cookie": "a=b"}},
    "a missing header": {"headers": {"Content-Type": "text/plain; charset=utf-8"}},
    "an unknown sentence": {"body": "no such thing"},
    "a false refusal": {"body": "no offer yet"},
    "a body of bytes": {"body": b"no such channel"},
    "an extra member": {"cookies": []},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_reply_that_breaks_a_promise_is_noticed(lie: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """This tests the fuzzer's own checks: each kind of wrong reply must fail the run."""

    def lying(app: Callable[[Event, object], Event]) -> Callable[[Event, object], object]:
        return lambda event, context: lambda_handler(app)(event, context) | lie

    monkeypatch.setattr(handler, "lambda_handler", lying)
    request = b'POST\n{"method": "get_answer", "channel_id": "00000000-0000-4000-8000-000000000003"}'

    with pytest.raises((AssertionError, KeyError, TypeError)):
        Service().run(request)


@pytest.mark.parametrize("method", [method for method in HANDLERS if method.startswith("create_")])
def test_a_stored_item_that_differs_from_the_request_is_noticed(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    monkeypatch.setattr(service.memory, "_store", lambda key, item: service.memory.items.update({key: item | {"x": 1}}))
    request = f'{{"method": "{method}", "channel_id": "00000000-0000-4000-8000-000000000001",'

    with pytest.raises(AssertionError):
        service.run(f'POST\n{request} "offer": "o", "answer": "a", "candidate": "c"}}'.encode())
