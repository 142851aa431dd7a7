"""JSON as it was written: decimals keep their text; what two readers could read in two ways does not pass."""

import pytest

from producers.fhir.bounds import DEPTH, Limits, Problem
from producers.fhir.json_text import plain, read, rough, write


def test_a_decimal_keeps_its_text() -> None:
    text = b'{"a":0.40,"b":1.0E-3,"c":[7,-0.0],"d":"\xc4\x91"}'
    assert text == write(read(text))


def test_kept_decimals_are_texts() -> None:
    assert {"a": "0.40", "b": 7} == plain(read(b'{"a":0.40,"b":7}'))


def test_the_models_see_floats() -> None:
    assert {"a": 0.4} == rough(b'\xef\xbb\xbf{"a":0.40}')


def test_a_byte_order_mark_is_no_matter() -> None:
    assert {"a": 1} == read(b'\xef\xbb\xbf{"a":1}')


def test_a_number_beyond_64_bits_cannot_be_written_again() -> None:
    assert write(read(b'{"a":123456789012345678901234567890}')) is None


@pytest.mark.parametrize(
    ("reason", "raw"),
    [
        ("fhir_json", b""),
        ("fhir_json", b"{"),
        ("fhir_json", b'{"a":1} x'),
        ("fhir_json", b'{"a":01}'),
        ("fhir_json", b'{"a":NaN}'),
        ("fhir_json", b'{"a":"\\ud800"}'),
        ("fhir_json", b"<Patient/>"),
        ("fhir_charset", b'{"a":"\xff"}'),
        ("fhir_charset", b"\xff\xfe{\x00"),
        ("fhir_charset", '{"a":1}'.encode("utf-16-be")),
        ("fhir_charset", '{"a":1}'.encode("utf-32")),
        ("fhir_duplicate_key", b'{"a":{"b":1,"b":2}}'),
        ("fhir_too_deep", b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1)),
    ],
)
def test_what_is_no_json(reason: str, raw: bytes) -> None:
    found = read(raw)
    assert isinstance(found, Problem)
    assert reason == found.reason


def test_the_bounds_are_inclusive() -> None:
    assert not isinstance(read(b"[" * DEPTH + b"]" * DEPTH), Problem)
    assert [] == read(b"[]", Limits(message=2))
    assert Problem("too_large", "", "2 bytes, at most 1") == read(b"[]", Limits(message=1))
    assert [1, 2] == read(b"[1,2]", Limits(values=1))
    assert Problem("too_large", "", "more than 1 values") == read(b"[1,2,3]", Limits(values=1))


def test_a_problem_names_no_key() -> None:
    found = read(b'{"Nguyen Van An":1,"Nguyen Van An":2}')
    assert isinstance(found, Problem)
    assert "Nguyen" not in f"{found}"
    assert "line 1 column" in found.place
