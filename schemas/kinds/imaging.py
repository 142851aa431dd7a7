"""Chẩn đoán hình ảnh: study metadata; header, dates and codes for now, DICOM fills it later."""

from typing import Final

from schemas.fields import Field
from schemas.kinds.common import PERSON

BODY: Final[tuple[Field, ...]] = (
    *PERSON,
    Field("started_at", "millis", "Thời điểm bắt đầu", "Study started"),
    Field("modalities", "strings", "Loại thiết bị", "Modalities"),
    Field("body_part", "code", "Bộ phận", "Body part"),
    Field("procedure_code", "code", "Mã kỹ thuật", "Procedure code"),
    Field("series_count", "int", "Số loạt", "Series"),
    Field("instance_count", "int", "Số ảnh", "Instances"),
)
