"""An access key comes from a file or the environment, and never from an argument."""

from pathlib import Path

import pytest

from peerpost.access_keys import VARIABLE, access_key_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "access-key"
    path.write_text("of-the-file\n")
    return path


@pytest.mark.parametrize(("value", "access_key"), [(None, None), ("", None), (" \n", None), ("a-key\n", "a-key")])
def test_the_access_key_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None, access_key: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, value)

    assert access_key_of(None) == access_key


def test_a_file_takes_precedence_over_the_environment(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv(VARIABLE, "of-the-environment")

    assert access_key_of(file) == "of-the-file"


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"a b", b"\xff\xfe", "ü".encode()])
def test_a_file_without_a_valid_access_key_is_an_error_that_hides_its_contents(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(ValueError, match="access-key does not contain an access key: .* only letters, .* =$"):
        access_key_of(file)


def test_an_unreadable_access_key_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot read .*none: No such file"):
        access_key_of(tmp_path / "none")


def test_an_invalid_access_key_in_the_environment_is_an_error_that_hides_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "not a key")

    with pytest.raises(ValueError, match="^PEERPOST_ACCESS_KEY does not contain an access key: .* only letters"):
        access_key_of(None)
