"""Which environment variables the server reads, found by letting it ask for them."""

from collections.abc import Iterator, Mapping

from chalicelib.settings import Settings


class Asked(Mapping[str, str]):
    """An empty environment that notes which variables were asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def variables_read() -> set[str]:
    environment = Asked()
    Settings.from_environment(environment)
    return environment.names
