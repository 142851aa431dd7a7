"""Why a part is rejected: one table, with what it means and how to mend it, in Vietnamese and English."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """`stage` says who may give it; texts never hold a value of the message."""

    id: str
    stage: str
    vi: str
    en: str
    mend_vi: str
    mend_en: str


def _row(id_: str, stage: str, vi: str, en: str, mend_vi: str, mend_en: str) -> tuple[str, Reason]:
    return id_, Reason(id_, stage, vi, en, mend_vi, mend_en)


REASONS: Final[dict[str, Reason]] = dict(
    (
        _row("too_large", "adapter", "Thông điệp quá lớn", "The message is too large",
             "Tách thành nhiều thông điệp nhỏ hơn", "Split it into smaller messages"),
        _row("charset", "adapter", "Sai bảng mã ký tự", "The bytes are not of the declared character set",
             "Gửi bằng UTF-8 và khai MSH-18 = UNICODE UTF-8", "Send UTF-8 and declare MSH-18 = UNICODE UTF-8"),
        _row("unforeseen", "adapter", "Lỗi chưa lường trước khi đọc thông điệp", "Unforeseen fault while reading",
             "Báo cho đội kỹ thuật kèm mã thông điệp", "Tell the pipeline team the number of the message"),
        _row("hl7_no_msh", "adapter", "Không đọc được đoạn MSH", "No readable MSH segment",
             "Thông điệp phải bắt đầu bằng MSH", "A message must begin with MSH"),
        _row("hl7_bad_separators", "adapter", "Ký tự phân cách MSH-1/MSH-2 sai", "MSH-1 or MSH-2 is wrong",
             "Dùng |^~\\&", "Use |^~\\&"),
        _row("hl7_segment_name", "adapter", "Tên đoạn không hợp lệ", "A segment name is not valid",
             "Mỗi dòng bắt đầu bằng tên đoạn 3 ký tự; xuống dòng trong văn bản viết \\.br\\",
             "Each line begins with a 3-character segment name; write line breaks in text as \\.br\\"),
        _row("hl7_no_type", "adapter", "Thiếu loại thông điệp MSH-9", "MSH-9 message type is missing",
             "Điền MSH-9, ví dụ ADT^A01", "Fill MSH-9, for example ADT^A01"),
        _row("hl7_no_control_id", "adapter", "Thiếu mã thông điệp MSH-10", "MSH-10 control id is missing",
             "Mỗi thông điệp cần MSH-10 riêng", "Each message needs its own MSH-10"),
        _row("hl7_version", "adapter", "Phiên bản HL7 không hỗ trợ", "HL7 version is not supported",
             "Dùng phiên bản 2.1 đến 2.9 ở MSH-12", "Use versions 2.1 to 2.9 in MSH-12"),
        _row("hl7_processing_id", "adapter", "MSH-11 không hợp lệ", "MSH-11 is not valid",
             "MSH-11 là P, T hoặc D", "MSH-11 is P, T or D"),
        _row("hl7_batch_count", "adapter", "Số thông điệp không khớp BTS-1/FTS-1", "BTS-1 or FTS-1 count differs",
             "Kiểm tra tệp có bị cắt; gửi lại", "Check whether the file was cut; send it again"),
        _row("hl7_unsupported_event", "adapter", "Loại thông điệp chưa hỗ trợ", "Message type or event not supported",
             "Xem danh sách sự kiện trong tài liệu bộ kết nối", "See the adapter's page for supported events"),
        _row("hl7_no_patient", "adapter", "Thiếu PID hoặc mã người bệnh PID-3", "PID or PID-3 is missing",
             "Điền PID-3 với mã người bệnh (loại MR)", "Fill PID-3 with the patient number (type MR)"),
        _row("hl7_no_visit", "adapter", "Thiếu số lượt khám PV1-19", "PV1-19 visit number is missing",
             "Điền PV1-19 = MA_LK của lượt khám", "Fill PV1-19 with the visit's MA_LK"),
        _row("hl7_no_order", "adapter", "Thiếu OBR hoặc số chỉ định OBR-3/OBR-2", "OBR or its order number is missing",
             "Điền OBR-3 (hoặc OBR-2)", "Fill OBR-3 (or OBR-2)"),
        _row("hl7_no_number", "adapter", "Thiếu số phiếu hẹn hoặc phiếu chuyển", "Appointment or referral number missing",
             "Điền SCH-2 (hoặc SCH-1), RF1-6 (hoặc RF1-11)", "Fill SCH-2 (or SCH-1), RF1-6 (or RF1-11)"),
        _row("hl7_facility", "adapter", "MSH-4 không phải mã cơ sở của kết nối này", "MSH-4 is not this feed's facility",
             "Điền MSH-4 bằng mã cơ sở 5 ký tự", "Fill MSH-4 with the 5-character facility code"),
        _row("xml_not_well_formed", "adapter", "Tệp XML hỏng", "The XML is not well-formed",
             "Xuất lại tệp; kiểm tra tệp có bị cắt", "Export the file again; check whether it was cut"),
        _row("xml_entities", "adapter", "XML có DOCTYPE hoặc thực thể ngoài", "The XML has a DOCTYPE or entities",
             "Bỏ DOCTYPE", "Leave the DOCTYPE out"),
        _row("xml_too_deep", "adapter", "XML lồng quá sâu", "The XML is nested too deeply",
             "Theo đúng cấu trúc QĐ 3176", "Follow the structure of QĐ 3176"),
        _row("xml_root", "adapter", "Không phải tệp GIAMDINHHS", "Not a GIAMDINHHS file",
             "Gửi tệp theo QĐ 130/4750/3176", "Send files of QĐ 130/4750/3176"),
        _row("xml_no_facility", "adapter", "Thiếu MACSKCB", "MACSKCB is missing",
             "Điền THONGTINDONVI/MACSKCB", "Fill THONGTINDONVI/MACSKCB"),
        _row("xml_facility", "adapter", "MACSKCB không thuộc kết nối này", "MACSKCB is not this feed's facility",
             "Kiểm tra thư mục và mã cơ sở", "Check the folder and the facility code"),
        _row("xml_count", "adapter", "SOLUONGHOSO khác số HOSO", "SOLUONGHOSO differs from the HOSO found",
             "Kiểm tra tệp có bị cắt", "Check whether the file was cut"),
        _row("xml_no_dossier", "adapter", "Tệp không có HOSO nào", "The file holds no HOSO",
             "Mỗi tệp cần ít nhất một HOSO", "A file needs at least one HOSO"),
        _row("xml_part_type", "adapter", "LOAIHOSO không hợp lệ", "LOAIHOSO is not valid",
             "LOAIHOSO là XML0 đến XML15", "LOAIHOSO is XML0 to XML15"),
        _row("xml_too_many", "adapter", "Quá nhiều dòng hoặc trường", "Too many rows or fields",
             "Tách hồ sơ", "Split the dossier"),
        _row("xml_no_visit", "adapter", "Thiếu MA_LK", "MA_LK is missing",
             "Mỗi bảng cần MA_LK", "Each table needs MA_LK"),
        _row("xml_visit_differs", "adapter", "MA_LK trong bảng khác XML1", "MA_LK of a table differs from XML1",
             "Các bảng của một HOSO có cùng MA_LK", "All tables of a HOSO have one MA_LK"),
        _row("xml_no_summary", "adapter", "Bảng thuộc lượt khám nhưng hồ sơ không có XML1",
             "The table belongs to an encounter but the HOSO has no XML1",
             "Gửi lại hồ sơ đủ các bảng, có XML1", "Send the dossier again whole, with XML1"),
        _row("base64", "adapter", "NOIDUNGFILE không phải base64", "NOIDUNGFILE is not base64",
             "Mã hoá lại phần này bằng base64 của XML UTF-8", "Encode this part again as base64 of UTF-8 XML"),
        _row("part_empty", "adapter", "Phần không có dòng nào", "The part has no rows",
             "Không gửi bảng rỗng", "Leave empty tables out"),
        _row("dicom_not_dicom", "adapter", "Không phải tệp DICOM", "Not a DICOM file",
             "Chỉ để tệp DICOM trong thư mục này", "Put only DICOM files into this folder"),
        _row("dicom_truncated", "adapter", "Tệp hoặc gói DICOM bị cắt, hoặc độ dài khai sai",
             "The DICOM file is cut, or a length in it is wrong",
             "Gửi lại từ PACS; kiểm tra đĩa và đường truyền", "Send it again from the PACS; check disk and network"),
        _row("dicom_structure", "adapter", "Cấu trúc DICOM hỏng", "The DICOM structure is broken",
             "Xuất lại từ PACS", "Export it again from the PACS"),
        _row("dicom_too_deep", "adapter", "Chuỗi DICOM lồng quá sâu", "DICOM sequences are nested too deeply",
             "Báo cho nhà cung cấp thiết bị", "Tell the maker of the device"),
        _row("dicom_too_large", "adapter", "Phần mô tả DICOM quá lớn", "The DICOM metadata is too large",
             "Báo cho nhà cung cấp thiết bị", "Tell the maker of the device"),
        _row("dicom_no_study", "adapter", "Thiếu StudyInstanceUID", "StudyInstanceUID is missing",
             "Thiết bị phải ghi (0020,000D)", "The device must write (0020,000D)"),
        _row("dicom_bad_uid", "adapter", "UID bắt buộc thiếu hoặc sai dạng", "A required UID is missing or malformed",
             "Sửa UID ở thiết bị: chữ số và dấu chấm, tối đa 64 ký tự",
             "Correct the UID at the device: digits and points, at most 64"),
        _row("dicom_too_many", "adapter", "Ca chụp có quá nhiều loạt hoặc ảnh", "The study has too many series or instances",
             "Tách thành nhiều ca chụp", "Divide it into several studies"),
        _row("frame", "worker", "Giá trị Kafka sai khung Confluent", "The value is not framed as Confluent does",
             "Chỉ bộ kết nối được ghi vào received.*", "Only adapters may write to received.*"),
        _row("schema_unknown", "worker", "Không biết mã lược đồ", "The schema id is unknown here",
             "Nâng cấp bộ xử lý rồi phát lại", "Upgrade the worker, then replay"),
        _row("not_one_datum", "worker", "Giá trị không phải đúng một bản ghi", "The value is not exactly one datum",
             "Kiểm tra bên ghi; có thể bị giả mạo", "Look at the writer; it may be forged"),
        _row("seal_missing", "worker", "Thiếu niêm phong", "The seal is missing",
             "Mỗi bản ghi cần tiêu đề seal", "Each record needs the header `seal`"),
        _row("seal_key", "worker", "Khoá niêm phong không thuộc cơ sở này", "The seal's key is not this facility's",
             "Kiểm tra khoá của bộ kết nối", "Check the adapter's keyring"),
        _row("seal_broken", "worker", "Niêm phong không mở được hoặc nội dung đã bị sửa", "The seal does not open",
             "Kiểm tra khoá; có thể bị sửa trên đường", "Check the key; the record may have been changed"),
        _row("wrong_topic", "worker", "Bản ghi nằm sai chủ đề", "The record is in the wrong topic",
             "kind phải khớp received.<kind>", "kind must agree with received.<kind>"),
        _row("wrong_key", "worker", "Khoá Kafka không khớp tiêu đề", "The Kafka key disagrees with the header",
             "Khoá = cơ sở + visit_key", "Key = facility + visit_key"),
        _row("header", "worker", "Tiêu đề sự kiện không hợp lệ", "The event's header is not valid",
             "Nâng cấp bộ kết nối", "Upgrade the adapter"),
        _row("rule", "worker", "Vi phạm quy tắc chặn", "A blocking rule failed",
             "Xem các quy tắc kèm theo", "See the rules named with it"),
        _row("store", "sink", "ClickHouse không nhận dòng này", "ClickHouse refuses this row",
             "Xem trường được nêu tên", "See the field it names"),
    )
)  # fmt: skip
