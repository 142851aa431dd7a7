"""Chẩn đoán hình ảnh: study metadata; header, dates and codes for now, DICOM fills it later."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("started_at", "millis", "Thời điểm bắt đầu", "Study started", fhir="started"),
    Field("modalities", "strings", "Loại thiết bị", "Modalities", fhir="modality"),
    Field("body_part", "code", "Bộ phận", "Body part", fhir="series.bodySite"),
    Field("procedure_code", "code", "Mã kỹ thuật", "Procedure code", fhir="procedureCode"),
    Field("series_count", "int", "Số loạt", "Series", fhir="numberOfSeries"),
    Field("instance_count", "int", "Số ảnh", "Instances", fhir="numberOfInstances"),
)
