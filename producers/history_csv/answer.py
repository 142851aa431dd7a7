"""What the sender of a file is told: the receipt beside it, only the rows with faults. Pure."""

from collections.abc import Sequence

from producers.adapter import Receipt
from producers.receipt import render


def answer(receipts: Sequence[Receipt]) -> str:
    return render(receipts, ("dòng", "rows"), only_faulty=True)
