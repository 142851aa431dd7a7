"""Identifier and code systems by their URI.

VN Core (hl7.fhir.vn.core 1.0.0) has traps: `citizen_id` is the old CMND in spite of its name, `national_id` the CCCD,
and the published system of the provider code is that of the medical licence number (a copy error), so a facility code
is believed only by its form. `vn-core-race` is ethnicity (dân tộc), `vn-core-ethic` religion.
"""

import re
from typing import Final

_SID: Final = "http://fhir.ehealth.gov.vn/core/sid/"
NATIONAL_ID: Final = f"{_SID}national_id"
"""CCCD, 12 digits."""
CITIZEN_ID: Final = f"{_SID}citizen_id"
"""CMND, 9 digits."""
PASSPORT: Final = f"{_SID}passport_number"
INSURANCE: Final = f"{_SID}insurance_number"
PATIENT: Final = f"{_SID}patient-internal-id"
ETHNICITY: Final = "vn-core-race"
"""As it ends; the code system's base differs between the drafts."""

CITIZEN_SYSTEMS: Final = (NATIONAL_ID, CITIZEN_ID, PASSPORT)
"""The better number first."""
CITIZEN_TYPES: Final = ("NI", "NNVNM", "PPN")
CARD_TYPES: Final = frozenset(("SB", "HC"))
PATIENT_TYPES: Final = ("MR", "PI", "PT")
"""HL7 table 0203, as the adapters of HL7 v2 read it."""
VISIT_TYPE: Final = "VN"

FACILITY: Final = re.compile(r"[0-9]{5}")
"""MACSKCB."""

ICD_10: Final = "ICD-10"
LOCAL: Final = "local"
_ICD_10_URI: Final = re.compile(r"(?:http://hl7\.org/fhir/sid/icd-10(?:-[a-z]+)?|urn:oid:2\.16\.840\.1\.113883\.6\.3)")
ICD_9_CM: Final = ("http://hl7.org/fhir/sid/icd-9-cm", "urn:oid:2.16.840.1.113883.6.104")
_SHORT: Final = {
    "http://loinc.org": "LN",
    "http://snomed.info/sct": "SCT",
    "http://unitsofmeasure.org": "UCUM",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "http://dicom.nema.org/resources/ontology/DCM": "DCM",
}
"""HL7 table 0396, as HL7 v2 senders write them."""
_LONGEST: Final = 100


def name(system: str | None) -> str:
    """How a code system is called in clear columns: `ICD-10`, a name of HL7 table 0396, else its URI; `local` without."""
    if not system:
        return LOCAL
    if is_icd10(system):
        return ICD_10
    return _SHORT.get(system) or system[:_LONGEST]


def is_international(system: str | None) -> bool:
    """Whether no hospital's own."""
    return system in _SHORT or is_icd10(system)


def is_icd10(system: str | None) -> bool:
    return system is not None and _ICD_10_URI.fullmatch(system) is not None
