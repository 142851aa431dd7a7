"""A visit told again and again: what is left out is cancelled, what is refused is not, what is added is told."""

import json
from typing import Final

from producers.adapter import Document
from tests.unit.insurance_xml.files import DRUGS, RESULTS
from tests.unit.insurance_xml.telling import SUMMARY, Source

NOTES: Final = ({"MA_LK": "LK-0001", "DIEN_BIEN_LS": "Đỡ"},)
WHOLE: Final = {"XML1": [SUMMARY], "XML2": DRUGS, "XML4": RESULTS}
BROKEN: Final = "không phải base64"


def test_the_parts_come_in_the_order_of_their_tables() -> None:
    backwards = dict(reversed(WHOLE.items()))
    assert ["encounter active", "prescription active", "observation active"] == Source().outcomes(backwards)


def test_a_part_left_out_is_cancelled_once() -> None:
    source = Source()
    source.tell(WHOLE)
    left_out = {"XML1": [SUMMARY], "XML4": RESULTS}
    expected = ["encounter active", "prescription cancelled", "observation active"]
    assert expected == source.outcomes(left_out)
    assert ["encounter active", "observation active"] == source.outcomes(left_out)
    assert ["encounter active", "prescription active", "observation active"] == source.outcomes(WHOLE)


def test_a_cancellation_tells_whose_and_when() -> None:
    source = Source()
    ordered = [{**drug, "NGAY_YL": "202611230900"} for drug in DRUGS]
    _, told = source.tell({"XML1": [SUMMARY], "XML2": ordered}).outcomes
    _, cancelled = source.tell({"XML1": [{**SUMMARY, "SO_CCCD": "099200000002"}]}).outcomes
    assert isinstance(told, Document)
    assert isinstance(cancelled, Document)
    assert told.occurred_at == cancelled.occurred_at
    assert told.natural_key == cancelled.natural_key
    assert (told.visit_number, told.patient_number) == (cancelled.visit_number, cancelled.patient_number)
    assert "099200000002" == cancelled.identity["citizen_id"]
    assert {"sex": "2", "birth_year": 1985} == cancelled.body


def test_a_refused_part_is_not_left_out() -> None:
    source = Source()
    source.tell(WHOLE)
    expected = ["encounter active", "prescription base64", "observation active"]
    assert expected == source.outcomes({**WHOLE, "XML2": BROKEN})
    assert ["encounter active", "prescription cancelled", "observation active"] == source.outcomes(
        {"XML1": [SUMMARY], "XML4": RESULTS}
    )


def test_where_the_table_of_a_refused_part_is_unknown_nothing_is_cancelled() -> None:
    source = Source()
    source.tell(WHOLE)
    assert ["encounter active", "None xml_part_type"] == source.outcomes({"XML1": [SUMMARY], "XML99": "<A/>"})


def test_a_supplement_without_summary_cancels_nothing_and_knows_the_patient() -> None:
    source = Source()
    source.tell({"XML1": [{**SUMMARY, "MA_BENH_CHINH": "B20"}], "XML2": DRUGS})
    (observation,) = source.tell({"XML4": RESULTS}).outcomes
    assert isinstance(observation, Document)
    assert SUMMARY["HO_TEN"] == observation.identity["full_name"]
    assert "BN-77" == observation.patient_number
    assert ("restricted", False) == (observation.sensitivity, observation.partial)
    assert 1985 == observation.body["birth_year"]
    assert ["encounter active", "prescription active", "observation cancelled"] == source.outcomes(
        {"XML1": [SUMMARY], "XML2": DRUGS}
    )


def test_a_supplement_to_an_unknown_visit_is_partial() -> None:
    assert ["observation active partial"] == Source().outcomes({"XML4": RESULTS})


def test_a_summary_that_cannot_be_read_cancels_nothing() -> None:
    source = Source()
    source.tell(WHOLE)
    assert ["encounter base64", "observation active"] == source.outcomes({"XML1": BROKEN, "XML4": RESULTS})


def test_notes_belong_to_the_encounter() -> None:
    source = Source()
    assert ["encounter active"] == source.outcomes({"XML1": [SUMMARY], "XML5": NOTES})
    assert ["encounter active partial", "encounter base64"] == source.outcomes({"XML1": [SUMMARY], "XML5": BROKEN})
    assert ["encounter xml_no_summary"] == source.outcomes({"XML5": NOTES})
    assert ["encounter base64"] == source.outcomes({"XML1": BROKEN, "XML5": NOTES})


def test_what_the_new_summary_leaves_empty_is_empty() -> None:
    source = Source()
    source.tell(WHOLE)
    encounter = source.tell({"XML1": [{**SUMMARY, "SO_CCCD": ""}]}).outcomes[0]
    assert isinstance(encounter, Document)
    assert "citizen_id" not in encounter.identity


def test_tables_of_another_visit_are_refused() -> None:
    others = [{**drug, "MA_LK": "LK-0002"} for drug in DRUGS]
    mixed = [DRUGS[0], {**DRUGS[1], "MA_LK": "LK-0002"}]
    for rows in (others, mixed):
        assert ["encounter active", "prescription xml_visit_differs"] == Source().outcomes(
            {"XML1": [SUMMARY], "XML2": rows}
        )


def test_rows_without_their_number_belong_to_the_visit_of_the_dossier() -> None:
    rows = [{**drug, "MA_LK": ""} for drug in DRUGS]
    assert ["encounter active", "prescription active"] == Source().outcomes({"XML1": [SUMMARY], "XML2": rows})


def test_a_table_without_rows_is_refused_and_cancels_nothing() -> None:
    source = Source()
    source.tell(WHOLE)
    for content in ("<CHITIEU_CHITIET_THUOC/>", ""):
        assert ["encounter active", "prescription part_empty", "observation active"] == source.outcomes(
            {**WHOLE, "XML2": content}
        )


def test_a_dossier_of_which_nothing_can_be_read_says_what_is_wrong_with_each_part() -> None:
    assert ["encounter base64", "prescription base64"] == Source().outcomes({"XML1": BROKEN, "XML2": BROKEN})


def test_the_state_is_json_and_small() -> None:
    source = Source()
    source.tell({**WHOLE, "XML5": NOTES})
    (state,) = source.states.values()
    assert state == json.loads(json.dumps(state))
    assert len(json.dumps(state)) < 1_000
