"""The rules of quality: what each asks, in Vietnamese and English, and how to mend it. The checks themselves are in
`stream_processors.rules`; a test holds the two tables together.

A `block` rule rejects the document; a `warn` rule lowers its quality and travels with it.
"""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    dimension: Literal["correct", "complete", "clean", "live"]
    mode: Literal["block", "warn"]
    kinds: tuple[str, ...]
    vi: str
    en: str
    mend_vi: str
    mend_en: str
    source: str


_VISIT = ("encounter",)
_ALL = (
    "encounter",
    "prescription",
    "service",
    "observation",
    "referral",
    "appointment",
    "discharge",
    "imaging",
    "hiv_care",
)
_WITH_VISIT = ("encounter", "referral", "appointment", "discharge")

_TABLE: Final = (
    Rule("X01", "correct", "block", _WITH_VISIT, "Ngày ra trước ngày vào", "Discharge before arrival",
         "Sửa NGAY_VAO hoặc NGAY_RA", "Correct NGAY_VAO or NGAY_RA", "QĐ 4750: NGAY_RA >= NGAY_VAO"),
    Rule("X01b", "correct", "warn", _WITH_VISIT, "Ngày vào nội trú trước ngày vào", "Ward admission before arrival",
         "Sửa NGAY_VAO_NOI_TRU", "Correct NGAY_VAO_NOI_TRU", "QĐ 4750: NGAY_VAO_NOI_TRU >= NGAY_VAO"),
    Rule("X02", "correct", "warn", ("prescription", "service"), "Ngày thực hiện hoặc kết quả trước y lệnh",
         "Carried out or resulted before it was ordered", "Sửa NGAY_YL, NGAY_TH_YL, NGAY_KQ",
         "Correct NGAY_YL, NGAY_TH_YL, NGAY_KQ", "QĐ 4750"),
    Rule("X03", "correct", "warn", ("appointment",), "Ngày hẹn trước ngày ra", "Appointment before the visit's end",
         "Sửa NGAY_HEN_KL", "Correct NGAY_HEN_KL", "QĐ 4750: NGAY_HEN_KL >= NGAY_RA"),
    Rule("X04", "correct", "warn", _VISIT, "Số ngày điều trị không khớp ngày vào, ngày ra",
         "Treatment days disagree with arrival and end", "Tính lại SO_NGAY_DTRI", "Compute SO_NGAY_DTRI again",
         "QĐ 4750: 0 for 01, 07, 09; RA - VÀO + 1 for 02, 03, 04, 06"),
    Rule("X06", "complete", "warn", _VISIT, "Nội trú thiếu ngày vào nội trú", "Inpatient without ward admission time",
         "Điền NGAY_VAO_NOI_TRU", "Fill NGAY_VAO_NOI_TRU", "QĐ 4750, types 03, 04, 09"),
    Rule("X07", "complete", "warn", _VISIT, "Có thẻ BHYT nhưng thiếu nơi đăng ký hoặc hạn thẻ, hoặc số lượng lệch",
         "A card without its facility or validity, or their counts differ", "Điền đủ MA_DKBD, GT_THE_TU, GT_THE_DEN",
         "Fill MA_DKBD, GT_THE_TU, GT_THE_DEN, one for each card", "QĐ 4750"),
    Rule("X08", "complete", "warn", ("service",), "Dịch vụ nhóm 1, 2, 3, 8, 18 thiếu người hoặc giờ thực hiện",
         "Groups 1, 2, 3, 8, 18 need performer and time", "Điền NGUOI_THUC_HIEN, NGAY_TH_YL",
         "Fill NGUOI_THUC_HIEN and NGAY_TH_YL", "QĐ 4750"),
    Rule("X09", "complete", "warn", ("prescription",), "Thuốc thiếu thông tin thầu (trừ nhóm 7, 17)",
         "A drug without tender (except groups 7, 17)", "Điền TT_THAU", "Fill TT_THAU", "QĐ 4750"),
    Rule("X10", "complete", "warn", ("observation",), "Có giá trị nhưng thiếu ngày kết quả",
         "A value without its result time", "Điền NGAY_KQ (OBX-14 hoặc OBX-19)", "Fill NGAY_KQ (OBX-14 or OBX-19)",
         "QĐ 4750"),
    Rule("X11", "correct", "warn", ("prescription", "service"), "Thành tiền khác số lượng × đơn giá",
         "Amount is not quantity × price", "Tính lại THANH_TIEN_BV", "Compute THANH_TIEN_BV again", "QĐ 4750"),
    Rule("X12", "correct", "warn", ("prescription", "service"), "BHYT trả cộng cùng chi trả lớn hơn thành tiền BHYT",
         "Insurance and co-payment exceed the insured amount", "Tính lại T_BHTT, T_BNCCT",
         "Compute T_BHTT and T_BNCCT again", "QĐ 4750"),
    Rule("X13", "correct", "warn", _VISIT, "Tổng chi khác tổng các nguồn trả",
         "The total is not the sum of who pays", "Tính lại T_TONGCHI_BV và các nguồn",
         "Compute T_TONGCHI_BV and its shares again", "QĐ 4750"),
    Rule("X15", "correct", "warn", (*_WITH_VISIT,), "Mã bệnh chính không có trong ICD-10",
         "The main diagnosis is not an ICD-10 code", "Sửa MA_BENH_CHINH (đúng một mã)",
         "Correct MA_BENH_CHINH (exactly one code)", "QĐ 4750; WHO ICD-10 list"),
    Rule("X15b", "correct", "warn", (*_WITH_VISIT,), "Mã bệnh kèm theo sai hoặc quá 12 mã",
         "Other diagnoses are not ICD-10 codes, or more than 12", "Sửa MA_BENH_KT", "Correct MA_BENH_KT", "QĐ 4750"),
    Rule("R01", "complete", "warn", _ALL, "Thiếu số định danh công dân", "The citizen number is missing",
         "Điền SO_CCCD (PID-3 loại NI)", "Fill SO_CCCD (PID-3 type NI)", "hospital practice since 2026"),
    Rule("R02", "clean", "warn", _ALL, "Số CCCD sai dạng hoặc sai mã tỉnh", "Citizen number of wrong form or province",
         "12 chữ số, bắt đầu bằng 0 + mã tỉnh", "12 digits, beginning with 0 and the province", "QĐ 4750"),
    Rule("R03", "correct", "warn", _ALL, "CCCD không khớp giới tính hoặc năm sinh", "CCCD disagrees with sex or year",
         "Đối chiếu thẻ căn cước", "Compare with the card", "structure of the CCCD"),
    Rule("R04", "clean", "warn", _ALL, "Số thẻ BHYT sai dạng", "Insurance card of wrong form",
         "15 ký tự hoặc 10 chữ số", "15 characters or 10 digits", "card form"),
    Rule("R05", "complete", "warn", _ALL, "Thiếu họ tên, năm sinh hoặc giới tính", "Name, birth or sex is missing",
         "Điền HO_TEN, NGAY_SINH, GIOI_TINH", "Fill HO_TEN, NGAY_SINH, GIOI_TINH", "QĐ 4750: required"),
    Rule("R06", "complete", "warn", _VISIT, "Thiếu trường bắt buộc của lượt khám", "A required visit field is missing",
         "Điền loại KCB, ngày vào, mã bệnh chính", "Fill visit type, arrival, main diagnosis", "QĐ 4750: required"),
    Rule("R07", "live", "warn", _ALL, "Gửi muộn hơn 7 ngày", "Sent more than 7 days late",
         "Gửi ngay sau khi kết thúc lượt khám", "Send as soon as the visit ends", "TT 48/2017/TT-BYT"),
    Rule("R08", "correct", "block", _ALL, "Thời điểm lâm sàng ở tương lai quá 1 ngày", "Clinical time over a day ahead",
         "Kiểm tra đồng hồ máy chủ", "Check the server's clock", "house rule"),
    Rule("M01", "clean", "warn", _ALL, "Thời điểm sửa ở tương lai đã bị cắt", "A correction time in the future was cut",
         "Chỉnh đồng hồ hệ thống nguồn", "Set the source's clock", "house rule"),
    Rule("M02", "clean", "warn", _ALL, "Thời điểm trước năm 2000 coi như thiếu", "A time before 2000 counts as missing",
         "Sửa thời điểm", "Correct the time", "house rule"),
    Rule("M03", "clean", "warn", _ALL, "Giá trị sai kiểu đã để trống", "A value of the wrong type was left empty",
         "Xem định dạng số và ngày của QĐ 4750", "See the number and date forms of QĐ 4750", "QĐ 4750 formats"),
    Rule("M04", "clean", "warn", _ALL, "Chữ ký số của tệp không kiểm tra được", "The file's signature does not verify",
         "Ký lại tệp bằng chứng thư của đơn vị (XMLDSig, SHA-256)",
         "Sign the file again with the organisation's certificate (XMLDSig, SHA-256)", "NĐ 188/2025 Đ69 k9"),
    Rule("M05", "complete", "warn", _ALL, "Tệp chưa ký số", "The file is not signed",
         "Ký tệp trước khi gửi (CHUKYDONVI)", "Sign the file before sending it (CHUKYDONVI)", "NĐ 188/2025 Đ69 k9"),
)  # fmt: skip

RULES: Final[dict[str, Rule]] = {rule.id: rule for rule in _TABLE}
