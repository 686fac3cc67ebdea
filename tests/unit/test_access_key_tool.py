"""`make access-key`, and the commands in docs/operations.md that store keys and secrets, on an SSM in memory."""

import base64
import hashlib
import hmac
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from chalicelib.access_keys import AccessKeys
from chalicelib.development.embedded import ANY_KEYS, ANY_REGION
from chalicelib.errors import Unauthorized
from chalicelib.ice_servers import IceServers
from harness.engines import ROOT


@pytest.fixture(scope="module")
def ssm() -> Iterator[Any]:
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield cast(Any, boto3).client("ssm", region_name=ANY_REGION, **ANY_KEYS)


def make_key(*arguments: str) -> tuple[str, str, str]:
    """Return the key, its digest and the command that the tool prints."""
    command = [sys.executable, "-m", "tools.access_key", *arguments]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = [line for line in said.splitlines() if line and not line.endswith(":")]
    assert len(lines) == 3
    return lines[0], lines[1], lines[2]


def run(command: str, ssm: Any, folder: Path = ROOT, **variables: str) -> None:
    """Carry out an `aws ssm put-parameter` command with boto3, so that no test needs the AWS command line."""
    for name, value in variables.items():
        command = command.replace(f"${name}", value)
    program, service, operation, *words = shlex.split(command)
    assert (program, service, operation) == ("aws", "ssm", "put-parameter")
    words.remove("--overwrite")
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options.keys() == {"--name", "--type", "--value"}
    value = options["--value"]
    if value.startswith("file://"):
        value = (folder / value.removeprefix("file://")).read_text()
    ssm.put_parameter(Name=options["--name"], Type=options["--type"], Value=value, Overwrite=True)


def value_of(ssm: Any, name: str) -> str:
    value: str = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    return value


def documented() -> list[str]:
    text = (ROOT / "docs/operations.md").read_text()
    return [line.strip() for line in re.findall(r"^ *aws ssm .*$", text, re.MULTILINE)]


def test_each_key_is_new_and_has_256_bits() -> None:
    (one, _, _), (other, _, _) = make_key(), make_key()

    assert one != other
    assert all(re.fullmatch(r"[\w-]{43}", key) for key in (one, other))


def test_the_printed_command_stores_a_digest_that_accepts_only_the_key(ssm: Any) -> None:
    key, digest, command = make_key("--parameter", "/elsewhere/keys")

    run(command, ssm)

    keys = AccessKeys(lambda: value_of(ssm, "/elsewhere/keys"))
    keys.check(key)
    with pytest.raises(Unauthorized):
        keys.check(digest)
    assert key not in command


def test_during_the_documented_rotation_there_is_always_a_valid_key(ssm: Any) -> None:
    (old, old_digest, command), (new, new_digest, _) = make_key(), make_key()
    both, alone, _ = documented()
    keys = AccessKeys(lambda: value_of(ssm, "/peerpost/access-keys"))

    run(command, ssm)
    keys.check(old)
    run(both, ssm, OLD_DIGEST=old_digest, NEW_DIGEST=new_digest)
    for key in (old, new):
        keys.check(key)
    run(alone, ssm, NEW_DIGEST=new_digest)

    keys.check(new)
    with pytest.raises(Unauthorized, match="access key is unknown"):
        keys.check(old)


def test_the_documented_command_stores_the_turn_secret_that_signs_credentials(ssm: Any, tmp_path: Path) -> None:
    (tmp_path / "turn-secret").write_text("0123456789abcdef\n")

    run(documented()[2], ssm, tmp_path)

    [server] = IceServers([], ["turn:turn.example.org"], lambda: value_of(ssm, "/peerpost/turn-secret")).current()
    signature = hmac.new(b"0123456789abcdef", str(server["username"]).encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(signature).decode()


def test_a_parameter_can_hold_63_keys(ssm: Any) -> None:
    """docs/operations.md promises this.

    A standard SSM parameter holds 4,096 characters, a limit that moto does not enforce.
    """
    keys = [secrets.token_urlsafe(32) for _ in range(64)]
    digests = [hashlib.sha256(key.encode()).hexdigest() for key in keys]
    value = "\n".join(digests[:63])

    ssm.put_parameter(Name="/many", Type="SecureString", Value=value)

    AccessKeys(lambda: value_of(ssm, "/many")).check(keys[62])
    assert len(value) <= 4096 < len("\n".join(digests))
