"""Instances -> one document per study: folding, levels of secrecy, identity, marks, silence."""

from typing import Any, Final

import pytest

from producers.adapter import Document, Feed, Parsed, Refusal, State, Translation
from producers.dicom import bounds, study
from producers.dicom.translate import DIRECTORY, TRANSLATOR, message
from schemas.kinds import KINDS
from schemas.sealed import IDENTITY
from tests.unit.dicom.files import CITIZEN, NAME, SERIES, SHIPPED, STUDY, code, dataset, image, written

FEED: Final = Feed("01999.pacs", "01999", "PACS", "dicom")
LOCAL_815: Final = 1_795_396_500_000
"""2026-11-23 08:15 in Hanoi."""


def take(raw: bytes, state: State | None = None, feed: Feed = FEED) -> Translation:
    read = TRANSLATOR.parse(raw, feed)
    assert isinstance(read, Parsed), read
    return TRANSLATOR.translate(state, read, feed)


def document(raw: bytes, state: State | None = None, feed: Feed = FEED) -> Document:
    (made,) = take(raw, state, feed).outcomes
    assert isinstance(made, Document)
    return made


def refusal(raw: bytes) -> Refusal:
    made = TRANSLATOR.parse(raw, FEED)
    assert isinstance(made, Refusal)
    return made


def test_a_document() -> None:
    made = document(image())
    assert ("imaging", (STUDY,)) == (made.kind, made.natural_key)
    assert ("LK-0001", "BN-77") == (made.visit_number, made.patient_number)
    assert LOCAL_815 == made.occurred_at == made.body["started_at"]
    assert made.corrected_at is None
    assert not made.partial
    assert ["CT"] == made.body["modalities"]
    assert ("2", 1985, "CHEST") == (made.body["sex"], made.body["birth_year"], made.body["body_part"])
    assert (1, 1, 1) == (made.body["series_count"], made.body["instance_count"], made.body["frame_count"])
    (series,) = made.body["series"]
    assert (2, "CT", "Ngực 1.0") == (series["number"], series["modality"], series["description"])
    assert LOCAL_815 + 150_500 == series["started_at"]


def test_every_field_is_in_the_table() -> None:
    made = document(image())
    fields = {field.name: field for field in KINDS["imaging"]}
    assert {name for name, field in fields.items() if not field.sealed} == made.body.keys()
    assert {line.name for line in fields["series"].lines if not line.sealed} == made.body["series"][0].keys()
    assert set(IDENTITY) == made.identity.keys()
    sealed = {field.name for field in [*fields.values(), *fields["series"].lines] if field.sealed}
    assert {path.rpartition(".")[2] for path in made.narrative} <= sealed


def test_identity() -> None:
    made = document(image()).identity
    assert "Nguyễn Thị Hư Cấu" == made["full_name"]
    assert (CITIZEN, "DN4999900000001") == (made["citizen_id"], made["cards"])
    assert ("19850312", "2", "BN-77", "LK-0001") == (made["birth"], made["sex"], made["patient_number"], made["visit_number"])  # fmt: skip
    assert "198503120730" == document(image(PatientBirthTime="073000")).identity["birth"]


@pytest.mark.parametrize(
    ("number", "issuer", "expected"),
    [("012345678", "", None), ("012345678", "CMND", "012345678"), ("B1234567", "Hộ chiếu", "B1234567"), ("999200000001", "", None), (CITIZEN, "", CITIZEN)],
)  # fmt: skip
def test_old_citizen_numbers_count_only_where_the_issuer_says_so(
    number: str, issuer: str, expected: str | None
) -> None:
    made = dataset(OtherPatientIDs=None)
    item = code("x", "y", "z")[0]
    item.PatientID, item.IssuerOfPatientID = number, issuer
    made.OtherPatientIDsSequence = [item]
    assert expected == document(written(made)).identity["citizen_id"]


def test_nothing_of_a_person_stands_in_clear() -> None:
    made = document(image(AdmittingDiagnosesDescription="u phổi", PatientComments="ghi chú", InstitutionName="BV"))
    shown = repr(made.body | {"description": None})
    for secret in ("PX-4711", STUDY, "Bác", "Kỹ", "BN-77", "LK-0001", CITIZEN, "u phổi", "ghi chú", "BV", "S1'"):
        assert secret not in shown
    assert STUDY == made.narrative["study_uid"]
    assert "PX-4711" == made.narrative["accession_number"]
    assert ("Bác Sĩ", "Kỹ Thuật") == (made.narrative["referring_physician"], made.narrative["series[0].performing_physician"])  # fmt: skip
    assert made.narrative.keys() >= {
        "admitting_diagnosis",
        "remarks",
        "institution",
        "study_id",
        "series[0].series_uid",
    }
    assert NAME not in repr(made)
    assert STUDY not in repr(made)


def test_instances_fold_in_any_order() -> None:
    other = f"{STUDY}.2"
    files = [image(1), image(2), image(1, other, Modality="SR", SeriesNumber="1"), image(2)]
    state: State | None = None
    for raw in files:
        state = take(raw, state).state
    made = document(image(3), state)
    assert (2, 4) == (made.body["series_count"], made.body["instance_count"])
    assert ["CT", "SR"] == made.body["modalities"]
    assert [1, 2] == [series["number"] for series in made.body["series"]]
    assert [1, 3] == [series["instance_count"] for series in made.body["series"]]
    back: State | None = None
    for raw in [image(3), *reversed(files)]:
        back = take(raw, back).state
    assert state is not None
    assert back is not None
    assert made.body == document(image(3), back).body


def test_an_empty_value_says_nothing_and_the_last_said_stands() -> None:
    state = take(image(1, StudyDescription="CT ngực")).state
    assert "CT ngực" == document(image(2, StudyDescription=""), state).body["description"]
    assert "CT bụng" == document(image(1, StudyDescription="CT bụng"), state).body["description"]


def test_translate_does_not_change_its_state() -> None:
    state = take(image(1)).state
    assert state is not None
    before = study.to_bytes(state["study"])
    take(image(2), state)
    assert before == study.to_bytes(state["study"])


def test_a_snapshot_is_read_back() -> None:
    read = TRANSLATOR.parse(image(), FEED)
    assert isinstance(read, Parsed)
    raw = study.to_bytes(read.content.study)
    assert document(image()) == document(raw)
    assert "dicom_structure" == refusal(raw[:-5]).reason
    assert "dicom_structure" == refusal(study.MAGIC + b'{"uid":"1.2","said":{},"bad":[],"series":{"1":{}}}').reason


def test_rows_are_instances() -> None:
    whole = study.empty(STUDY)
    for number in range(3):
        read = TRANSLATOR.parse(image(number), FEED)
        assert isinstance(read, Parsed)
        study.fold(whole, read.content.study)
    translation = take(study.to_bytes(whole))
    assert (3, 3) == (translation.rows.read, translation.rows.used)


def test_partial_where_the_state_was_lost() -> None:
    read = TRANSLATOR.parse(image(), FEED)
    assert isinstance(read, Parsed)
    lost = TRANSLATOR.translate(None, message(read.content.study, known=True), FEED)
    (made,) = lost.outcomes
    assert isinstance(made, Document)
    assert made.partial
    assert document(image(2), lost.state).partial


def test_frames() -> None:
    assert 40 == document(image(NumberOfFrames="40")).body["frame_count"]
    state = take(image(1, NumberOfFrames="40")).state
    assert 41 == document(image(2), state).body["frame_count"]


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.name.startswith("DICOMDIR")], ids=lambda p: p.name)
def test_a_directory_is_silent(path: Any) -> None:
    translation = take(path.read_bytes())
    assert () == translation.outcomes
    assert DIRECTORY == translation.silence


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"StudyInstanceUID": None}, "dicom_no_study"),
        ({"StudyInstanceUID": "abc"}, "dicom_bad_uid"),
        ({"SOPClassUID": "CT"}, "dicom_bad_uid"),
        ({"SOPInstanceUID": "1..2"}, "dicom_bad_uid"),
    ],
)
def test_refusals(changes: dict[str, Any], reason: str) -> None:
    assert reason == refusal(image(**changes)).reason


def test_without_series_uid_the_instance_still_counts() -> None:
    assert 1 == document(image(SeriesInstanceUID=None)).body["instance_count"]


def test_numbers_from_other_tags() -> None:
    feed = Feed("a", "01999", "PACS", "dicom", options={"visit_tag": "AccessionNumber", "patient_tag": "0020,0010"})
    made = document(image(), feed=feed)
    assert ("PX-4711", "S1") == (made.visit_number, made.patient_number)


def test_unreadable_text_is_marked() -> None:
    made = document(image(SpecificCharacterSet="ISO_IR 192").replace("Nguyễn^Cấu".encode(), b"\xff" * len("Nguyễn^Cấu".encode()), 1))  # fmt: skip
    assert ("M03",) == made.marks
    assert made.identity["full_name"] is None


def test_an_impossible_date_is_marked() -> None:
    made = document(image(StudyDate="20261399"))
    assert ("M03",) == made.marks
    assert made.occurred_at is None


def test_codes_of_no_form_are_left_out() -> None:
    made = document(
        image(Modality="CT scan", BodyPartExamined="tim trái", Laterality="trái", SeriesNumber="99999999999")
    )
    (series,) = made.body["series"]
    assert [] == made.body["modalities"]
    assert (None, None, None, None) == (series["modality"], series["body_part"], series["laterality"], series["number"])


def test_procedure() -> None:
    made = dataset()
    made.ProcedureCodeSequence = code("18.0219.0041", "BYT", "Chụp CT lồng ngực")
    body = document(written(made)).body
    assert ("18.0219.0041", "BYT", "Chụp CT lồng ngực") == (body["procedure_code"], body["procedure_system"], body["procedure_name"])  # fmt: skip


def test_a_study_that_outgrows_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "LIMITS", bounds.Limits(series=1, instances=2))
    state = take(image(2), take(image(1)).state).state
    for raw in (image(3), image(1, f"{STUDY}.9")):
        translation = take(raw, state)
        (made,) = translation.outcomes
        assert isinstance(made, Refusal)
        assert "dicom_too_many" == made.reason
        assert translation.state is None


def test_start_of_a_study_without_a_date() -> None:
    made = document(image(StudyDate=None, StudyTime=None))
    assert LOCAL_815 + 150_500 == made.occurred_at
    bare = document(image(StudyDate=None, SeriesDate=None, AcquisitionDate="20261123", AcquisitionTime="081500"))
    assert LOCAL_815 == bare.occurred_at
    assert document(image(StudyDate=None, SeriesDate=None)).occurred_at is None


def test_series_uid_is_sealed() -> None:
    assert SERIES == document(image()).narrative["series[0].series_uid"]
