"""Writes DICOM files as a modality would, without pixels: PS3.10, explicit VR little endian, Vietnamese as ISO_IR 192."""

import struct
from dataclasses import dataclass, field
from typing import Final

from infra.city.identity import Identity
from infra.city.services import Service
from infra.city.visits import Visit

_EXPLICIT: Final = "1.2.840.10008.1.2.1"
_CLASSES: Final = {
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
}
_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
CLASSES: Final = (*_CLASSES.values(), _CAPTURE)
"""SOP classes of the city's images."""
_MODALITIES: Final = {"XQ": "DX", "SA": "US", "CL": "CT"}
_SEX: Final = {"1": "M", "2": "F", "3": "O"}


@dataclass(frozen=True, slots=True)
class Exam:
    """One study of one image. `at` is `yyyymmddHHMM`; `uid` the study's, its series and image are named by it."""

    service: Service
    at: str
    uid: str = field(repr=False)
    accession: str = field(repr=False)

    @property
    def modality(self) -> str:
        return _MODALITIES.get(self.service.device, "OT")


def instance(exam: Exam, visit: Visit, identity: Identity, name: str) -> bytes:
    """The file of the study's image."""
    sop_class = _CLASSES.get(exam.modality, _CAPTURE)
    born = "" if identity.birth[4:8] == "0000" else identity.birth[:8]
    rows = (
        (0x0008, 0x0005, "CS", "ISO_IR 192"),
        (0x0008, 0x0016, "UI", sop_class),
        (0x0008, 0x0018, "UI", f"{exam.uid}.1.1"),
        (0x0008, 0x0020, "DA", exam.at[:8]),
        (0x0008, 0x0030, "TM", f"{exam.at[8:]}00"),
        (0x0008, 0x0050, "SH", exam.accession[-16:]),
        (0x0008, 0x0060, "CS", exam.modality),
        (0x0008, 0x1030, "LO", exam.service.name[:64]),
        (0x0010, 0x0010, "PN", name),
        (0x0010, 0x0020, "LO", identity.patient_number),
        (0x0010, 0x0030, "DA", born),
        (0x0010, 0x0040, "CS", _SEX[identity.sex]),
        (0x0010, 0x1000, "LO", identity.number),
        (0x0020, 0x000D, "UI", exam.uid),
        (0x0020, 0x000E, "UI", f"{exam.uid}.1"),
        (0x0020, 0x0011, "IS", "1"),
        (0x0020, 0x0013, "IS", "1"),
        (0x0038, 0x0010, "LO", visit.number),
    )
    body = b"".join(_element(*row) for row in rows if row[3])
    meta = b"".join(
        (
            _element(0x0002, 0x0001, "OB", b"\x00\x01"),
            _element(0x0002, 0x0002, "UI", sop_class),
            _element(0x0002, 0x0003, "UI", f"{exam.uid}.1.1"),
            _element(0x0002, 0x0010, "UI", _EXPLICIT),
            _element(0x0002, 0x0012, "UI", "2.25.1"),
        )
    )
    length = _element(0x0002, 0x0000, "UL", struct.pack("<I", len(meta)))
    return b"\0" * 128 + b"DICM" + length + meta + body


def _element(group: int, number: int, kind: str, value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    if len(raw) % 2:
        raw += b"\0" if kind in ("UI", "OB") else b" "
    head = struct.pack("<HH2s", group, number, kind.encode())
    return head + (struct.pack("<HI", 0, len(raw)) if kind == "OB" else struct.pack("<H", len(raw))) + raw
