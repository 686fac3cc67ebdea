"""What makes `chalice local` fit for two browsers that poll. It never ships."""

import logging

from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer


def speed_up() -> None:
    """Set the two public knobs of the standard library's server that Chalice leaves at their defaults."""
    # Headers and body in one segment: apart, Nagle's algorithm and the delayed acknowledgement cost 44 ms a request.
    ChaliceRequestHandler.wbufsize = -1
    # The default of 5 connections waiting to be accepted turns the sixth browser away for a second.
    ThreadedHTTPServer.request_queue_size = 128


def log_in_words() -> None:
    """Say in words what the function's log has in JSON, where `chalice local` logs, and nobody who imports the app."""
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.addFilter(_in_words)


def _in_words(record: logging.LogRecord) -> bool:
    if record.name == "chalicelib.request_log":
        record.msg = "{method} {status} {outcome}".format(**vars(record))
    return True
