"""Đơn thuốc: XML2, one document per visit, a line per drug."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON, SHARES, money

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field(
        "lines",
        "record",
        "Các dòng thuốc",
        "Drug lines",
        xml="XML2",
        fhir="MedicationRequest",
        lines=(
            Field("line", "int", "Số dòng", "Line", optional=False, xml="XML2.STT"),
            Field("drug_code", "code", "Mã thuốc", "Drug code", xml="XML2.MA_THUOC", fhir="medication[x]"),
            Field(
                "drug_name", "string", "Tên thuốc", "Drug name", "masked", xml="XML2.TEN_THUOC", fhir="medication[x]"
            ),
            Field("processing", "code", "Phương pháp chế biến", "Processing", xml="XML2.MA_PP_CHEBIEN"),
            Field("moved_from", "code", "Cơ sở chuyển thuốc", "Facility of origin", xml="XML2.MA_CSKCB_THUOC"),
            Field("cost_group", "code", "Nhóm chi phí", "Cost group", xml="XML2.MA_NHOM"),
            Field("unit", "code", "Đơn vị tính", "Unit", "masked", xml="XML2.DON_VI_TINH", fhir="dispenseRequest"),
            Field("strength", "string", "Hàm lượng", "Strength", "masked", xml="XML2.HAM_LUONG"),
            Field("route", "code", "Đường dùng", "Route", xml="XML2.DUONG_DUNG", fhir="dosageInstruction"),
            Field(
                "form",
                "string",
                "Dạng bào chế",
                "Dosage form",
                "masked",
                xml="XML2.DANG_BAO_CHE",
                fhir="Medication.form",
            ),
            Field("dose", "string", "Liều dùng", "Dose", "masked", xml="XML2.LIEU_DUNG", fhir="dosageInstruction"),
            Field("registration", "string", "Số đăng ký", "Registration number", xml="XML2.SO_DANG_KY"),
            Field("tender", "string", "Thông tin thầu", "Tender", xml="XML2.TT_THAU"),
            Field("scope", "code", "Phạm vi", "Scope", xml="XML2.PHAM_VI"),
            Field("insurance_rate", "int", "Tỷ lệ thanh toán BHYT (%)", "Insurance rate", xml="XML2.TYLE_TT_BH"),
            Field("quantity", "thousandths", "Số lượng", "Quantity", xml="XML2.SO_LUONG", fhir="dispenseRequest"),
            money("unit_price", "Đơn giá", "Unit price", "XML2.DON_GIA"),
            *SHARES,
            Field("benefit_rate", "thousandths", "Mức hưởng (%)", "Benefit rate", xml="XML2.MUC_HUONG"),
            Field("departments", "strings", "Mã khoa", "Departments", xml="XML2.MA_KHOA"),
            Field("doctors", "strings", "Mã bác sĩ", "Doctors", xml="XML2.MA_BAC_SI", fhir="requester"),
            Field("service_code", "code", "Mã dịch vụ", "Service code", xml="XML2.MA_DICH_VU"),
            Field("ordered_at", "millis", "Ngày giờ y lệnh", "Ordered", xml="XML2.NGAY_YL", fhir="authoredOn"),
            Field("performed_at", "millis", "Ngày giờ thực hiện", "Carried out", xml="XML2.NGAY_TH_YL"),
            Field("payment_method", "code", "Phương thức thanh toán", "Payment method", xml="XML2.MA_PTTT"),
            Field("paid_by", "code", "Nguồn chi trả", "Paid by", xml="XML2.NGUON_CTRA"),
            Field("war_wound", "code", "Vết thương tái phát", "Recurrent war wound", xml="XML2.VET_THUONG_TP"),
            Field(
                "instructions",
                "string",
                "Cách dùng",
                "Instructions",
                "narrative",
                xml="XML2.CACH_DUNG",
                fhir="dosageInstruction",
            ),
        ),
    ),
)
