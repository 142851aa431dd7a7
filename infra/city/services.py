"""Services and supplies other than laboratory tests: code, cost group, name, prices."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Service:
    """`insured` is DON_GIA_BH, `price` DON_GIA_BV; a `supply` has its own code field. `device` opens MA_MAY."""

    key: str
    code: str
    group: int
    name: str
    unit: str
    price: Decimal
    insured: Decimal
    device: str = ""
    rate: int = 100

    @property
    def supply(self) -> bool:
        return self.group in (10, 11)


_RAW: Final = """
    EXAM|01.1897|13|Khám bệnh|Lần|45000|45000|
    EXAM2|02.1897|13|Khám Nội (khám chuyên khoa thứ hai)|Lần|13500|13500|
    EMERG|01.0000|13|Khám cấp cứu|Lần|45000|45000|
    XRAY|18.0119.0028|2|Chụp Xquang ngực thẳng|Lần|68300|68300|XQ
    XRAYL|18.0108.0028|2|Chụp Xquang xương khớp thẳng nghiêng|Lần|68300|68300|XQ
    USABD|18.0015.0001|2|Siêu âm ổ bụng|Lần|58600|58600|SA
    USOB|18.0020.0001|2|Siêu âm thai|Lần|58600|58600|SA
    USTHY|18.0001.0001|2|Siêu âm tuyến giáp|Lần|58600|58600|SA
    ECHO|02.0112.0004|2|Siêu âm Doppler tim|Lần|252300|252300|SA
    CT|18.0149.0040|2|Chụp cắt lớp vi tính sọ não không tiêm thuốc cản quang|Lần|550100|550100|CL
    ECG|02.0085.1778|3|Điện tim thường|Lần|39900|39900|DC
    SPIRO|02.0024.1791|3|Đo chức năng hô hấp|Lần|144300|144300|DC
    ENDO|02.0305.0135|18|Nội soi thực quản, dạ dày, tá tràng|Lần|276500|276500|NS
    FUNDUS|14.0218.0849|18|Soi đáy mắt trực tiếp|Lần|60000|60000|
    PHACO|14.0005.0815|8|Phẫu thuật tán nhuyễn thể thủy tinh (Phaco)|Lần|2752600|2752600|PT
    SECTION|13.0007.0671|8|Phẫu thuật lấy thai lần đầu|Lần|2431100|2431100|PT
    DELIVERY|13.0033.0614|18|Đỡ đẻ thường ngôi chỏm|Lần|786700|786700|
    APPEND|10.0506.0459|8|Phẫu thuật cắt ruột thừa|Lần|2815900|2815900|PT
    SUTURE|03.2245.0216|18|Khâu vết thương phần mềm dài dưới 10 cm|Lần|194700|194700|
    CAST|10.1002.0529|18|Nắn, bó bột|Lần|372700|348600|
    DIALYSIS|02.0232.0158|18|Thận nhân tạo chu kỳ|Lần|588500|588500|TT
    NEBULI|02.0032.0898|18|Khí dung thuốc giãn phế quản|Lần|27500|27500|
    INJECT|03.2387.0212|18|Tiêm truyền tĩnh mạch|Lần|15100|15100|
    ACUPUNC|08.0005.0230|18|Điện châm|Lần|78300|78300|
    MASSAGE|08.0483.0280|18|Xoa bóp bấm huyệt|Lần|76000|76000|
    LASER|17.0004.0232|18|Điều trị bằng laser công suất thấp|Lần|52100|52100|
    PSYCH|06.0018.1814|3|Trắc nghiệm tâm lý Beck|Lần|25200|25200|
    CHEMO|12.0367.1169|18|Truyền hóa chất tĩnh mạch|Lần|172800|172800|
    BED|K02.1907|15|Giường Nội khoa loại 2 hạng II|Ngày|212600|212600|
    BEDS|K19.1927|15|Giường Ngoại khoa loại 3 hạng II|Ngày|225200|225200|
    SYRINGE|N03.01.070|10|Bơm tiêm nhựa 5ml|Cái|583|583|
    CATHETER|N03.02.090|10|Kim luồn tĩnh mạch|Cái|2750|2750|
    INFUSION|N03.05.010|10|Dây truyền dịch|Bộ|3150|3150|
    GAUZE|N02.03.100|10|Gạc phẫu thuật vô trùng|Miếng|672|672|
    IOL|N07.02.010|10|Thủy tinh thể nhân tạo mềm|Cái|2900000|2700000|
    DIALYZER|N07.03.060|10|Quả lọc thận|Quả|245000|245000|
"""


def _read() -> dict[str, Service]:
    made = {}
    for row in _RAW.strip().splitlines():
        key, code, group, name, unit, price, insured, device = row.strip().split("|")
        made[key] = Service(key, code, int(group), name, unit, Decimal(price), Decimal(insured), device)
    return made


SERVICES: Final[dict[str, Service]] = _read()
