"""ORU and OUL: a document per order."""

from producers.adapter import Document, Refusal
from tests.unit.hl7v2.telling import Telling, msh, pid, segment, write

PV1 = segment("PV1", f2="O", f19="V1")
OBR = segment(
    "OBR", f1="1", f2="YL1", f3="F1", f4="CTM^Công thức máu^L", f7="20261124080000", f22="20261124090000", f25="F"
)
WBC = "OBX|1|NM|WBC^Bạch cầu^L^6690-2^^LN||7.20|G/L|4.0-10.0|N|||F|||20261124080000||BS1|||20261124083000"


def oru(*lines: str, at: str = "20261124093000") -> bytes:
    return write(msh("ORU^R01", at=at), pid(), PV1, *lines)


def documents(*lines: str) -> list[Document]:
    found = Telling().translate(oru(*lines)).outcomes
    assert all(isinstance(outcome, Document) for outcome in found)
    return [outcome for outcome in found if isinstance(outcome, Document)]


def test_an_order_is_one_document() -> None:
    (made,) = documents("ORC|RE|YL1|F1", OBR, WBC)
    assert ("observation", ("F1", "CTM"), "V1", "BN1") == (
        made.kind, made.natural_key, made.visit_number, made.patient_number
    )  # fmt: skip
    assert made.occurred_at == made.body["sampled_at"] == 1_795_482_000_000
    assert made.recorded_at == made.corrected_at == 1_795_485_600_000
    assert ("CTM", "L", "Công thức máu", "F") == tuple(
        made.body[name] for name in ("order_code", "order_system", "order_name", "result_status")
    )
    (line,) = made.body["results"]
    assert {
        "line": 1, "test_code": "6690-2", "test_system": "LN", "test_name": "Bạch cầu",
        "alternate_code": "WBC", "alternate_system": "L", "value_text": "7.20",
        "value_number": 7.2, "unit": "G/L", "reference_range": "4.0-10.0", "abnormal": "N", "status": "F",
        "observed_at": 1_795_482_000_000, "resulted_at": 1_795_483_800_000, "reader": "BS1",
    } == line  # fmt: skip
    assert "WBC^Bạch cầu^L^6690-2^^LN" == made.narrative["results[1].extra.OBX-3"]


def test_a_repeat_with_another_msh_is_the_same_content() -> None:
    first, again = (Telling().tell(oru(OBR, WBC, at=at)) for at in ("20261124093000", "20261124120000"))
    assert first == again


def test_several_orders_are_several_parts_and_one_number_may_have_several_panels() -> None:
    other = OBR.replace("F1", "F2")
    panel = OBR.replace("CTM^Công thức máu", "SH^Sinh hoá")
    assert [("F1", "CTM"), ("F2", "CTM"), ("F1", "SH")] == [
        made.natural_key for made in documents(OBR, WBC, other, WBC, panel, WBC)
    ]


def test_the_same_order_twice_is_folded_to_the_last() -> None:
    (made,) = documents(OBR, WBC, OBR, WBC.replace("7.20", "7.30"))
    assert ["7.30"] == [line["value_text"] for line in made.body["results"]]


def test_a_bad_order_does_not_take_the_good_one_with_it() -> None:
    outcomes = Telling().translate(oru("OBR|1", WBC, OBR, WBC)).outcomes
    assert isinstance(outcomes[0], Refusal)
    assert ("hl7_no_order", "OBR[1]-3", "observation") == (outcomes[0].reason, outcomes[0].place, outcomes[0].kind)
    assert isinstance(outcomes[1], Document)


def test_order_numbers_come_from_filler_placer_or_orc() -> None:
    assert [("F9", "LAB", "X")] == [made.natural_key for made in documents("OBR|1|P9|F9^LAB|X")]
    assert [("P9", "X")] == [made.natural_key for made in documents("OBR|1|P9||X")]
    assert [("O9", "X")] == [made.natural_key for made in documents("ORC|RE|P|O9", "OBR|1|||X")]


def test_every_patient_of_a_message_has_orders_of_their_own() -> None:
    second = pid(f3="BN2^^^01003^MR", f5="Trần^Bình")
    raw = write(msh("ORU^R01"), pid(), PV1, OBR, WBC, second, OBR.replace("F1", "F2"), WBC, "PID|3", "OBR|1||F3|X")
    first, other, nobody = Telling().translate(raw).outcomes
    assert isinstance(first, Document)
    assert isinstance(other, Document)
    assert isinstance(nobody, Refusal)
    assert ("BN1", "V1") == (first.patient_number, first.visit_number)
    assert ("BN2", None, "Trần Bình") == (other.patient_number, other.visit_number, other.identity["full_name"])
    assert ("hl7_no_patient", "PID[3]-3") == (nobody.reason, nobody.place)


def results(*lines: str) -> tuple[list[dict[str, object]], dict[str, str], tuple[str, ...]]:
    (made,) = documents(OBR, *lines)
    return made.body["results"], made.narrative, made.marks


def test_free_text_is_sealed() -> None:
    lines, narrative, _ = results(
        "OBX|1|FT|MT^Mô tả||Gan to\\.br\\không đều^~dòng hai", "NTE|1||Kết luận một", "NTE|2||hai", "OBX|2|TX|KL||x"
    )
    assert [None, None] == [line["value_text"] for line in lines]
    assert "Gan to\nkhông đều^\ndòng hai" == narrative["results[1].description"]
    assert "Kết luận một\nhai" == narrative["results[1].conclusion"]
    assert "x" == narrative["results[2].description"]


def test_a_note_before_the_first_result_is_of_the_order() -> None:
    assert "chung" == results("NTE|1||chung", WBC)[1]["note"]


def test_values_by_their_type() -> None:
    lines, narrative, marks = results(
        "OBX|1|SN|A||>^100", "OBX|2|SN|A||^5.5", "OBX|3|SN|A||^1^:^128", "OBX|4|CE|A||POS^Dương tính^L",
        "OBX|5|ST|A||Âm tính", "OBX|6|ST|A||3", "OBX|7|NM|A||1,5", "OBX|8|NM|A||", 'OBX|9|NM|A||""', "OBX|10|NM|A||1e999",
    )  # fmt: skip
    assert [">100", "5.5", "1:128", "Dương tính", "Âm tính", "3", "1,5", None, None, "1e999"] == [
        line["value_text"] for line in lines
    ]
    assert [None, 5.5, None, None, None, 3.0, None, None, None, None] == [line["value_number"] for line in lines]
    assert "POS^Dương tính^L" == narrative["results[4].extra.OBX-5"]
    assert ("M03",) == marks


def test_a_very_long_value_and_a_very_long_code_are_sealed() -> None:
    lines, narrative, _ = results(f"OBX|1|ST|{'c' * 200}^Tên||{'v' * 2000}")
    assert (None, None) == (lines[0]["test_code"], lines[0]["value_text"])
    assert "v" * 2000 == narrative["results[1].description"]


def test_statuses() -> None:
    def status(obr: str, *obx: str) -> str:
        return documents(OBR.replace("|F", f"|{obr}") if obr else OBR, *obx)[0].status

    wrong = WBC.replace("|||F|||", "|||W|||")
    assert "active" == status("", WBC)
    assert "active" == status("C", WBC, wrong)
    assert "entered_in_error" == status("C", wrong)
    assert "cancelled" == documents(OBR[:-1] + "X")[0].status
    assert "cancelled" == status("", WBC.replace("|||F|||", "|||X|||"))
    assert "cancelled" == documents("ORC|OC|YL1|F1", OBR)[0].status


def test_unmapped_segments_are_sealed_with_their_order_and_counted() -> None:
    made = Telling().translate(oru(OBR, WBC, "SPM|1|M1||BLD", "ZLB|x"))
    (document,) = made.outcomes
    assert isinstance(document, Document)
    assert "1|M1||BLD" == document.narrative["extra.SPM[1]"]
    assert {"SPM": 1, "ZLB": 1} == made.rows.unmapped


def test_oul_by_specimen() -> None:
    raw = write(
        msh("OUL^R22^OUL_R22"), pid(), PV1, "SPM|1|S1", "OBX|1|ST|VOL||5", "SAC|||C1", OBR, "ORC|SC|YL1|F1", "TQ1|1", WBC,
        "SPM|2|S2", OBR.replace("F1", "F2"), "ORC|SC|YL2|F2", WBC,
    )  # fmt: skip
    first, second = Telling().translate(raw).outcomes
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert [1, 1] == [len(first.body["results"]), len(second.body["results"])]
    assert {"1|S1", "||C1", "1|ST|VOL||5"} <= set(first.narrative.values())
    assert "2|S2" == second.narrative["extra.SPM[1]"]
    assert "1|S1" not in second.narrative.values()


def test_oul_of_control_material_has_no_document() -> None:
    assert "no_patient" == Telling().silent(write(msh("OUL^R22"), "SPM|1|QC", OBR, WBC))


def test_what_an_oru_cannot_do_without() -> None:
    assert "hl7_no_order" == Telling().refused(oru())
    assert "hl7_no_patient" == Telling().refused(write(msh("ORU^R01"), OBR, WBC))
