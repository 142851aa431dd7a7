"""Who is meant: tiers by number, name and birth. Only keyed hashes are compared."""

from typing import Any

import pytest

from stream_processors import identify
from stream_processors.identify import Identity

KEY = b"k" * 32
NUMBER = "001080123456"


def decide(identity: dict[str, Any], *, name: str = "Nguyễn Văn An", birth: str = "19800203") -> Identity:
    """The answer to `identity` where the registry knows NUMBER as this person."""
    number, entry = identify.entry(KEY, NUMBER, name, birth)
    asked = identify.ask(KEY, identity)
    return identify.decide(KEY, asked, {number: entry})


def said(**fields: Any) -> dict[str, Any]:
    return {"citizen_id": NUMBER, "full_name": "NGUYỄN VĂN AN", "birth": "198002030000"} | fields


def test_number_name_and_birth_agree() -> None:
    found = decide(said())
    assert ("verified", 1000) == (found.tier, found.score)
    assert found.citizen_key is not None
    assert found.citizen_key == decide(said(birth="1980")).citizen_key
    assert NUMBER not in found.citizen_key


@pytest.mark.parametrize("birth", ["198002031530", "19800203", "198000000000", "19800000", "1980"])
def test_what_is_known_of_the_birth_must_agree(birth: str) -> None:
    assert "verified" == decide(said(birth=birth)).tier


def test_a_registry_that_knows_the_year_only() -> None:
    assert "verified" == decide(said(), birth="1980").tier
    assert "conflict" == decide(said(birth="19810203"), birth="1980").tier


@pytest.mark.parametrize(
    "fields",
    [
        {"full_name": "Nguyễn Văn Ân"},
        {"full_name": "An Nguyễn Văn"},
        {"full_name": None},
        {"full_name": ""},
        {"birth": "198002040000"},
        {"birth": "1981"},
        {"birth": None},
        {"birth": "19"},
        {"full_name": "Trần Thị Bình", "birth": "199901010000"},
    ],
)
def test_the_number_is_anothers(fields: dict[str, Any]) -> None:
    found = decide(said(**fields))
    assert "conflict" == found.tier
    assert found.citizen_key is None


@pytest.mark.parametrize(
    ("citizen_id", "rule"),
    [
        (None, "I9"),
        ("", "I9"),
        ("0010801234", "I9"),
        ("VD-01003-2026", "I9"),
        ("001080123457", "I0"),
        ("123456789", "I0"),
    ],
)
def test_who_is_not_found(citizen_id: str | None, rule: str) -> None:
    found = decide(said(citizen_id=citizen_id))
    assert ("unmatched", 0, None) == (found.tier, found.score, found.citizen_key)
    assert found.rule.startswith(f"{rule}@")


def test_each_answer_names_its_rule_and_version() -> None:
    for found in (decide(said()), decide(said(full_name="X")), decide(said(citizen_id=None))):
        rule, version = found.rule.split("@")
        assert rule[0] == "I"
        assert identify.RULES_VERSION == int(version)


def test_the_key_decides_every_hash() -> None:
    one, other = identify.ask(KEY, said()), identify.ask(b"x" * 32, said())
    assert one.number != other.number
    assert one.name != other.name
    assert one.year != other.year
    assert one.date != other.date


def test_equal_texts_of_different_fields_have_different_hashes() -> None:
    asked = identify.ask(KEY, {"citizen_id": "123456789", "full_name": "A", "birth": "12345678"})
    assert asked.number is not None
    assert len({asked.number.removeprefix(b"citizen:")[:8], asked.name, asked.year, asked.date}) == 4


def test_nothing_of_the_person_is_shown_or_stored() -> None:
    number, entry = identify.entry(KEY, NUMBER, "Nguyễn Văn An", "19800203")
    for clear in (NUMBER.encode(), b"1980", "Nguyễn".encode()):
        assert clear not in number + entry
    assert NUMBER not in repr(identify.ask(KEY, said()))


def test_a_citizen_without_a_number_is_no_entry() -> None:
    with pytest.raises(ValueError, match="number"):
        identify.entry(KEY, "12", "Nguyễn Văn An", "19800203")


def test_a_broken_entry_is_no_match() -> None:
    asked = identify.ask(KEY, said())
    assert "unmatched" == identify.decide(KEY, asked, dict.fromkeys(asked.keys, b"short")).tier
