"""Puts the server together from its settings: for Lambda, or for `chalice local`."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, cast

from chalice.app import Chalice, CORSConfig

from chalicelib import limits
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.deadline import OutOfTime, deadline
from chalicelib.dynamodb import Table, open_client
from chalicelib.errors import ParameterUnavailable, StorageUnavailable
from chalicelib.handlers import Services
from chalicelib.http_app import create_app
from chalicelib.ice_servers import IceServers
from chalicelib.request_log import QuietPolls
from chalicelib.settings import Settings, SettingsError

if TYPE_CHECKING:
    from chalicelib.parameters import Parameter

logger = logging.getLogger(__name__)

GetServices = Callable[[], Services]
# The SSM parameters, by name.
Parameters = dict[str, "Parameter"]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. If one is wrong, stop with one line that names its variable."""
    try:
        return Settings.from_environment(environment)
    except SettingsError as error:
        # The Lambda runtime reports an exception as one line of JSON. `chalice local` would print a
        # traceback, so there it becomes a SystemExit.
        if "AWS_LAMBDA_FUNCTION_NAME" in environment:
            raise
        raise SystemExit(f"Peerpost cannot start: {error}") from None


def lambda_app(settings: Settings) -> Chalice:
    """Return the app for Lambda.

    It opens its connections here and not in the first request, since Lambda lends a whole core to
    the start of a function. If that fails, the first request tries again.
    """
    parameters = parameters_of(settings)
    get_services = opened_once(lambda: build_services(open_table(settings), parameters, settings))
    warm_up(get_services, parameters)
    if settings.snap_start:
        reconnect_after_restore(get_services, parameters)
    # CORS is left to the function URL.
    return create_app(
        get_services,
        max_wait_seconds=settings.max_wait_seconds,
        deadline=deadline,
        quiet_polls=QuietPolls(),
    )


def local_app(settings: Settings) -> Chalice:
    """Return the app for `chalice local`. It opens its table when the first request comes."""
    # Imported only here: none of it is in the function's package.
    from chalicelib.development import server as development_server

    development_server.prepare()
    parameters = parameters_of(settings)
    get_services = opened_once(
        lambda: build_services(open_development_table(settings), parameters, settings)
    )
    # Pages on other origins can read a header only if it is exposed. The function URL exposes the
    # same one (see infra/).
    cors = CORSConfig(expose_headers=["Retry-After"])
    return create_app(get_services, max_wait_seconds=settings.max_wait_seconds, cors=cors)


def opened_once(open_services: Callable[[], Services]) -> GetServices:
    """Return a function that opens the services on its first call, and keeps them for later calls.

    If opening fails, the exception is raised, and the next call tries again. The function is
    thread-safe.
    """
    lock = Lock()
    services: Services | None = None

    def get_services() -> Services:
        nonlocal services
        with lock:
            if services is None:
                services = open_services()
            return services

    return get_services


def build_services(table: Table, parameters: Parameters, settings: Settings) -> Services:
    access_keys = None
    if settings.access_keys_parameter is not None:
        read_digests = parameters[settings.access_keys_parameter].read
        access_keys = AccessKeys(read_digests)
    return Services(
        channels=Channels(table),
        access_keys=access_keys,
        ice_servers=ice_servers_of(settings, parameters),
        max_ttl_seconds=settings.max_ttl_seconds,
    )


def ice_servers_of(settings: Settings, parameters: Parameters) -> IceServers:
    # Settings refuses TURN servers without a secret. mypy does not know that.
    if settings.turn_urls and settings.turn_secret_parameter is not None:
        read_secret = parameters[settings.turn_secret_parameter].read
        return IceServers(settings.stun_urls, settings.turn_urls, read_secret)
    return IceServers(settings.stun_urls)


def parameters_of(settings: Settings) -> Parameters:
    """Return the SSM parameters that these settings need. None of them is read yet."""
    names = []
    if settings.access_keys_parameter is not None:
        names.append(settings.access_keys_parameter)
    if settings.turn_urls and settings.turn_secret_parameter is not None:
        names.append(settings.turn_secret_parameter)
    if not names:
        return {}
    # Imported only here: most servers have no parameters, and every module makes the start longer.
    from chalicelib.parameters import Parameter
    from chalicelib.parameters import open_client as open_ssm_client

    return {name: Parameter(open_ssm_client, name) for name in names}


def open_table(settings: Settings) -> Table:
    # Never None here: on Lambda, Settings requires it, and elsewhere, open_development_table has
    # checked it. mypy does not know that.
    table_name = cast("str", settings.table_name)
    return Table(open_client(settings.dynamodb_endpoint), table_name)


def open_development_table(settings: Settings) -> Table:
    """Return the table that TABLE_NAME names or, if it names none, one that is made for you."""
    if settings.table_name is not None:
        return open_table(settings)
    # Imported only here: it loads moto, which takes a second.
    from chalicelib.development import embedded

    return embedded.open_table(settings.dynamodb_endpoint)


def warm_up(get_services: GetServices, parameters: Parameters) -> None:
    """Do now what the first request would otherwise wait for: open connections, read parameters.

    An outage never stops the server from starting. If SSM is unavailable, that is logged here. If
    DynamoDB is unavailable, the first request finds out and logs it. Lambda allows ten seconds for
    a start, so both steps have a limit.
    """
    with suppress(OutOfTime, StorageUnavailable), deadline(limits.INIT_TABLE_SECONDS):
        get_services().channels.warm_up()
    if not parameters:
        return
    try:
        with deadline(limits.INIT_PARAMETERS_SECONDS):
            for parameter in parameters.values():
                read_now(parameter)
    except OutOfTime:
        logger.error("SSM: out of time")


def read_now(parameter: "Parameter") -> None:
    try:
        parameter.read()
    except ParameterUnavailable as outage:
        logger.error("SSM: %s", outage)


def reconnect_after_restore(get_services: GetServices, parameters: Parameters) -> None:
    """Open new connections whenever Lambda has started this function from its snapshot.

    The connections in the snapshot were opened on another machine, maybe days ago. The first
    request would send into one of them, and wait for a second before it tries a new one.
    """
    # Part of Lambda's Python runtimes.
    from snapshot_restore_py import register_after_restore

    def reconnect() -> None:
        # If the services could not be opened before the snapshot, this opens them now. If that
        # fails too, there is no connection to close.
        with suppress(StorageUnavailable):
            get_services().channels.close_connections()
        # All parameters share one client. Closing it twice is harmless.
        for parameter in parameters.values():
            parameter.close_connections()
        warm_up(get_services, parameters)

    register_after_restore(reconnect)
