"""What the tests on hosts of their own need: the page, the server and a TURN server on this machine."""

from harness.fixtures import front, long_hold, page_url, turn

__all__ = ["front", "long_hold", "page_url", "turn"]
