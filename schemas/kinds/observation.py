"""Kết quả cận lâm sàng: XML4 (one document per visit), HL7 ORU R01 (one per filler order)."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("order_code", "code", "Mã chỉ định", "Ordered test", hl7="OBR-4.1", fhir="DiagnosticReport.code"),
    Field("order_system", "code", "Hệ mã chỉ định", "Code system of the order", hl7="OBR-4.3", fhir="code.coding"),
    Field("order_name", "string", "Tên chỉ định", "Name of the order", "masked", hl7="OBR-4.2", fhir="code.text"),
    Field("sampled_at", "millis", "Thời điểm lấy mẫu", "Sample taken", hl7="OBR-7", fhir="effective[x]"),
    Field("result_status", "code", "Trạng thái kết quả", "Result status", hl7="OBR-25", fhir="status"),
    Field(
        "results",
        "record",
        "Các kết quả",
        "Results",
        xml="XML4",
        hl7="OBX",
        fhir="Observation, component",
        lines=(
            Field("line", "int", "Số dòng", "Line", optional=False, xml="XML4.STT", hl7="OBX-1"),
            Field("service_code", "code", "Mã dịch vụ", "Service code", xml="XML4.MA_DICH_VU"),
            Field(
                "test_code", "code", "Mã chỉ số", "Test code", xml="XML4.MA_CHI_SO", hl7="OBX-3.1", fhir="code.coding"
            ),
            Field("test_system", "code", "Hệ mã", "Code system", hl7="OBX-3.3", fhir="code.coding"),
            Field(
                "test_name",
                "string",
                "Tên chỉ số",
                "Test name",
                "masked",
                xml="XML4.TEN_CHI_SO",
                hl7="OBX-3.2",
                fhir="code.text",
            ),
            Field(
                "value_text",
                "string",
                "Giá trị gốc",
                "Original value",
                "masked",
                xml="XML4.GIA_TRI",
                hl7="OBX-5",
                fhir="value[x]",
            ),
            Field(
                "value_number",
                "double",
                "Giá trị số",
                "Parsed number",
                xml="XML4.GIA_TRI",
                hl7="OBX-5",
                fhir="value[x]",
            ),
            Field(
                "unit", "code", "Đơn vị đo", "Unit", "masked", xml="XML4.DON_VI_DO", hl7="OBX-6.1", fhir="value[x].unit"
            ),
            Field(
                "reference_range",
                "string",
                "Khoảng tham chiếu",
                "Reference range",
                "masked",
                hl7="OBX-7",
                fhir="referenceRange",
            ),
            Field("abnormal", "code", "Cờ bất thường", "Abnormal flag", hl7="OBX-8", fhir="interpretation"),
            Field("status", "code", "Trạng thái", "Status", hl7="OBX-11", fhir="status"),
            Field("observed_at", "millis", "Thời điểm đo", "Observed", hl7="OBX-14", fhir="effective[x]"),
            Field(
                "resulted_at",
                "millis",
                "Thời điểm kết quả",
                "Result time",
                xml="XML4.NGAY_KQ",
                hl7="OBX-19",
                fhir="issued",
            ),
            Field(
                "reader",
                "code",
                "Người đọc kết quả",
                "Reader id",
                xml="XML4.MA_BS_DOC_KQ",
                hl7="OBX-16.1",
                fhir="performer",
            ),
            Field(
                "description",
                "string",
                "Mô tả",
                "Description",
                "narrative",
                xml="XML4.MO_TA",
                hl7="OBX-5 (TX, FT)",
                fhir="value[x]",
            ),
            Field(
                "conclusion",
                "string",
                "Kết luận",
                "Conclusion",
                "narrative",
                xml="XML4.KET_LUAN",
                hl7="NTE-3",
                fhir="conclusion",
            ),
        ),
    ),
)
