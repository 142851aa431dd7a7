"""ADT folded into one encounter per visit."""

import json

import pytest

from tests.unit.hl7v2.telling import Telling, adt, pid, segment

PV1 = segment("PV1", f2="I", f3="K01^12^A", f7="BS1", f19="V1", f44="20261124080000")
DG1 = segment("DG1", f1="1", f3="J18.9^Viêm phổi^I10", f6="A")
MORE = segment("DG1", f1="2", f3="E11^Đái tháo đường^I10", f6="W")
ADMITTED = 1_795_482_000_000
"""2026-11-24 08:00 in Hanoi."""


def admitted() -> Telling:
    telling = Telling()
    telling.tell(adt("A01", pid(), PV1, DG1))
    return telling


def test_an_admission_is_a_whole_document() -> None:
    made = Telling().tell(
        adt("A01", pid(f3="BN1^^^01003^MR~001080000001^^^CCCD^NI~GD4010000000001^^^BHXH^HC"), PV1, DG1)
    )
    assert ("encounter", ("V1",), "V1", "BN1") == (made.kind, made.natural_key, made.visit_number, made.patient_number)
    assert ("active", False, ADMITTED, "normal") == (made.status, made.partial, made.occurred_at, made.sensitivity)
    assert {
        "patient_class": "I",
        "admitted_at": ADMITTED,
        "departments": ["K01"],
        "main_diagnosis": "J18.9",
        "diagnoses": [{"code": "J18.9", "system": "ICD-10", "role": "main", "text": "Viêm phổi"}],
        "sex": "1",
        "birth_year": 1980,
        "insured": True,
    } == made.body
    assert {
        "full_name": "Nguyễn Văn An",
        "citizen_id": "001080000001",
        "cards": "GD4010000000001",
        "birth": "19800215",
        "sex": "1",
        "patient_number": "BN1",
        "visit_number": "V1",
    } == made.identity
    assert {"extra.PV1-3": "K01^12^A", "extra.PV1-7": "BS1"} == made.narrative
    assert made.recorded_at == made.corrected_at == ADMITTED + 5_400_000


def test_what_is_absent_or_empty_is_unchanged() -> None:
    telling = admitted()
    made = telling.tell(adt("A03", pid(f5="", f7="", f8=""), segment("PV1", f19="V1", f36="01", f45="20261126")))
    assert "J18.9" == made.body["main_diagnosis"]
    assert ["K01"] == made.body["departments"]
    assert "Nguyễn Văn An" == made.identity["full_name"]
    assert ("01", 1_795_626_000_000) == (made.body["discharge_disposition"], made.body["discharged_at"])


def test_two_quotation_marks_delete() -> None:
    telling = admitted()
    made = telling.tell(adt("A08", pid(f5='""', f7='""'), segment("PV1", f3='""', f7='""', f19="V1"), 'DG1|1||""'))
    assert made.identity.get("full_name") is None
    assert made.body["birth_year"] is None
    assert [] == made.body["departments"]
    assert [] == made.body["diagnoses"]
    assert {} == made.narrative


def test_a_list_that_is_there_replaces_the_list() -> None:
    telling = admitted()
    assert ["J18.9", "E11"] == [d["code"] for d in telling.tell(adt("A08", pid(), PV1, DG1, MORE)).body["diagnoses"]]
    made = telling.tell(adt("A08", pid(), PV1, MORE))
    assert [("E11", "main")] == [(d["code"], d["role"]) for d in made.body["diagnoses"]]


def test_the_same_told_by_another_message_is_the_same_content() -> None:
    telling = admitted()
    first = telling.tell(adt("A08", pid(), PV1, DG1))
    for event, control_id, at in (("A08", "M7", "20261124120000"), ("A01", "M8", "20261124130001")):
        again = telling.tell(adt(event, pid(), PV1, DG1, at=at, control_id=control_id))
        assert (first.body, first.identity, first.narrative, first.status, first.partial, first.occurred_at) == (
            again.body, again.identity, again.narrative, again.status, again.partial, again.occurred_at
        )  # fmt: skip
        assert first.corrected_at != again.corrected_at


def test_a_time_without_seconds_is_no_correction_time() -> None:
    telling = admitted()
    assert telling.tell(adt("A08", pid(), PV1, at="202611241200")).corrected_at is None


def test_a_discharge_and_its_cancellation() -> None:
    telling = admitted()
    discharged = segment("PV1", f19="V1", f36="01", f45="20261126101500")
    assert "discharged_at" in telling.tell(adt("A03", pid(), discharged)).body
    made = telling.tell(adt("A13", pid(), discharged))
    assert not {"discharged_at", "discharge_disposition"} & made.body.keys()
    assert "active" == made.status


def test_a_discharge_without_its_time_takes_that_of_the_event_once() -> None:
    telling = admitted()
    first = telling.tell(adt("A03", pid(), segment("PV1", f19="V1"), at="20261126101500"))
    again = telling.tell(adt("A03", pid(), segment("PV1", f19="V1"), at="20261126120000"))
    assert first.body["discharged_at"] == again.body["discharged_at"] == first.recorded_at


def test_a_discharge_given_as_the_day_of_arrival_is_not_before_it() -> None:
    made = admitted().tell(adt("A03", pid(), segment("PV1", f19="V1", f45="20261124")))
    assert ADMITTED == made.body["discharged_at"]


def test_a_cancelled_admission_stays_cancelled_until_it_is_admitted_again() -> None:
    telling = admitted()
    assert "cancelled" == telling.tell(adt("A11", pid(), PV1)).status
    assert "cancelled" == telling.tell(adt("A08", pid(), PV1)).status
    assert "active" == telling.tell(adt("A01", pid(), PV1)).status
    assert "entered_in_error" == telling.tell(adt("A23", pid(), PV1)).status


def test_a_visit_whose_beginning_is_not_known_is_partial_until_it_is_told() -> None:
    telling = Telling()
    assert telling.tell(adt("A08", pid(), PV1)).partial
    assert telling.tell(adt("A03", pid(), PV1)).partial
    assert not telling.tell(adt("A01", pid(), PV1)).partial
    assert not telling.tell(adt("A08", pid(), PV1)).partial


def test_transfers_add_departments_and_corrections_do_not() -> None:
    telling = admitted()

    def wards(event: str, ward: str) -> list[str]:
        found: list[str] = telling.tell(adt(event, pid(), segment("PV1", f3=ward, f19="V1"))).body["departments"]
        return found

    assert ["K02"] == wards("A08", "K02")
    assert ["K02", "K03"] == wards("A02", "K03")
    assert ["K02", "K03"] == wards("A02", "K03")
    assert ["K02", "K04"] == wards("A08", "K04")
    assert ["K02"] == wards("A12", "K02")
    assert ["K02"] == wards("A08", "")


def test_outpatient_becomes_inpatient_and_back() -> None:
    telling = Telling()
    telling.tell(adt("A04", pid(), segment("PV1", f2="O", f19="V1")))
    made = telling.tell(adt("A06", pid(), segment("PV1", f2="I", f19="V1"), at="20261124140000"))
    assert ("I", made.recorded_at) == (made.body["patient_class"], made.body["inpatient_at"])
    made = telling.tell(adt("A07", pid(), segment("PV1", f2="O", f19="V1")))
    assert "inpatient_at" not in made.body


def test_a_planned_visit_is_none_until_the_patient_comes() -> None:
    telling = Telling()
    assert "planned" == telling.silent(adt("A05", pid(), PV1, DG1))
    assert "planned" == telling.silent(adt("A08", pid(), PV1))
    made = telling.tell(adt("A01", pid(), segment("PV1", f19="V1")))
    assert ("J18.9", False) == (made.body["main_diagnosis"], made.partial)
    assert "active" == telling.tell(adt("A05", pid(), PV1)).status


def test_a_planned_visit_that_is_cancelled_never_shows() -> None:
    telling = Telling()
    telling.silent(adt("A05", pid(), PV1))
    assert "planned" == telling.silent(adt("A38", pid(), PV1))


def test_a_person_update_reaches_the_visits_it_names() -> None:
    telling = admitted()
    assert "person" == telling.silent(adt("A31", pid(f5="Nguyễn^Văn Ba")))
    assert "person" == telling.silent(adt("A31", pid(), segment("PV1", f19="V9")))
    assert "Nguyễn Văn Ba" == telling.tell(adt("A31", pid(f5="Nguyễn^Văn Ba"), PV1)).identity["full_name"]


@pytest.mark.parametrize("code", ["B20", "B24.1", "Z21"])
def test_hiv_is_restricted(code: str) -> None:
    made = Telling().tell(adt("A01", pid(), PV1, DG1, segment("DG1", f1="2", f3=f"{code}^x^I10")))
    assert "restricted" == made.sensitivity


def test_the_main_diagnosis_is_of_first_priority_or_final() -> None:
    first = segment("DG1", f1="1", f3="A09^x^I10", f6="A")
    final = segment("DG1", f1="2", f3="K35^x^I10", f6="F")
    prior = segment("DG1", f1="3", f3="I10^x^I10", f6="W", f15="1")
    assert "K35" == Telling().tell(adt("A01", pid(), PV1, first, final)).body["main_diagnosis"]
    assert "I10" == Telling().tell(adt("A01", pid(), PV1, first, final, prior)).body["main_diagnosis"]
    other = segment("DG1", f1="1", f3="1550^x^I9")
    assert Telling().tell(adt("A01", pid(), PV1, other)).body["main_diagnosis"] is None


def test_what_is_not_mapped_is_sealed_and_counted() -> None:
    lines = ("ZVN|1|Nghề tự do", "ZVN|2|x", "NK1|1|Trần^Bình", segment("PV2", f3="^Đau bụng"))
    made = Telling().translate(adt("A01", pid(f6="Lê^Thị", f13="0901~0902"), PV1, *lines))
    (document,) = made.outcomes
    narrative = document.narrative  # type: ignore[union-attr]
    assert "1|Nghề tự do" == narrative["extra.ZVN[1]"]
    assert "1|Trần^Bình" == narrative["extra.NK1[1]"]
    assert "Lê^Thị" == narrative["extra.PID-6"]
    assert "0901~0902" == narrative["extra.PID-13"]
    assert "^Đau bụng" == narrative["visit_reason"]
    assert {"ZVN": 2, "NK1": 1} == made.rows.unmapped
    assert (8, 5) == (made.rows.read, made.rows.used)
    assert "Trần" not in json.dumps(document.body, ensure_ascii=False)  # type: ignore[union-attr]


def test_a_value_that_cannot_be_read_is_kept_and_marked_until_it_is_corrected() -> None:
    telling = admitted()
    wrong = telling.tell(adt("A08", pid(f7="15/02/1980"), segment("PV1", f19="V1", f44="yesterday")))
    assert ("M03",) == wrong.marks
    assert (None, None) == (wrong.body["birth_year"], wrong.occurred_at)
    assert "15/02/1980" == wrong.narrative["extra.PID-7"]
    assert ("M03",) == telling.tell(adt("A08", pid(f7=""), segment("PV1", f19="V1"))).marks
    right = telling.tell(adt("A08", pid(), PV1))
    assert ((), 1980) == (right.marks, right.body["birth_year"])


def test_a_state_is_json() -> None:
    telling = admitted()
    assert telling.states == json.loads(json.dumps(telling.states))
