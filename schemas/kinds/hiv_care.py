"""Hồ sơ chăm sóc và điều trị HIV/AIDS: XML6, one document per visit.

A restricted kind: topic and tables of its own, and in no table or view that holds other kinds.
"""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON


def _code(name: str, vi: str, en: str, xml: str) -> Field:
    return Field(name, "code", vi, en, xml=f"XML6.{xml}")


def _date(name: str, vi: str, en: str, xml: str) -> Field:
    return Field(name, "date", vi, en, xml=f"XML6.{xml}")


BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    _code("province", "Tỉnh cư trú", "Province of residence", "MATINH_CU_TRU"),
    _date("confirmed_on", "Ngày khẳng định HIV", "HIV confirmed on", "NGAYKD_HIV"),
    _code("sampled_at", "Nơi lấy mẫu", "Facility that took the sample", "NOI_LAY_MAU_XN"),
    _code("confirmed_at", "Nơi xét nghiệm khẳng định", "Facility that confirmed it", "NOI_XN_KD"),
    _code("arv_started_at", "Nơi bắt đầu điều trị ARV", "Facility where ARV began", "NOI_BDDT_ARV"),
    _date("arv_started_on", "Ngày bắt đầu điều trị ARV", "ARV began on", "BDDT_ARV"),
    _code("first_regimen", "Phác đồ ban đầu", "First regimen", "MA_PHAC_DO_DIEU_TRI_BD"),
    _code("first_line", "Bậc phác đồ ban đầu", "Line of the first regimen", "MA_BAC_PHAC_DO_BD"),
    _code("reason", "Lý do đăng ký điều trị", "Reason for treatment", "MA_LYDO_DTRI"),
    _code("tb_treatment", "Loại điều trị lao", "Tuberculosis treatment", "LOAI_DTRI_LAO"),
    _code("tb_screening", "Sàng lọc lao", "Tuberculosis screening", "SANG_LOC_LAO"),
    _code("tb_regimen", "Phác đồ điều trị lao", "Tuberculosis regimen", "PHACDO_DTRI_LAO"),
    _date("tb_from", "Ngày bắt đầu điều trị lao", "Tuberculosis treatment from", "NGAYBD_DTRI_LAO"),
    _date("tb_to", "Ngày kết thúc điều trị lao", "Tuberculosis treatment to", "NGAYKT_DTRI_LAO"),
    _code("tb_result", "Kết quả điều trị lao", "Result of it", "KQ_DTRI_LAO"),
    _code("viral_load_reason", "Lý do xét nghiệm tải lượng", "Reason for viral load", "MA_LYDO_XNTL_VR"),
    _date("viral_load_on", "Ngày xét nghiệm tải lượng", "Viral load taken on", "NGAY_XN_TLVR"),
    _code("viral_load", "Kết quả tải lượng", "Viral load result", "KQ_XNTL_VR"),
    _date("viral_load_resulted_on", "Ngày có kết quả tải lượng", "Viral load resulted on", "NGAY_KQ_XN_TLVR"),
    _code("patient_type", "Loại người bệnh", "Type of patient", "MA_LOAI_BN"),
    _code("clinical_stage", "Giai đoạn lâm sàng", "Clinical stage", "GIAI_DOAN_LAM_SANG"),
    _code("patient_group", "Nhóm đối tượng", "Group of the patient", "NHOM_DOI_TUONG"),
    Field("states", "strings", "Tình trạng đi kèm", "Accompanying states", xml="XML6.MA_TINH_TRANG_DK"),
    _code("pcr_round", "Lần xét nghiệm PCR", "Round of PCR", "LAN_XN_PCR"),
    _date("pcr_on", "Ngày xét nghiệm PCR", "PCR taken on", "NGAY_XN_PCR"),
    _date("pcr_resulted_on", "Ngày có kết quả PCR", "PCR resulted on", "NGAY_KQ_XN_PCR"),
    _code("pcr", "Kết quả PCR", "PCR result", "MA_KQ_XN_PCR"),
    _date("pregnancy_told_on", "Ngày nhận thông tin mang thai", "Pregnancy told on", "NGAY_NHAN_TT_MANG_THAI"),
    _date("ctx_from", "Ngày bắt đầu dự phòng CTX", "CTX prophylaxis from", "NGAY_BAT_DAU_DT_CTX"),
    _code("action", "Mã xử trí", "Action taken", "MA_XU_TRI"),
    _date("action_from", "Ngày bắt đầu xử trí", "Action from", "NGAY_BAT_DAU_XU_TRI"),
    _date("action_to", "Ngày kết thúc xử trí", "Action to", "NGAY_KET_THUC_XU_TRI"),
    _code("regimen", "Phác đồ điều trị", "Regimen", "MA_PHAC_DO_DIEU_TRI"),
    _code("regimen_line", "Bậc phác đồ", "Line of the regimen", "MA_BAC_PHAC_DO"),
    Field("arv_days", "int", "Số ngày cấp thuốc ARV", "Days of ARV given", xml="XML6.SO_NGAY_CAP_THUOC_ARV"),
    _date("regimen_changed_on", "Ngày chuyển phác đồ", "Regimen changed on", "NGAY_CHUYEN_PHAC_DO"),
    _code("regimen_changed_for", "Lý do chuyển phác đồ", "Reason for the change", "LY_DO_CHUYEN_PHAC_DO"),
    Field("district", "string", "Huyện cư trú", "District", "narrative", xml="XML6.MAHUYEN_CU_TRU"),
    Field("commune", "string", "Xã cư trú", "Commune", "narrative", xml="XML6.MAXA_CU_TRU"),
)
