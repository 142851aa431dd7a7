"""What may leave the house: counts only, small ones hidden, no key of a person or visit, no restricted document.

These views run with nobody's rights (SQL SECURITY NONE): whoever is granted one reads its counts and nothing below it.
A count under five is hidden, a house rule (the law asks for suppression and names no number). Each view holds one fixed
grouping: two groupings of one measure would let a hidden count be found by subtraction.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from collections.abc import Iterator
from typing import Final

from schemas.clickhouse.table import text
from schemas.notifiable import RESTRICTED
from sinks.clickhouse.views.care import stays
from sinks.clickhouse.views.laboratory import repeats
from sinks.clickhouse.views.surveillance import new_cases
from sinks.clickhouse.views.view import View

SMALLEST: Final = 5
_SAID: Final = {
    "repeats": "Số lần làm lại / Repeats",
    "appointments": "Số giấy hẹn / Appointments",
    "kept": "Đã khám lại / Kept",
    "missed": "Không đến / Missed",
    "bed_days": "Số ngày giường / Bed-days",
    "week": "Tuần, từ thứ Hai / Week, from Monday",
    "from_facility": "Cơ sở chuyển đi / Sending facility",
    "to_facility": "Cơ sở chuyển đến / Receiving facility",
    "referrals": "Số giấy chuyển / Referrals",
    "amount": "Thành tiền theo giá bệnh viện (đồng) / Amount at hospital price, VND",
}
_NORMAL: Final = "(SELECT * FROM {} WHERE sensitivity = 'normal')"
_HIDDEN: Final = ", ".join(map(text, sorted(RESTRICTED)))


def _published(name: str, comment: str, keys: dict[str, str], counts: dict[str, str], source: str, small: str) -> View:
    """Counts of `source` by `keys`; all counts of a row are hidden where `small` (one of them) is under SMALLEST."""
    inner = ", ".join(f"{sql} AS {key}" for key, sql in (keys | counts).items())
    hide = f"p.{small} < {SMALLEST}"
    shown = [*(f"p.{key} AS {key}" for key in keys), *(f"if({hide}, NULL, p.{count}) AS {count}" for count in counts)]
    return View(
        name,
        comment,
        f"SELECT {', '.join(shown)}, CAST({hide}, 'Bool') AS suppressed\n"
        f"FROM (SELECT {inner} FROM {source} GROUP BY {', '.join(keys)}) AS p",
        _SAID,
        open=True,
    )


def published() -> Iterator[View]:
    yield _published(
        "published_visits",
        "Công bố: lượt khám theo ngày, cơ sở, loại / Published: visits by day, facility, type",
        {"day": "document_date", "facility": "facility", "visit_type": "ifNull(visit_type, '')"},
        {"visits": "count()"},
        "visits WHERE sensitivity = 'normal'",
        "visits",
    )
    yield _published(
        "published_cases",
        "Công bố: ca bệnh truyền nhiễm theo tuần, xã / Published: notifiable cases by week and commune",
        {"week": "toMonday(c.day)", "disease": "c.disease", "commune": "c.commune"},
        {"cases": "uniqExact(c.person)"},
        f"(\n{new_cases(_NORMAL.format('encounters'))}\n) AS c WHERE c.disease NOT IN ({_HIDDEN})",
        "cases",
    )
    yield _published(
        "published_drug_use",
        "Công bố: sử dụng thuốc theo tháng / Published: drugs by month",
        {"facility": "facility", "month": "toStartOfMonth(document_date)", "drug_code": "ifNull(drug_code, '')"},
        {
            "quantity": "sum(s.quantity)",
            "amount": "sum(s.amount_hospital)",
            "patients": "uniqExact(s.patient_key)",
        },
        _NORMAL.format("prescription_lines") + " AS s",
        "patients",
    )
    yield _published(
        "published_referrals",
        "Công bố: chuyển tuyến theo tháng / Published: referrals by month",
        {
            "from_facility": "ifNull(nullIf(r.referred_from, ''), r.facility)",
            "to_facility": "ifNull(r.referred_to, '')",
            "month": "toStartOfMonth(r.document_date)",
        },
        {"referrals": "count()"},
        _NORMAL.format("referrals") + " AS r",
        "referrals",
    )
    yield _published(
        "published_repeated_tests",
        "Công bố: xét nghiệm làm lại theo tháng / Published: repeated tests by month",
        {"facility": "facility", "month": "toStartOfMonth(r.resulted_at)", "national_code": "national_code"},
        {"repeats": "count()", "cost": "sum(r.cost)"},
        "(\n" + repeats(" AND sensitivity = 'normal'") + "\n) AS r",
        "repeats",
    )
    yield _published(
        "published_follow_ups",
        "Công bố: khám lại đúng hẹn theo tháng / Published: appointments kept, by month",
        {"facility": "facility", "month": "toStartOfMonth(a.appointed_at)"},
        {"appointments": "count()", "kept": "countIf(a.state = 'kept')", "missed": "countIf(a.state = 'missed')"},
        _NORMAL.format("follow_ups") + " AS a",
        "appointments",
    )
    yield _published(
        "published_bed_days",
        "Công bố: ngày giường theo tháng / Published: bed-days by month",
        {"facility": "facility", "month": "toStartOfMonth(b.day)"},
        {"bed_days": "sum(b.bed_days)"},
        f"(\n{stays(_NORMAL.format('visits'))}\n) AS b",
        "bed_days",
    )
