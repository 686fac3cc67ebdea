"""Names for the values of a parametrized test."""


def name_of(value: object) -> str:
    """Return a name by which pytest finds the test again: with a backslash in it, it does not."""
    return ascii(value).replace("\\", "/")[:60]
