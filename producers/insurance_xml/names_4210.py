"""Field names of QĐ 4210/QĐ-BYT (2017) in old files -> those of today, where they mean the same.

The house's reference lists these names without their text. That TEN_BENH is a diagnosis text, TINH_TRANG_RV the way of
leaving and MA_NOI_CHUYEN the sending facility is how senders use them; that THANH_TIEN is the amount in scope follows
from TYLE_TT beside it. MA_LYDO_VVIEN (other codes than MA_DOITUONG_KCB) and T_NGOAIDS have no field today: they are
sealed as they are, like all that is unmapped.
"""

from collections.abc import Mapping
from typing import Final

from producers.insurance_xml.part import Row

_RENAMED: Final[dict[str, Mapping[str, str]]] = {
    "XML1": {
        "MA_THE": "MA_THE_BHYT",
        "MIEN_CUNG_CT": "NGAY_MIEN_CCT",
        "TEN_BENH": "CHAN_DOAN_RV",
        "MA_BENH": "MA_BENH_CHINH",
        "MA_BENHKHAC": "MA_BENH_KT",
        "MA_NOI_CHUYEN": "MA_NOI_DI",
        "TINH_TRANG_RV": "MA_LOAI_RV",
        "T_TONGCHI": "T_TONGCHI_BV",
    },
    "XML2": {"TYLE_TT": "TYLE_TT_BH", "THANH_TIEN": "THANH_TIEN_BH", "T_NGUON_KHAC": "T_NGUONKHAC"},
    "XML3": {
        "DON_GIA": "DON_GIA_BH",
        "TYLE_TT": "TYLE_TT_BH",
        "THANH_TIEN": "THANH_TIEN_BH",
        "T_NGUON_KHAC": "T_NGUONKHAC",
    },
    "XML5": {"DIEN_BIEN": "DIEN_BIEN_LS"},
}


def renamed(table: str, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows in today's names. Where both names say something, the old one stays and is unmapped."""
    names = _RENAMED.get(table)
    if names is None or all(names.keys().isdisjoint(row) for row in rows):
        return rows
    return tuple(_renamed(row, names) for row in rows)


def _renamed(row: Row, names: Mapping[str, str]) -> Row:
    made = dict(row)
    for old, new in names.items():
        if old in made and not made.get(new):
            made[new] = made.pop(old)
    return made
