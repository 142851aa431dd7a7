"""Rows -> documents, refusals with row and column and never the value, versions that any live one beats."""

from dataclasses import asdict
from pathlib import Path

import pytest

from producers.adapter import Parsed, Refusal
from producers.event import version
from producers.history_csv.bounds import Limits
from producers.history_csv.listen import DIALECT
from producers.history_csv.preview import preview
from producers.history_csv.translate import TRANSLATOR
from runtime.clock import YEAR_2000_MS
from schemas.reasons import REASONS
from tests.unit.history_csv.files import HEADING, ROW, VISITS, documents, feed, mapping, messages, refusals, row

EIGHT = 1_448_241_300_000
"""2015-11-23 08:15 in Hanoi."""


def test_a_document() -> None:
    (made,) = documents(HEADING + ROW)
    assert ("encounter", ("LK-0001",), "LK-0001", "BN-77") == (made.kind, made.natural_key, made.visit_number, made.patient_number)  # fmt: skip
    assert EIGHT == made.occurred_at == made.body["admitted_at"]
    assert ("01", "J18.9", 1_250_000_500) == (made.body["visit_type"], made.body["main_diagnosis"], made.body["total_hospital"])  # fmt: skip
    assert ["K01", "K02"] == made.body["departments"]
    assert [{"code": "J18.9", "text": "Viêm phổi", "system": "ICD-10", "role": "main"}] == made.body["diagnoses"]
    assert ("Nguyễn Thị Hư Cấu", "099200000001", "19850312", "2") == tuple(
        made.identity[name] for name in ("full_name", "citizen_id", "birth", "sex")
    )
    assert ("2", 1985) == (made.body["sex"], made.body["birth_year"])
    assert {"visit_reason": "Ho", "extra.GHI_CHU": "ghi chú"} == made.narrative


def test_the_last_date_is_the_version() -> None:
    (made,) = documents(HEADING + ROW)
    assert made.corrected_at == made.recorded_at == EIGHT + 205 * 60_000
    (old,) = documents(HEADING + row(NGAY_VAO="23/11/1995", NGAY_RA=""))
    (none,) = documents(HEADING + row(NGAY_VAO="", NGAY_RA=""))
    assert YEAR_2000_MS == old.corrected_at == none.corrected_at
    (own,) = documents(HEADING + ROW, mapping(corrected_at="NGAY_VAO"))
    assert EIGHT == own.corrected_at


def test_any_live_version_beats_a_backfilled_one() -> None:
    (made,) = documents(HEADING + ROW)
    now = EIGHT + 10**9
    backfilled, _ = version(made, now, 7, 0)
    (live,) = (made.__class__(**{name: getattr(made, name) for name in made.__slots__ if name != "corrected_at"}),)
    assert version(live, now - 10**6, 1, 0)[0] > backfilled


@pytest.mark.parametrize(
    ("changes", "reason", "column"),
    [
        ({"NGAY_VAO": "hôm qua"}, "csv_value", "NGAY_VAO"),
        ({"TONG_TIEN": "nhiều"}, "csv_value", "TONG_TIEN"),
        ({"LOAI": "Khác"}, "csv_code", "LOAI"),
        ({"SO_KCB": " "}, "csv_no_number", "SO_KCB"),
        ({"CSKCB": "01998"}, "csv_facility", "CSKCB"),
        ({"NGAY_SINH": "12-03-1985"}, "csv_value", "NGAY_SINH"),
    ],
)
def test_bad_rows_are_refused_with_row_and_column(changes: dict[str, str], reason: str, column: str) -> None:
    text = HEADING + row(**changes) + row(SO_KCB="LK-0002")
    assert [(reason, f"row 2, column {column}")] == refusals(text)
    assert 2 == len(messages(text))
    assert not any(value in repr(read.parsed) for read in messages(text) for value in changes.values() if value.strip())


def test_ragged_rows() -> None:
    assert [("csv_ragged", "row 2"), ("csv_ragged", "row 3")] == refusals(HEADING + "1,2\n" + ROW.strip() + ",more\n")
    assert 1 == len(documents(HEADING + ROW.strip() + ",,\n"))


def test_bad_values_may_be_left_empty_and_marked() -> None:
    (made,) = documents(HEADING + row(TONG_TIEN="nhiều"), mapping(bad_values="empty"))
    assert "total_hospital" not in made.body
    assert ("M03",) == made.marks


def test_other_codes_may_be_kept_or_left_empty() -> None:
    for otherwise, expected in (("keep", "Khác"), ("empty", None)):
        fields = {"visit_type": {"column": "LOAI", "codes": {"Nội trú": "03"}, "otherwise": otherwise}}
        (made,) = documents(HEADING + row(LOAI="Khác"), mapping(fields=fields))
        assert expected == made.body.get("visit_type")


def test_nulls() -> None:
    (made,) = documents(HEADING + row(ICD="NULL", CHAN_DOAN=r"\N", GHI_CHU="null", MA_BN="NULL"))
    assert "main_diagnosis" not in made.body
    assert "diagnoses" not in made.body  # only its constants are left
    assert "extra.GHI_CHU" not in made.narrative
    assert made.patient_number is None


def test_status_and_sensitivity() -> None:
    chosen = mapping(status={"column": "KHOA", "codes": {"X": "cancelled"}, "otherwise": "empty"}, sensitivity={"constant": "restricted"})  # fmt: skip
    (made,) = documents(HEADING + row(KHOA="X"), chosen)
    assert ("cancelled", "restricted") == (made.status, made.sensitivity)
    assert [("csv_value", "row 2, column KHOA")] == refusals(HEADING + row(KHOA="gone"), mapping(status="KHOA"))


def test_a_line_gets_its_number() -> None:
    text = "kind: observation\ndocument: [A]\nlines: {results: {test_code: B, value_text: C}}"
    (made,) = documents("A,B,C\n1,GLU,5.4\n", mapping(text))
    assert [{"line": 1, "test_code": "GLU", "value_text": "5.4"}] == made.body["results"]


def test_unmapped_columns_are_sealed_and_counted() -> None:
    (read,) = messages(HEADING + ROW)
    assert isinstance(read.parsed, Parsed)
    assert {"GHI_CHU": 1} == dict(read.parsed.content[1].unmapped)


@pytest.mark.parametrize("text", ["", "\ufeff", "A;B\n1;2\n", HEADING.replace("ICD", "ICD-10")])
def test_a_file_of_another_form_is_one_refusal(text: str) -> None:
    assert ["csv_columns"] == [reason for reason, _ in refusals(text)]


def test_a_file_without_a_heading() -> None:
    chosen = mapping(columns=HEADING.strip().split(","))
    assert documents(HEADING + ROW) == documents(ROW, chosen)


def test_a_message_is_a_file_of_one_row(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(VISITS, encoding="utf-8")
    bad = row(LOAI="Khác")
    for read, expected in zip(messages(HEADING + ROW + bad), (ROW, bad), strict=True):
        assert (HEADING + expected).encode() == read.raw
        again = TRANSLATOR.parse(read.raw, feed(path))
        if isinstance(again, Parsed):
            assert isinstance(read.parsed, Parsed)
            assert read.parsed.content == again.content
        else:
            assert isinstance(read.parsed, Refusal)
            assert read.parsed.reason == again.reason
    two = TRANSLATOR.parse((HEADING + ROW + ROW).encode(), feed(path))
    assert isinstance(two, Refusal)
    assert "csv_structure" == two.reason


def test_old_encodings() -> None:
    """A heading in TCVN3 is read with the same names."""
    chosen = mapping("kind: encounter\nencoding: tcvn3\ndocument: [Số]\nidentity: {full_name: Tên}")
    (made,) = documents(b"S\xe8,T\xaan\n1,NGUY\xd4N TH\xde\n", chosen)
    assert "NGUYỄN THỊ" == made.identity["full_name"]


def test_a_preview_says_what_would_be_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    text = HEADING + ROW + row(LOAI="Khác") * 12 + row(NGAY_VAO="hôm qua") + "1,2\n"
    path.write_text(text, encoding="utf-8")
    found = preview(path, mapping())
    assert (15, 1) == (found.rows, found.documents)
    assert {("csv_code", "LOAI"): 12, ("csv_value", "NGAY_VAO"): 1, ("csv_ragged", ""): 1} == dict(found.refused)
    assert 10 == len(found.places["csv_code", "LOAI"])
    assert "row 3" == found.places["csv_code", "LOAI"][0]
    told = found.text()
    assert "12 × csv_code, cột / column LOAI: row 3, row 4" in told
    assert REASONS["csv_code"].vi in told
    assert "GHI_CHU" in told
    for secret in ("Khác", "hôm qua", "Nguyễn", "099200000001"):
        assert secret not in told


def test_files_are_read_in_blocks(tmp_path: Path) -> None:
    data, mapped = tmp_path / "old.csv", tmp_path / "m.yaml"
    data.write_text(HEADING + "".join(row(SO_KCB=f"LK-{n}") for n in range(5_000)), encoding="utf-8")
    mapped.write_text(VISITS, encoding="utf-8")
    found = list(DIALECT.read(data, feed(mapped)))
    assert 5_000 == len({read.parsed.message_id for read in found if isinstance(read.parsed, Parsed)})


def test_small_bounds() -> None:
    found = messages(HEADING + ROW * 3, limits=Limits(row=100), size=64)
    assert ["csv_too_large"] == [read.parsed.reason for read in found if isinstance(read.parsed, Refusal)][:1]
    assert asdict(Limits())["row"] >= 1
