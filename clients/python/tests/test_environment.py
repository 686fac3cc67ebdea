"""The environment variables for proxies and certificates, which an HTTP client reads."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from doubles import CHANNEL_ID
from peerpost import NetworkError, SignalingClient
from peerpost.cli import main
from processes import end_of, python

SECRET = "opensesame"  # pragma: allowlist secret


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL"):
            monkeypatch.delenv(name)


NOT_A_PROXY = "it is not the URL of a proxy"
NO_SUCH_FILE = "No such file or directory"

UNUSABLE = [
    ("NO_PROXY", "[::1]", "it contains an invalid host"),
    ("no_proxy", "localhost, http://a:b", "it contains an invalid host"),
    ("NO_PROXY", "xn--\u00fc", "it contains an invalid host"),
    ("HTTP_PROXY", f"gopher://user:{SECRET}@proxy.test", NOT_A_PROXY),
    ("http_proxy", f"http://user:{SECRET}", NOT_A_PROXY),
    ("HTTPS_PROXY", "http://[::1", NOT_A_PROXY),
    ("HTTPS_PROXY", "http://proxy.test:99999", NOT_A_PROXY),
    ("HTTPS_PROXY", "http://", NOT_A_PROXY),
    ("https_proxy", "http://xn--\u00fc", NOT_A_PROXY),
    ("ALL_PROXY", "socks5://127.0.0.1:1080", "a SOCKS proxy needs the package socksio: pip install 'httpx[socks]'"),
    ("SSL_CERT_FILE", os.devnull, "it contains no certificate"),
    ("SSL_CERT_FILE", "/nowhere/certificates.pem", NO_SUCH_FILE),
    ("SSL_CERT_FILE", "/", "Is a directory"),
    ("SSLKEYLOGFILE", "/nowhere/keys", NO_SUCH_FILE),
]


@pytest.mark.parametrize(("variable", "value", "why"), UNUSABLE)
def test_an_unusable_environment_variable_is_reported_by_name_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str, why: str
) -> None:
    monkeypatch.setenv(variable, value)

    code = main(["receive", f"http://127.0.0.1:1/#{CHANNEL_ID}", "--ice-server", "none", "--quiet"])

    assert (code, capsys.readouterr().err) == (1, f"peerpost: cannot use the environment variable {variable}: {why}\n")


@pytest.mark.parametrize(("variable", "value", "why"), UNUSABLE)
def test_an_unusable_environment_variable_is_a_permanent_network_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, why: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(NetworkError) as caught:
        SignalingClient("https://a.test/")

    assert str(caught.value) == f"cannot use the environment variable {variable}: {why}"
    assert not caught.value.is_temporary


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NO_PROXY", "[::1]"), pytest.param("SSL_CERT_FILE", os.devnull, marks=pytest.mark.slow)],
)
def test_an_unusable_environment_variable_shows_no_traceback(variable: str, value: str) -> None:
    with python("-m", "peerpost", "send", __file__, "--server", "http://127.0.0.1:1/", **{variable: value}) as process:
        code, output, errors = end_of(process)

    assert (code, output) == (1, "")
    assert errors.startswith(f"peerpost: cannot use the environment variable {variable}: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NO_PROXY", "localhost,127.0.0.1,::1,.example.org"),
        ("NO_PROXY", "*"),
        ("HTTP_PROXY", "proxy.test:3128"),
        ("HTTPS_PROXY", "http://user:password@proxy.test"),  # pragma: allowlist secret
        ("HTTP_PROXY", ""),
        ("SSL_CERT_FILE", ""),
    ],
)
def test_a_usable_environment_variable_is_not_an_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    asyncio.run(SignalingClient("https://a.test/").aclose())


@contextmanager
def port_that_nobody_listens_on() -> Iterator[int]:
    """A port that stays in use during the test, so that no other process can listen on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_reply_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    async def ask() -> None:
        async with SignalingClient(f"{scheme}://a.test/") as client:
            await client.get_offer(CHANNEL_ID)

    with port_that_nobody_listens_on() as port:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://user:{SECRET}@127.0.0.1:{port}")

        with pytest.raises(NetworkError) as caught:
            asyncio.run(ask())

    assert str(caught.value).startswith(f"no reply from {scheme}://a.test/ through the proxy 127.0.0.1:{port}: ")
    assert SECRET not in str(caught.value)


def test_without_a_proxy_the_error_does_not_mention_one() -> None:
    async def ask(port: int) -> None:
        async with SignalingClient(f"http://127.0.0.1:{port}/") as client:
            await client.get_offer(CHANNEL_ID)

    with port_that_nobody_listens_on() as port, pytest.raises(NetworkError) as caught:
        asyncio.run(ask(port))

    assert str(caught.value).startswith(f"no reply from http://127.0.0.1:{port}/: ")


def test_a_password_in_a_server_url_is_in_no_error() -> None:
    async def ask(port: int) -> None:
        async with SignalingClient(f"http://user:{SECRET}@127.0.0.1:{port}/") as client:
            await client.get_offer(CHANNEL_ID)

    with port_that_nobody_listens_on() as port, pytest.raises(NetworkError) as caught:
        asyncio.run(ask(port))

    assert SECRET not in str(caught.value)


def test_localhost_reaches_an_ipv4_server_even_if_it_resolves_to_ipv6_first(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    ask_the_system = socket.getaddrinfo

    def ipv6_first(host: str | bytes, port: int, *arguments: int) -> list[tuple[object, ...]]:
        if host not in ("localhost", b"localhost"):
            return list(ask_the_system(host, port, *arguments))
        names.append("localhost")
        ipv6 = (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("::1", port, 0, 0))
        return [ipv6, *ask_the_system("127.0.0.1", port, *arguments)]

    async def open_channel() -> str:
        async with SignalingClient(server.replace("127.0.0.1", "localhost")) as client:
            return await client.create_data_channel()

    names: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", ipv6_first)

    channel_id = asyncio.run(open_channel())

    assert len(channel_id) == 36
    assert names == ["localhost"]
