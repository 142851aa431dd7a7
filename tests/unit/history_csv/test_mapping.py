"""A mapping is checked whole before a row is read."""

from pathlib import Path
from typing import Any

import pytest

from producers.history_csv.listen import CsvOptions
from producers.history_csv.mapping import MappingError, load, of
from producers.history_csv.plan import Missing, plan
from schemas.kinds import KINDS
from tests.unit.history_csv.files import HEADING, VISITS, mapping


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "visit"}, "one of encounter"),
        ({"document": []}, "document"),
        ({"encoding": "klingon"}, "one of utf-8"),
        ({"fields": {"nothing": "A"}}, "fields.nothing: no such field"),
        ({"fields": {"note": "A"}}, "put it under narrative"),
        ({"fields": {"diagnoses": "A"}}, "put it under lines"),
        ({"lines": {"results": {"line": "A"}}}, "no list of encounter"),
        ({"lines": {"diagnoses": {"nothing": "A"}}}, "no such field"),
        ({"identity": {"shoe_size": "A"}}, "identity.shoe_size"),
        ({"dates": ["%Q"]}, "%Q is not a directive"),
        ({"fields": {"admitted_at": {"column": "A", "dates": ["%j"]}}}, "%j is not a directive"),
        ({"fields": {"visit_type": {"column": "A", "constant": "01"}}}, "one of column, columns, constant"),
        ({"fields": {"visit_type": {}}}, "one of column, columns, constant"),
        ({"fields": {"treatment_days": {"constant": "three"}}}, "constant"),
        ({"fields": {"visit_type": {"colum": "A"}}}, "colum"),
        ({"columns": ["A", "A"]}, "twice"),
        ({"delimiter": ",,"}, "delimiter"),
        ({"typo": 1}, "typo"),
    ],
)
def test_mistakes_are_told(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(MappingError, match=told):
        mapping(**changes)


def test_every_mistake_at_once() -> None:
    with pytest.raises(MappingError) as caught:
        mapping(delimiter="", typo=1)
    assert "delimiter" in str(caught.value)
    assert "typo" in str(caught.value)


@pytest.mark.parametrize("text", ["[", "- a", "3", "\x00"])
def test_no_mapping_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text)
    with pytest.raises(MappingError):
        load(path)


def test_options_refuse_a_bad_mapping_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    with pytest.raises(ValueError, match="cannot be read"):
        CsvOptions.model_validate({"mapping": path})
    path.write_text("kind: encounter")
    with pytest.raises(ValueError, match="document"):
        CsvOptions.model_validate({"mapping": path})
    path.write_text(VISITS)
    assert path == CsvOptions.model_validate({"mapping": path}).mapping


def test_columns_that_are_not_there_or_twice() -> None:
    with pytest.raises(Missing) as caught:
        plan(mapping(), HEADING.replace("ICD", "ICD10").replace("GHI_CHU", "SO_KCB").strip().split(","))
    assert ["SO_KCB", "ICD"] == list(caught.value.columns)


def test_every_kind_can_be_mapped() -> None:
    for kind in KINDS:
        assert kind == of({"kind": kind, "document": ["A"]}).kind
