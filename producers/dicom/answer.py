"""What senders are told: the status of a C-STORE (PS3.4 B.2.3), and the receipt of files. Pure."""

from collections.abc import Sequence
from typing import Final

from producers.adapter import Receipt
from producers.receipt import render

SUCCESS: Final = 0x0000
OUT_OF_RESOURCES: Final = 0xA700
"""Nothing was kept; the sender tries again later."""
CANNOT_UNDERSTAND: Final = 0xC000
"""The instance is refused and numbered as a rejection; sending the same again does not help."""


def status(receipt: Receipt) -> int:
    """For an instance that did not become part of a study."""
    if receipt.full:
        return OUT_OF_RESOURCES
    return CANNOT_UNDERSTAND if receipt.refusals else SUCCESS


def answer(receipts: Sequence[Receipt]) -> str:
    """The receipt that lies beside a refused file."""
    return render(receipts, ("tệp", "files"))
