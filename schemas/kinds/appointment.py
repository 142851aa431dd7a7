"""Giấy hẹn khám lại: XML14."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import DIAGNOSES, MAIN_DIAGNOSIS, PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("appointed_at", "millis", "Ngày hẹn khám lại", "Appointment time", xml="XML14.NGAY_HEN_KL", fhir="start"),
    Field("issued_on", "code", "Ngày chứng từ (yyyymmdd)", "Date of the paper", xml="XML14.NGAY_CT", fhir="created"),
    Field("admitted_at", "millis", "Ngày giờ vào", "Arrival", xml="XML14.NGAY_VAO"),
    Field("inpatient_at", "millis", "Ngày giờ vào nội trú", "Admission to a ward", xml="XML14.NGAY_VAO_NOI_TRU"),
    Field("discharged_at", "millis", "Ngày giờ ra", "End of visit", xml="XML14.NGAY_RA"),
    Field("patient_category", "code", "Mã đối tượng KCB", "Patient category", xml="XML14.MA_DOITUONG_KCB"),
    MAIN_DIAGNOSIS,
    DIAGNOSES,
    Field("discharge_diagnosis", "string", "Chẩn đoán", "Diagnosis", "masked", xml="XML14.CHAN_DOAN_RV"),
    Field("doctors", "strings", "Mã bác sĩ", "Doctors", xml="XML14.MA_BAC_SI", fhir="participant"),
    Field("head_of_unit", "code", "Mã thủ trưởng đơn vị", "Head of unit id", xml="XML14.MA_TTDV"),
    Field(
        "appointment_number",
        "string",
        "Số giấy hẹn",
        "Paper number",
        "narrative",
        xml="XML14.SO_GIAYHEN_KL",
        fhir="identifier",
    ),
)
