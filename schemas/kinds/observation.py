"""Kết quả cận lâm sàng: XML4 (one document per visit), HL7 ORU R01 (one per filler order)."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("order_code", "code", "Mã chỉ định", "Ordered test", hl7="OBR-4.1"),
    Field("order_system", "code", "Hệ mã chỉ định", "Code system of the order", hl7="OBR-4.3"),
    Field("order_name", "string", "Tên chỉ định", "Name of the order", "masked", hl7="OBR-4.2"),
    Field("sampled_at", "millis", "Thời điểm lấy mẫu", "Sample taken", hl7="OBR-7"),
    Field("result_status", "code", "Trạng thái kết quả", "Result status", hl7="OBR-25"),
    Field(
        "results",
        "record",
        "Các kết quả",
        "Results",
        xml="XML4",
        hl7="OBX",
        lines=(
            Field("line", "int", "Số dòng", "Line", optional=False, xml="XML4.STT", hl7="OBX-1"),
            Field("service_code", "code", "Mã dịch vụ", "Service code", xml="XML4.MA_DICH_VU"),
            Field("test_code", "code", "Mã chỉ số", "Test code", xml="XML4.MA_CHI_SO", hl7="OBX-3.1"),
            Field("test_system", "code", "Hệ mã", "Code system", hl7="OBX-3.3"),
            Field("test_name", "string", "Tên chỉ số", "Test name", "masked", xml="XML4.TEN_CHI_SO", hl7="OBX-3.2"),
            Field("value_text", "string", "Giá trị gốc", "Original value", "masked", xml="XML4.GIA_TRI", hl7="OBX-5"),
            Field("value_number", "double", "Giá trị số", "Parsed number", xml="XML4.GIA_TRI", hl7="OBX-5"),
            Field("unit", "code", "Đơn vị đo", "Unit", "masked", xml="XML4.DON_VI_DO", hl7="OBX-6.1"),
            Field("reference_range", "string", "Khoảng tham chiếu", "Reference range", "masked", hl7="OBX-7"),
            Field("abnormal", "code", "Cờ bất thường", "Abnormal flag", hl7="OBX-8"),
            Field("status", "code", "Trạng thái", "Status", hl7="OBX-11"),
            Field("observed_at", "millis", "Thời điểm đo", "Observed", hl7="OBX-14"),
            Field("resulted_at", "millis", "Thời điểm kết quả", "Result time", xml="XML4.NGAY_KQ", hl7="OBX-19"),
            Field("reader", "code", "Người đọc kết quả", "Reader id", xml="XML4.MA_BS_DOC_KQ", hl7="OBX-16.1"),
            Field("description", "string", "Mô tả", "Description", "narrative", xml="XML4.MO_TA", hl7="OBX-5 (TX, FT)"),
            Field("conclusion", "string", "Kết luận", "Conclusion", "narrative", xml="XML4.KET_LUAN", hl7="NTE-3"),
        ),
    ),
)
