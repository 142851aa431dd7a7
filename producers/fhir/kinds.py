"""Which kind of document a resource type makes, and which types only help others to be understood."""

from typing import Final

KIND_OF: Final[dict[str, str]] = {
    "Encounter": "encounter",
    "MedicationRequest": "prescription",
    "Observation": "observation",
    "DiagnosticReport": "observation",
    "Procedure": "service",
    "ServiceRequest": "referral",
    "Appointment": "appointment",
    "ImagingStudy": "imaging",
}

SUPPORTING: Final = frozenset(
    ("Patient", "Condition", "Medication", "Practitioner", "PractitionerRole", "Organization", "Location")
)
"""Patient and Condition are folded into documents; the others are looked up where they stand in the same message."""
