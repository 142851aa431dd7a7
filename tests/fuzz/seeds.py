"""Where fuzzing begins: the golden inputs, and the words of each format."""

import base64
import re
from pathlib import Path
from typing import Final

GOLDEN: Final = Path(__file__).parents[1] / "golden"
LARGEST: Final = 40_000

TOKENS: Final[dict[str, tuple[bytes, ...]]] = {
    "hl7v2": (
        b"MSH|^~\\&|", b"\rPID|", b"\rPV1|", b"\rORC|", b"\rOBR|", b"\rOBX|", b"\rDG1|", b"\rSCH|", b"\rRF1|", b"\rMRG|",
        b"\rZVN|", b"FHS|^~\\&", b"\rBHS|^~\\&", b"\rBTS|1", b"\rFTS|1", b"ADT^A01", b"ADT^A08", b"ADT^A40", b"ORU^R01",
        b"OUL^R22", b"SIU^S12", b"REF^I12", b'""', b"\\.br\\", b"\\X41\\", b"\\T\\", b"UNICODE UTF-8", b"\xef\xbb\xbf",
        b"20261124080000+0700", b"\x0b", b"\x1c\r", b"^", b"~", b"&",
    ),
    "fhir": (
        b'"resourceType"', b'"Bundle"', b'"entry"', b'"resource"', b'"request"', b'"Patient"', b'"Encounter"',
        b'"Condition"', b'"Observation"', b'"MedicationRequest"', b'"ServiceRequest"', b'"Appointment"', b'"Procedure"',
        b'"ImagingStudy"', b'"reference"', b'"identifier"', b'"coding"', b'"extension"', b'"contained"', b"null", b"[]",
        b"{}", b"-0", b"1e999", b'"2026-11-24T08:00:00+07:00"', b'"\\ud800"', b"[[[[[[[[", b"\n",
    ),
    "dicom": (
        b"DICM", b"SQ\0\0\xff\xff\xff\xff", b"\xfe\xff\0\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0",
        b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xff\xff\xff\xff", b"\xe0\x7f\x10\0", b"UI", b"PN", b"LO", b"UN\0\0", b"ISO_IR 192",
        b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1.99", b"\x08\0\x05\0CS", b"\x10\0\x10\0PN", b"\x20\0\x0d\0UI",
    ),
    "insurance_xml": (
        b"<HOSO>", b"</HOSO>", b"<FILEHOSO>", b"</FILEHOSO>", b"<LOAIHOSO>XML9</LOAIHOSO>", b"<NOIDUNGFILE>",
        b"</NOIDUNGFILE>", b"<![CDATA[", b"]]>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#0;", b"&amp;", b"<!--",
        b"-->", b"<?xml version='1.0' encoding='utf-16'?>", b"<MA_LK>", b"<CHUKYDONVI/>", b"<MA_BENH_CHINH>B20<",
        b"202611240800", b"0000", b"-1", b"9999999999999999999", b"1,250", b";;;", b" xmlns:x='y'", b"\xe1\xba\xa1",
    ),
    "history_csv": (
        b'"', b'""', b",", b";", b"\t", b"\r\n", b"\n", b"\r", b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"1,250.5",
        b"31/02/2026", b"24/11/2026 08:00", b"\xc3\xa1", b"\xe1", b"9" * 40,
    ),
}  # fmt: skip
"""Dialect -> what mutations put in beside bytes."""

_INSIDE: Final = re.compile(rb"(<NOIDUNGFILE>)([A-Za-z0-9+/=\s]{40,})(</NOIDUNGFILE>)")


def seeds(name: str) -> list[bytes]:
    """The golden inputs of a dialect, the smaller first. Those of the insurance XML stand there with their parts in
    plain letters too, where a mutation finds them."""
    files = sorted((GOLDEN / name).glob("*/input*"))
    found = [raw for path in files if len(raw := path.read_bytes()) < LARGEST]
    if name == "insurance_xml":
        found += [_INSIDE.sub(_opened, raw) for raw in found]
    return sorted(dict.fromkeys(found), key=len)


def _opened(part: re.Match[bytes]) -> bytes:
    try:
        inner = base64.b64decode(part[2], validate=False)
    except ValueError:
        return part[0]
    return part[0] if b"]]>" in inner else b"%b<![CDATA[%b]]>%b" % (part[1], inner, part[3])
