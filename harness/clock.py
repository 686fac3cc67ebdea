"""A clock that moves only when a test moves it."""


class Clock:
    def __init__(self, seconds: float = 1_800_000_000) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds
