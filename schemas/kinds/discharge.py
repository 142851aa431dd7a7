"""Giấy ra viện, tóm tắt hồ sơ: header, dates and codes for now; XML7 and XML8 fill it later."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import DIAGNOSES, MAIN_DIAGNOSIS, PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("admitted_at", "millis", "Ngày giờ vào", "Arrival", xml="XML7.NGAY_VAO"),
    Field("discharged_at", "millis", "Ngày giờ ra", "End of visit", xml="XML7.NGAY_RA"),
    Field("issued_on", "code", "Ngày chứng từ (yyyymmdd)", "Date of the paper", xml="XML7.NGAY_CT"),
    Field("departments", "strings", "Mã khoa", "Departments", xml="XML7.MA_KHOA_RV"),
    Field("treatment_result", "code", "Kết quả điều trị", "Result", xml="XML8.KET_QUA_DTRI"),
    MAIN_DIAGNOSIS,
    DIAGNOSES,
)
