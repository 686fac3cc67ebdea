"""From the bytes of a request to its fields."""

import json

from chalicelib.errors import SignalingError
from chalicelib.limits import MAX_BATCH, MAX_BODY_BYTES, MAX_DEPTH, MAX_NAME_BYTES

Request = dict[str, object]


def parse(body: bytes) -> Request:
    """Return the object of an I-JSON message (RFC 7493); raise SignalingError for any other body."""
    if not body:
        raise SignalingError("body is empty")
    if len(body) > MAX_BODY_BYTES:
        raise SignalingError(f"body must be at most {MAX_BODY_BYTES} bytes")
    try:
        # NaN and Infinity are Python's, not JSON's, and int("NaN") is a ValueError.
        request = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=int)
        _descend(request, MAX_DEPTH)
    except RecursionError as error:
        raise SignalingError(f"body must be nested at most {MAX_DEPTH} deep") from error
    except ValueError as error:  # Not UTF-8, not JSON, a name twice, NaN, or a number of more than 4,300 digits.
        raise SignalingError("body is not JSON (RFC 7493)") from error
    if not isinstance(request, dict):
        raise SignalingError("body must be a JSON object")
    return request


def text(request: Request, field: str, max_bytes: int = MAX_NAME_BYTES) -> str:
    """Return a required string of 1 to `max_bytes` bytes in UTF-8; raise SignalingError for anything else."""
    if field not in request:
        raise SignalingError(f"{field} is missing")
    value = request[field]
    if not isinstance(value, str):
        raise SignalingError(f"{field} must be a string")
    if not value:
        raise SignalingError(f"{field} must not be empty")
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError as error:  # JSON can write half a character, "\ud800"; DynamoDB cannot store it.
        raise SignalingError(f"{field} has a lone surrogate") from error
    if size > max_bytes:
        raise SignalingError(f"{field} must be at most {max_bytes} bytes")
    return value


def texts(request: Request, field: str, max_bytes: int) -> list[str]:
    """Return an optional list of at most MAX_BATCH strings such as `text` returns; an empty one where it is absent."""
    values = request.get(field, [])
    if not isinstance(values, list) or len(values) > MAX_BATCH:
        raise SignalingError(f"{field} must be a list of at most {MAX_BATCH} strings")
    named = {f"{field}[{number}]": value for number, value in enumerate(values)}
    return [text(named, name, max_bytes) for name in named]


def number(request: Request, field: str, whole: bool = False) -> float:
    """Return an optional number from 0; 0 where it is absent."""
    value = request.get(field, 0)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or value < 0:
        raise SignalingError(f"{field} must be a {'whole ' * whole}number from 0")
    return value


def flag(request: Request, field: str) -> bool:
    """Return an optional boolean; False where it is absent."""
    value = request.get(field, False)
    if not isinstance(value, bool):
        raise SignalingError(f"{field} must be true or false")
    return value


def _unique(members: list[tuple[str, object]]) -> Request:
    if len(fields := dict(members)) < len(members):
        raise ValueError  # A name stands twice, and parsers disagree on which one counts.
    return fields


def _descend(value: object, depth: int) -> None:
    """How deep json.loads itself goes depends on the version of Python, so we count for ourselves."""
    if isinstance(value, (dict, list)):
        if depth == 0:
            raise RecursionError
        for inner in value.values() if isinstance(value, dict) else value:
            _descend(inner, depth - 1)
