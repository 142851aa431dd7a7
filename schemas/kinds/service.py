"""Dịch vụ kỹ thuật và vật tư: XML3, one document per visit, a line per service or supply."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON, SHARES, money

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field(
        "lines",
        "record",
        "Các dòng dịch vụ, vật tư",
        "Service and supply lines",
        xml="XML3",
        fhir="Procedure",
        lines=(
            Field("line", "int", "Số dòng", "Line", optional=False, xml="XML3.STT"),
            Field("service_code", "code", "Mã dịch vụ", "Service code", xml="XML3.MA_DICH_VU", fhir="code"),
            Field(
                "service_name",
                "string",
                "Tên dịch vụ",
                "Service name",
                "masked",
                xml="XML3.TEN_DICH_VU",
                fhir="code.text",
            ),
            Field("procedures", "strings", "Mã ICD-9-CM", "ICD-9-CM codes", xml="XML3.MA_PTTT_QT", fhir="code"),
            Field("supply_code", "code", "Mã vật tư", "Supply code", xml="XML3.MA_VAT_TU"),
            Field("supply_name", "string", "Tên vật tư", "Supply name", "masked", xml="XML3.TEN_VAT_TU"),
            Field("supply_pack", "code", "Gói vật tư", "Supply pack", xml="XML3.GOI_VTYT"),
            Field("product_code", "code", "Mã hiệu sản phẩm", "Product code", xml="XML3.MA_HIEU_SP"),
            Field("reused", "code", "Tái sử dụng", "Re-used supply", xml="XML3.TAI_SU_DUNG"),
            Field("cost_group", "code", "Nhóm chi phí", "Cost group", xml="XML3.MA_NHOM"),
            Field("fuel_code", "code", "Mã xăng dầu", "Fuel code", xml="XML3.MA_XANG_DAU"),
            Field("unit", "code", "Đơn vị tính", "Unit", "masked", xml="XML3.DON_VI_TINH"),
            Field("scope", "code", "Phạm vi", "Scope", xml="XML3.PHAM_VI"),
            Field("quantity", "thousandths", "Số lượng", "Quantity", xml="XML3.SO_LUONG"),
            money("unit_price", "Đơn giá bệnh viện", "Hospital price", "XML3.DON_GIA_BV"),
            money("insured_price", "Đơn giá BHYT", "Insurance price", "XML3.DON_GIA_BH"),
            Field("tender", "string", "Thông tin thầu", "Tender", xml="XML3.TT_THAU"),
            Field("service_rate", "int", "Tỷ lệ thanh toán dịch vụ (%)", "Service rate", xml="XML3.TYLE_TT_DV"),
            Field("insurance_rate", "int", "Tỷ lệ thanh toán BHYT (%)", "Insurance rate", xml="XML3.TYLE_TT_BH"),
            money("ceiling", "Trần thanh toán", "Payment ceiling", "XML3.T_TRANTT"),
            *SHARES,
            Field("benefit_rate", "thousandths", "Mức hưởng (%)", "Benefit rate", xml="XML3.MUC_HUONG"),
            Field("departments", "strings", "Mã khoa", "Departments", xml="XML3.MA_KHOA"),
            Field("beds", "strings", "Mã giường", "Beds", xml="XML3.MA_GIUONG"),
            Field("doctors", "strings", "Mã bác sĩ", "Doctors", xml="XML3.MA_BAC_SI"),
            Field(
                "performers", "strings", "Người thực hiện", "Performers", xml="XML3.NGUOI_THUC_HIEN", fhir="performer"
            ),
            Field("diagnoses", "strings", "Mã bệnh", "ICD-10 behind the order", xml="XML3.MA_BENH", fhir="reasonCode"),
            Field("traditional", "strings", "Mã bệnh YHCT", "Traditional codes", xml="XML3.MA_BENH_YHCT"),
            Field("ordered_at", "millis", "Ngày giờ y lệnh", "Ordered", xml="XML3.NGAY_YL"),
            Field(
                "performed_at",
                "millis",
                "Ngày giờ thực hiện",
                "Carried out",
                xml="XML3.NGAY_TH_YL",
                fhir="performed[x]",
            ),
            Field("resulted_at", "millis", "Ngày giờ kết quả", "Result time", xml="XML3.NGAY_KQ"),
            Field("payment_method", "code", "Phương thức thanh toán", "Payment method", xml="XML3.MA_PTTT"),
            Field("war_wound", "code", "Vết thương tái phát", "Recurrent war wound", xml="XML3.VET_THUONG_TP"),
            Field("anaesthesia", "code", "Phương pháp vô cảm", "Anaesthesia", xml="XML3.PP_VO_CAM"),
            Field("body_site", "code", "Vị trí thực hiện", "Body position", xml="XML3.VI_TRI_TH_DVKT", fhir="bodySite"),
            Field("devices", "strings", "Mã máy", "Devices", xml="XML3.MA_MAY"),
        ),
    ),
)
