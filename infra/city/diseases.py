"""What people come with: ICD-10 code and Vietnamese text, who has it, when in the year, what is done about it.

Proportions of notifiable diseases follow Hanoi's counts of 2025 (dengue 6,516, hand-foot-mouth 6,182, measles 4,516,
pertussis 36), raised together so that a short run shows some. Seasons: dengue September-November; hand-foot-mouth
March-May and September-November; measles late winter and spring; influenza December-March.
"""

from dataclasses import dataclass, field
from typing import Final

AUTUMN: Final = (9, 10, 11)
WINTER: Final = (12, 1, 2, 3)
SPRING: Final = (1, 2, 3, 4)
HFMD: Final = (3, 4, 5, 9, 10, 11)


@dataclass(frozen=True, slots=True)
class Disease:
    """`weight` in an average month; in its `season` four times that. `beds` is the chance of being admitted."""

    code: str
    text: str
    weight: float
    ages: tuple[int, int]
    where: str
    beds: float
    panels: tuple[str, ...]
    services: tuple[str, ...]
    drugs: tuple[str, ...]
    season: tuple[int, ...] = ()
    sex: str = ""
    chronic: bool = False
    also: tuple[tuple[str, str], ...] = field(default=())


_HTN: Final = (("E78.5", "Tăng lipid máu, không đặc hiệu"), ("I25.1", "Bệnh tim thiếu máu cục bộ mạn"),
               ("K21.9", "Trào ngược dạ dày - thực quản"), ("H81.1", "Chóng mặt kịch phát lành tính"))  # fmt: skip
_DM: Final = (("I10", "Tăng huyết áp vô căn (nguyên phát)"), ("E78.2", "Tăng lipid máu hỗn hợp"),
              ("G63.2", "Bệnh đa dây thần kinh do đái tháo đường"))  # fmt: skip
_ANY: Final = (("K29.7", "Viêm dạ dày, không đặc hiệu"), ("E55.9", "Thiếu vitamin D, không đặc hiệu"),
               ("D50.9", "Thiếu máu do thiếu sắt"), ("J30.4", "Viêm mũi dị ứng, không đặc hiệu"))  # fmt: skip
_ALL: Final = (0, 120)
_ADULT: Final = (18, 120)
_OLD: Final = (45, 120)
_CHILD: Final = (0, 15)

DISEASES: Final[tuple[Disease, ...]] = (
    Disease("I10", "Tăng huyết áp vô căn (nguyên phát)", 110, _OLD, "general heart", 0.04, ("CHEM", "LIPID"), ("ECG",),
            ("40.491", "40.520", "40.549", "40.541", "05C.127"), chronic=True, also=_HTN),
    Disease("E11.9", "Đái tháo đường týp 2, không biến chứng", 90, _OLD, "general", 0.05,
            ("CHEM", "LIPID", "HBA1C", "URINE"), (), ("40.807", "40.800", "40.558", "40.491"), chronic=True, also=_DM),
    Disease("J06.9", "Nhiễm khuẩn đường hô hấp trên cấp, không đặc hiệu", 70, _ALL, "general paediatrics", 0.02,
            ("CBC", "CRP"), (), ("40.48", "40.154", "40.998", "40.84"), WINTER, also=_ANY),
    Disease("J20.9", "Viêm phế quản cấp, không đặc hiệu", 60, _ALL, "general paediatrics lung", 0.12,
            ("CBC", "CRP"), ("XRAY",), ("40.169", "40.998", "40.48", "40.988"), WINTER, also=_ANY),
    Disease("J18.9", "Viêm phổi, không đặc hiệu", 40, _ALL, "general paediatrics lung", 0.75, ("CBC", "CHEM", "CRP"),
            ("XRAY", "NEBULI", "INJECT", "SYRINGE", "CATHETER"), ("40.175", "40.998", "40.576", "40.48"), WINTER,
            also=_ANY),
    Disease("J44.9", "Bệnh phổi tắc nghẽn mạn tính, không đặc hiệu", 22, _OLD, "general lung", 0.35,
            ("CBC", "CHEM"), ("XRAY", "SPIRO", "NEBULI"), ("40.980", "40.973", "40.998"), WINTER, chronic=True,
            also=_HTN),
    Disease("K29.7", "Viêm dạ dày, không đặc hiệu", 48, _ADULT, "general", 0.03, ("CBC", "CHEM"), ("ENDO", "USABD"),
            ("40.679", "40.695", "40.48"), also=_ANY[1:]),
    Disease("A09.9", "Viêm dạ dày - ruột và đại tràng không rõ nguồn gốc", 26, _ALL, "general paediatrics", 0.4,
            ("CBC", "CHEM", "ELEC"), ("USABD", "INJECT", "INFUSION"), ("40.722", "40.711", "40.1028", "40.227"),
            (5, 6, 7, 8), also=_ANY),
    Disease("M54.5", "Đau vùng thắt lưng", 45, _ADULT, "general rehabilitation", 0.15, ("CBC", "CHEM"),
            ("XRAYL", "ACUPUNC", "MASSAGE"), ("40.37", "40.1048", "05C.29"), also=_HTN),
    Disease("M17.9", "Thoái hóa khớp gối, không đặc hiệu", 34, _OLD, "general rehabilitation", 0.12, ("CBC", "CHEM"),
            ("XRAYL", "LASER", "MASSAGE"), ("40.37", "40.1064", "05C.29"), also=_HTN),
    Disease("I63.9", "Nhồi máu não, không đặc hiệu", 12, _OLD, "general rehabilitation", 0.92,
            ("CBC", "CHEM", "COAG", "ELEC"), ("CT", "ECG", "INJECT", "CATHETER", "INFUSION"),
            ("40.543", "40.549", "40.576", "05C.127"), also=_DM),
    Disease("I50.9", "Suy tim, không đặc hiệu", 14, _OLD, "general heart", 0.6, ("CBC", "CHEM", "TROP", "ELEC"),
            ("ECG", "ECHO", "XRAY"), ("40.503", "40.518", "40.549"), chronic=True, also=_DM),
    Disease("I20.9", "Cơn đau thắt ngực, không đặc hiệu", 16, _OLD, "general heart", 0.4, ("CBC", "CHEM", "TROP"),
            ("ECG", "ECHO"), ("40.543", "40.541", "40.558", "40.503"), also=_DM),
    Disease("K35.8", "Viêm ruột thừa cấp, khác và không đặc hiệu", 6, (5, 70), "general", 1.0, ("CBC", "CHEM", "COAG"),
            ("USABD", "APPEND", "GAUZE", "CATHETER", "INFUSION"), ("40.175", "40.576", "40.48"), also=_ANY),
    Disease("S61.9", "Vết thương hở ở cổ tay và bàn tay, phần không đặc hiệu", 16, (3, 80), "general", 0.05, (),
            ("SUTURE", "SYRINGE", "GAUZE"), ("40.154", "40.67", "40.48")),
    Disease("S52.5", "Gãy đầu dưới xương quay", 10, _ALL, "general", 0.2, ("CBC", "COAG"), ("XRAYL", "CAST"),
            ("40.48", "40.67", "40.1064")),
    Disease("N39.0", "Nhiễm khuẩn đường tiết niệu, vị trí không xác định", 20, _ALL, "general kidney", 0.15,
            ("CBC", "URINE"), ("USABD",), ("40.227", "40.48"), also=_ANY),
    Disease("N18.5", "Bệnh thận mạn, giai đoạn 5", 14, _ADULT, "general kidney", 0.1, ("CBC", "CHEM", "ELEC"),
            ("DIALYSIS", "DIALYZER", "SYRINGE"), ("40.398", "40.491"), chronic=True, also=_DM),
    Disease("A97.0", "Sốt xuất huyết Dengue không có dấu hiệu cảnh báo", 4.4, _ALL, "general paediatrics", 0.45,
            ("CBC", "CHEM", "NS1"), ("USABD", "INJECT", "INFUSION"), ("40.48", "40.722", "40.1028"), AUTUMN, also=_ANY),
    Disease("A97.1", "Sốt xuất huyết Dengue có dấu hiệu cảnh báo", 1.2, _ALL, "general paediatrics", 0.95,
            ("CBC", "CHEM", "NS1", "COAG"), ("USABD", "INJECT", "INFUSION", "CATHETER"), ("40.48", "40.1028", "40.576"),
            AUTUMN, also=_ANY),
    Disease("B08.4", "Bệnh tay chân miệng", 5.3, (0, 7), "general paediatrics", 0.4, ("CBC", "CRP"), (),
            ("40.48", "40.722"), HFMD),
    Disease("B05.9", "Sởi không biến chứng", 3.9, (0, 30), "general paediatrics", 0.5, ("CBC", "CRP"), ("XRAY",),
            ("40.48", "40.998"), SPRING),
    Disease("A37.9", "Ho gà, không đặc hiệu", 0.05, (0, 5), "general paediatrics", 0.8, ("CBC",), ("XRAY",),
            ("40.219",)),
    Disease("J10.1", "Cúm với biểu hiện hô hấp khác, virus cúm mùa đã được định danh", 14, _ALL,
            "general paediatrics lung", 0.1, ("CBC", "FLU"), ("XRAY",), ("40.48", "40.998", "40.84"), WINTER),
    Disease("U07.1", "COVID-19, virus được định danh", 1.9, _ALL, "general lung", 0.1, ("CBC", "COV"), ("XRAY",),
            ("40.48", "40.998")),
    Disease("A15.0", "Lao phổi, xác nhận bằng soi đờm", 2.0, _ADULT, "lung", 0.4, ("CBC", "CHEM", "AFB", "HIV"),
            ("XRAY",), ("40.240", "40.1048"), chronic=True),
    Disease("B24", "Bệnh do virus gây suy giảm miễn dịch ở người (HIV), không đặc hiệu", 0.6, (16, 70), "infection",
            0.1, ("CBC", "CHEM", "HIV"), (), ("40.241",), chronic=True),
    Disease("B18.1", "Viêm gan virus B mạn, không có đồng nhiễm virus viêm gan D", 9, _ADULT, "general infection", 0.03,
            ("CHEM", "HBV"), ("USABD",), ("40.1048",), chronic=True, also=_ANY),
    Disease("O80", "Đẻ thường một thai", 7, (18, 45), "general obstetrics", 1.0, ("CBC", "COAG", "HBV", "HIV", "URINE"),
            ("USOB", "DELIVERY", "CATHETER", "GAUZE"), ("40.442", "40.48", "40.576"), sex="2"),
    Disease("O82", "Đẻ mổ một thai", 5, (18, 45), "general obstetrics", 1.0, ("CBC", "COAG", "CHEM", "HBV", "HIV"),
            ("USOB", "SECTION", "CATHETER", "GAUZE", "INFUSION"), ("40.175", "40.576", "40.1028", "40.442"), sex="2"),
    Disease("Z34.9", "Giám sát thai nghén bình thường, không đặc hiệu", 14, (18, 45), "general obstetrics", 0.0,
            ("CBC", "URINE"), ("USOB",), ("40.442", "40.1064"), sex="2"),
    Disease("E04.1", "Bướu giáp đơn nhân không độc", 12, _ADULT, "general oncology", 0.03, ("TSH",), ("USTHY",),
            ("40.1048",), also=_ANY),
    Disease("C50.9", "U ác của vú, không đặc hiệu", 3, (30, 90), "oncology", 0.5, ("CBC", "CHEM", "CEA"),
            ("CHEMO", "CATHETER", "INFUSION"), ("40.375", "40.360", "40.576"), sex="2", chronic=True),
    Disease("C34.9", "U ác phế quản hoặc phổi, không đặc hiệu", 2, _OLD, "oncology lung", 0.5, ("CBC", "CHEM", "CEA"),
            ("CT", "CHEMO", "INFUSION"), ("40.360", "40.576", "40.48"), chronic=True),
    Disease("H25.9", "Đục thủy tinh thể người già, không đặc hiệu", 8, (55, 120), "eye general", 0.3, ("CBC", "CHEM"),
            ("FUNDUS", "PHACO", "IOL"), ("40.865", "40.892")),
    Disease("H10.9", "Viêm kết mạc, không đặc hiệu", 12, _ALL, "eye general", 0.0, (), ("FUNDUS",),
            ("40.865", "40.892", "40.84")),
    Disease("L20.9", "Viêm da cơ địa, không đặc hiệu", 14, _ALL, "skin general", 0.01, (), (), ("40.625", "40.84")),
    Disease("L50.9", "Mày đay, không đặc hiệu", 10, _ALL, "skin general", 0.02, ("CBC",), (), ("40.84", "40.775")),
    Disease("F20.0", "Tâm thần phân liệt thể hoang tưởng", 4, _ADULT, "mind", 0.4, ("CBC", "CHEM"), ("PSYCH",),
            ("40.953", "40.955"), chronic=True),
    Disease("F32.1", "Giai đoạn trầm cảm vừa", 5, (14, 90), "mind general", 0.08, ("CHEM",), ("PSYCH",),
            ("40.964", "40.1048"), chronic=True),
)  # fmt: skip


def weight(disease: Disease, specialty: str, month: int) -> float:
    """How often a hospital of this specialty sees it in this month: its own field nine times in ten."""
    base = disease.weight * (4.0 if month in disease.season else 0.6 if disease.season else 1.0)
    return base * (1.0 if specialty in disease.where.split() else 0.02)
