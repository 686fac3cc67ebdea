"""Hooks for schemathesis. They point most of its requests at existing channels, which it would never guess."""

import random
from typing import Any

import schemathesis

from tests.fuzz.handler import CHANNELS

OFTEN = 0.8


def map_body(context: object, body: Any) -> Any:  # noqa: ARG001 - the hook's own signature
    if isinstance(body, dict) and isinstance(body.get("channel_id"), str) and random.random() < OFTEN:
        return body | {"channel_id": random.choice(list(CHANNELS))}
    return body


schemathesis.hook(map_body)
