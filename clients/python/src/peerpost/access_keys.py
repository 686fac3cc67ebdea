"""Access keys, which the operator can require to open channels."""

import os
import re
from pathlib import Path

VARIABLE = "PEERPOST_ACCESS_KEY"
# RFC 6750, section 2.1. A key with other characters could end the header too early, or make the HTTP client raise an
# error that shows the key.
ACCESS_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def checked(access_key: str) -> str:
    """Return the access key. Raises ValueError, which does not show the key, if it is not a valid one."""
    if not ACCESS_KEY.fullmatch(access_key):
        raise ValueError("an access key may contain only letters, digits and -._~+/, and may end with =")
    return access_key


def access_key_of(file: Path | None) -> str | None:
    """Return the access key in a file or, without a file, in the environment. Return None if there is none.

    It is never a command-line argument, because everybody on a machine can read those.
    Raises ValueError for a file that cannot be read, and for a text that is not an access key.
    """
    if file is not None:
        source = str(file)
        text = text_of(file)
    else:
        source = VARIABLE
        text = os.environ.get(VARIABLE, "")
        if not text.strip():
            return None
    try:
        return checked(text.strip())
    except ValueError as error:
        raise ValueError(f"{source} does not contain an access key: {error}") from error


def text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode("ascii", errors="replace")
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from error
