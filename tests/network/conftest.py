"""Fixtures for tests on separate hosts: the page, the server and a TURN server on this machine."""

from harness.fixtures import front, page_url, turn

__all__ = ["front", "page_url", "turn"]
