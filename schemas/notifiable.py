"""Notifiable diseases by ICD-10 code, and within what time a case is to be reported.

Source: QĐ 97/QĐ-PB (30/06/2026), list 01, under TT 15/2026/TT-BYT; weekly ones by their main codes. A case belongs to the
longest prefix that fits; HIV comes before all, whatever else its code says, because its reports go another way.
Influenza A of the 24-hour list and "new, unknown agent" have no code of their own beside J09.
"""

from dataclasses import dataclass
from typing import Final, Literal

Deadline = Literal["24h", "48h", "week"]


@dataclass(frozen=True, slots=True)
class Disease:
    id: str
    deadline: Deadline
    vi: str
    en: str
    codes: tuple[str, ...]


def _codes(text: str) -> tuple[str, ...]:
    """`A33-A35 P37.2` -> prefixes without dots, ranges written out."""
    found: list[str] = []
    for word in text.replace(".", "").split():
        first, _, last = word.partition("-")
        if last:
            found.extend(f"{first[0]}{number:02d}" for number in range(int(first[1:]), int(last[1:]) + 1))
        else:
            found.append(first)
    return tuple(found)


_TABLE: Final = (
    ("polio", "24h", "Bại liệt", "Poliomyelitis", "A80"),
    ("plague", "24h", "Dịch hạch", "Plague", "A20"),
    ("influenza_a_new", "24h", "Cúm A(H5N1, H5N6, H7N9, H9N2)", "Influenza A H5N1, H5N6, H7N9, H9N2", "J09"),
    ("ebola", "24h", "Ebola", "Ebola", "A98.4"),
    ("lassa", "24h", "Lassa", "Lassa", "A96.2"),
    ("marburg", "24h", "Marburg", "Marburg", "A98.3"),
    ("nipah", "24h", "Nipah", "Nipah", "B33.8"),
    ("west_nile", "24h", "Sốt Tây sông Nin", "West Nile", "A92.3"),
    ("yellow_fever", "24h", "Sốt vàng", "Yellow fever", "A95"),
    ("sars", "24h", "SARS", "SARS", "U04"),
    ("mers", "24h", "MERS", "MERS", "B34.2"),
    ("diphtheria", "24h", "Bạch hầu", "Diphtheria", "A36"),
    ("meningococcal", "24h", "Não mô cầu", "Meningococcal disease", "A39"),
    ("measles", "24h", "Sởi", "Measles", "B05"),
    ("covid", "48h", "COVID-19", "COVID-19", "U07.1 U07.2"),
    ("rabies", "48h", "Dại", "Rabies", "A82"),
    ("mpox", "48h", "Đậu mùa khỉ", "Mpox", "B04"),
    ("chikungunya", "48h", "Chikungunya", "Chikungunya", "A92.0"),
    ("hantavirus", "48h", "Hantavirus", "Hantavirus", "A98.5 B33.4"),
    ("zika", "48h", "Zika", "Zika", "A92.5 P35.4"),
    ("pertussis", "48h", "Ho gà", "Pertussis", "A37"),
    ("strep_suis", "48h", "Liên cầu lợn", "Streptococcus suis", "A40.8 G00.2"),
    ("rubella", "48h", "Rubella", "Rubella", "B06 P35.0"),
    ("dengue", "48h", "Sốt xuất huyết Dengue", "Dengue", "A97"),
    ("malaria", "48h", "Sốt rét", "Malaria", "B50-B54"),
    ("cholera", "48h", "Tả", "Cholera", "A00"),
    ("hand_foot_mouth", "48h", "Tay chân miệng", "Hand, foot and mouth", "B08.4"),
    ("anthrax", "48h", "Than", "Anthrax", "A22"),
    ("tetanus", "48h", "Uốn ván", "Tetanus", "A33-A35"),
    ("hepatitis_a", "48h", "Viêm gan A", "Hepatitis A", "B15"),
    ("japanese_encephalitis", "48h", "Viêm não Nhật Bản", "Japanese encephalitis", "A83.0"),
    ("influenza", "week", "Cúm", "Influenza", "J10 J11"),
    ("hib", "week", "Hib", "Haemophilus influenzae b", "G00.0 A41.3 J14 J05.1 J20.1"),
    ("listeria", "week", "Listeria", "Listeria", "A32 P37.2"),
    ("nocardia", "week", "Nocardia", "Nocardia", "A43"),
    ("pneumococcus", "week", "Phế cầu", "Pneumococcus", "J13 A40.3 G00.1 M00.1"),
    ("adenovirus", "week", "Adenovirus", "Adenovirus", "A87.1 A85.1 A08.2 B34.0 J12.0 B30.0 B30.1"),
    ("hiv", "week", "HIV", "HIV", "B20-B24 Z20.6 Z21"),
    ("rsv", "week", "RSV", "RSV", "J12.1 J20.5 J21.0"),
    ("hpv", "week", "HPV", "HPV", "B07 A63.0"),
    ("tuberculosis", "week", "Lao", "Tuberculosis", "A15 A16"),
    ("legionella", "week", "Legionella", "Legionella", "A48.1 A48.2"),
    ("leptospirosis", "week", "Xoắn khuẩn vàng da", "Leptospirosis", "A27"),
    ("mumps", "week", "Quai bị", "Mumps", "B26"),
    ("typhoid", "week", "Thương hàn", "Typhoid", "A01"),
    ("varicella", "week", "Thủy đậu", "Varicella", "B01"),
    ("rotavirus", "week", "Rotavirus", "Rotavirus", "A08.0"),
    ("hepatitis_b", "week", "Viêm gan B", "Hepatitis B", "B16 B18.0 B18.1"),
    ("hepatitis_c", "week", "Viêm gan C", "Hepatitis C", "B17.1 B18.2"),
    ("hepatitis_d", "week", "Viêm gan D", "Hepatitis D", "B17.0"),
    ("hepatitis_e", "week", "Viêm gan E", "Hepatitis E", "B17.2"),
    ("viral_encephalitis", "week", "Viêm não vi rút", "Viral encephalitis", "A83-A86 G04.8 G04.9"),
    ("coxsackie", "week", "Coxsackie", "Coxsackie", "J20.3"),
    ("melioidosis", "week", "Whitmore", "Melioidosis", "A24"),
    ("botulism", "week", "Ngộ độc botulinum", "Botulism", "A05.1"),
    ("cysticercosis", "week", "Ấu trùng sán lợn", "Cysticercosis", "B69"),
    ("giardia", "week", "Giardia", "Giardia", "A07.1"),
    ("helminths", "week", "Giun", "Helminths", "B72-B81 B83"),
    ("candida", "week", "Nấm Candida", "Candida", "B37"),
    ("rickettsia", "week", "Rickettsia", "Rickettsia", "A75.0 A75.2 A77 A79"),
    ("tapeworm", "week", "Sán dây", "Tapeworm", "B68 B70 B71"),
    ("echinococcus", "week", "Sán chó", "Echinococcus", "B67"),
    ("flukes", "week", "Sán lá", "Flukes", "B66"),
    ("trichomonas", "week", "Trichomonas", "Trichomonas", "A59"),
    ("cmv", "week", "CMV", "Cytomegalovirus", "B25 B27.1 P35.1"),
    ("herpes", "week", "Herpes, zona", "Herpes, zoster", "A60 B00 B02 P35.2"),
    ("syphilis", "week", "Giang mai", "Syphilis", "A50-A53 A65"),
    ("gonorrhoea", "week", "Lậu", "Gonorrhoea", "A54"),
    ("amoebiasis", "week", "Lỵ amíp", "Amoebiasis", "A06"),
    ("shigella", "week", "Lỵ trực khuẩn", "Shigella", "A03"),
    ("trachoma", "week", "Mắt hột", "Trachoma", "A71"),
    ("leprosy", "week", "Phong", "Leprosy", "A30"),
    ("v_parahaemolyticus", "week", "V. parahaemolyticus", "V. parahaemolyticus", "A05.3"),
)  # fmt: skip
# Of the source's codes B20.2 (CMV) and B20.4 (candida) are left out here: they are HIV's, which comes first.

DISEASES: Final[dict[str, Disease]] = {
    id_: Disease(id_, deadline, vi, en, _codes(codes))  # type: ignore[arg-type]
    for id_, deadline, vi, en, codes in _TABLE
}

PREFIXES: Final[dict[str, str]] = {code: disease.id for disease in DISEASES.values() for code in disease.codes}
"""Code without its dot -> disease."""

RESTRICTED: Final = frozenset({"hiv"})
"""Counted only for a closed list of readers (Law on HIV, article 30)."""


def disease_of(code: str) -> str | None:
    """The disease of an ICD-10 code, with or without its dot; the longest prefix decides."""
    plain = code.replace(".", "").upper()
    return next((PREFIXES[plain[:size]] for size in (5, 4, 3) if plain[:size] in PREFIXES), None)
