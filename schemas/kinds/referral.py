"""Giấy chuyển tuyến: XML13, both spellings (4750: MA_NOI_DI/DEN; 3176: MA_CSKCB_DI/DEN)."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import DIAGNOSES, MAIN_DIAGNOSIS, PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field(
        "referred_from",
        "code",
        "Nơi chuyển đi",
        "Sending facility",
        xml="XML13.MA_CSKCB_DI, MA_NOI_DI",
        fhir="requester",
    ),
    Field(
        "referred_to",
        "code",
        "Nơi chuyển đến",
        "Receiving facility",
        xml="XML13.MA_CSKCB_DEN, MA_NOI_DEN",
        fhir="performer",
    ),
    Field("admitted_at", "millis", "Ngày giờ vào", "Arrival", xml="XML13.NGAY_VAO"),
    Field("inpatient_at", "millis", "Ngày giờ vào nội trú", "Admission to a ward", xml="XML13.NGAY_VAO_NOI_TRU"),
    Field("discharged_at", "millis", "Ngày giờ ra", "End of visit", xml="XML13.NGAY_RA"),
    MAIN_DIAGNOSIS,
    DIAGNOSES,
    Field("discharge_diagnosis", "string", "Chẩn đoán", "Diagnosis", "masked", xml="XML13.CHAN_DOAN_RV"),
    Field("discharge_type", "code", "Mã loại ra viện", "Discharge type", xml="XML13.MA_LOAI_RV"),
    Field("reason", "code", "Mã lý do chuyển", "Reason for referral", xml="XML13.MA_LYDO_CT", fhir="category"),
    Field("doctors", "strings", "Mã bác sĩ", "Doctors", xml="XML13.MA_BAC_SI", fhir="requester"),
    Field("head_of_unit", "code", "Mã thủ trưởng đơn vị", "Head of unit id", xml="XML13.MA_TTDV"),
    Field("file_number", "string", "Số hồ sơ", "File number", "narrative", xml="XML13.SO_HOSO"),
    Field("register_number", "string", "Số chuyển tuyến", "Register number", "narrative", xml="XML13.SO_CHUYENTUYEN"),
    Field("referral_number", "string", "Số giấy", "Paper number", "narrative", xml="XML13.GIAY_CHUYEN_TUYEN"),
    Field("clinical_signs", "string", "Dấu hiệu lâm sàng", "Clinical signs", "narrative", xml="XML13.DAU_HIEU_LS"),
    Field("course", "string", "Quá trình bệnh lý", "Course of illness", "narrative", xml="XML13.QT_BENHLY"),
    Field(
        "summary",
        "string",
        "Tóm tắt kết quả",
        "Summary of results",
        "narrative",
        xml="XML13.TOMTAT_KQ",
        fhir="reasonCode",
    ),
    Field("treatment", "string", "Phương pháp điều trị", "Treatment", "narrative", xml="XML13.PP_DIEUTRI, PP_DIEU_TRI"),
    Field("services", "string", "Dịch vụ đã dùng", "Services used", "narrative", xml="XML13.TEN_DICH_VU", fhir="code"),
    Field("drugs", "string", "Thuốc đã dùng", "Drugs used", "narrative", xml="XML13.TEN_THUOC"),
    Field("condition", "string", "Tình trạng khi chuyển", "Condition", "narrative", xml="XML13.TINH_TRANG_CT"),
    Field(
        "plan",
        "string",
        "Hướng điều trị",
        "Treatment direction",
        "narrative",
        xml="XML13.HUONG_DIEU_TRI",
        fhir="patientInstruction",
    ),
    Field("transport", "string", "Phương tiện", "Transport", "narrative", xml="XML13.PHUONGTIEN_VC"),
    Field("escort", "string", "Người hộ tống", "Escort", "narrative", xml="XML13.HOTEN_NGUOI_HT"),
    Field("escort_title", "string", "Chức danh hộ tống", "Escort's title", "narrative", xml="XML13.CHUCDANH_NGUOI_HT"),
)
