"""A function URL that counts the requests that reach it."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.runtime import Event, Forwarder, FunctionUrl, Invoke

# Even on a busy machine, nothing takes a tenth of this.
PATIENCE_SECONDS = 60


class Front(FunctionUrl):
    """Behaves like a function URL, and counts requests on the server's side."""

    def __init__(self, invoke: Invoke) -> None:
        super().__init__(self._counted)
        self.RequestHandlerClass = CountingForwarder
        self.verbs: Counter[str] = Counter()
        self.bodies: list[str] = []
        self._invoke = invoke
        self._came: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._change = threading.Condition()
        self._writes_awaited = 0
        self._holds_the_answer = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def exchange(self) -> dict[str, int]:
        """The requests received, by method, without the final `delete_data_channel`: no client waits for that one."""
        with self._change:
            return {method: count for method, count in self._came.items() if method != "delete_data_channel"}

    def wait_for(self, method: str, times: int = 1) -> None:
        """Return once this many requests of a method have been answered."""
        with self._change:
            if not self._change.wait_for(lambda: self._done[method] >= times, PATIENCE_SECONDS):
                raise TimeoutError(f"{method}: {self._done[method]} of {times} requests after {PATIENCE_SECONDS} s")

    @contextmanager
    def holding_the_answer(self) -> Iterator[None]:
        """Let the server store the answer and return it, but let the peers know only at the end of this block.

        The server gets a read that may be held only when it has the answer.
        """
        self._holds_the_answer = True
        try:
            yield
        finally:
            with self._change:
                self._holds_the_answer = False
                self._change.notify_all()

    def hold_candidates_until_written(self, times: int) -> None:
        """Hold every reply that may carry candidates until this many requests have written candidates."""
        with self._change:
            self._writes_awaited = times

    def _until_written(self) -> None:
        with self._change:
            self._change.wait_for(lambda: self._done["create_candidate"] >= self._writes_awaited, PATIENCE_SECONDS)

    def _until_there_is_an_answer(self) -> None:
        with self._change:
            self._change.wait_for(lambda: self._done["create_answer"] or not self._holds_the_answer, PATIENCE_SECONDS)

    def _until_the_answer_is_released(self) -> None:
        with self._change:
            self._change.wait_for(lambda: not self._holds_the_answer, PATIENCE_SECONDS)

    def count(self, verb: str) -> None:
        with self._change:
            self.verbs[verb] += 1

    def _counted(self, event: Event, context: object) -> Event:
        body = event.get("body", "")
        request = json.loads(body)
        method = request["method"]
        with self._change:
            self._came[method] += 1
            self.bodies.append(body)
        if method == "get_answer" and request.get("wait"):
            self._until_there_is_an_answer()
        reply = self._invoke(event, context)
        with self._change:
            self._done[method] += 1
            self._change.notify_all()
        if method in ("create_answer", "get_answer"):
            self._until_the_answer_is_released()
        if method in ("create_candidate", "get_candidates"):
            self._until_written()
        return reply

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a page may give up on a request."""


class CountingForwarder(Forwarder):
    server: Front

    def parse_request(self) -> bool:
        """Count the request here, because preflights pass here too."""
        if parsed := super().parse_request():
            self.server.count(self.command)
        return parsed


@contextmanager
def front_of(invoke: Invoke) -> Iterator[Front]:
    """Serve a function over HTTP, and count its requests."""
    with Front(invoke) as front:
        threading.Thread(target=front.serve_forever, args=(0.02,), daemon=True).start()
        yield front
        front.shutdown()
