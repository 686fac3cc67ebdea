"""Where an access key comes from: a file, or the environment, and never an argument."""

from pathlib import Path

import pytest

from peerpost.access_keys import VARIABLE, access_key_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "access-key"
    path.write_text("of-the-file\n")
    return path


@pytest.mark.parametrize(("value", "access_key"), [(None, None), ("", None), (" \n", None), ("a-key\n", "a-key")])
def test_it_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None, access_key: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, value)

    assert access_key_of(None) == access_key


def test_a_file_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv(VARIABLE, "of-the-environment")

    assert access_key_of(file) == "of-the-file"


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"a b", b"\xff\xfe", "ü".encode()])
def test_a_file_without_an_access_key_is_an_error_that_does_not_show_what_is_in_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(ValueError, match="access-key has no access key in it: an access key has only letters, .* end$"):
        access_key_of(file)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot read .*none: No such file"):
        access_key_of(tmp_path / "none")


def test_an_environment_without_an_access_key_is_an_error_that_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "not a key")

    with pytest.raises(ValueError, match="^PEERPOST_ACCESS_KEY has no access key in it: an access key has only "):
        access_key_of(None)
