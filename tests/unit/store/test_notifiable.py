"""Diseases by the longest prefix; HIV before all."""

import pytest

from schemas.notifiable import DISEASES, PREFIXES, disease_of


@pytest.mark.parametrize(
    ("code", "disease"),
    [
        ("A83.0", "japanese_encephalitis"),
        ("A83.1", "viral_encephalitis"),
        ("A830", "japanese_encephalitis"),
        ("a97.9", "dengue"),
        ("B20.2", "hiv"),
        ("B20.4", "hiv"),
        ("B37.9", "candida"),
        ("B54", "malaria"),
        ("U07.1", "covid"),
        ("U07.5", None),
        ("J18.9", None),
        ("", None),
    ],
)
def test_the_longest_prefix_decides(code: str, disease: str | None) -> None:
    assert disease == disease_of(code)


def test_no_code_belongs_to_two_diseases() -> None:
    assert len(PREFIXES) == sum(len(disease.codes) for disease in DISEASES.values())


def test_prefixes_have_three_or_four_signs() -> None:
    assert {3, 4} == {len(code) for code in PREFIXES}
