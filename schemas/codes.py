"""Code tables that the formats refer to; values are strings because leading zeros and `1.10` matter.

Sources: QĐ 130 / 4750 / 3176 (insurance XML), QĐ 1804/QĐ-BYT 2026 (visit types 11-16), QĐ 3276/QĐ-BYT 2025
(patient categories), the administrative lists before and after 01/07/2025 (provinces). `LISTS` names the lists that
rules ask, each with the days from which it holds.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

PROVINCES_63: Final[dict[str, str]] = {
    "01": "Hà Nội", "02": "Hà Giang", "04": "Cao Bằng", "06": "Bắc Kạn", "08": "Tuyên Quang", "10": "Lào Cai",
    "11": "Điện Biên", "12": "Lai Châu", "14": "Sơn La", "15": "Yên Bái", "17": "Hòa Bình", "19": "Thái Nguyên",
    "20": "Lạng Sơn", "22": "Quảng Ninh", "24": "Bắc Giang", "25": "Phú Thọ", "26": "Vĩnh Phúc", "27": "Bắc Ninh",
    "30": "Hải Dương", "31": "Hải Phòng", "33": "Hưng Yên", "34": "Thái Bình", "35": "Hà Nam", "36": "Nam Định",
    "37": "Ninh Bình", "38": "Thanh Hóa", "40": "Nghệ An", "42": "Hà Tĩnh", "44": "Quảng Bình", "45": "Quảng Trị",
    "46": "Thừa Thiên Huế", "48": "Đà Nẵng", "49": "Quảng Nam", "51": "Quảng Ngãi", "52": "Bình Định",
    "54": "Phú Yên", "56": "Khánh Hòa", "58": "Ninh Thuận", "60": "Bình Thuận", "62": "Kon Tum", "64": "Gia Lai",
    "66": "Đắk Lắk", "67": "Đắk Nông", "68": "Lâm Đồng", "70": "Bình Phước", "72": "Tây Ninh", "74": "Bình Dương",
    "75": "Đồng Nai", "77": "Bà Rịa - Vũng Tàu", "79": "TP. Hồ Chí Minh", "80": "Long An", "82": "Tiền Giang",
    "83": "Bến Tre", "84": "Trà Vinh", "86": "Vĩnh Long", "87": "Đồng Tháp", "89": "An Giang", "91": "Kiên Giang",
    "92": "Cần Thơ", "93": "Hậu Giang", "94": "Sóc Trăng", "95": "Bạc Liêu", "96": "Cà Mau",
}  # fmt: skip
"""The 63 provinces before the merger of 2025. A CCCD keeps the digits of its first registration: `0` + code."""

PROVINCES_34: Final[dict[str, str]] = {
    "01": "Hà Nội", "04": "Cao Bằng", "08": "Tuyên Quang", "11": "Điện Biên", "12": "Lai Châu", "14": "Sơn La",
    "15": "Lào Cai", "19": "Thái Nguyên", "20": "Lạng Sơn", "22": "Quảng Ninh", "24": "Bắc Ninh", "25": "Phú Thọ",
    "31": "Hải Phòng", "33": "Hưng Yên", "37": "Ninh Bình", "38": "Thanh Hóa", "40": "Nghệ An", "42": "Hà Tĩnh",
    "44": "Quảng Trị", "46": "Huế", "48": "Đà Nẵng", "51": "Quảng Ngãi", "52": "Gia Lai", "56": "Khánh Hòa",
    "66": "Đắk Lắk", "68": "Lâm Đồng", "75": "Đồng Nai", "79": "TP. Hồ Chí Minh", "80": "Tây Ninh", "82": "Đồng Tháp",
    "86": "Vĩnh Long", "91": "An Giang", "92": "Cần Thơ", "96": "Cà Mau",
}  # fmt: skip
"""The 34 provinces from 01/07/2025 (QĐ 19/2025/QĐ-TTg). Some numbers changed their meaning: 15, 24, 44, 52, 80, 82, 91."""

SEX: Final[dict[str, str]] = {"1": "male", "2": "female", "3": "undetermined"}
"""`GIOI_TINH`."""

VISIT_TYPES: Final[dict[str, str]] = {
    "01": "exam", "02": "outpatient treatment", "03": "inpatient", "04": "day treatment",
    "05": "chronic outpatient, exam and drugs", "06": "stay at commune station or regional clinic",
    "07": "drugs by appointment", "08": "chronic outpatient with services", "09": "inpatient under 4 hours",
    "10": "other", "11": "mobile", "12": "home", "13": "family doctor", "14": "remote", "15": "periodic check-up",
    "16": "screening",
}  # fmt: skip
"""`MA_LOAI_KCB`; 11-16 since 01/08/2026."""

INPATIENT_TYPES: Final = frozenset({"03", "04", "09"})
NO_TREATMENT_DAYS: Final = frozenset({"01", "07", "09"})
COUNTED_TREATMENT_DAYS: Final = frozenset({"02", "03", "04", "06"})

PATIENT_CATEGORIES: Final = frozenset(
    "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 1.11 1.12 1.13 1.14 1.15 1.16 1.17 1.18 2 3.1 3.2 3.3 3.4 3.5 3.6 3.7 "
    "7 7.1 7.2 7.3 7.4 8 9 10".split()
)
"""`MA_DOITUONG_KCB`, the current list and what older lists add. Never a number: 1.1 is not 1.10."""

TREATMENT_RESULTS: Final[dict[str, str]] = {
    "1": "cured", "2": "better", "3": "unchanged", "4": "worse", "5": "dead", "6": "grave prognosis, taken home",
    "7": "undetermined",
}  # fmt: skip
"""`KET_QUA_DTRI`."""

DISCHARGE_TYPES: Final[dict[str, str]] = {
    "1": "discharged", "2": "referred, clinical", "3": "absconded", "4": "own request",
    "5": "referred, patient's request",
}  # fmt: skip
"""`MA_LOAI_RV`."""

COST_GROUPS: Final[dict[str, str]] = {
    "1": "laboratory", "2": "imaging", "3": "functional tests", "4": "drug in list", "5": "drug outside list",
    "6": "drug paid by rate", "7": "blood", "8": "surgery", "9": "service paid by rate", "10": "supply in list",
    "11": "supply paid by rate", "12": "transport", "13": "exam", "14": "bed, day treatment", "15": "bed, inpatient",
    "16": "bed, stay", "17": "blood products", "18": "procedure",
}  # fmt: skip
"""`MA_NHOM`."""

CARD_GROUPS: Final = frozenset(
    "DN HC HT TE HS SV HN CN DT GD BT TN CC CK CB XK LS QN CA CY HX XD TC TQ TA TY HD XB XN MS HG CH NN TK".split()
)
"""First two letters of a 15-character insurance card. The list is not official; unknown letters only lower quality."""


def _numbers(last: int) -> frozenset[str]:
    return frozenset(str(n) for n in range(1, last + 1))


NATIONAL_TESTS: Final = frozenset({"QD1227", "QD7603"})
"""How the house names the national lists of test codes: QĐ 1227/QĐ-BYT (2025), and QĐ 7603/QĐ-BYT (2018) before it."""

_ALWAYS: Final = date.min
_TYPES_11_TO_16: Final = date(2026, 6, 19)
_TWO_LEVELS: Final = date(2025, 7, 1)

LISTS: Final[dict[str, tuple[tuple[date, frozenset[str]], ...]]] = {
    "sex": ((_ALWAYS, frozenset(SEX)),),
    "visit_type": (
        (_ALWAYS, frozenset(code for code in VISIT_TYPES if code <= "10")),
        (_TYPES_11_TO_16, frozenset(VISIT_TYPES)),
    ),
    "patient_category": ((_ALWAYS, PATIENT_CATEGORIES),),
    "treatment_result": ((_ALWAYS, frozenset(TREATMENT_RESULTS)),),
    "discharge_type": ((_ALWAYS, frozenset(DISCHARGE_TYPES)),),
    "cost_group": ((_ALWAYS, frozenset(COST_GROUPS)),),
    "card_group": ((_ALWAYS, CARD_GROUPS),),
    "province": ((_ALWAYS, frozenset(PROVINCES_63)), (_TWO_LEVELS, frozenset(PROVINCES_34))),
    "ethnicity": ((_ALWAYS, frozenset(f"{n:02d}" for n in range(1, 57)) | {"99"}),),
    "area": ((_ALWAYS, frozenset({"K1", "K2", "K3"})),),
    "scope": ((_ALWAYS, _numbers(3)),),
    "payment_method": ((_ALWAYS, _numbers(3)),),
    "paid_by": ((_ALWAYS, _numbers(4)),),
    "anaesthesia": ((_ALWAYS, _numbers(4)),),
    "referral_reason": ((_ALWAYS, _numbers(3)),),
    "one": ((_ALWAYS, frozenset({"1"})),),
}
"""Name -> (first day, codes), oldest first. `ethnicity`: 55 foreign; 56 and 99 are both met for unknown. `one` is of
flags that are empty or 1."""


def in_force(name: str, day: date) -> frozenset[str]:
    """The codes of a list on a day. KeyError for a list that is not there."""
    return next(codes for since, codes in reversed(LISTS[name]) if since <= day)


def changes() -> Iterable[date]:
    """The days on which some list changes."""
    return {since for spans in LISTS.values() for since, _ in spans[1:]}
