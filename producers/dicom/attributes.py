"""Which attributes are wanted, and what one data set says: raw elements -> text by keyword. Pure.

Keywords are those of PS3.6. All wanted tags stand before the pixel data, the last in group 0040: reading ends there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from pydicom.datadict import tag_for_keyword

from producers.dicom.elements import Raw, Wanted
from producers.dicom.text import Charset

Values: TypeAlias = "dict[int, str | list[Values]]"
"""Tag -> text, or the items of a sequence."""

CHARSET: Final = 0x00080005

STUDY: Final = tuple(
    """
    StudyDate StudyTime TimezoneOffsetFromUTC AccessionNumber StudyDescription StudyID ReferringPhysicianName
    PhysiciansOfRecord NameOfPhysiciansReadingStudy RequestingPhysician AdmittingDiagnosesDescription InstitutionName
    InstitutionalDepartmentName RequestingService RequestedProcedureDescription ReasonForStudy PatientName PatientID
    PatientBirthDate PatientBirthTime PatientSex OtherPatientIDs PatientAddress PatientTelephoneNumbers
    AdditionalPatientHistory PatientComments AdmissionID
    """.split()
)
"""What each instance repeats of its study and patient."""
SERIES: Final = tuple(
    """
    Modality SeriesDescription SeriesNumber SeriesDate SeriesTime BodyPartExamined Laterality ProtocolName
    PerformingPhysicianName OperatorsName Manufacturer ManufacturerModelName StationName
    PerformedProcedureStepDescription
    """.split()
)
"""What each instance repeats of its series."""
INSTANCE: Final = tuple(
    """
    StudyInstanceUID SeriesInstanceUID SOPClassUID SOPInstanceUID NumberOfFrames AcquisitionDate AcquisitionTime
    ContentDate ContentTime InstanceCreationDate InstanceCreationTime
    """.split()
)

_CODE: Final = ("CodeValue", "LongCodeValue", "CodingSchemeDesignator", "CodeMeaning")
NESTED: Final[Mapping[str, tuple[str, ...]]] = {
    "ProcedureCodeSequence": _CODE,
    "RequestedProcedureCodeSequence": _CODE,
    "OtherPatientIDsSequence": ("PatientID", "IssuerOfPatientID", "TypeOfPatientID"),
    "RequestAttributesSequence": ("AccessionNumber", "RequestedProcedureDescription"),
}


def tag(keyword: str) -> int:
    """The tag of a keyword, or of `gggg,eeee`; ValueError for what is neither."""
    group, comma, element = keyword.partition(",")
    if comma and len(group) == len(element) == 4:
        return int(group, 16) << 16 | int(element, 16)
    found = tag_for_keyword(keyword)
    if found is None:
        raise ValueError("not a DICOM keyword, nor gggg,eeee")
    return found


TAGS: Final[Mapping[str, int]] = {
    name: tag(name) for name in (*STUDY, *SERIES, *INSTANCE, *NESTED, *(n for names in NESTED.values() for n in names))
}


@lru_cache(maxsize=64)
def wanted(*more: str) -> Wanted:
    """What to read: the tables above, and the tags a feed names for its visit and patient numbers."""
    flat: dict[int, Wanted | None] = {TAGS[name]: None for name in (*STUDY, *SERIES, *INSTANCE)}
    flat[CHARSET] = None
    flat |= {tag(name): None for name in more}
    return flat | {TAGS[name]: dict.fromkeys(map(TAGS.__getitem__, names)) for name, names in NESTED.items()}


@dataclass(frozen=True, slots=True)
class Said:
    """What one data set says. `bad` are the tags whose value could not be read, for its letters or its length."""

    values: Values = field(repr=False)
    bad: tuple[int, ...] = ()


def decoded(raw: Raw, legacy: str | None, too_long: Iterable[int] = ()) -> Said:
    """The text of all elements; `legacy` is the feed's own character set, where it has one."""
    declared = raw.get(CHARSET)
    bad = list(too_long)
    return Said(_decoded(raw, Charset(declared if isinstance(declared, bytes) else b"", legacy), bad), tuple(bad))


def _decoded(raw: Raw, charset: Charset, bad: list[int]) -> Values:
    values: Values = {}
    for number, value in raw.items():
        if number == CHARSET:
            continue
        if isinstance(value, bytes):
            text = charset.decode(value)
            if text is None:
                bad.append(number)
            elif text:
                values[number] = text
        else:
            values[number] = [_decoded(item, charset, bad) for item in value]
    return values
