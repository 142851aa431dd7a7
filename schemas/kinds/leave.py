"""Papers for leave from work: giấy nghỉ dưỡng thai (XML10), giấy chứng nhận nghỉ việc hưởng BHXH (XML11).

A document each; `paper` tells which it is.
"""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON


def _sealed(name: str, vi: str, en: str, xml: str) -> Field:
    return Field(name, "string", vi, en, "narrative", xml=xml)


BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("paper", "code", "Loại giấy: pregnancy (XML10), sick (XML11)", "Which paper: pregnancy, sick"),
    Field("days_off", "int", "Số ngày nghỉ", "Days off", xml="XML10.SO_NGAY, XML11.SO_NGAY_NGHI"),
    Field("off_from", "date", "Nghỉ từ ngày", "Off from", xml="XML10.TU_NGAY, XML11.TU_NGAY"),
    Field("off_to", "date", "Nghỉ đến ngày", "Off to", xml="XML10.DEN_NGAY, XML11.DEN_NGAY"),
    Field("issued_on", "code", "Ngày chứng từ (yyyymmdd)", "Date of the paper", xml="XML10.NGAY_CT, XML11.NGAY_CT"),
    Field("form", "code", "Mẫu số", "Form", xml="XML11.MAU_SO"),
    Field(
        "discharge_diagnosis",
        "string",
        "Chẩn đoán",
        "Diagnosis",
        "masked",
        xml="XML10.CHAN_DOAN_RV, XML11.CHAN_DOAN_RV",
    ),
    Field("pregnancy_ended", "code", "Đình chỉ thai (1 có)", "Pregnancy ended", xml="XML11.MA_DINH_CHI_THAI"),
    Field("gestation_weeks", "int", "Tuổi thai (tuần)", "Weeks of gestation", xml="XML11.TUOI_THAI"),
    Field("doctors", "strings", "Mã bác sĩ", "Doctors", xml="XML10.MA_BS, XML11.MA_BS"),
    Field("head_of_unit", "code", "Mã thủ trưởng đơn vị", "Head of unit id", xml="XML10.MA_TTDV, XML11.MA_TTDV"),
    _sealed("serial", "Số sê-ri", "Serial number", "XML10.SO_SERI, XML11.SO_SERI"),
    _sealed("number", "Số chứng từ", "Number of the paper", "XML10.SO_CT, XML11.SO_CT"),
    _sealed("visit_register", "Số KCB", "Number in the register of visits", "XML11.SO_KCB"),
    _sealed("employer", "Đơn vị công tác", "Employer", "XML10.DON_VI, XML11.DON_VI"),
    _sealed("insurance_number", "Mã BHXH", "Social insurance number", "XML11.MA_BHXH"),
    _sealed("treatment", "Phương pháp điều trị", "Treatment", "XML11.PP_DIEUTRI"),
    _sealed("pregnancy_cause", "Lý do đình chỉ", "Why it ended", "XML11.NGUYENNHAN_DINHCHI"),
    _sealed("doctor_name", "Tên bác sĩ", "Doctor's name", "XML10.TEN_BS"),
    _sealed("father", "Họ tên cha", "Father", "XML11.HO_TEN_CHA"),
    _sealed("mother", "Họ tên mẹ", "Mother", "XML11.HO_TEN_ME"),
    _sealed("child_card", "Thẻ tạm của trẻ", "Child's card", "XML11.MA_THE_TAM"),
)
