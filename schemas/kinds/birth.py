"""Giấy chứng sinh (XML9): the birth of one or several children in a visit, a line per child.

A child's names, numbers and time of birth, and all of whoever cares for it, are sealed: the visit's patient is told of by
the rest of the dossier.
"""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON


def _sealed(name: str, vi: str, en: str, xml: str) -> Field:
    return Field(name, "string", vi, en, "narrative", xml=f"XML9.{xml}")


BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field(
        "children",
        "record",
        "Từng trẻ",
        "Each child",
        xml="XML9",
        lines=(
            Field("line", "int", "Số thứ tự", "Row number", optional=False),
            Field("child_sex", "code", "Giới tính con", "Sex of the child", xml="XML9.GIOI_TINH_CON"),
            Field("weight_g", "int", "Cân nặng con (g)", "Weight of the child in grams", xml="XML9.CAN_NANG_CON"),
            Field("children_born", "int", "Số con trong lần sinh này", "Children of this birth", xml="XML9.SO_CON"),
            Field("births", "int", "Lần sinh", "Which birth of the mother", xml="XML9.LAN_SINH"),
            Field("children_alive", "int", "Số con hiện sống", "Children alive", xml="XML9.SO_CON_SONG"),
            Field("by_surgery", "code", "Sinh con phải phẫu thuật", "Born by surgery", xml="XML9.SINHCON_PHAUTHUAT"),
            Field("below_32_weeks", "code", "Sinh con dưới 32 tuần", "Below 32 weeks", xml="XML9.SINHCON_DUOI32TUAN"),
            Field("nationality", "code", "Quốc tịch", "Nationality", xml="XML9.MA_QUOCTICH"),
            Field("ethnicity", "code", "Dân tộc của người nuôi dưỡng", "Ethnicity", xml="XML9.MA_DANTOC_NND"),
            Field("province", "code", "Tỉnh cư trú", "Province of residence", xml="XML9.MATINH_CU_TRU"),
            Field("issued_on", "date", "Ngày chứng từ", "Date of the paper", xml="XML9.NGAY_CT"),
            Field("head_of_unit", "code", "Mã thủ trưởng đơn vị", "Head of unit id", xml="XML9.MA_TTDV"),
            _sealed("born_at", "Ngày giờ sinh con", "Birth of the child", "NGAY_SINH_CON"),
            _sealed("child_name", "Họ tên con", "Name of the child", "HO_TEN_CON"),
            _sealed("child_card", "Thẻ tạm của trẻ", "Child's card", "MA_THE_TAM"),
            _sealed("child_state", "Tình trạng con", "State of the child", "TINH_TRANG_CON"),
            _sealed("birthplace", "Nơi sinh con", "Place of birth", "NOI_SINH_CON"),
            _sealed("carer", "Họ tên mẹ hoặc người nuôi dưỡng", "Mother or carer", "HO_TEN_NND"),
            _sealed("carer_birth", "Ngày sinh của người nuôi dưỡng", "Birth of the carer", "NGAYSINH_NND"),
            _sealed("carer_insurance", "Mã BHXH của người nuôi dưỡng", "Carer's insurance number", "MA_BHXH_NND"),
            _sealed("carer_card", "Thẻ BHYT của người nuôi dưỡng", "Carer's card", "MA_THE_NND"),
            _sealed("carer_number", "Số CCCD của người nuôi dưỡng", "Carer's citizen number", "SO_CCCD_NND"),
            _sealed("carer_number_on", "Ngày cấp CCCD", "Its date of issue", "NGAYCAP_CCCD_NND"),
            _sealed("carer_number_by", "Nơi cấp CCCD", "Its place of issue", "NOICAP_CCCD_NND"),
            _sealed("carer_address", "Nơi cư trú của người nuôi dưỡng", "Carer's residence", "NOI_CU_TRU_NND"),
            _sealed("district", "Huyện cư trú", "District", "MAHUYEN_CU_TRU"),
            _sealed("commune", "Xã cư trú", "Commune", "MAXA_CU_TRU"),
            _sealed("father", "Họ tên cha", "Father", "HO_TEN_CHA"),
            _sealed("note", "Ghi chú", "Note", "GHI_CHU"),
            _sealed("midwife", "Người đỡ đẻ", "Who delivered the child", "NGUOI_DO_DE"),
            _sealed("written_by", "Người ghi phiếu", "Who wrote the paper", "NGUOI_GHI_PHIEU"),
            _sealed("number", "Số", "Number of the paper", "SO"),
            _sealed("book", "Quyển số", "Book", "QUYEN_SO"),
        ),
    ),
)
