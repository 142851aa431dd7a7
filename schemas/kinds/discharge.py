"""Giấy ra viện (XML7) and tóm tắt hồ sơ bệnh án (XML8): one document per visit, from either or both."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import DIAGNOSES, MAIN_DIAGNOSIS, PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("admitted_at", "millis", "Ngày giờ vào", "Arrival", xml="XML7.NGAY_VAO, XML8.NGAY_VAO"),
    Field("discharged_at", "millis", "Ngày giờ ra", "End of visit", xml="XML7.NGAY_RA, XML8.NGAY_RA"),
    Field("issued_on", "code", "Ngày chứng từ (yyyymmdd)", "Date of the paper", xml="XML7.NGAY_CT"),
    Field("summarised_on", "code", "Ngày tóm tắt (yyyymmdd)", "Date of the summary", xml="XML8.NGAY_CT"),
    Field("visit_type", "code", "Mã loại KCB", "Visit type", xml="XML8.MA_LOAI_KCB"),
    Field("departments", "strings", "Mã khoa", "Departments", xml="XML7.MA_KHOA_RV"),
    Field("treatment_result", "code", "Kết quả điều trị", "Result", xml="XML8.KET_QUA_DTRI"),
    MAIN_DIAGNOSIS,
    DIAGNOSES,
    Field("admission_diagnosis", "string", "Chẩn đoán vào", "Admission diagnosis", "masked", xml="XML8.CHAN_DOAN_VAO"),
    Field(
        "discharge_diagnosis",
        "string",
        "Chẩn đoán ra",
        "Discharge diagnosis",
        "masked",
        xml="XML7.CHAN_DOAN_RV, XML8.CHAN_DOAN_RV",
    ),
    Field("pregnancy_ended", "code", "Đình chỉ thai (1 có)", "Pregnancy ended", xml="XML7.MA_DINH_CHI_THAI"),
    Field("pregnancy_ended_at", "millis", "Thời điểm đình chỉ thai", "When it ended", xml="XML7.THOIGIAN_DINHCHI"),
    Field("gestation_weeks", "int", "Tuổi thai (tuần)", "Weeks of gestation", xml="XML7.TUOI_THAI"),
    Field("days_off", "int", "Số ngày nghỉ", "Days off work", xml="XML7.SO_NGAY_NGHI"),
    Field("off_from", "code", "Nghỉ từ ngày (yyyymmdd)", "Off from", xml="XML7.NGOAITRU_TUNGAY"),
    Field("off_to", "code", "Nghỉ đến ngày (yyyymmdd)", "Off to", xml="XML7.NGOAITRU_DENNGAY"),
    Field("doctors", "strings", "Mã bác sĩ", "Doctors", xml="XML7.MA_BS"),
    Field("head_of_unit", "code", "Mã thủ trưởng đơn vị", "Head of unit id", xml="XML7.MA_TTDV, XML8.MA_TTDV"),
    Field("archive_number", "string", "Số lưu trữ", "Archive number", "narrative", xml="XML7.SO_LUU_TRU"),
    Field("medical_code", "string", "Mã y tế", "Medical code", "narrative", xml="XML7.MA_YTE"),
    Field("treatment", "string", "Phương pháp điều trị", "Treatment", "narrative", xml="XML7.PP_DIEUTRI"),
    Field("note", "string", "Ghi chú", "Note", "narrative", xml="XML7.GHI_CHU"),
    Field("course", "string", "Quá trình bệnh lý", "Course of illness", "narrative", xml="XML8.QT_BENHLY"),
    Field("results", "string", "Tóm tắt kết quả", "Summary of results", "narrative", xml="XML8.TOMTAT_KQ"),
    Field(
        "summary_treatment", "string", "Điều trị (tóm tắt)", "Treatment, summary", "narrative", xml="XML8.PP_DIEUTRI"
    ),
    Field("summary_note", "string", "Ghi chú (tóm tắt)", "Note of the summary", "narrative", xml="XML8.GHI_CHU"),
    Field("pregnancy_cause", "string", "Lý do đình chỉ", "Why it ended", "narrative", xml="XML7.NGUYENNHAN_DINHCHI"),
    Field("doctor_name", "string", "Tên bác sĩ", "Doctor's name", "narrative", xml="XML7.TEN_BS"),
    Field("father", "string", "Họ tên cha", "Father", "narrative", xml="XML7.HO_TEN_CHA, XML8.HO_TEN_CHA"),
    Field("mother", "string", "Họ tên mẹ", "Mother", "narrative", xml="XML7.HO_TEN_ME, XML8.HO_TEN_ME"),
    Field("father_number", "string", "Mã BHXH của cha", "Father's insurance number", "narrative", xml="XML7.MA_CHA"),
    Field("mother_number", "string", "Mã BHXH của mẹ", "Mother's insurance number", "narrative", xml="XML7.MA_ME"),
    Field("guardian", "string", "Người giám hộ", "Guardian", "narrative", xml="XML8.NGUOI_GIAM_HO"),
    Field("employer", "string", "Đơn vị công tác", "Employer", "narrative", xml="XML8.DON_VI"),
    Field(
        "child_card", "string", "Thẻ tạm của trẻ", "Child's card", "narrative", xml="XML7.MA_THE_TAM, XML8.MA_THE_TAM"
    ),
    Field("child_born_on", "string", "Ngày sinh con", "Child's birth", "narrative", xml="XML8.NGAY_SINHCON"),
    Field("child_died_on", "string", "Ngày con chết", "Child's death", "narrative", xml="XML8.NGAY_CONCHET"),
    Field("dead_children", "string", "Số con chết", "Dead children", "narrative", xml="XML8.SO_CONCHET"),
)
