"""Chẩn đoán hình ảnh: one document per study; DICOM instances folded, FHIR ImagingStudy."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON

_SERIES: Final = (
    Field("number", "int", "Số loạt", "Series number", dicom="(0020,0011)", fhir="series.number"),
    Field("modality", "code", "Loại thiết bị", "Modality", dicom="(0008,0060)", fhir="series.modality"),
    Field("body_part", "code", "Bộ phận", "Body part", "masked", dicom="(0018,0015)"),
    Field("laterality", "code", "Bên: R, L, B, U", "Side", dicom="(0020,0060)", fhir="series.laterality"),
    Field("description", "string", "Mô tả loạt", "Description", "masked", dicom="(0008,103E), (0040,0254)"),
    Field("protocol", "string", "Quy trình chụp", "Protocol", "masked", dicom="(0018,1030)"),
    Field("started_at", "millis", "Thời điểm bắt đầu loạt", "Series started", dicom="(0008,0021), (0008,0031)"),
    Field("instance_count", "int", "Số đối tượng", "Instances"),
    Field("frame_count", "long", "Số khung hình", "Frames", dicom="(0028,0008)"),
    Field("size_bytes", "long", "Dung lượng (byte)", "Size in bytes"),
    Field("sop_classes", "strings", "Lớp SOP", "SOP classes", dicom="(0008,0016)"),
    Field("manufacturer", "string", "Hãng thiết bị", "Manufacturer", "masked", dicom="(0008,0070)"),
    Field("device_model", "string", "Kiểu thiết bị", "Device model", "masked", dicom="(0008,1090)"),
    Field("series_uid", "string", "UID loạt", "Series Instance UID", "narrative", dicom="(0020,000E)"),
    Field("performing_physician", "string", "Bác sĩ thực hiện", "Performed by", "narrative", dicom="(0008,1050)"),
    Field("operators", "string", "Kỹ thuật viên", "Operators", "narrative", dicom="(0008,1070)"),
    Field("station", "string", "Tên máy trạm", "Station", "narrative", dicom="(0008,1010)"),
)

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field(
        "started_at", "millis", "Thời điểm bắt đầu", "Study started", dicom="(0008,0020), (0008,0030)", fhir="started"
    ),
    Field("modalities", "strings", "Loại thiết bị", "Modalities", dicom="(0008,0060)", fhir="modality"),
    Field("body_part", "code", "Bộ phận", "Body part", "masked", dicom="(0018,0015)", fhir="series.bodySite"),
    Field(
        "procedure_code",
        "code",
        "Mã kỹ thuật",
        "Procedure code",
        "masked",
        dicom="(0008,1032), (0032,1064)",
        fhir="procedureCode",
    ),
    Field(
        "procedure_system", "code", "Hệ mã kỹ thuật", "Code system", "masked", dicom="(0008,0102)", fhir="procedureCode"
    ),
    Field(
        "procedure_name",
        "string",
        "Tên kỹ thuật",
        "Procedure",
        "masked",
        dicom="(0008,0104), (0032,1060)",
        fhir="procedureCode",
    ),
    Field("description", "string", "Mô tả", "Description", "masked", dicom="(0008,1030)", fhir="description"),
    Field("department", "string", "Khoa thực hiện", "Department", "masked", dicom="(0008,1040)"),
    Field("requested_by", "string", "Khoa chỉ định", "Requesting service", "masked", dicom="(0032,1033)"),
    Field("series_count", "int", "Số loạt", "Series", fhir="numberOfSeries"),
    Field("instance_count", "int", "Số đối tượng", "Instances", fhir="numberOfInstances"),
    Field("frame_count", "long", "Số khung hình", "Frames", dicom="(0028,0008)"),
    Field("size_bytes", "long", "Dung lượng (byte)", "Size in bytes, pixel data included"),
    Field("sop_classes", "strings", "Lớp SOP", "SOP classes", dicom="(0008,0016)"),
    Field("series", "record", "Các loạt", "Series", lines=_SERIES),
    Field("study_uid", "string", "UID ca chụp", "Study Instance UID", "narrative", dicom="(0020,000D)"),
    Field("accession_number", "string", "Số phiếu", "Accession number", "narrative", dicom="(0008,0050)"),
    Field("study_id", "string", "Số ca chụp", "Study ID", "narrative", dicom="(0020,0010)"),
    Field("referring_physician", "string", "Bác sĩ gửi", "Referred by", "narrative", dicom="(0008,0090)"),
    Field("requesting_physician", "string", "Bác sĩ chỉ định", "Requested by", "narrative", dicom="(0032,1032)"),
    Field("attending_physician", "string", "Bác sĩ điều trị", "Attending physician", "narrative", dicom="(0008,1048)"),
    Field("reading_physician", "string", "Bác sĩ đọc", "Read by", "narrative", dicom="(0008,1060)"),
    Field("admitting_diagnosis", "string", "Chẩn đoán vào", "Diagnosis", "narrative", dicom="(0008,1080)"),
    Field("reason", "string", "Lý do chụp", "Reason for study", "narrative", dicom="(0032,1030)", fhir="reasonCode"),
    Field("history", "string", "Bệnh sử", "Patient history", "narrative", dicom="(0010,21B0)"),
    Field("remarks", "string", "Ghi chú", "Patient comments", "narrative", dicom="(0010,4000)", fhir="note"),
    Field("institution", "string", "Tên cơ sở", "Institution", "narrative", dicom="(0008,0080)"),
)
