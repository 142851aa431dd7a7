"""What a HOSO becomes: documents by table, fields by type, identity apart, nothing dropped."""

from typing import Any, Final

import pytest

from producers.adapter import Document, Feed, Parsed, Refusal
from producers.insurance_xml.columns import CODE_LENGTH
from producers.insurance_xml.documents import COLUMNS
from producers.insurance_xml.tables import FIELDS
from producers.insurance_xml.values import datetime12
from schemas.kinds import KINDS, RESTRICTED
from tests.unit.insurance_xml.files import DRUGS, RESULTS, VISIT, encoded, envelope, visit
from tests.unit.insurance_xml.files import row as row_of
from tests.unit.insurance_xml.telling import FEED, SUMMARY, Source, documents, only, parsed, written


def at(text: str) -> int:
    found = datetime12(text)
    assert found is not None
    return found[0]


class TestFields:
    @pytest.mark.parametrize(
        ("expected", "table", "source", "text", "name"),
        [
            ("03", "XML1", "MA_LOAI_KCB", "03", "visit_type"),
            (4, "XML1", "SO_NGAY_DTRI", "4", "treatment_days"),
            (4, "XML1", "SO_NGAY_DTRI", "4.00", "treatment_days"),
            (52_500, "XML1", "CAN_NANG", "52.5", "weight"),
            (1_234_567_890, "XML1", "T_THUOC", "1234567.89", "total_drugs"),
            (at("202611201000"), "XML1", "NGAY_VAO_NOI_TRU", "202611201000", "inpatient_at"),
            (["K01", "K03"], "XML1", "MA_KHOA", "K01;K03;", "departments"),
            (["01999", "", "01998"], "XML1", "MA_DKBD", "01999;;01998", "card_facilities"),
            ("DN4", "XML1", "MA_THE_BHYT", "0123456789;DN4019900000001", "card_group"),
            (True, "XML1", "MA_THE_BHYT", "0123456789", "insured"),
            (False, "XML1", "MA_THE_BHYT", " ; ", "insured"),
            (1985, "XML1", "NGAY_SINH", "198500000000", "birth_year"),
            ("Viêm phổi", "XML1", "CHAN_DOAN_RV", "Viêm phổi", "discharge_diagnosis"),
            ("01929", "XML13", "MA_CSKCB_DEN", "01929", "referred_to"),
            ("01929", "XML13", "MA_NOI_DEN", "01929", "referred_to"),
            ("20261123", "XML14", "NGAY_CT", "20261123", "issued_on"),
        ],
    )
    def test_by_type(self, expected: Any, table: str, source: str, text: str, name: str) -> None:
        document = only(table, {source: text})
        assert expected == document.body[name]
        assert () == document.marks

    @pytest.mark.parametrize(
        ("expected", "written"), [(5.4, "5.4"), (5.4, "5,4"), (None, "Âm tính"), (None, "<0.01"), (None, "1,250")]
    )
    def test_a_result_keeps_its_text_beside_the_number(self, expected: float | None, written: str) -> None:
        document = only("XML4", {"GIA_TRI": written})
        (line,) = document.body["results"]
        assert (written, expected) == (line["value_text"], line.get("value_number"))
        assert () == document.marks

    @pytest.mark.parametrize(
        ("source", "text", "name"),
        [
            ("NGAY_RA", "23/11/2026", "discharged_at"),
            ("SO_NGAY_DTRI", "4.5", "treatment_days"),
            ("SO_NGAY_DTRI", "9999999999", "treatment_days"),
            ("CAN_NANG", "năm mươi", "weight"),
            ("NGAY_SINH", "19851399", "birth_year"),
            ("MA_BENH_CHINH", "x" * (CODE_LENGTH + 1), "main_diagnosis"),
            ("MA_KHOA", "x" * (CODE_LENGTH + 1), "departments"),
        ],
    )
    def test_a_value_of_the_wrong_type_is_left_empty_marked_and_sealed(self, source: str, text: str, name: str) -> None:
        document = only("XML1", {source: text})
        assert name not in document.body
        assert ("M03",) == document.marks
        assert text == document.narrative[f"extra.{source}"]

    def test_texts_that_are_sealed(self) -> None:
        made = documents(
            {
                "XML1": [{**SUMMARY, "GHI_CHU": "Ghi chú", "MA_HSBA": "HS-1"}],
                "XML2": [{"MA_LK": "LK-0001", "CACH_DUNG": "Uống sau ăn"}],
                "XML5": [{"MA_LK": "LK-0001"}, {"MA_LK": "LK-0001", "DIEN_BIEN_LS": "Đỡ sốt"}],
            }
        )
        encounter, prescription = made["encounter"], made["prescription"]
        expected = {"note": "Ghi chú", "record_number": "HS-1", "notes[2].course": "Đỡ sốt"}
        assert expected == encounter.narrative
        assert {"lines[1].instructions": "Uống sau ăn"} == prescription.narrative
        assert not expected.keys() & encounter.body.keys()

    def test_line_numbers(self) -> None:
        rows = [{"MA_LK": "LK-0001", "STT": number} for number in ("7", "", "x", "12345678901")]
        made = documents({"XML1": [SUMMARY], "XML2": rows})["prescription"]
        assert [7, 2, 3, 4] == [line["line"] for line in made.body["lines"]]
        assert ("M03",) == made.marks

    def test_diagnoses(self) -> None:
        row = {"MA_BENH_CHINH": "J18.9", "MA_BENH_KT": "I10; E11.9;", "MA_BENH_YHCT": "U62.392"}
        expected = [("J18.9", "ICD-10", "main"), ("I10", "ICD-10", "other"), ("E11.9", "ICD-10", "other"),
                    ("U62.392", "YHCT", "traditional")]  # fmt: skip
        for table in ("XML1", "XML13", "XML14"):
            document = only(table, row)
            assert expected == [(d["code"], d["system"], d["role"]) for d in document.body["diagnoses"]]
            assert "J18.9" == document.body["main_diagnosis"]


class TestTimes:
    @pytest.mark.parametrize(
        ("expected", "table", "row"),
        [
            ("202611230815", "XML1", {}),
            ("202611230900", "XML2", {"NGAY_YL": "202611230900"}),
            ("202611230815", "XML2", {}),
            ("202611230901", "XML3", {"NGAY_YL": "202611230901", "NGAY_KQ": "202611230930"}),
            ("202611231000", "XML4", {"NGAY_KQ": "202611231000"}),
            ("202611230815", "XML4", {}),
            ("202611231130", "XML13", {"NGAY_RA": "202611231130"}),
            ("202611231140", "XML13", {}),
            ("202611231130", "XML14", {"NGAY_RA": "202611231130", "NGAY_CT": "20261124"}),
            ("20261124", "XML14", {"NGAY_CT": "20261124"}),
        ],
    )
    def test_when_it_occurred(self, expected: str, table: str, row: dict[str, str]) -> None:
        document = only(table, row)
        assert at(expected) == document.occurred_at
        assert document.corrected_at is None

    def test_the_earliest_order_counts(self) -> None:
        rows = [{"MA_LK": "LK-0001", "NGAY_YL": time} for time in ("202611231000", "", "202611230900")]
        assert at("202611230900") == documents({"XML1": [SUMMARY], "XML2": rows})["prescription"].occurred_at


class TestPerson:
    def test_each_document_has_the_identity_of_the_summary(self) -> None:
        made = documents({"XML1": [SUMMARY], "XML2": DRUGS, "XML4": RESULTS})
        for document in made.values():
            assert SUMMARY["HO_TEN"] == document.identity["full_name"]
            assert SUMMARY["SO_CCCD"] == document.identity["citizen_id"]
            assert SUMMARY["NGAY_SINH"] == document.identity["birth"]
            assert ("LK-0001", "BN-77") == (document.visit_number, document.patient_number)
            assert ("LK-0001", "BN-77") == (document.identity["visit_number"], document.identity["patient_number"])
            assert ("2", 1985) == (document.body["sex"], document.body["birth_year"])
            assert ("LK-0001",) == document.natural_key

    def test_no_identity_in_the_body_and_none_in_a_repr(self) -> None:
        for document in documents({"XML1": [SUMMARY], "XML2": DRUGS}).values():
            for text in (SUMMARY["HO_TEN"], SUMMARY["SO_CCCD"], "BN-77", "LK-0001"):
                assert text not in str(document.body)
                assert text not in repr(document)

    @pytest.mark.parametrize("code", ["B20", "b24.9", "B209", "Z21"])
    def test_hiv_makes_every_document_of_the_visit_restricted(self, code: str) -> None:
        for place in ("XML1", "XML3"):
            coded = {"MA_BENH_CHINH": code} if place == "XML1" else {}
            services = [{"MA_LK": "LK-0001", "MA_BENH": f"J18.9;{code}" if place == "XML3" else "J18.9"}]
            made = documents({"XML1": [{**SUMMARY, **coded}], "XML2": DRUGS, "XML3": services})
            assert {"restricted"} == {document.sensitivity for document in made.values()}

    @pytest.mark.parametrize("code", ["B25", "B19.9", "Z20.6", "J18.9"])
    def test_other_codes_do_not(self, code: str) -> None:
        assert "normal" == only("XML1", {"MA_BENH_CHINH": code}).sensitivity


class TestNothingIsDropped:
    def test_reserve_and_own_fields_are_sealed_and_counted(self) -> None:
        drug = {**DRUGS[0], "DU_PHONG": "dự phòng", "MA_NOI_BO": "7", "Họ_tên": "x"}
        translation = Source().tell({"XML1": [SUMMARY], "XML2": [drug, {**drug, "DU_PHONG": ""}]})
        narrative = translation.outcomes[1].narrative  # type: ignore[union-attr]
        assert "dự phòng" == narrative["lines[1].extra.DU_PHONG"]
        assert "lines[2].extra.DU_PHONG" not in narrative
        assert "7" == narrative["lines[2].extra.MA_NOI_BO"]
        assert {"XML2.DU_PHONG": 1, "XML2.MA_NOI_BO": 2, "XML2.?": 2} == translation.rows.unmapped

    def test_tables_without_a_kind_are_sealed_with_the_encounter(self) -> None:
        content = "<DU_LIEU><MA_LK>LK-0001</MA_LK><NGUOI_CHU_TRI>Không Tên</NGUOI_CHU_TRI></DU_LIEU>"
        translation = Source().tell({"XML1": [SUMMARY], "XML12": content})
        (encounter,) = translation.outcomes
        assert "Không Tên" == encounter.narrative["extra.XML12[1].NGUOI_CHU_TRI"]  # type: ignore[union-attr]
        assert {"XML12": 1} == translation.rows.unmapped
        assert (2, 1) == (translation.rows.read, translation.rows.used)

    def test_what_repeats_the_summary_is_no_loss_what_differs_is_kept(self) -> None:
        same = only("XML14", {"HO_TEN": SUMMARY["HO_TEN"], "MA_CSKCB": "01999"})
        assert {} == same.narrative
        other = only("XML14", {"HO_TEN": "Tên Khác"})
        assert {"extra.HO_TEN": "Tên Khác"} == other.narrative
        assert SUMMARY["HO_TEN"] == other.identity["full_name"]

    def test_both_treatments_of_a_referral_of_4750(self) -> None:
        row = {"PP_DIEUTRI": "Kháng sinh", "PP_DIEU_TRI": "Kháng sinh tĩnh mạch"}
        expected = {"treatment": "Kháng sinh", "extra.PP_DIEU_TRI": "Kháng sinh tĩnh mạch"}
        assert expected == only("XML13", row).narrative
        assert {"treatment": "A"} == only("XML13", {"PP_DIEU_TRI": "A"}).narrative
        assert {"treatment": "A"} == only("XML13", {"PP_DIEUTRI": "A", "PP_DIEU_TRI": "A"}).narrative

    def test_the_last_of_repeated_summaries_stands_the_others_are_sealed(self) -> None:
        rows = [{**SUMMARY, "MA_LOAI_KCB": "01"}, {**SUMMARY, "MA_LOAI_KCB": "03"}]
        translation = Source().tell({"XML1": "".join(f"<TONG_HOP>{_fields(row)}</TONG_HOP>" for row in rows)})
        (encounter,) = translation.outcomes
        assert "03" == encounter.body["visit_type"]  # type: ignore[union-attr]
        assert "01" == encounter.narrative["extra.XML1[1].MA_LOAI_KCB"]  # type: ignore[union-attr]


def _fields(row: dict[str, str]) -> str:
    return "".join(f"<{name}>{text.replace('<', '').replace('&', '')}</{name}>" for name, text in row.items())


class TestParse:
    def test_a_whole_file_of_one_dossier(self) -> None:
        made = parsed(envelope(visit()))
        assert isinstance(made, Parsed)
        assert "LK-0001" == made.state_key

    @pytest.mark.parametrize(
        ("reason", "raw"),
        [
            ("xml_facility", envelope(visit(), facility="01998")),
            ("xml_count", envelope(visit(), visit("LK-2"))),
            ("xml_root", b"<Bundle/>"),
            ("xml_not_well_formed", b""),
            ("xml_not_well_formed", envelope(visit())[:-20]),
            ("xml_no_visit", b"<HOSO/>"),
            ("xml_no_visit", written({"XML1": [{**VISIT, "MA_LK": ""}]})),
        ],
    )
    def test_what_is_no_dossier(self, reason: str, raw: bytes) -> None:
        made = parsed(raw)
        assert isinstance(made, Refusal)
        assert reason == made.reason

    def test_a_feed_without_facility_takes_any(self) -> None:
        made = documents({"XML1": [{**SUMMARY, "MA_CSKCB": "01998"}]}, Feed("any", "", "HIS", "insurance_xml"))
        assert {} == made["encounter"].narrative
        assert (
            "01998"
            == documents({"XML1": [{**SUMMARY, "MA_CSKCB": "01998"}]}, FEED)["encounter"].narrative["extra.MA_CSKCB"]
        )


class TestCheckIn:
    ROW: Final = {**SUMMARY, "MA_DICH_VU": "13.0001.0001", "NGAY_YL": "202611230820", "MA_LOAI_KCB": "01"}

    def test_is_a_document_of_its_own(self) -> None:
        source = Source()
        (arrived,) = source.tell({"XML0": [self.ROW]}).outcomes
        (finished,) = source.tell({"XML1": [SUMMARY]}).outcomes
        assert isinstance(arrived, Document)
        assert isinstance(finished, Document)
        assert ("encounter", "encounter") == (arrived.kind, finished.kind)
        assert ("arrived", "finished") == (arrived.body["visit_state"], finished.body["visit_state"])
        assert ("13.0001.0001", at("202611230820")) == (arrived.body["first_service"], arrived.body["first_ordered_at"])
        assert ("BN-77", "LK-0001") == (arrived.patient_number, arrived.visit_number)
        assert arrived.natural_key != finished.natural_key
        assert not arrived.partial

    def test_is_not_cancelled_by_the_dossier_nor_cancels_anything(self) -> None:
        source = Source()
        source.tell({"XML0": [self.ROW]})
        assert ["encounter active", "prescription active"] == source.outcomes({"XML1": [SUMMARY], "XML2": DRUGS})
        assert ["encounter active"] == source.outcomes({"XML0": [self.ROW]})
        assert ["encounter active", "prescription active"] == source.outcomes({"XML1": [SUMMARY], "XML2": DRUGS})


class TestDischarge:
    PAPER: Final = {
        "MA_LK": "LK-0001",
        "NGAY_RA": "202611231140",
        "PP_DIEUTRI": "A",
        "HO_TEN_CHA": "Cha",
        "NGAY_CT": "20261123",
    }
    RECORD: Final = {
        "MA_LK": "LK-0001",
        "NGAY_RA": "202611231140",
        "PP_DIEUTRI": "B",
        "HO_TEN_CHA": "Cha",
        "KET_QUA_DTRI": "2",
    }

    def test_both_papers_are_one_document(self) -> None:
        made = documents({"XML1": [SUMMARY], "XML7": [self.PAPER], "XML8": [self.RECORD]})["discharge"]
        assert ("20261123", "2") == (made.body["issued_on"], made.body["treatment_result"])
        assert {"treatment": "A", "summary_treatment": "B", "father": "Cha"} == made.narrative
        assert at("202611231140") == made.occurred_at

    def test_either_alone(self) -> None:
        assert "2" == documents({"XML1": [SUMMARY], "XML8": [self.RECORD]})["discharge"].body["treatment_result"]
        assert "A" == documents({"XML1": [SUMMARY], "XML7": [self.PAPER]})["discharge"].narrative["treatment"]

    def test_where_they_differ_the_paper_stands_and_the_other_is_kept(self) -> None:
        record = {**self.RECORD, "NGAY_RA": "202611231150", "HO_TEN_CHA": "Cha khác"}
        made = documents({"XML1": [SUMMARY], "XML7": [self.PAPER], "XML8": [record]})["discharge"]
        assert at("202611231140") == made.body["discharged_at"]
        assert str(at("202611231150")) == made.narrative["extra.XML8.discharged_at"]
        assert ("Cha", "Cha khác") == (made.narrative["father"], made.narrative["extra.XML8.father"])

    def test_one_left_out_amends_both_left_out_cancels_one_refused_is_partial(self) -> None:
        source = Source()
        whole = {"XML1": [SUMMARY], "XML7": [self.PAPER], "XML8": [self.RECORD]}
        source.tell(whole)
        assert ["encounter active", "discharge active"] == source.outcomes({"XML1": [SUMMARY], "XML8": [self.RECORD]})
        assert ["encounter active", "discharge active partial", "discharge base64"] == source.outcomes(
            {**whole, "XML7": "không phải base64"}
        )
        assert ["encounter active", "discharge cancelled"] == source.outcomes({"XML1": [SUMMARY]})


class TestHivCare:
    ROW: Final = {"MA_LK": "LK-0001", "NGAYKD_HIV": "20250110", "SO_NGAY_CAP_THUOC_ARV": "30", "MAXA_CU_TRU": "00001"}

    def written(self) -> str:
        return encoded(row_of("HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS", self.ROW))

    def test_goes_its_own_way(self) -> None:
        made = documents({"XML1": [SUMMARY], "XML2": DRUGS, "XML6": self.written()})
        assert (20098, 30) == (made["hiv_care"].body["confirmed_on"], made["hiv_care"].body["arv_days"])
        assert {"commune": "00001"} == made["hiv_care"].narrative
        assert {"restricted"} == {document.sensitivity for document in made.values()}
        for kind in ("encounter", "prescription"):
            assert "20250110" not in str(made[kind].narrative) + str(made[kind].body)

    def test_the_kind_is_restricted(self) -> None:
        assert "hiv_care" in RESTRICTED
        assert set() == {kind for kind in KINDS if "hiv" in kind} - RESTRICTED

    def test_refused_it_still_restricts_the_visit(self) -> None:
        (encounter, _) = Source().tell({"XML1": [SUMMARY], "XML6": "không phải base64"}).outcomes
        assert isinstance(encounter, Document)
        assert "restricted" == encounter.sensitivity


class TestOldNames:
    def test_of_4210(self) -> None:
        row = {
            "MA_BENH": "J18.9",
            "MA_BENHKHAC": "I10",
            "MA_THE": "DN4019900000001",
            "T_TONGCHI": "1.5",
            "MA_LYDO_VVIEN": "1",
        }
        old = {name: text for name, text in SUMMARY.items() if name not in ("MA_BENH_CHINH", "MA_THE_BHYT")}
        translation = Source().tell({"XML1": [{**old, **row}]})
        (encounter,) = translation.outcomes
        assert isinstance(encounter, Document)
        assert ("J18.9", "DN4", 1_500) == tuple(
            encounter.body[n] for n in ("main_diagnosis", "card_group", "total_hospital")
        )
        assert ["J18.9", "I10"] == [diagnosis["code"] for diagnosis in encounter.body["diagnoses"]]
        assert "DN4019900000001" == encounter.identity["cards"]
        assert {"XML1.MA_LYDO_VVIEN": 1} == translation.rows.unmapped

    def test_where_both_names_speak_todays_stands(self) -> None:
        document = only("XML1", {"MA_BENH_CHINH": "J18.9", "MA_BENH": "I10"})
        assert ("J18.9", "I10") == (document.body["main_diagnosis"], document.narrative["extra.MA_BENH"])


def test_every_field_of_the_standard_has_a_taker() -> None:
    """But for the reserve field, what repeats XML1 in the papers, and names of 2017."""
    repeats = set(FIELDS["XML1"])
    of_2017 = {"MA_THE", "MIEN_CUNG_CT", "TEN_BENH", "MA_BENH", "MA_BENHKHAC", "MA_LYDO_VVIEN", "MA_NOI_CHUYEN",
               "TINH_TRANG_RV", "T_TONGCHI", "T_NGOAIDS", "TYLE_TT", "THANH_TIEN", "T_NGUON_KHAC", "DON_GIA",
               "MA_MAY", "DIEN_BIEN"}  # fmt: skip
    for columns in COLUMNS:
        left = set(columns.rest) - {"DU_PHONG", "MA_CSKCB"}
        assert set() == left - (repeats if columns.table in ("XML6", "XML11", "XML13", "XML14", "XML15") else of_2017)
