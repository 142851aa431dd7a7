"""Writes DICOM for tests. People, numbers and places are invented; province 099 does not exist."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

CT: Final = "1.2.840.10008.5.1.4.1.1.2"
STUDY: Final = "1.2.826.0.1.3680043.10.99.1"
SERIES: Final = f"{STUDY}.1"
NAME: Final = "Nguyễn^Cấu^Thị Hư"
CITIZEN: Final = "099200000001"
SHIPPED: Final = sorted(
    path
    for path in (Path(pydicom.__file__).parent / "data").rglob("*")
    if path.is_file() and path.suffix in ("", ".dcm") and path.name != "README"
)
"""The files pydicom ships: real ones of many makers, shortened, and some that are wrong on purpose."""


def dataset(number: int = 1, series: str = SERIES, study: str = STUDY, **changes: Any) -> Dataset:
    """One CT image of 16 bytes of pixels. A change of None leaves an attribute out."""
    made = Dataset()
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": CT,
        "SOPInstanceUID": f"{series}.{number}",
        "StudyDate": "20261123",
        "StudyTime": "081500",
        "SeriesDate": "20261123",
        "SeriesTime": "081730.500",
        "AccessionNumber": "PX-4711",
        "Modality": "CT",
        "Manufacturer": "Hãng Hư Cấu",
        "StudyDescription": "CT ngực, Nguyễn Thị Hư Cấu",
        "SeriesDescription": "Ngực 1.0",
        "ReferringPhysicianName": "Bác^Sĩ",
        "PerformingPhysicianName": "Kỹ^Thuật",
        "PatientName": NAME,
        "PatientID": "BN-77",
        "PatientBirthDate": "19850312",
        "PatientSex": "F",
        "OtherPatientIDs": [CITIZEN, "DN4999900000001"],
        "BodyPartExamined": "CHEST",
        "StudyInstanceUID": study,
        "SeriesInstanceUID": series,
        "StudyID": "S1",
        "SeriesNumber": "2",
        "InstanceNumber": str(number),
        "AdmissionID": "LK-0001",
        "Rows": 4,
        "Columns": 4,
        "BitsAllocated": 8,
        "PixelData": bytes(16),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are wrong on purpose
        for name, value in (values | changes).items():
            if value is not None:
                setattr(made, name, value)
    return made


def code(value: str, system: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, system, meaning
    return Sequence([item])


def written(made: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """A file as PS3.10 has it."""
    out = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", CT)
        made.file_meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", "1.2")
        made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def bare(made: Dataset, implicit: bool = False, little: bool = True) -> bytes:
    """The data set alone, without preamble and meta header."""
    out = BytesIO()
    made.save_as(out, implicit_vr=implicit, little_endian=little)
    return out.getvalue()


def image(number: int = 1, series: str = SERIES, study: str = STUDY, **changes: Any) -> bytes:
    return written(dataset(number, series, study, **changes))


def oracle(raw: bytes) -> Dataset:
    """What pydicom makes of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(BytesIO(raw), force=True, stop_before_pixels=True)
