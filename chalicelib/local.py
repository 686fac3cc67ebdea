"""What makes `chalice local` fit for two browsers that poll. It never ships."""

from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer


def speed_up() -> None:
    """Set the two public knobs of the standard library's server that Chalice leaves at their defaults."""
    # Headers and body in one segment: apart, Nagle's algorithm and the delayed acknowledgement cost 44 ms a request.
    ChaliceRequestHandler.wbufsize = -1
    # The default of 5 connections waiting to be accepted turns the sixth browser away for a second.
    ThreadedHTTPServer.request_queue_size = 128
