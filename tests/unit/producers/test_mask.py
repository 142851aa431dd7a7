"""Masking: the patient's own names and numbers in text, however they are written; nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.mask import MASK, Masker, mask, masked_paths
from schemas.kinds import KINDS

NAME = "Nguyễn Thị Hoàng Yến"
NUMBER = "001190123456"
PHONE = "0912345678"
MASKER = Masker([NAME, NUMBER, PHONE, "GD4010112345678;HS4010187654321", "BN77", "An", None, ""])


@pytest.mark.parametrize(
    "written",
    [
        NAME,
        NAME.upper(),
        NAME.lower(),
        "Nguyen Thi Hoang Yen",
        "NGUYEN THI HOANG YEN",
        "Nguyễn Thị Hòang Yến",
        unicodedata.normalize("NFD", NAME),
        unicodedata.normalize("NFD", NAME.upper()),
        "Nguyễn  Thị   Hoàng Yến",
        "Nguyễn\u00a0Thị\u00a0Hoàng\u00a0Yến",
        "Nguyễn Thị\nHoàng Yến",
        "Nguyễn\tThị Hoàng Yến",
        NUMBER,
        "001 190 123 456",
        "001.190.123.456",
        "001190-123456",
        PHONE,
        "0912 345 678",
        "0912.345.678",
        "09-12-34-56-78",
        "GD4010112345678",
        "gd4010112345678",
        "GD 4 01 01 12345678",
        "HS4010187654321",
        "BN77",
    ],
)
def test_however_it_is_written_it_is_masked(written: str) -> None:
    assert f"viêm phổi, {MASK}: nặng" == unicodedata.normalize("NFC", MASKER(f"viêm phổi, {written}: nặng"))


def test_every_place_is_masked() -> None:
    assert f"{MASK}; {MASK}, {MASK}{MASK}" == MASKER(f"{NAME}; {NUMBER}, {PHONE}{PHONE}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "viêm phổi",
        "Nguyễn Thị",
        "hoàng yến",
        "0011901234",
        "12.5 mg x 2; 001.19",
        "An toàn",
        "Bệnh nhân an thần",
        unicodedata.normalize("NFD", "Viêm phổi nặng"),
        "đ Đ ß İ ﬁ 𝔸 👩‍⚕️ \u0000",
    ],
)
def test_other_text_is_left_exactly_as_it_is(text: str) -> None:
    assert text == MASKER(text)


def test_short_texts_are_no_needles() -> None:
    """A given name of two letters, or a number of three digits, is in too many words to be masked."""
    assert "An, 123" == Masker(["An", "123"])("An, 123")


@pytest.mark.parametrize("identity", [[], [None], ["", " ", ";", " ; "]])
def test_nobody_is_masked_nowhere(identity: list[str | None]) -> None:
    assert NAME == Masker(identity)(NAME)


def test_signs_of_a_pattern_are_letters_here() -> None:
    assert f"x {MASK} y" == Masker(["a.c*[1]"])("x a.c*[1] y")
    assert "x abcc1 y" == Masker(["a.c*[1]"])("x abcc1 y")


@given(st.text(max_size=20), st.text(st.characters(categories=["L", "N"]), min_size=4, max_size=12))
def test_any_text_of_the_person_is_gone_and_what_stands_around_stays(around: str, own: str) -> None:
    masked = Masker([own])(f"{around}\n{own}\n{around}")
    assert own not in masked
    if own.casefold() not in around.casefold():
        assert masked.count(MASK) >= 1
    assert around == Masker([])(around)


def test_only_masked_fields_are_masked() -> None:
    paths = masked_paths(KINDS["encounter"])
    line = {"code": NAME, "system": "x", "role": "main", "text": NAME}
    body = {"discharge_diagnosis": NAME, "admission_diagnosis": None, "main_diagnosis": NAME, "diagnoses": [line]}
    assert {
        "discharge_diagnosis": MASK,
        "admission_diagnosis": None,
        "main_diagnosis": NAME,
        "diagnoses": [line | {"text": MASK}],
    } == mask(body, paths, MASKER)
    assert NAME == body["discharge_diagnosis"]


def test_the_paths_are_those_that_the_field_table_says() -> None:
    assert {"discharge_diagnosis": None, "diagnoses": {"text": None}} == masked_paths(KINDS["referral"])
    assert {} == masked_paths(())
