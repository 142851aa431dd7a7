"""The rows of XML2-XML5, from templates made once per drug, service and test (a row is one formatting)."""

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Final

from infra.city import xml_tables as tables
from infra.city.care import DrugLine, Order, stamp
from infra.city.drugs import DRUGS
from infra.city.labs import PANELS, billing
from infra.city.money import Amount
from infra.city.services import Service
from infra.city.visits import Visit

_PERFORMED: Final = (1, 2, 3, 8, 18)
"""Cost groups that need a performer (X08)."""
_MONEY: Final = (
    "THANH_TIEN_BV", "THANH_TIEN_BH", "T_NGUONKHAC_NSNN", "T_NGUONKHAC", "MUC_HUONG", "T_BNTT", "T_BNCCT", "T_BHTT",
    "TYLE_TT_BH",
)  # fmt: skip
_COMMON: Final = frozenset(("MA_LK", "STT", "SO_LUONG", "MA_KHOA", "MA_BAC_SI", "NGAY_YL", "NGAY_TH_YL", *_MONEY))
_ZERO: Final = {"T_NGUONKHAC_VTNN": "0.00", "T_NGUONKHAC_VTTN": "0.00", "T_NGUONKHAC_CL": "0.00", "MA_PTTT": "1"}


@lru_cache(maxsize=512)
def _drug_template(code: str) -> str:
    drug = DRUGS[code]
    fixed = _ZERO | {
        "MA_THUOC": drug.code,
        "MA_NHOM": "4",
        "TEN_THUOC": drug.name,
        "DON_VI_TINH": drug.unit,
        "HAM_LUONG": drug.strength,
        "DUONG_DUNG": drug.route,
        "DANG_BAO_CHE": drug.form,
        "CACH_DUNG": "Uống sau ăn" if drug.route == "1.01" else "Theo chỉ định của bác sĩ",
        "SO_DANG_KY": drug.registration,
        "TT_THAU": "1234/QĐ-SYT;G1;N4;2026",
        "PHAM_VI": "1",
        "DON_GIA": str(drug.price),
        "NGUON_CTRA": "3" if drug.programme else "1",
    }
    return tables.template("CHI_TIET_THUOC", tables.XML2, _COMMON | {"LIEU_DUNG"}, fixed)


def _share(amount: Amount, benefit: int, covered: bool) -> dict[str, str]:
    other = str(amount.other)
    return {
        "THANH_TIEN_BV": str(amount.hospital),
        "THANH_TIEN_BH": str(amount.insured),
        "T_NGUONKHAC_NSNN": other,
        "T_NGUONKHAC": other,
        "MUC_HUONG": str(benefit),
        "T_BNTT": str(amount.outside),
        "T_BNCCT": str(amount.copay),
        "T_BHTT": str(amount.insurer),
        "TYLE_TT_BH": "100" if covered else "0",
    }


def drugs(visit: Visit) -> Iterator[str]:
    """XML2."""
    benefit = visit.benefit
    for i, line in enumerate(visit.drugs, 1):
        values = _share(line.amount, benefit, bool(benefit) and not line.drug.programme)
        values |= {
            "MA_LK": visit.number,
            "STT": str(i),
            "SO_LUONG": str(line.quantity),
            "LIEU_DUNG": _dose(line),
            "MA_KHOA": visit.department,
            "MA_BAC_SI": visit.doctor,
            "NGAY_YL": line.ordered,
            "NGAY_TH_YL": line.ordered,
        }
        yield _drug_template(line.drug.code) % values


def _dose(line: DrugLine) -> str:
    unit, daily = line.drug.unit.lower(), line.drug.daily
    return f"1 {unit}/lần * {daily} lần/ngày * {line.days} ngày [{daily} {unit}/ngày]"


@lru_cache(maxsize=4096)
def _service_template(service: Service, facility: str) -> str:
    supply, group = service.supply, service.group
    fixed = _ZERO | {
        "MA_DICH_VU": "" if supply else service.code,
        "TEN_DICH_VU": "" if supply else service.name,
        "MA_VAT_TU": service.code if supply else "",
        "TEN_VAT_TU": service.name if supply else "",
        "MA_NHOM": str(group),
        "DON_VI_TINH": service.unit,
        "PHAM_VI": "1",
        "DON_GIA_BV": str(service.price),
        "DON_GIA_BH": str(service.insured),
        "TT_THAU": "5678/QĐ-SYT;G3;N2;2026" if supply else "",
        "TYLE_TT_DV": str(service.rate),
        "PP_VO_CAM": "1" if group == 8 else "",
        "MA_MAY": f"{service.device}.1.{facility}.0001" if group in (1, 2, 3) and service.device else "",
        "MA_GIUONG": "H001" if group == 15 else "",
    }
    return tables.template("CHI_TIET_DVKT", tables.XML3, _COMMON | {"NGUOI_THUC_HIEN", "MA_BENH", "NGAY_KQ"}, fixed)


def services(visit: Visit) -> Iterator[str]:
    """XML3."""
    benefit, facility = visit.benefit, visit.hospital.code
    for i, line in enumerate(visit.services, 1):
        values = _share(line.amount, benefit, bool(benefit))
        values |= {
            "MA_LK": visit.number,
            "STT": str(i),
            "SO_LUONG": str(line.quantity),
            "MA_KHOA": visit.department,
            "MA_BAC_SI": visit.doctor,
            "NGUOI_THUC_HIEN": visit.doctor if line.service.group in _PERFORMED else "",
            "MA_BENH": visit.disease.code,
            "NGAY_YL": line.ordered,
            "NGAY_TH_YL": line.performed,
            "NGAY_KQ": line.resulted,
        }
        yield _service_template(line.service, facility) % values


@lru_cache(maxsize=64)
def _test_templates(key: str) -> tuple[str, ...]:
    panel, bills = PANELS[key], billing(key)
    return tuple(
        tables.template(
            "CHI_TIET_CLS",
            tables.XML4,
            frozenset(("MA_LK", "STT", "GIA_TRI", "NGAY_KQ", "MA_BS_DOC_KQ")),
            {
                "MA_DICH_VU": bills[min(i, len(bills) - 1)][0],
                "MA_CHI_SO": test.code,
                "TEN_CHI_SO": test.name,
                "DON_VI_DO": test.unit,
            },
        )
        for i, test in enumerate(panel.tests)
    )


@lru_cache(maxsize=512)
def _image_template(service: Service) -> str:
    fixed = {"MA_DICH_VU": service.code, "TEN_CHI_SO": service.name}
    return tables.template(
        "CHI_TIET_CLS",
        tables.XML4,
        frozenset(("MA_LK", "STT", "NGAY_KQ", "MA_BS_DOC_KQ", "MO_TA", "KET_LUAN")),
        fixed,
    )


def results(visit: Visit, pending: int) -> Iterator[str]:
    """XML4: a row per index of each order, then one per image or functional test. Row `pending` (from 1; 0 for none)
    has no value yet."""
    values = {"MA_LK": visit.number, "MA_BS_DOC_KQ": visit.doctor}
    row = 0
    for order in visit.orders:
        resulted = stamp(order.resulted)
        for template, result in zip(_test_templates(order.panel.key), order.results, strict=True):
            row += 1
            values["STT"] = str(row)
            values["GIA_TRI"], values["NGAY_KQ"] = (result.value, resulted) if row != pending else ("", "")
            yield template % values
    for line in visit.services:
        if line.service.group in (2, 3):
            row += 1
            values["STT"], values["NGAY_KQ"] = str(row), line.resulted
            values["MO_TA"] = "Không thấy hình ảnh bất thường" if row % 3 else "Có tổn thương, đề nghị theo dõi"
            values["KET_LUAN"] = "Bình thường" if row % 3 else visit.disease.text
            yield _image_template(line.service) % values


def values(orders: tuple[Order, ...]) -> int:
    """How many rows of XML4 hold a laboratory value."""
    return sum(len(order.results) for order in orders)


_NOTE: Final = tables.template(
    "CHI_TIET_DIEN_BIEN_BENH", tables.XML5, frozenset(tables.XML5[:3] + tables.XML5[6:8]), {}
)
_COURSES: Final = (
    "Bệnh tỉnh, tiếp xúc tốt, không sốt, huyết động ổn định. Tim đều, phổi không ran.",
    "Bệnh đỡ, ăn ngủ được, không đau. Tiếp tục điều trị theo y lệnh, theo dõi sát.",
    "Mạch 82 lần/phút, huyết áp 125/75 mmHg, nhiệt độ 36,8 độ C. Bụng mềm, đại tiểu tiện bình thường.",
)


def notes(visit: Visit) -> Iterator[str]:
    """XML5: two or three notes inside the visit."""
    since = visit.inpatient or visit.arrival
    span = visit.end - since
    for i in range(3 if visit.inpatient else 2):
        at = since + timedelta(seconds=int(span.total_seconds() * (i + 1) / 4))
        yield _NOTE % {
            "MA_LK": visit.number,
            "STT": str(i + 1),
            "DIEN_BIEN_LS": f"{_COURSES[i]} Chẩn đoán: {visit.disease.text}.",
            "THOI_DIEM_DBLS": stamp(at),
            "NGUOI_THUC_HIEN": visit.doctor,
        }
