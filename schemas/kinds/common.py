"""Fields that several kinds share, so that a shape is written once."""

from typing import Final

from schemas.fields import Field

DIAGNOSES: Final = Field(
    "diagnoses",
    "record",
    "Các chẩn đoán",
    "Diagnoses",
    xml="MA_BENH_CHINH, MA_BENH_KT, MA_BENH_YHCT",
    hl7="DG1",
    fhir="Condition, reasonCode",
    lines=(
        Field("code", "code", "Mã bệnh", "Code", hl7="DG1-3.1", fhir="code.coding"),
        Field(
            "system",
            "code",
            "Hệ mã: ICD-10, YHCT hoặc mã nguồn",
            "Code system",
            optional=False,
            hl7="DG1-3.3",
            fhir="code.coding",
        ),
        Field(
            "alternate_code", "code", "Mã khác của nguồn", "The source's other code", hl7="DG1-3.4", fhir="code.coding"
        ),
        Field("alternate_system", "code", "Hệ mã của mã khác đó", "Its system", hl7="DG1-3.6", fhir="code.coding"),
        Field(
            "role",
            "code",
            "Vai trò: main, other, traditional",
            "Role",
            optional=False,
            hl7="DG1-6",
            fhir="diagnosis.rank",
        ),
        Field("text", "string", "Tên bệnh", "Text", level="masked", hl7="DG1-3.2, DG1-4", fhir="code.text"),
    ),
)

MAIN_DIAGNOSIS: Final = Field(
    "main_diagnosis",
    "code",
    "Mã bệnh chính (ICD-10)",
    "Main ICD-10 code",
    xml="MA_BENH_CHINH",
    hl7="DG1-3.1",
    fhir="Condition.code",
)

PERSON: Final[tuple[Field, ...]] = (
    Field(
        "sex",
        "code",
        "Giới tính: 1 nam, 2 nữ, 3 chưa xác định",
        "Sex",
        xml="XML1.GIOI_TINH",
        hl7="PID-8",
        fhir="gender",
        dicom="(0010,0040)",
    ),
    Field(
        "birth_year",
        "int",
        "Năm sinh",
        "Year of birth",
        xml="XML1.NGAY_SINH",
        hl7="PID-7",
        fhir="birthDate",
        dicom="(0010,0030)",
    ),
)
"""What of the person may stand in clear on every kind; the rest is in the identity part of the seal."""


def money(name: str, vi: str, en: str, xml: str) -> Field:
    """An amount in thousandths of VND (Decimal(18,3) in ClickHouse)."""
    return Field(name, "thousandths", vi, en, xml=xml)


SHARES: Final[tuple[Field, ...]] = (
    money("amount_hospital", "Thành tiền theo giá bệnh viện", "Amount at hospital price", "THANH_TIEN_BV"),
    money("amount_insured", "Thành tiền trong phạm vi BHYT", "Amount in insurance scope", "THANH_TIEN_BH"),
    money("paid_state_budget", "Nguồn khác: ngân sách", "Other source: state budget", "T_NGUONKHAC_NSNN"),
    money("paid_foreign_aid", "Nguồn khác: viện trợ nước ngoài", "Other source: foreign aid", "T_NGUONKHAC_VTNN"),
    money("paid_domestic_aid", "Nguồn khác: viện trợ trong nước", "Other source: domestic aid", "T_NGUONKHAC_VTTN"),
    money("paid_rest", "Nguồn khác: còn lại", "Other source: rest", "T_NGUONKHAC_CL"),
    money("paid_other", "Nguồn khác", "Other sources", "T_NGUONKHAC"),
    money("patient_outside", "Người bệnh tự trả ngoài phạm vi", "Patient pays, outside scope", "T_BNTT"),
    money("patient_copay", "Người bệnh cùng chi trả", "Patient co-pays", "T_BNCCT"),
    money("insurance_pays", "BHYT chi trả", "Insurance pays", "T_BHTT"),
)
"""The shares of a line of XML2 and XML3."""
