"""What tests of the outbox ask of it."""

from typing import Any

from producers.adapter import Receipt
from producers.outbox import Outbox
from tests.lines import FEED, NOW, incoming, waiting


def take(box: Outbox, *lines: bytes, **given: Any) -> list[Receipt]:
    return box.take([incoming(raw, **given) for raw in lines])


def numbers(box: Outbox) -> list[tuple[int, int, int]]:
    """(sequence, part, parts) of what waits."""
    return [(told["sequence"], told["part"], told["parts"]) for told in (one.told for one in waiting(box.path))]


def pulse(box: Outbox, now: int = NOW) -> dict[str, Any]:
    (only,) = box.pulse([FEED], now)
    return only
