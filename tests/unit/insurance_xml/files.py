"""Writes insurance XML files for tests. People, numbers and places are invented; province 099 does not exist."""

import base64
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

Rows = Sequence[Mapping[str, str]]

WRAPPING: Final[dict[str, tuple[str, str, str]]] = {
    "XML0": ("CHI_TIEU_TRANG_THAI_KCB", "DSACH_TRANG_THAI_KCB", "TRANG_THAI_KCB"),
    "XML1": ("", "", "TONG_HOP"),
    "XML2": ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    "XML3": ("CHITIEU_CHITIET_DVKT_VTYT", "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"),
    "XML4": ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    "XML5": ("CHITIEU_CHITIET_DIENBIENLAMSANG", "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"),
    "XML7": ("", "", "CHI_TIEU_DU_LIEU_GIAY_RA_VIEN"),
    "XML8": ("", "", "CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN"),
    "XML13": ("", "", "CHI_TIEU_GIAYCHUYENTUYEN"),
    "XML14": ("", "", "CHI_TIEU_GIAYHEN_KHAMLAI"),
}

VISIT: Final[Mapping[str, str]] = {
    "MA_LK": "LK-0001",
    "STT": "1",
    "MA_BN": "BN-77",
    "HO_TEN": "Nguyễn Thị Hư Cấu",
    "SO_CCCD": "099200000001",
    "NGAY_SINH": "198503120000",
    "GIOI_TINH": "2",
    "MA_THE_BHYT": "",
    "NGAY_VAO": "202611230815",
    "NGAY_RA": "202611231140",
    "CHAN_DOAN_RV": "Viêm phổi < 5 ngày & sốt",
}
DRUGS: Final = tuple({"MA_LK": "LK-0001", "STT": str(n), "MA_THUOC": f"40.{n}", "SO_LUONG": "2.5"} for n in (1, 2, 3))
RESULTS: Final = tuple(
    {"MA_LK": "LK-0001", "STT": str(n), "TEN_CHI_SO": "Đường huyết", "GIA_TRI": "5.4"} for n in (1, 2)
)


def row(name: str, fields: Mapping[str, str], cdata: bool = False) -> str:
    def written(text: str) -> str:
        return f"<![CDATA[{text}]]>" if cdata and text else escape(text)

    return f"<{name}>" + "".join(f"<{key}>{written(text)}</{key}>" for key, text in fields.items()) + f"</{name}>"


def inner(table: str, rows: Rows, cdata: bool = False) -> str:
    """The inner document as QĐ 3176 wraps it, without XML declaration."""
    root, listing, name = WRAPPING[table]
    written = "\n".join(row(name, fields, cdata) for fields in rows)
    return f"<{root}>\n  <{listing}>\n{written}\n</{listing}></{root}>" if root else written


def encoded(document: str | bytes) -> str:
    """NOIDUNGFILE: base64 of the inner document."""
    raw = document if isinstance(document, bytes) else f'<?xml version="1.0" encoding="utf-8"?>\n{document}'.encode()
    return base64.b64encode(raw).decode()


def hoso(*parts: tuple[str, str]) -> str:
    """One HOSO of (LOAIHOSO, NOIDUNGFILE as written)."""
    files = "".join(
        f"<FILEHOSO><LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>"
        for table, content in parts
    )
    return f"<HOSO>{files}</HOSO>"


def visit(number: str = "LK-0001") -> str:
    """A regular HOSO: summary, three drugs, two results."""
    return hoso(
        *(
            (table, encoded(inner(table, [{**fields, "MA_LK": number} for fields in rows], cdata=table == "XML1")))
            for table, rows in (("XML1", (VISIT,)), ("XML2", DRUGS), ("XML4", RESULTS))
        )
    )


def envelope(*dossiers: str, facility: str = "01999", count: str | None = None, signature: str = "") -> bytes:
    declared = str(len(dossiers)) if count is None else count
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<GIAMDINHHS xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n'
        f"  <THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI>\n"
        f"  <THONGTINHOSO><NGAYLAP>20261123</NGAYLAP><SOLUONGHOSO>{declared}</SOLUONGHOSO>\n"
        f"    <DANHSACHHOSO>{''.join(dossiers)}</DANHSACHHOSO></THONGTINHOSO>\n"
        f"  <CHUKYDONVI>{signature}</CHUKYDONVI>\n</GIAMDINHHS>\n"
    ).encode()
