"""An HTTP client with the proxies and certificates that environment variables name."""

import importlib.util
import os
import ssl
from urllib.request import getproxies

import httpx

from peerpost.errors import NetworkError
from peerpost.limits import MAX_PORT

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
KEY_LOG_VARIABLE = "SSLKEYLOGFILE"
PROXY_SCHEMES = {"http", "https", "socks5", "socks5h"}


def new_http_client() -> httpx.AsyncClient:
    """Return an HTTP client.

    If an environment variable cannot be used, raises NetworkError, which names it.
    httpx itself raises five kinds of exceptions for these variables, and does not name the variable.
    """
    certificates = certificates_of_the_environment()
    for kind in ("http", "https", "all"):
        check_proxy(kind)
    try:
        return httpx.AsyncClient(verify=certificates)
    except (httpx.InvalidURL, ValueError) as error:
        # The other variables were checked above, so NO_PROXY must be invalid.
        raise cannot_use(proxy_variable("no"), "it contains an invalid host") from error


def certificates_of_the_environment() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except ssl.SSLError as error:
        raise cannot_use(certificate_variable(), "it contains no certificate") from error
    except OSError as error:
        is_key_log = error.filename is not None and error.filename == os.environ.get(KEY_LOG_VARIABLE)
        name = KEY_LOG_VARIABLE if is_key_log else certificate_variable()
        raise cannot_use(name, error.strerror or str(error)) from error


def certificate_variable() -> str | None:
    """Return the variable that says where the trusted certificates are, or None if none does."""
    return next((name for name in CERTIFICATE_VARIABLES if os.environ.get(name)), None)


def check_proxy(kind: str) -> None:
    """Raise NetworkError if the proxy for a kind of URL, `http`, `https` or `all`, cannot be used."""
    url = getproxies().get(kind)
    if not url:
        return
    # The error must not show the URL, as it may hold a password.
    why = why_not_a_proxy(url if "://" in url else f"http://{url}")
    if why:
        raise cannot_use(proxy_variable(kind), why)


def why_not_a_proxy(url: str) -> str | None:
    """Return why a URL cannot be used as a proxy, or None if it can."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "it is not the URL of a proxy"
    if parsed.scheme not in PROXY_SCHEMES or not parsed.host or (parsed.port or 0) > MAX_PORT:
        return "it is not the URL of a proxy"
    if parsed.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        return "a SOCKS proxy needs the package socksio: pip install 'httpx[socks]'"
    return None


def proxy_variable(kind: str) -> str | None:
    """Return the name of the variable that contains the proxy for a kind of URL, or None if neither spelling is set.

    `kind` may also be `no`, for the variable with the hosts that need no proxy.
    """
    lower = f"{kind}_proxy"
    return next((name for name in (lower, lower.upper()) if os.environ.get(name)), None)


def cannot_use(variable: str | None, why: str) -> NetworkError:
    subject = f"the environment variable {variable}" if variable else "the system's network settings"
    return NetworkError(f"cannot use {subject}: {why}", is_temporary=False)
