"""The 42 synthetic hospitals: public names, codes of an old public list, made-up weights.

Nothing here is official: the codes are of about 2018, those of three hospitals (`0199x`) are made up, and every
entry of the register is marked synthetic.
"""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Hospital:
    """One hospital. `weight` is its share of the city's volume (all 42 make 1); `specialty` shapes its diseases."""

    code: str
    name: str
    weight: float
    specialty: str
    district: str


_RAW: Final = (
    ("01003", "Đa khoa Xanh Pôn", 70, "general", "Ba Đình"),
    ("01006", "Thanh Nhàn", 56, "general", "Hai Bà Trưng"),
    ("01025", "Đa khoa Đức Giang", 52, "general", "Long Biên"),
    ("01816", "Đa khoa Hà Đông", 50, "general", "Hà Đông"),
    ("01004", "Đa khoa Đống Đa", 34, "general", "Đống Đa"),
    ("01991", "Phụ sản Hà Nội", 46, "obstetrics", "Ba Đình"),
    ("01029", "Đa khoa Thanh Trì", 26, "general", "Thanh Trì"),
    ("01031", "Đa khoa Đông Anh", 36, "general", "Đông Anh"),
    ("01032", "Đa khoa Sóc Sơn", 28, "general", "Sóc Sơn"),
    ("01077", "Bắc Thăng Long", 22, "general", "Đông Anh"),
    ("01831", "Đa khoa Sơn Tây", 32, "general", "Sơn Tây"),
    ("01817", "Đa khoa Vân Đình", 26, "general", "Ứng Hòa"),
    ("01160", "Đa khoa Gia Lâm", 22, "general", "Gia Lâm"),
    ("01822", "Đa khoa Ba Vì", 22, "general", "Ba Vì"),
    ("01828", "Đa khoa Thạch Thất", 22, "general", "Thạch Thất"),
    ("01827", "Đa khoa Quốc Oai", 20, "general", "Quốc Oai"),
    ("01820", "Đa khoa Đan Phượng", 20, "general", "Đan Phượng"),
    ("01824", "Đa khoa Hoài Đức", 24, "general", "Hoài Đức"),
    ("01823", "Đa khoa Chương Mỹ", 24, "general", "Chương Mỹ"),
    ("01829", "Đa khoa Thanh Oai", 20, "general", "Thanh Oai"),
    ("01825", "Đa khoa Mỹ Đức", 18, "general", "Mỹ Đức"),
    ("01830", "Đa khoa Thường Tín", 20, "general", "Thường Tín"),
    ("01821", "Đa khoa Phú Xuyên", 20, "general", "Phú Xuyên"),
    ("01099", "Đa khoa Mê Linh", 18, "general", "Mê Linh"),
    ("01826", "Đa khoa Phúc Thọ", 18, "general", "Phúc Thọ"),
    ("01993", "Nhi Hà Nội", 22, "paediatrics", "Hà Đông"),
    ("01919", "Tim Hà Nội", 30, "heart", "Hoàn Kiếm"),
    ("01916", "Ung bướu Hà Nội", 24, "oncology", "Hai Bà Trưng"),
    ("01903", "Phổi Hà Nội", 16, "lung", "Hai Bà Trưng"),
    ("01918", "Thận Hà Nội", 14, "kidney", "Đống Đa"),
    ("01911", "Mắt Hà Nội", 16, "eye", "Hai Bà Trưng"),
    ("01902", "Da liễu Hà Nội", 14, "skin", "Đống Đa"),
    ("01005", "Việt Nam – Cu Ba", 14, "general", "Hoàn Kiếm"),
    ("01056", "Đa khoa Hòe Nhai", 12, "general", "Ba Đình"),
    ("01071", "Nam Thăng Long", 12, "general", "Bắc Từ Liêm"),
    ("01028", "Đa khoa Y học cổ truyền Hà Nội", 14, "rehabilitation", "Cầu Giấy"),
    ("01935", "Y học cổ truyền Hà Đông", 8, "rehabilitation", "Hà Đông"),
    ("01930", "Phục hồi chức năng Hà Nội", 6, "rehabilitation", "Nam Từ Liêm"),
    ("01931", "Tâm thần Hà Nội", 8, "mind", "Long Biên"),
    ("01125", "Tâm thần ban ngày Mai Hương", 4, "mind", "Hai Bà Trưng"),
    ("01188", "Tâm thần Mỹ Đức", 3, "mind", "Mỹ Đức"),
    ("01992", "Bệnh viện 09", 5, "infection", "Thanh Trì"),
)  # fmt: skip

_TOTAL: Final = sum(row[2] for row in _RAW)

HOSPITALS: Final[tuple[Hospital, ...]] = tuple(
    Hospital(code, name if name.startswith("Bệnh viện") else f"Bệnh viện {name}", weight / _TOTAL, specialty, district)
    for code, name, weight, specialty, district in _RAW
)

REFERRAL_TARGETS: Final = (
    "01929", "01901", "01906", "01905", "01915", "01920", "01924", "01910", "01007", "01014",
    *(code for code, *_ in _RAW[:8]),
)  # fmt: skip
"""Central hospitals outside the city's 42, and its own largest."""

XML_KINDS: Final = ("encounter", "prescription", "service", "observation", "discharge", "referral", "appointment")


_USUAL: Final[dict[str, Any]] = {
    "systems": [
        {"system": "HIS-XML", "dialect": "insurance_xml", "kinds": list(XML_KINDS)},
        {"system": "HIS", "dialect": "hl7v2", "kinds": ["encounter"]},
        {"system": "LIS", "dialect": "hl7v2", "kinds": ["observation"]},
    ],
    "source_of_record": {"encounter": ["HIS-XML", "HIS"], "observation": ["LIS", "HIS-XML"]},
    "visit_number": {"HIS-XML": "MA_LK", "HIS": "PV1-19", "LIS": "PV1-19"},
}
_ALONE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "fhir": ("HIS-FHIR", ("encounter", "observation", "prescription")),
    "dicom": ("PACS", ("imaging",)),
    "history_csv": ("HIS-OLD", ("encounter",)),
}
"""Dialect -> the one system that speaks it, and the kinds it sends."""


def register_entry(hospital: Hospital, dialect: str | None = None) -> dict[str, Any]:
    """What the facility register says of it: systems, kinds, source of record, the visit number of each system.
    `dialect` is the one that it speaks alone, None for the usual two."""
    spoken = _USUAL
    if dialect is not None:
        system, kinds = _ALONE[dialect]
        spoken = {"systems": [{"system": system, "dialect": dialect, "kinds": list(kinds)}]}
    return {
        "code": hospital.code,
        "name": hospital.name,
        "synthetic": True,
        "organisation": hospital.name,
        "unit_responsible": f"Phòng Công nghệ thông tin, {hospital.name}",
        **spoken,
    }
