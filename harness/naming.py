"""Test IDs for the values of parametrized tests."""


def name_of(value: object) -> str:
    """Return a test ID without backslashes. pytest cannot select a test whose ID contains one."""
    return ascii(value).replace("\\", "/")[:60]
