"""From the bytes of a request to its fields. Everything wrong with them is a SignalingError."""

import json
from collections.abc import Iterable
from typing import NoReturn

from chalicelib.errors import SignalingError
from chalicelib.limits import MAX_BATCH, MAX_BODY_BYTES, MAX_DEPTH, MAX_ID_BYTES

NOT_JSON = "body is not JSON (RFC 7493)"
TOO_DEEP = f"body must be nested at most {MAX_DEPTH} deep"


class Request:
    """The fields of one request, each checked when it is read.

    Each method raises SignalingError if the field does not have the type or the size that the
    method's docstring describes. `text` also raises it if the field is missing. The message names
    the field.

    >>> request = parse(b'{"method": "get_offer", "since": 2}')
    >>> request.text("method"), request.whole_number("since"), "wait" in request
    ('get_offer', 2, False)
    """

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    def __contains__(self, field: str) -> bool:
        return field in self._fields

    def text(self, field: str, max_bytes: int = MAX_ID_BYTES, min_bytes: int = 1) -> str:
        """Return a string of `min_bytes` to `max_bytes` bytes in UTF-8."""
        if field not in self._fields:
            raise SignalingError(f"{field} is missing")
        return checked_text(self._fields[field], field, max_bytes, min_bytes)

    def texts(self, field: str, max_bytes: int) -> list[str]:
        """Return a list of at most MAX_BATCH strings of 1 to `max_bytes` bytes; [] if absent."""
        values = self._fields.get(field, [])
        if not isinstance(values, list) or len(values) > MAX_BATCH:
            raise SignalingError(f"{field} must be a list of at most {MAX_BATCH} strings")
        return [
            checked_text(value, f"{field}[{number}]", max_bytes)
            for number, value in enumerate(values)
        ]

    def number(self, field: str) -> float:
        """Return a number of 0 or more; 0 if the field is absent.

        It can be infinite, since Python reads 1e999 as infinity. The caller limits it.
        """
        value = self._fields.get(field, 0)
        # To Python, True and False are numbers too.
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise SignalingError(f"{field} must be a number from 0")
        return value

    def whole_number(self, field: str, least: int = 0) -> int | None:
        """Return a whole number of `least` or more; None if the field is absent."""
        if field not in self._fields:
            return None
        value = self._fields[field]
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SignalingError(f"{field} must be a whole number from {least}")
        return value

    def flag(self, field: str) -> bool:
        """Return a boolean; False if the field is absent."""
        value = self._fields.get(field, False)
        if not isinstance(value, bool):
            raise SignalingError(f"{field} must be true or false")
        return value


def parse(body: bytes) -> Request:
    """Return the request in a body, which must be an object in I-JSON (RFC 7493)."""
    if not body:
        raise SignalingError("body is empty")
    if len(body) > MAX_BODY_BYTES:
        raise SignalingError(f"body must be at most {MAX_BODY_BYTES} bytes")
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=object_of_unique_names,
            parse_constant=refuse_constant,
        )
    except RecursionError as error:
        raise SignalingError(TOO_DEEP) from error
    except ValueError as error:
        # Not UTF-8, not JSON, a name that appears twice, NaN or Infinity, or a whole number of more
        # than 4,300 digits, which Python refuses to read.
        raise SignalingError(NOT_JSON) from error
    # json.loads has a limit too, but which one depends on the version of Python.
    if is_nested_deeper(value, MAX_DEPTH):
        raise SignalingError(TOO_DEEP)
    if not isinstance(value, dict):
        raise SignalingError("body must be a JSON object")
    return Request(value)


def object_of_unique_names(members: list[tuple[str, object]]) -> dict[str, object]:
    """Return a JSON object. Refuse a name that appears twice: parsers differ on which counts."""
    fields = dict(members)
    if len(fields) < len(members):
        raise ValueError("a name appears twice")
    return fields


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN, Infinity and -Infinity, which Python reads although JSON does not have them."""
    raise ValueError(f"{name} is not JSON")


def is_nested_deeper(value: object, max_depth: int) -> bool:
    """Whether lists and objects are nested more than `max_depth` deep in a JSON value.

    The outermost one counts: `{"candidates": []}` is two deep.
    """
    inner: Iterable[object]
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    else:
        return False
    if max_depth == 0:
        return True
    return any(is_nested_deeper(each, max_depth - 1) for each in inner)


def checked_text(value: object, name: str, max_bytes: int, min_bytes: int = 1) -> str:
    """Return a value that is a string of `min_bytes` to `max_bytes` bytes in UTF-8."""
    if not isinstance(value, str):
        raise SignalingError(f"{name} must be a string")
    if not value:
        raise SignalingError(f"{name} must not be empty")
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError as error:
        # JSON can write half of a character, "\ud800". DynamoDB cannot store it.
        raise SignalingError(f"{name} has a lone surrogate") from error
    if size < min_bytes:
        raise SignalingError(f"{name} must be at least {min_bytes} bytes")
    if size > max_bytes:
        raise SignalingError(f"{name} must be at most {max_bytes} bytes")
    return value
