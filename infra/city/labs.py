"""Laboratory panels with plausible values. Index codes have the national form but are made up."""

from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True)
class Test:
    """One index. `mean` and `spread` in `unit`; numeric tests have `low` and `high`, coded ones their `words`."""

    code: str
    local: str
    loinc: str
    name: str
    unit: str
    low: float = 0.0
    high: float = 0.0
    digits: int = 1
    words: tuple[str, ...] = ()
    price: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """What is ordered together. `price` 0 means that each test is billed by itself."""

    key: str
    code: str
    name: str
    price: int
    device: str
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Result:
    test: Test
    value: str = field(repr=False)
    flag: str


def _numeric(rows: str) -> tuple[Test, ...]:
    """`code|local|loinc|name|unit|low|high|digits|price`, a line each."""
    tests = []
    for row in rows.strip().splitlines():
        code, local, loinc, name, unit, low, high, digits, price = row.strip().split("|")
        tests.append(Test(code, local, loinc, name, unit, float(low), float(high), int(digits), (), int(price)))
    return tuple(tests)


_CBC: Final = _numeric("""
    2200101|WBC|6690-2|Số lượng bạch cầu|G/L|4|10|2|0
    2200102|RBC|789-8|Số lượng hồng cầu|T/L|3.9|5.6|2|0
    2200103|HGB|718-7|Huyết sắc tố|g/L|120|165|0|0
    2200104|HCT|4544-3|Hematocrit|L/L|0.36|0.48|3|0
    2200105|MCV|787-2|Thể tích trung bình hồng cầu|fL|80|100|1|0
    2200106|MCH|785-6|Lượng huyết sắc tố trung bình hồng cầu|pg|27|33|1|0
    2200107|MCHC|786-4|Nồng độ huyết sắc tố trung bình hồng cầu|g/L|320|360|0|0
    2200108|PLT|777-3|Số lượng tiểu cầu|G/L|150|400|0|0
    2200109|NEU%|770-8|Tỷ lệ bạch cầu trung tính|%|45|75|1|0
    2200110|LYM%|736-9|Tỷ lệ bạch cầu lympho|%|20|45|1|0
    2200111|MONO%|5905-5|Tỷ lệ bạch cầu mono|%|2|10|1|0
    2200112|RDW|788-0|Dải phân bố hồng cầu|%|11|15|1|0
""")
_CHEM: Final = _numeric("""
    2300101|GLU|14749-6|Định lượng Glucose|mmol/L|3.9|6.4|2|22400
    2300102|URE|22664-7|Định lượng Urê|mmol/L|2.5|7.5|2|22400
    2300103|CRE|14682-9|Định lượng Creatinin|µmol/L|53|115|0|22400
    2300104|AST|1920-8|Đo hoạt độ AST (GOT)|U/L|8|37|0|22400
    2300105|ALT|1742-6|Đo hoạt độ ALT (GPT)|U/L|7|40|0|22400
""")
_LIPID: Final = _numeric("""
    2300201|CHO|14647-2|Định lượng Cholesterol toàn phần|mmol/L|3.1|5.2|2|28000
    2300202|TRI|14927-8|Định lượng Triglycerid|mmol/L|0.5|1.7|2|28000
    2300203|HDL|14646-4|Định lượng HDL-C|mmol/L|0.9|1.9|2|28000
    2300204|LDL|22748-8|Định lượng LDL-C|mmol/L|1.8|3.4|2|28000
""")
_ELECTROLYTES: Final = _numeric("""
    2300301|NA|2951-2|Natri|mmol/L|135|145|0|0
    2300302|K|2823-3|Kali|mmol/L|3.5|5.0|2|0
    2300303|CL|2075-0|Clo|mmol/L|98|106|0|0
""")
_COAGULATION: Final = _numeric("""
    2200201|PT|5902-2|Thời gian prothrombin|giây|10|14|1|0
    2200202|INR|6301-6|INR|{tỷ số}|0.8|1.2|2|0
    2200203|APTT|14979-9|Thời gian thromboplastin hoạt hóa từng phần|giây|25|37|1|0
    2200204|FIB|3255-7|Fibrinogen|g/L|2|4|2|0
""")
_NEGATIVE: Final = ("Âm tính", "Âm tính", "Âm tính", "Âm tính", "Dương tính")


def _rapid(key: str, code: str, local: str, loinc: str, name: str, price: int) -> Panel:
    return Panel(key, code, name, price, "VS", (Test(f"24{code[-5:]}", local, loinc, name, "", words=_NEGATIVE),))


def _urine() -> tuple[Test, ...]:
    words = ("Âm tính", "Âm tính", "Âm tính", "Vết", "1+")
    names = (
        ("LEU", "5799-2", "Bạch cầu niệu"), ("NIT", "5802-4", "Nitrit"), ("PRO", "5804-0", "Protein niệu"),
        ("BLD", "5794-3", "Hồng cầu niệu"), ("KET", "5797-6", "Ceton niệu"), ("GLUU", "5792-7", "Glucose niệu"),
        ("BIL", "5770-3", "Bilirubin niệu"), ("URO", "5818-0", "Urobilinogen"),
    )  # fmt: skip
    made = [Test(f"23009{i:02d}", local, loinc, name, "", words=words) for i, (local, loinc, name) in enumerate(names)]
    made.append(Test("2300920", "SG", "5811-5", "Tỷ trọng nước tiểu", "", 1.005, 1.030, 3))
    made.append(Test("2300921", "PH", "5803-2", "pH nước tiểu", "", 5.0, 8.0, 1))
    return tuple(made)


_PANELS: Final = (
    Panel("CBC", "22.0121.1369", "Tổng phân tích tế bào máu ngoại vi (bằng máy đếm laser)", 49700, "HH", _CBC),
    Panel("CHEM", "23.0075.1494", "Sinh hóa máu cơ bản", 0, "SH", _CHEM),
    Panel("LIPID", "23.0041.1506", "Bộ mỡ máu", 0, "SH", _LIPID),
    Panel("ELEC", "23.0058.1487", "Điện giải đồ (Na, K, Cl)", 30200, "SH", _ELECTROLYTES),
    Panel("COAG", "22.0001.1352", "Bộ đông máu cơ bản", 68400, "HH", _COAGULATION),
    Panel("URINE", "23.0206.1596", "Tổng phân tích nước tiểu (bằng máy tự động)", 28600, "SH", _urine()),
    Panel("HBA1C", "23.0083.1523", "Định lượng HbA1c", 105300, "SH",
          _numeric("2300401|HBA1C|4548-4|HbA1c|%|4|6.5|1|0")),
    Panel("CRP", "23.0228.1483", "Định lượng CRP", 56100, "SH",
          _numeric("2300501|CRP|1988-5|CRP|mg/L|0|8|1|0")),
    Panel("TROP", "23.0159.1569", "Định lượng Troponin T hs", 78500, "SH",
          _numeric("2300601|TNT|67151-1|Troponin T hs|ng/L|3|14|1|0")),
    Panel("TSH", "23.0162.1570", "Định lượng TSH, FT4", 123600, "SH",
          _numeric("2300701|TSH|3016-3|TSH|mIU/L|0.4|4.2|2|0\n2300702|FT4|14920-3|FT4|pmol/L|12|22|1|0")),
    Panel("CEA", "23.0039.1476", "Định lượng CEA", 89700, "SH",
          _numeric("2300801|CEA|2039-6|CEA|ng/mL|0|5|2|0")),
    _rapid("NS1", "24.0183.1637", "NS1", "75377-2", "Dengue virus NS1Ag test nhanh", 142500),
    _rapid("HBV", "24.0117.1646", "HBSAG", "5196-1", "HBsAg test nhanh", 58600),
    _rapid("HIV", "24.0169.1616", "HIVAB", "7917-8", "HIV Ab test nhanh", 58600),
    _rapid("FLU", "24.0243.1671", "FLUAB", "80382-5", "Influenza virus A, B test nhanh", 186600),
    _rapid("COV", "24.0329.1722", "COVAG", "94558-4", "SARS-CoV-2 Ag test nhanh", 78000),
    _rapid("AFB", "24.0017.1714", "AFB", "11545-1", "AFB trực tiếp nhuộm Ziehl-Neelsen", 74200),
)  # fmt: skip

PANELS: Final[dict[str, Panel]] = {panel.key: panel for panel in _PANELS}


@lru_cache(maxsize=64)
def billing(key: str) -> tuple[tuple[str, str, int], ...]:
    """(service code, name, price) of what a panel is billed as: itself, or each of its tests."""
    panel = PANELS[key]
    if panel.price:
        return ((panel.code, panel.name, panel.price),)
    chapter, technique, price = panel.code.split(".")
    return tuple(
        (f"{chapter}.{int(technique) + i:04d}.{price}", test.name, test.price) for i, test in enumerate(panel.tests)
    )


def measure(random: Random, test: Test) -> Result:
    """A value: mostly inside the reference range, sometimes beyond it."""
    if test.words:
        word = test.words[int(random.random() * len(test.words))]
        return Result(test, word, "" if word == "Âm tính" else "A")
    middle, half = (test.low + test.high) / 2, (test.high - test.low) / 2
    value = max(middle + half * random.gauss(0.0, 0.75), half * 0.02)
    text = f"{value:.{test.digits}f}"
    return Result(test, text, "H" if float(text) > test.high else "L" if float(text) < test.low else "N")
