"""The receipt of a file: what became of each message in it, in Vietnamese and English. Pure; holds no value."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from producers.adapter import Receipt, Refusal
from schemas.reasons import REASONS

MOST_FAULTY: Final = 1_000
"""Messages that are told of where only faulty ones are."""


def render(
    receipts: Sequence[Receipt], unit: tuple[str, str] = ("thông điệp", "messages"), only_faulty: bool = False
) -> str:
    """The text that lies beside a file. `unit` names what the file holds, in both languages. `only_faulty` is for files
    of very many messages: the first faulty ones are listed."""
    refused = sum(1 for receipt in receipts if not receipt.accepted)
    vi, en = unit
    lines = [
        f"{len(receipts)} {vi}: {len(receipts) - refused} đã nhận, {refused} có lỗi",
        f"{len(receipts)} {en}: {len(receipts) - refused} accepted, {refused} with faults",
    ]
    listed = ((index, receipt) for index, receipt in enumerate(receipts, 1) if not (only_faulty and receipt.accepted))
    for index, receipt in itertools.islice(listed, MOST_FAULTY if only_faulty else None):
        lines += ["", *_one(index, receipt)]
    return "\n".join(lines) + "\n"


def _one(index: int, receipt: Receipt) -> Iterator[str]:
    again = ", gửi lại / sent again" if receipt.retransmission else ""
    word = "ĐÃ NHẬN / ACCEPTED" if receipt.accepted else "CÓ LỖI / FAULTY"
    yield f"[{index}] {word}, số / number {receipt.sequence}{again}"
    if receipt.documents:
        yield f"    tài liệu / documents: {', '.join(receipt.documents)}"
    if receipt.silence is not None:
        yield f"    không sinh tài liệu / no document: {receipt.silence}"
    for refusal in receipt.refusals:
        yield from _refusal(refusal)


def _refusal(refusal: Refusal) -> Iterator[str]:
    reason = REASONS[refusal.reason]
    yield f"    {reason.id} {refusal.place}".rstrip()
    yield f"      {reason.vi}. {reason.mend_vi}."
    yield f"      {reason.en}. {reason.mend_en}."
    if refusal.detail:
        yield f"      ({refusal.detail})"
