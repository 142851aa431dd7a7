"""How far the reading of a file is, in bytes: an estimate by what was read of it, exact when it is done."""

from collections.abc import Callable, Iterable


class Meter:
    """Of one file of `size` bytes; `tell` is given what came since it was last told."""

    def __init__(self, size: int, tell: Callable[[int], None]) -> None:
        self._left, self._tell = size, tell
        self._line = b""

    def read(self, messages: Iterable[bytes]) -> None:
        """Messages as they were read. A first line that stands in each of them, as a table's heading, counts once."""
        got = 0
        for raw in messages:
            line = raw[: raw.find(b"\n") + 1]
            got += len(raw) - (len(line) if line == self._line else 0)
            self._line = line
        self._told(min(got, self._left))

    def done(self) -> None:
        self._told(self._left)

    def _told(self, count: int) -> None:
        self._left -= count
        self._tell(count)
