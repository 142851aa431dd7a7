"""Checks of who the patient is: citizen number, card, birth, phone. None of them says what it found, only where."""

import re
from typing import Final

from runtime.clock import local_day
from schemas import codes
from stream_processors.checks.papers import day_of_paper
from stream_processors.checks.register import Check, Event, Identity, Narrative, check

NUMBER: Final = re.compile(r"\d{12}|\d{9}|[A-Z]\d{7}")
"""CCCD or personal number, CMND, passport (QĐ 4750)."""
_CARD: Final = re.compile(r"[A-Z]{2}[1-5]\d{12}|\d{10}")
_CHILD_CARD: Final = re.compile(r"TE1\d{12}")
_PHONE: Final = re.compile(r"(0|\+?84)[35789]\d{8}")
_BIRTH: Final = re.compile(r"\d{4}(\d{4}(\d{4})?)?")
_NOT_DIGITS: Final = re.compile(r"[\s.\-()]+")


OF_IDENTITY: Final = ("citizen_id", "cards", "birth", "full_name", "phone")
OF_THE_PERSON: Final = frozenset(
    "person_told number_there number_form number_agrees number_not_of_form card_form card_group birth_form "
    "birth_plausible phone_form".split()
)
"""These checks see nothing but the texts above, sex, year of birth and the day of capture: the same person is asked
once."""


def _cards(identity: Identity) -> list[str]:
    return [card.strip() for card in (identity.get("cards") or "").split(";") if card.strip()]


@check
def person_told() -> Check:
    """Name, sex and year of birth are there."""

    def found(event: Event, identity: Identity, _: Narrative) -> str | None:
        if not identity.get("full_name"):
            return "identity.full_name"
        if event["birth_year"] is None:
            return "birth_year"
        return None if event["sex"] else "sex"

    return found


@check
def number_there() -> Check:
    """There is a citizen number."""
    return lambda _, identity, __: None if identity.get("citizen_id") else "identity.citizen_id"


@check
def number_form() -> Check:
    """Of one of the three forms; twelve digits begin with `0` and one of the 63 provinces of registration, which the
    merger of 2025 did not change (a number of someone registered abroad begins with another digit)."""

    def found(_: Event, identity: Identity, __: Narrative) -> str | None:
        number = identity.get("citizen_id")
        if not number:
            return None
        province = len(number) != 12 or number[0] != "0" or number[1:3] in codes.PROVINCES_63
        return None if province and NUMBER.fullmatch(number) and number.isascii() else "identity.citizen_id"

    return found


@check
def number_agrees() -> Check:
    """Digit 4 tells sex and century (even male), digits 5-6 the year of birth."""

    def found(event: Event, identity: Identity, _: Narrative) -> str | None:
        number = identity.get("citizen_id") or ""
        if len(number) != 12 or not number.isascii() or not number.isdigit():
            return None
        sex, year = event["sex"], event["birth_year"]
        if sex in ("1", "2") and (int(number[3]) % 2 == 0) != (sex == "1"):
            return "identity.citizen_id"
        if year is not None and 1900 + 100 * (int(number[3]) // 2) + int(number[4:6]) != year:
            return "identity.citizen_id"
        return None

    return found


@check
def number_not_of_form(pattern: str) -> Check:
    """The number is not of a form that is no longer, or seldom, right."""
    fullmatch = re.compile(pattern).fullmatch
    return lambda _, identity, __: "identity.citizen_id" if fullmatch(identity.get("citizen_id") or "") else None


@check
def card_form() -> Check:
    """Each card has 15 characters (group, benefit 1-5, 12 digits) or the 10 digits of the social-insurance number."""

    def found(_: Event, identity: Identity, __: Narrative) -> str | None:
        cards = identity.get("cards")
        if not cards:
            return None
        return None if all(_CARD.fullmatch(card) for card in _cards(identity)) else "identity.cards"

    return found


@check
def card_group() -> Check:
    """The first two letters of a 15-character card are a known group."""

    def found(_: Event, identity: Identity, __: Narrative) -> str | None:
        cards = identity.get("cards")
        if not cards:
            return None
        known = all(card[:2] in codes.CARD_GROUPS for card in _cards(identity) if len(card) == 15)
        return None if known else "identity.cards"

    return found


@check
def child_card_form(path: str, province: str | None = None) -> Check:
    """A child's temporary card: TE1, province of residence, ten digits."""

    def found(event: Event, _: Identity, narrative: Narrative) -> str | None:
        card = narrative.get(path)
        if not card:
            return None
        wrong = _CHILD_CARD.fullmatch(card) is None
        elsewhere = province is not None and bool(event[province]) and card[3:5] != event[province]
        return path if wrong or elsewhere else None

    return found


@check
def birth_form() -> Check:
    """`yyyymmddHHMM` or the part of it that is known; `0000` for an unknown day and month, or time."""

    def found(_: Event, identity: Identity, __: Narrative) -> str | None:
        birth = identity.get("birth")
        if not birth:
            return None
        if _BIRTH.fullmatch(birth) is None or not birth.isascii():
            return "identity.birth"
        day = birth[4:8]
        if day and day != "0000" and day_of_paper(birth[:8]) is None:
            return "identity.birth"
        return "identity.birth" if birth[8:] and not (birth[8:10] < "24" and birth[10:] < "60") else None

    return found


@check
def birth_plausible(oldest: int) -> Check:
    """Born before the document was taken, and at most `oldest` years before."""

    def found(event: Event, identity: Identity, _: Narrative) -> str | None:
        year = event["birth_year"]
        if year is None:
            return None
        today = local_day(event["captured_at"])
        now = 1970 + today // 365.2425
        day = day_of_paper(identity.get("birth"))
        return "birth_year" if not now - oldest <= year <= now or (day is not None and day > today) else None

    return found


@check
def phone_form() -> Check:
    """Ten digits beginning with 03, 05, 07, 08 or 09 (or +84 and nine); separators do not matter."""

    def found(_: Event, identity: Identity, __: Narrative) -> str | None:
        phone = identity.get("phone")
        if not phone:
            return None
        return None if _PHONE.fullmatch(_NOT_DIGITS.sub("", phone)) else "identity.phone"

    return found
