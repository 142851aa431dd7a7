"""Điều trị lao (XML15): courses of treatment of tuberculosis, a line each.

What tells of HIV (its class, its dates) is sealed, so that the kind need not stand alone; a document in which such a date
is filled is restricted all the same.
"""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON


def _code(name: str, vi: str, en: str, xml: str) -> Field:
    return Field(name, "code", vi, en, xml=f"XML15.{xml}")


def _date(name: str, vi: str, en: str, xml: str) -> Field:
    return Field(name, "date", vi, en, xml=f"XML15.{xml}")


def _sealed(name: str, vi: str, en: str, xml: str) -> Field:
    return Field(name, "string", vi, en, "narrative", xml=f"XML15.{xml}")


BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field(
        "courses",
        "record",
        "Từng đợt điều trị",
        "Each course",
        xml="XML15",
        lines=(
            Field("line", "int", "Số thứ tự", "Row number", optional=False),
            _code("by_site", "Phân loại lao theo vị trí", "Class by site", "PHANLOAI_LAO_VITRI"),
            _code("by_history", "Phân loại theo tiền sử điều trị", "Class by history", "PHANLOAI_LAO_TS"),
            _code("by_bacteria", "Phân loại theo vi khuẩn", "Class by bacteriology", "PHANLOAI_LAO_VK"),
            _code("by_resistance", "Phân loại theo kháng thuốc", "Class by resistance", "PHANLOAI_LAO_KT"),
            _code("treatment_type", "Loại điều trị lao", "Type of treatment", "LOAI_DTRI_LAO"),
            _code("regimen", "Phác đồ điều trị lao", "Regimen", "PHACDO_DTRI_LAO"),
            _date("treated_from", "Ngày bắt đầu điều trị", "Treated from", "NGAYBD_DTRI_LAO"),
            _date("treated_to", "Ngày kết thúc điều trị", "Treated to", "NGAYKT_DTRI_LAO"),
            _code("result", "Kết quả điều trị lao", "Result", "KET_QUA_DTRI_LAO"),
            _sealed("by_hiv", "Phân loại theo tình trạng HIV", "Class by HIV", "PHANLOAI_LAO_HIV"),
            _sealed("hiv_confirmed_on", "Ngày khẳng định HIV", "HIV confirmed on", "NGAYKD_HIV"),
            _sealed("arv_started_on", "Ngày bắt đầu ARV", "ARV began on", "BDDT_ARV"),
            _sealed("ctx_from", "Ngày bắt đầu dự phòng CTX", "CTX prophylaxis from", "NGAY_BAT_DAU_DT_CTX"),
        ),
    ),
)
