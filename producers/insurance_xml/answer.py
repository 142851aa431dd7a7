"""What the sender of a file is told: the receipt beside it, a paragraph per HOSO. Pure."""

from collections.abc import Sequence

from producers import receipt
from producers.adapter import Receipt


def answer(receipts: Sequence[Receipt]) -> str:
    return receipt.render(receipts, ("hồ sơ", "dossiers"))
