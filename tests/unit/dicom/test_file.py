"""Files of all kinds -> raw elements: the same as pydicom reads, within bounds, without the pixel data."""

import struct
import zlib
from pathlib import Path
from typing import Final

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from producers.adapter import Refusal
from producers.dicom import file
from producers.dicom.attributes import NESTED, TAGS, wanted
from producers.dicom.bounds import LIMITS, Limits
from producers.dicom.elements import PIXEL_DATA
from producers.dicom.file import Header
from tests.unit.dicom.files import SHIPPED, STUDY, bare, code, dataset, image, oracle, written

WANTED: Final = wanted()
VALUES: Final = {tag for tag, inner in WANTED.items() if inner is None}
UID: Final = TAGS["StudyInstanceUID"]
PATIENT: Final = TAGS["PatientName"]
CUT: Final = {"MR_truncated.dcm", "rtplan_truncated.dcm"}
"""Shipped files that are cut on purpose."""


def header(raw: bytes, limits: Limits = LIMITS) -> Header:
    made = file.read_bytes(raw, WANTED, limits)
    assert isinstance(made, Header), made
    return made


def refusal(raw: bytes, limits: Limits = LIMITS) -> Refusal:
    made = file.read_bytes(raw, WANTED, limits)
    assert isinstance(made, Refusal)
    return made


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    if vr in (b"SQ", b"OB", b"UN", b"UT"):
        return struct.pack("<HH2sxxL", tag >> 16, tag & 0xFFFF, vr, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def undefined(tag: int, vr: bytes, items: bytes) -> bytes:
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    return struct.pack("<HH2sxxL", tag >> 16, tag & 0xFFFF, vr, 0xFFFFFFFF) + items + end


def item(value: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(value)) + value


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_same_as_pydicom(path: Path) -> None:
    raw = path.read_bytes()
    if path.name in CUT:
        assert "dicom_truncated" == refusal(raw).reason
        return
    read, expected = header(raw).raw, oracle(raw)
    if path.name == "no_meta.dcm":  # begins with a stray byte, which pydicom takes for an element
        assert b"1.3.6.1.4.1.5962.1.2.1.20040119072730.12322\0" == read[UID]
        return
    for name in set(TAGS) - NESTED.keys():
        tag = TAGS[name]
        if tag in VALUES:
            found = expected.get_item(tag) if tag in expected else None
            assert (found.value if found is not None else None) or b"" == read.get(tag, b"")


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_transfer_syntaxes(syntax: str) -> None:
    made = dataset()
    made.ProcedureCodeSequence = code("18.0219.0041", "BYT", "Chụp CT")
    read = header(written(made, syntax)).raw
    assert "Nguyễn^Cấu^Thị Hư" == bytes(read[PATIENT]).decode().strip()  # type: ignore[arg-type]
    assert [b"18.0219.0041"] == [one[0x00080100] for one in read[TAGS["ProcedureCodeSequence"]]]  # type: ignore[index]


def test_deflated_with_a_zlib_header() -> None:
    packed = written(dataset(), DeflatedExplicitVRLittleEndian)
    start = 132 + 12 + struct.unpack_from("<L", packed, 140)[0]
    assert STUDY == bytes(header(packed[:start] + zlib.compress(bare(dataset()))).raw[UID]).decode().strip("\0")  # type: ignore[arg-type]
    assert "dicom_structure" == refusal(packed[:start] + b"\xff" * 16).reason


@pytest.mark.parametrize(("implicit", "little"), [(True, True), (False, True), (False, False)])
def test_no_meta_header(implicit: bool, little: bool) -> None:
    read = header(bare(dataset(), implicit, little))
    assert read.guessed
    assert STUDY == bytes(read.raw[UID]).decode().strip("\0")  # type: ignore[arg-type]


def test_no_preamble() -> None:
    raw = image()
    assert header(raw).raw == header(raw[128:]).raw == header(raw[132:]).raw
    assert not header(raw[132:]).guessed


def test_written_otherwise_than_declared() -> None:
    declared = written(dataset(), ImplicitVRLittleEndian)
    start = 132 + 12 + struct.unpack_from("<L", declared, 140)[0]
    assert header(image()).raw[UID] == header(declared[:start] + bare(dataset())).raw[UID]


def test_unknown_capitals_have_a_short_length_and_no_capitals_no_vr() -> None:
    before = element(0x00080005, b"CS", b"ISO_IR 192")
    odd = struct.pack("<HH2sH", 0x0009, 0x0010, b"ZZ", 4) + b"beta"
    bare_one = struct.pack("<HHL", 0x0009, 0x0011, 4) + b"beta"
    study = element(UID, b"UI", STUDY.encode() + b"\0" * (len(STUDY) % 2))
    assert header(before + odd + bare_one + study).raw[UID]


def test_pixel_data_is_not_read() -> None:
    asked: list[tuple[int, int]] = []
    raw = image(PixelData=bytes(1 << 20))

    def fetch(at: int, count: int) -> bytes:
        asked.append((at, count))
        return raw[at : at + count]

    made = file.read(fetch, len(raw), WANTED, Limits())
    assert isinstance(made, Header)
    pixels = raw.index(b"\xe0\x7f\x10\x00")
    assert not any(at > pixels for at, _ in asked)
    assert sum(count for _, count in asked) < 1 << 18
    assert PIXEL_DATA not in made.raw
    assert len(raw) - 400 < made.size < len(raw)


def test_large_private_elements_are_skipped(tmp_path: Path) -> None:
    made = dataset()
    made.add_new(0x00090010, "LO", "MAKER")
    made.add_new(0x00091001, "OB", bytes(3 << 20))
    path = tmp_path / "image"
    path.write_bytes(written(made))
    read = file.read_path(path, WANTED)
    assert isinstance(read, Header)
    assert STUDY == bytes(read.raw[UID]).decode().strip("\0")  # type: ignore[arg-type]


def test_head_ends_before_the_pixels() -> None:
    raw = image(PixelData=b"\xab" * 64)
    assert b"\xab\xab" not in file.head(raw)
    assert raw.startswith(file.head(raw))
    assert file.HEAD == len(file.head(bytes(1 << 20)))


@pytest.mark.parametrize("keep", [140, 200, 300, 600, -1, -10])
def test_cut_files_are_refused(keep: int) -> None:
    made = file.read_bytes(image()[:keep], WANTED)
    assert isinstance(made, Refusal) or UID not in made.raw


def test_cut_inside_the_pixels_is_refused() -> None:
    assert "dicom_truncated" == refusal(image(PixelData=bytes(4096))[:-100]).reason


def test_a_length_beyond_the_file_is_refused() -> None:
    lying = element(0x00080005, b"CS", b"ISO_IR 192") + struct.pack("<HH2sxxL", 9, 0x10, b"OB", 0x7FFFFFFF)
    assert (
        "dicom_truncated"
        == refusal(b"\0" * 128 + b"DICM" + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0") + lying).reason
    )


def test_an_item_beyond_its_sequence_is_refused() -> None:
    inner = b"\xfe\xff\x00\xe0" + struct.pack("<L", 5000)
    meta = b"\0" * 128 + b"DICM" + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
    assert (
        "dicom_truncated" == refusal(meta + element(TAGS["ProcedureCodeSequence"], b"SQ", inner) + bytes(6000)).reason
    )
    assert "dicom_structure" == refusal(meta + undefined(0x00081140, b"SQ", b"\x08\0\0\0UL\x04\0abcd")).reason
    assert "dicom_truncated" == refusal(meta + undefined(0x00081140, b"SQ", b"")[:12]).reason


def nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = undefined(0x00081140, b"SQ", b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + inner + b"\xfe\xff\x0d\xe0\0\0\0\0")
    return b"\0" * 128 + b"DICM" + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0") + inner


def test_depth_is_bounded() -> None:
    assert not header(nested(32)).raw.keys() - {0x00020010}
    assert "dicom_too_deep" == refusal(nested(33)).reason
    assert "dicom_too_deep" == refusal(nested(20_000)).reason


def test_elements_are_counted() -> None:
    meta = b"\0" * 128 + b"DICM" + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
    raw = meta + element(0x00080008, b"CS", b"") * 50
    assert {} == header(raw, Limits(elements=60)).raw
    assert "dicom_too_large" == refusal(raw, Limits(elements=40)).reason


def test_reads_are_counted() -> None:
    meta = b"\0" * 128 + b"DICM" + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
    raw = meta + element(0x00090010, b"OB", bytes(70_000)) * 20
    assert {} == header(raw).raw
    assert "dicom_too_large" == refusal(raw, Limits(reads=10)).reason


def test_long_values_are_left_out() -> None:
    read = header(image(PatientComments="x" * 20_000))
    assert (TAGS["PatientComments"],) == read.too_long
    assert TAGS["PatientComments"] not in read.raw


def test_items_are_bounded() -> None:
    one = element(0x00080100, b"SH", b"AB")
    meta = b"\0" * 128 + b"DICM" + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
    raw = meta + element(TAGS["ProcedureCodeSequence"], b"SQ", item(one) * 150)
    assert 100 == len(header(raw).raw[TAGS["ProcedureCodeSequence"]])


@pytest.mark.parametrize("raw", [b"", b"\0", b"DICM", b"hello, this is not an image", bytes(200), b"\xff" * 5000])
def test_no_dicom(raw: bytes) -> None:
    made = file.read_bytes(raw, WANTED)
    assert isinstance(made, Refusal) or not made.raw
    assert not isinstance(made, Refusal) or made.reason in ("dicom_not_dicom", "dicom_truncated")


@pytest.mark.parametrize(("uid", "good"), [("1.2.3", True), ("1.02.3", True), ("1." + "2" * 62, True), ("1." + "2" * 63, False), ("1..2", False), ("", False), (None, False), ("1.2a", False), ("3.1", False)])  # fmt: skip
def test_uids(uid: str | None, good: bool) -> None:
    assert good is file.is_uid(uid)
