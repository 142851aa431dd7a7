"""Writes QĐ 3176 files (GIAMDINHHS): one HOSO with XML1 always, XML2-XML5, XML7, XML8, XML13 and XML14 where there is
something.

Inner tables are base64 of UTF-8 XML; times are `yyyymmddHHMM` local; free text is CDATA.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import Final

from infra.city import xml_lines
from infra.city import xml_tables as tables
from infra.city.care import stamp
from infra.city.identity import Identity
from infra.city.money import total
from infra.city.names import full_name
from infra.city.visits import Visit

KINDS: Final = {
    "XML1": "encounter", "XML2": "prescription", "XML3": "service", "XML4": "observation", "XML7": "discharge",
    "XML13": "referral", "XML14": "appointment",
}  # fmt: skip
"""Table -> kind of its document."""
FOLDED: Final = {"XML1": "XML5", "XML7": "XML8"}
"""Table -> what its document holds beside it."""

_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>'
_HEAD_OF_UNIT: Final = "0100000001"


def inner(visit: Visit, identity: Identity, name: str, changes: Mapping[str, str], pending: int) -> dict[str, str]:
    """Table -> inner XML of a whole dossier. `changes` overrides XML1 fields; row `pending` of XML4 (from 1; 0 for
    none) still waits for its value."""
    made = {"XML1": _summary(visit, identity, name, changes)}
    if visit.drugs:
        made["XML2"] = _wrap("XML2", xml_lines.drugs(visit))
    made["XML3"] = _wrap("XML3", xml_lines.services(visit))
    if results := list(xml_lines.results(visit, pending)):
        made["XML4"] = _wrap("XML4", results)
    if visit.inpatient or visit.orders:
        made["XML5"] = _wrap("XML5", xml_lines.notes(visit))
    if visit.inpatient:
        made["XML7"] = _discharge_paper(visit, identity, name)
        made["XML8"] = _record_summary(visit, identity, name, changes)
    if visit.referred_to:
        made["XML13"] = _referral(visit, identity, name)
    if visit.revisit:
        made["XML14"] = _appointment(visit, identity, name)
    return made


def encode(text: str) -> str:
    """NOIDUNGFILE."""
    return b64encode(text.encode()).decode("ascii")


def envelope(facility: str, made_on: datetime, parts: Iterable[tuple[str, str]]) -> bytes:
    """A file with one HOSO; `parts` are (LOAIHOSO, NOIDUNGFILE)."""
    files = "".join(
        f"<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>"
        for kind, content in parts
    )
    return (
        f'{_HEAD}<GIAMDINHHS xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI>"
        f"<THONGTINHOSO><NGAYLAP>{made_on:%Y%m%d}</NGAYLAP><SOLUONGHOSO>1</SOLUONGHOSO>"
        f"<DANHSACHHOSO><HOSO>{files}</HOSO></DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>"
    ).encode()


def _wrap(table: str, rows: Iterable[str]) -> str:
    opening, closing = tables.ROOTS[table]
    return f"{_HEAD}{opening}{''.join(rows)}{closing}"


_PAPERS: Final = {
    "XML1": tables.XML1, "XML7": tables.XML7, "XML8": tables.XML8, "XML13": tables.XML13, "XML14": tables.XML14,
}  # fmt: skip
"""Tables of one row, which is their root."""
_TEMPLATES: Final = {table: tables.template("", names, frozenset(names), {}) for table, names in _PAPERS.items()}
_BLANK: Final = {table: dict.fromkeys(names, "") for table, names in _PAPERS.items()}


def _paper(table: str, values: Mapping[str, str]) -> str:
    """A table of one row. Fields without a value are empty; values that it has no field for stay out."""
    return _wrap(table, (_TEMPLATES[table] % {**_BLANK[table], **values},))


def _shared(visit: Visit, identity: Identity, name: str) -> dict[str, str]:
    """What XML1, XML7, XML8, XML13 and XML14 say of the fields that they have in common; X14 wants them equal."""
    valid = visit.arrival.year
    return {
        "MA_LK": visit.number,
        "MA_CSKCB": visit.hospital.code,
        "HO_TEN": name,
        "NGAY_SINH": identity.birth,
        "GIOI_TINH": identity.sex,
        "MA_QUOCTICH": "000",
        "MA_DANTOC": identity.ethnicity,
        "MA_NGHE_NGHIEP": identity.occupation,
        "DIA_CHI": identity.address,
        "MA_THE_BHYT": identity.card,
        "GT_THE_DEN": f"{valid}1231" if identity.card else "",
        "NGAY_VAO": stamp(visit.arrival),
        "NGAY_VAO_NOI_TRU": stamp(visit.inpatient) if visit.inpatient else "",
        "NGAY_RA": stamp(visit.end),
        "CHAN_DOAN_RV": "; ".join((visit.disease.text, *(text for _, text in visit.others))),
        "MA_BENH_CHINH": visit.disease.code,
        "MA_BENH_KT": ";".join(code for code, _ in visit.others),
        "MA_LOAI_RV": visit.leaving,
        "MA_DOITUONG_KCB": visit.category,
        "PP_DIEUTRI": "Điều trị nội khoa theo phác đồ",
        "MA_TTDV": _HEAD_OF_UNIT,
        "NGAY_CT": f"{visit.end:%Y%m%d}",
    }


def _sums(visit: Visit) -> dict[str, str]:
    """X13: XML1 adds up the lines of XML2 and XML3."""
    drugs = total(line.amount for line in visit.drugs)
    supplies = total(line.amount for line in visit.services if line.service.supply)
    whole = visit.total
    return {
        "T_THUOC": str(drugs.hospital),
        "T_VTYT": str(supplies.hospital),
        "T_TONGCHI_BV": str(whole.hospital),
        "T_TONGCHI_BH": str(whole.insured),
        "T_BNTT": str(whole.outside),
        "T_BNCCT": str(whole.copay),
        "T_BHTT": str(whole.insurer),
        "T_NGUONKHAC": str(whole.other),
        "T_BHTT_GDV": str(whole.insurer),
    }


def _summary(visit: Visit, identity: Identity, name: str, changes: Mapping[str, str]) -> str:
    card, inpatient = bool(identity.card), visit.inpatient is not None
    values = {
        **_shared(visit, identity, name),
        **_sums(visit),
        "STT": "1",
        "MA_BN": identity.patient_number,
        "SO_CCCD": identity.number,
        "MATINH_CU_TRU": "01",
        "MAXA_CU_TRU": identity.commune[0],
        "DIEN_THOAI": identity.phone,
        "MA_DKBD": visit.hospital.code if card else "",
        "GT_THE_TU": f"{visit.arrival.year}0101" if card else "",
        "LY_DO_VV": "Khám bệnh theo hẹn" if visit.type == "05" else f"Khám vì nghi {visit.disease.text.lower()}",
        "LY_DO_VNT": "Cần theo dõi và điều trị nội trú" if inpatient else "",
        "MA_LY_DO_VNT": "1" if inpatient else "",
        "CHAN_DOAN_VAO": visit.disease.text,
        "MA_NOI_DEN": visit.referred_to,
        "GIAY_CHUYEN_TUYEN": f"CT{visit.number[-9:]}" if visit.referred_to else "",
        "SO_NGAY_DTRI": str(visit.days),
        "PP_DIEU_TRI": "Điều trị nội khoa theo phác đồ",
        "KET_QUA_DTRI": visit.result,
        "NGAY_TTOAN": stamp(visit.end),
        "NAM_QT": f"{visit.end:%Y}",
        "THANG_QT": f"{visit.end:%m}",
        "MA_LOAI_KCB": visit.type,
        "MA_KHOA": f"K01;{visit.department}" if inpatient else visit.department,
        "CAN_NANG": visit.weight,
        "NGAY_TAI_KHAM": f"{visit.revisit:%Y%m%d}" if visit.revisit else "",
        "MA_HSBA": f"HS{visit.number[-12:]}",
        **changes,
    }
    return _paper("XML1", values)


def _discharge_paper(visit: Visit, identity: Identity, name: str) -> str:
    """Giấy ra viện. It names no patient but by the facility's number."""
    values = {
        **_shared(visit, identity, name),
        "SO_LUU_TRU": f"LT{visit.number[-9:]}",
        "MA_YTE": identity.patient_number,
        "MA_KHOA_RV": visit.department,
        "MA_BS": visit.doctor,
        "TEN_BS": _signs(visit.doctor),
    }
    return _paper("XML7", values)


@lru_cache(maxsize=256)
def _signs(doctor: str) -> str:
    """The same doctor has the same name in every file."""
    random = Random(doctor)
    return f"BS. {full_name(random, random.choice('12'))}"


def _record_summary(visit: Visit, identity: Identity, name: str, changes: Mapping[str, str]) -> str:
    """Tóm tắt hồ sơ bệnh án. Its result is that of XML1."""
    values = {
        **_shared(visit, identity, name),
        "MA_LOAI_KCB": visit.type,
        "CHAN_DOAN_VAO": visit.disease.text,
        "QT_BENHLY": f"Bệnh diễn biến nhiều ngày, vào viện với chẩn đoán {visit.disease.text.lower()}",
        "TOMTAT_KQ": "Xem kết quả cận lâm sàng kèm theo",
        "KET_QUA_DTRI": changes.get("KET_QUA_DTRI", visit.result),
    }
    return _paper("XML8", values)


def _referral(visit: Visit, identity: Identity, name: str) -> str:
    values = {
        **_shared(visit, identity, name),
        "SO_HOSO": f"HS{visit.number[-12:]}",
        "SO_CHUYENTUYEN": visit.number[-6:],
        "GIAY_CHUYEN_TUYEN": f"CT{visit.number[-9:]}",
        "MA_CSKCB_DI": visit.hospital.code,
        "MA_CSKCB_DEN": visit.referred_to,
        "DAU_HIEU_LS": "Bệnh tỉnh, tiếp xúc được; dấu hiệu sinh tồn ổn định",
        "QT_BENHLY": f"Bệnh diễn biến nhiều ngày, chẩn đoán {visit.disease.text.lower()}, điều trị chưa đỡ",
        "TOMTAT_KQ": "Xem kết quả cận lâm sàng kèm theo",
        "TINH_TRANG_CT": "Ổn định",
        "MA_LYDO_CT": "1",
        "HUONG_DIEU_TRI": "Chuyển tuyến trên điều trị tiếp",
        "PHUONGTIEN_VC": "Xe cứu thương",
        "MA_BAC_SI": visit.doctor,
    }
    return _paper("XML13", values)


def _appointment(visit: Visit, identity: Identity, name: str) -> str:
    values = {
        **_shared(visit, identity, name),
        "SO_GIAYHEN_KL": f"HK{visit.number[-9:]}",
        "NGAY_HEN_KL": stamp(visit.revisit) if visit.revisit else "",
        "MA_BAC_SI": visit.doctor,
    }
    return _paper("XML14", values)
