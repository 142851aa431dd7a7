"""The verdict on a vendor's version: certified, certified with conditions, or not yet, and why. Pure.

The 80 % gate is that of `priority`; the other two numbers are our own choice, to be settled with the Department.
"""

from dataclasses import dataclass
from typing import Final, Literal

from infra.conformance.priority import GATE, PRIORITIES
from infra.conformance.tally import KindTally, Tally

WELL: Final = 0.95
"""Share of accepted messages from which nothing is asked for any more; below `GATE` there is no certificate."""
ENOUGH: Final = 20
"""Messages from which a share says something."""

Grade = Literal["certified", "conditions", "not_yet"]
TITLES: Final[dict[Grade, tuple[str, str]]] = {
    "certified": ("ĐẠT", "Certified"),
    "conditions": ("ĐẠT CÓ ĐIỀU KIỆN", "Certified with conditions"),
    "not_yet": ("CHƯA ĐẠT", "Not yet"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no certificate (`grave`), or under which condition there is one."""

    grave: bool
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Verdict:
    grade: Grade
    reasons: tuple[Reason, ...]


def verdict(tally: Tally) -> Verdict:
    reasons = [*_files(tally), *_messages(tally)]
    for name, kind in sorted(tally.kinds.items()):
        reasons += _kind(name, kind)
    reasons.sort(key=lambda reason: not reason.grave)
    grade: Grade = "not_yet" if any(r.grave for r in reasons) else "conditions" if reasons else "certified"
    return Verdict(grade, tuple(reasons))


def percent(share: float) -> str:
    """Cut, not rounded: 79.96 % is not 80 %."""
    return f"{int(share * 1000) / 10:g} %"


def _files(tally: Tally) -> list[Reason]:
    if not tally.unreadable:
        return []
    vi = f"{tally.unreadable} tệp không đọc được; kiểm tra lại sau khi mở được chúng"
    return [Reason(False, vi, f"{tally.unreadable} files could not be read; check again when they can")]


def _messages(tally: Tally) -> list[Reason]:
    if not tally.documents:
        return [Reason(True, "Không có tài liệu nào được tạo ra", "No document came of what was given")]
    made = []
    share = tally.accepted / tally.messages
    if share < WELL:
        told = percent(share)
        vi = f"Thông điệp đạt: {told}; cần {percent(WELL)}, dưới {percent(GATE)} thì chưa đạt"
        en = f"Accepted messages: {told}; {percent(WELL)} is wanted, below {percent(GATE)} there is no certificate"
        made.append(Reason(share < GATE, vi, en))
    if tally.messages < ENOUGH:
        vi = f"Chỉ có {tally.messages} thông điệp; cần ít nhất {ENOUGH} để kết luận chắc chắn"
        made.append(Reason(False, vi, f"Only {tally.messages} messages; {ENOUGH} are wanted before a share says much"))
    if ("error", "unforeseen") in tally.issues:
        vi = "Có lỗi chưa lường trước của bộ kết nối; gửi báo cáo cho đội kỹ thuật"
        made.append(Reason(False, vi, "Unforeseen faults of the adapter: tell the pipeline team"))
    return made


def _kind(name: str, kind: KindTally) -> list[Reason]:
    """The gate on all first-priority fields of a kind together, and a condition for each single one below it."""
    whole = kind.completeness
    if whole is None:
        return []
    made = []
    if whole < GATE:
        vi = f"{name}: trường ưu tiên 1 đầy đủ {percent(whole)}, dưới ngưỡng {percent(GATE)}"
        made.append(
            Reason(True, vi, f"{name}: first-priority fields {percent(whole)} full, below the {percent(GATE)} gate")
        )
    for row in PRIORITIES.get(name, ()):
        if kind.asked[row.name] and kind.share(row.name) < GATE:
            told = percent(kind.share(row.name))
            vi = f"{name}: {row.vi} ({row.name}) chỉ có ở {told}; bổ sung đến {percent(GATE)}"
            en = f"{name}: {row.en} ({row.name}) in {told} only; bring it to {percent(GATE)}"
            made.append(Reason(False, vi, en))
    return made
