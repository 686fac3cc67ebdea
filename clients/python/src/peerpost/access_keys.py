"""Access keys: what opens channels, where the operator does not let everybody open them."""

import os
import re
from pathlib import Path

VARIABLE = "PEERPOST_ACCESS_KEY"
# RFC 6750, section 2.1. Any other character could end the header, and an HTTP client's error would show the key.
ACCESS_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def checked(access_key: str) -> str:
    """Return the access key. Raises ValueError, which does not show it, for one that no server can know."""
    if not ACCESS_KEY.fullmatch(access_key):
        raise ValueError("an access key has letters, digits and -._~+/ alone, and = at its end")
    return access_key


def access_key_of(file: Path | None) -> str | None:
    """Return the access key of a file, or else of the environment; None where there is none.

    It is not taken from an argument, as everybody on a machine can read those.
    Raises ValueError for a file that cannot be read, and for what is no access key.
    """
    if file is None:
        text, source = os.environ.get(VARIABLE, ""), VARIABLE
        if not text.strip():
            return None
    else:
        try:
            text, source = file.read_bytes().decode("ascii", errors="replace"), str(file)
        except OSError as error:
            raise ValueError(f"cannot read {file}: {error.strerror}") from error
    try:
        return checked(text.strip())
    except ValueError as error:
        raise ValueError(f"{source} has no access key in it: {error}") from error
