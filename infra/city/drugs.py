"""The hospital pharmacy: common drugs of the insurance list, with made-up prices and registration numbers."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Drug:
    """`code` is the active ingredient's; `price` in VND per unit; `daily` units a day."""

    code: str
    name: str
    unit: str
    strength: str
    route: str
    form: str
    price: Decimal
    daily: int
    registration: str
    programme: bool = False


_RAW: Final = """
    40.48|Paracetamol|Viên|500mg|1.01|Viên nén|315|3
    40.154|Amoxicilin + acid clavulanic|Viên|875mg + 125mg|1.01|Viên nén bao phim|2184.5|2
    40.169|Cefuroxim|Viên|500mg|1.01|Viên nén bao phim|2240|2
    40.175|Ceftriaxon|Lọ|1g|2.10|Bột pha tiêm|6489|1
    40.219|Azithromycin|Viên|500mg|1.01|Viên nén bao phim|2750|1
    40.227|Ciprofloxacin|Viên|500mg|1.01|Viên nén bao phim|700|2
    40.491|Amlodipin|Viên|5mg|1.01|Viên nang cứng|126|1
    40.520|Losartan|Viên|50mg|1.01|Viên nén bao phim|229|1
    40.518|Perindopril|Viên|5mg|1.01|Viên nén|1949.85|1
    40.501|Enalapril|Viên|5mg|1.01|Viên nén|88|2
    40.503|Bisoprolol|Viên|2,5mg|1.01|Viên nén bao phim|441|1
    40.549|Atorvastatin|Viên|20mg|1.01|Viên nén bao phim|135|1
    40.558|Rosuvastatin|Viên|10mg|1.01|Viên nén bao phim|348|1
    40.541|Acetylsalicylic acid|Viên|81mg|1.01|Viên nén bao tan trong ruột|67|1
    40.543|Clopidogrel|Viên|75mg|1.01|Viên nén bao phim|268|1
    40.807|Metformin|Viên|1000mg|1.01|Viên nén bao phim|480|2
    40.800|Gliclazid|Viên|30mg|1.01|Viên nén giải phóng có kiểm soát|478|2
    40.803|Insulin trộn hỗn hợp 30/70|Bút tiêm|300IU/3ml|2.15|Hỗn dịch tiêm|67000|1
    40.677|Omeprazol|Viên|20mg|1.01|Viên nang tan trong ruột|141|2
    40.679|Esomeprazol|Viên|40mg|1.01|Viên nén bao tan trong ruột|670|1
    40.695|Domperidon|Viên|10mg|1.01|Viên nén|57|3
    40.722|Oresol|Gói|27,9g|1.01|Bột pha uống|1491|2
    40.711|Bacillus subtilis|Gói|10^8 CFU|1.01|Bột pha uống|2079|2
    40.980|Salbutamol|Bình|100mcg/liều|5.05|Khí dung định liều|49000|1
    40.973|Budesonid + formoterol|Bình|160mcg + 4,5mcg|5.05|Bột hít phân liều|219000|1
    40.998|Acetylcystein|Gói|200mg|1.01|Bột pha uống|399|3
    40.988|Montelukast|Viên|10mg|1.01|Viên nén bao phim|590|1
    40.84|Loratadin|Viên|10mg|1.01|Viên nén|115|1
    40.775|Methylprednisolon|Viên|16mg|1.01|Viên nén|579|1
    40.37|Meloxicam|Viên|7,5mg|1.01|Viên nén|66|1
    40.30|Diclofenac|Viên|50mg|1.01|Viên nén bao tan trong ruột|92|2
    40.67|Alpha chymotrypsin|Viên|21microkatal|1.01|Viên nén|108|4
    40.576|Natri clorid 0,9%|Chai|500ml|2.15|Dung dịch tiêm truyền|6205|2
    40.1011|Glucose 5%|Chai|500ml|2.15|Dung dịch tiêm truyền|7235|1
    40.1028|Ringer lactat|Chai|500ml|2.15|Dung dịch tiêm truyền|6888|2
    40.1048|Vitamin B1 + B6 + B12|Viên|125mg + 125mg + 250mcg|1.01|Viên nén bao phim|819|2
    40.1064|Calci carbonat + vitamin D3|Viên|1250mg + 440IU|1.01|Viên nén sủi|1197|1
    40.442|Sắt fumarat + acid folic|Viên|162mg + 0,75mg|1.01|Viên nang mềm|840|1
    40.865|Tobramycin|Lọ|0,3% 5ml|6.01|Dung dịch nhỏ mắt|2719|1
    40.892|Natri hyaluronat|Lọ|0,1% 5ml|6.01|Dung dịch nhỏ mắt|24150|1
    40.625|Betamethason + acid salicylic|Tuýp|15g|3.05|Thuốc mỡ|10500|1
    40.953|Olanzapin|Viên|10mg|1.01|Viên nén|378|1
    40.955|Risperidon|Viên|2mg|1.01|Viên nén bao phim|399|2
    40.964|Sertralin|Viên|50mg|1.01|Viên nén bao phim|987|1
    40.398|Epoetin alfa|Bơm tiêm|2000IU/0,5ml|2.15|Dung dịch tiêm|126000|1
    40.375|Tamoxifen|Viên|20mg|1.01|Viên nén bao phim|3150|1
    40.360|Paclitaxel|Lọ|100mg|2.15|Dung dịch tiêm truyền|385000|1
    05C.29|Độc hoạt ký sinh|Viên|Cao khô 0,5g|1.01|Viên nang cứng|1260|6
    05C.127|Hoạt huyết dưỡng não|Viên|150mg + 20mg|1.01|Viên nén bao đường|294|4
"""
_PROGRAMME: Final = """
    40.240|Rifampicin + isoniazid|Viên|150mg + 75mg|1.01|Viên nén bao phim|1690|4
    40.241|Tenofovir + lamivudin + dolutegravir|Viên|300mg + 300mg + 50mg|1.01|Viên nén bao phim|4200|1
"""


def _read(rows: str, programme: bool) -> list[Drug]:
    made = []
    for i, row in enumerate(rows.strip().splitlines()):
        code, name, unit, strength, route, form, price, daily = row.strip().split("|")
        registration = f"{'VN' if i % 3 else 'VD'}-{20000 + 37 * i}-{16 + i % 8}"
        made.append(Drug(code, name, unit, strength, route, form, Decimal(price), int(daily), registration, programme))
    return made


DRUGS: Final[dict[str, Drug]] = {drug.code: drug for drug in (*_read(_RAW, False), *_read(_PROGRAMME, True))}
"""By code. Programme drugs (tuberculosis, HIV) are paid by the state budget."""
