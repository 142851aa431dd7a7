"""Who is probably meant: by card, or by name and day of birth, where the registry was imported with them."""

from typing import Any

import pytest

from stream_processors import citizens, identify
from stream_processors.citizens import Citizen, WrongCitizen
from stream_processors.identify import Identity

KEY = b"k" * 32
AN = Citizen("001080123456", "Nguyễn Văn An", "19800203", "1", "DN4010123456789")
BINH = Citizen("001199000001", "Trần Thị Thu Bình", "19990101", "2", "HS4010000000001")
TWIN = Citizen("001199000002", "Trần Thị Thu Bằng", "19990101", "2", "HS4010000000002")
NAMESAKE = Citizen("079080000001", "Nguyễn Văn An", "19800203", "1", "")
PEOPLE = (AN, BINH, TWIN)


def registry(*people: Citizen) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for one in people:
        rows = citizens.rows(KEY, one)
        found.update([rows.entry])
        for key, value in rows.index:
            known = found.get(key, value)
            found[key] = value if known[:16] == value[:16] else identify.AMBIGUOUS
    return found


def decide(**said: Any) -> Identity:
    return among(PEOPLE, said)


def among(people: tuple[Citizen, ...], said: dict[str, Any]) -> Identity:
    return identify.decide(KEY, identify.ask(KEY, said), registry(*people))


def rule(found: Identity) -> tuple[str, str]:
    assert (found.citizen_key is None) == (found.tier in ("conflict", "unmatched"))
    return found.tier, found.rule.partition("@")[0]


WHO: dict[str, Any] = {"full_name": "NGUYỄN VĂN AN", "birth": "198002030000"}
NOBODY = ("unmatched", "I9")


def test_number_name_and_birth_still_decide_first() -> None:
    assert ("verified", "I1") == rule(decide(citizen_id=AN.number, **WHO))
    assert ("conflict", "I2") == rule(decide(citizen_id=BINH.number, **WHO, cards=AN.card))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Nguyễn An", "probable"),
        ("Văn An", "probable"),
        ("An Nguyễn Văn", "probable"),
        ("Nguyễn Văn Quốc An", "probable"),
        ("An", "conflict"),
        ("Nguyễn Văn Ân", "conflict"),
        ("Nguyễn Văn Quốc Bảo An", "conflict"),
        ("", "conflict"),
    ],
)
def test_i3_a_word_of_the_name_is_missing_or_moved(name: str, expected: str) -> None:
    assert expected == decide(citizen_id=AN.number, full_name=name, birth="19800203").tier
    # By year alone it would be too little.
    assert "conflict" == decide(citizen_id=AN.number, full_name=name, birth="1980").tier


def test_i4_the_card_where_the_number_is_missing_or_unknown() -> None:
    assert ("probable", "I4") == rule(decide(cards=AN.card, **WHO))
    assert ("probable", "I4") == rule(decide(cards=AN.card, citizen_id="123456789", **WHO))
    assert ("probable", "I4") == rule(decide(cards="XX;" + AN.card, full_name="Nguyễn An", birth="19800203"))


@pytest.mark.parametrize("card", ["0123456789", "dn-4010123456789", "DN4 01 0123456789", "DN401012345678901003"])
def test_i4_cards_as_they_are_printed_scanned_and_typed(card: str) -> None:
    assert ("probable", "I4") == rule(decide(cards=card, **WHO | {"birth": "1980"}))


def test_i4_another_persons_card_names_nobody() -> None:
    bao = {"full_name": "Lê Bảo", "birth": "19700101"}
    assert NOBODY == rule(decide(cards=AN.card, **bao))
    assert NOBODY == rule(decide(cards=AN.card, full_name="Nguyễn Văn", birth="19800203"))  # the given name is missing
    assert NOBODY == rule(decide(cards=AN.card, full_name="Nguyễn An", birth="1980"))  # by year the whole name
    # A twin with the other's card is found by name and day of birth.
    found = decide(cards=BINH.card, full_name=TWIN.full_name, birth=TWIN.birth)
    assert ("probable", "I6") == rule(found)
    assert decide(citizen_id=TWIN.number, full_name=TWIN.full_name, birth=TWIN.birth).citizen_key == found.citizen_key


@pytest.mark.parametrize("number", ["001080123457", "011080123456", "001080132456"])
def test_i5_a_number_with_one_wrong_digit_or_two_swapped(number: str) -> None:
    assert ("probable", "I5") == rule(decide(citizen_id=number, **WHO))


def test_i5_a_strangers_own_number_is_not_a_typing_error() -> None:
    """Same name and day of birth as a citizen, another number: most likely another person."""
    assert ("unmatched", "I0") == rule(decide(citizen_id="079080777777", **WHO))
    assert ("unmatched", "I0") == rule(decide(citizen_id="123456789", **WHO))


def test_i6_name_and_day_of_birth_without_a_number() -> None:
    assert ("probable", "I6") == rule(decide(**WHO))
    assert NOBODY == rule(decide(**WHO | {"birth": "198000000000"}))
    assert NOBODY == rule(decide(**WHO | {"full_name": "Nguyễn An"}))
    assert NOBODY == rule(decide(full_name="Con bà Bình", birth="19800203"))


def test_i6_two_of_one_name_and_day_are_nobody() -> None:
    assert NOBODY == rule(among((*PEOPLE, NAMESAKE), WHO))
    assert ("probable", "I4") == rule(among((*PEOPLE, NAMESAKE), WHO | {"cards": AN.card}))


def test_without_cards_and_demographics_nobody_is_probable() -> None:
    """A registry imported by number alone answers as if there were no other way."""
    known = dict([identify.entry(KEY, AN.number, AN.full_name, AN.birth)])
    for said in (WHO, WHO | {"cards": AN.card}, WHO | {"citizen_id": "001080123457"}):
        assert "unmatched" == identify.decide(KEY, identify.ask(KEY, said), known).tier
    said = {"citizen_id": AN.number, "full_name": "Nguyễn An", "birth": "19800203"}
    assert "conflict" == identify.decide(KEY, identify.ask(KEY, said), known).tier


@pytest.mark.parametrize(
    ("column", "citizen"),
    [
        ("number", Citizen("12", "An", "1980")),
        ("number", Citizen("", "An", "1980")),
        ("full_name", Citizen(AN.number, " 1 ", "1980")),
        ("birth", Citizen(AN.number, "An", "03/02/1980")),
        ("birth", Citizen(AN.number, "An", "")),
        ("sex", Citizen(AN.number, "An", "1980", "M")),
    ],
)
def test_a_line_that_is_no_citizen(column: str, citizen: Citizen) -> None:
    with pytest.raises(WrongCitizen, match=f"^{column}$"):
        citizens.rows(KEY, citizen)


def test_nothing_of_the_person_is_in_the_registry() -> None:
    rows = citizens.rows(KEY, AN)
    for clear in (AN.number.encode(), b"0123456789", "Nguyễn".encode(), b"1980"):
        assert all(clear not in key + value for key, value in (rows.entry, *rows.index))
    assert AN.number not in repr(AN) + repr(rows)


def test_every_rule_is_explained() -> None:
    said = [decide(**WHO), decide(citizen_id=AN.number, **WHO), decide(full_name="X", birth="1990")]
    assert all(found.rule.partition("@")[0] in identify.RULES for found in said)
    for name, text in identify.RULES.items():
        assert text.partition(":")[0] in ("verified", "probable", "conflict", "unmatched"), name
