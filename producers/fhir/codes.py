"""Required bindings that the models' own lists leave out or cut short.

`fhir.resources` carries, per element, the codes of the specification's short description (`registered | preliminary |
final | amended +`); it does not check them, and where the description ends in `+` or names no code the list is not
whole. The lists here are those of the value sets bound as *required* in FHIR R4 (4.0.1) and R5 (5.0.0): the page of
each element names the value set. Where none is given here and the models' list is not whole, the element is free.
"""

from typing import Final

from producers.fhir.releases import Release


def _of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OBSERVATION: Final = _of("registered preliminary final amended corrected cancelled entered-in-error unknown")
_REPORT_R4: Final = _OBSERVATION | _of("partial appended")
_ENCOUNTER_R4: Final = _of(
    "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
)  # fmt: skip
_INTENT: Final = _of(
    "proposal plan directive order original-order reflex-order filler-order instance-order option"
)  # fmt: skip
_CONTRACT: Final = _of(
    "amended appended cancelled disputed entered-in-error executable executed negotiable offered policy rejected "
    "renewed revoked resolved terminated"
)
_QUESTION: Final = _of(
    "group display question boolean decimal integer date dateTime time string text url attachment reference quantity"
)
_TRANSFORM: Final = _of(
    "create copy truncate escape cast append translate reference dateOp uuid pointer evaluate cc c qty id cp"
)
_SUPPLY: Final = _of("draft active suspended cancelled completed entered-in-error unknown")
_TASK: Final = _of(
    "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error"
)
_WHEN: Final = _of(
    "MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late NIGHT PHS HS WAKE C CM CD CV AC ACM "
    "ACD ACV PC PCM PCD PCV"
)
_COMPARATOR: Final = _of("< <= >= >")
_QUANTITIES: Final = ("Quantity", "Age", "Count", "Distance", "Duration")
_ISSUE: Final = _of(
    "invalid structure required value invariant security login unknown expired forbidden suppressed processing "
    "not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly "
    "business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational"
)
_AUDIT_ACTION: Final = _of("C R U D E")

_BOTH: Final[dict[str, frozenset[str]]] = {
    "Observation.status": _OBSERVATION,
    "RiskAssessment.status": _OBSERVATION,
    "StructureMapGroupRuleTarget.transform": _TRANSFORM,
    "SupplyRequest.status": _SUPPLY,
    "Task.status": _TASK,
    "TimingRepeat.when": _WHEN,
    "AuditEvent.action": _AUDIT_ACTION,
}

CODES: Final[dict[Release, dict[str, frozenset[str]]]] = {
    "R4": {
        **_BOTH,
        **dict.fromkeys((f"{name}.comparator" for name in _QUANTITIES), _COMPARATOR),
        "DetectedIssue.status": _OBSERVATION,
        "DeviceUdiCarrier.entryType": _of("barcode rfid manual card self-reported unknown"),
        "DeviceUseStatement.status": _of("active completed entered-in-error intended stopped on-hold"),
        "DiagnosticReport.status": _REPORT_R4,
        "Encounter.status": _ENCOUNTER_R4,
        "EncounterStatusHistory.status": _ENCOUNTER_R4,
        "QuestionnaireItem.type": _QUESTION | _of("choice open-choice"),
        "OperationOutcomeIssue.code": _ISSUE,
    },
    "R5": {
        **_BOTH,
        **dict.fromkeys((f"{name}.comparator" for name in _QUANTITIES), _COMPARATOR | {"ad"}),
        "Contract.status": _CONTRACT,
        "ContractContentDefinition.publicationStatus": _CONTRACT,
        "DeviceUsage.status": _of("active completed not-done entered-in-error intended stopped on-hold"),
        "QuestionnaireItem.type": _QUESTION | _of("coding"),
        "ServiceRequest.intent": _INTENT,
        "OperationOutcomeIssue.code": _ISSUE | _of("success limited-filter"),
    },
}
"""`model class.element` -> all codes that may stand there."""

FREE: Final = frozenset(("Expression.language", "CapabilityStatement.format"))
"""The models list codes here, but the binding is not required or the list is none (`formats`, `etc.`)."""

_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ALLERGY: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"

CONCEPTS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "Condition.clinicalStatus": (_CLINICAL, _of("active recurrence relapse inactive remission resolved unknown")),
    "Condition.verificationStatus": (
        _VERIFIED,
        _of("unconfirmed provisional differential confirmed refuted entered-in-error"),
    ),
    "AllergyIntolerance.clinicalStatus": (f"{_ALLERGY}clinical", _of("active inactive resolved")),
    "AllergyIntolerance.verificationStatus": (
        f"{_ALLERGY}verification",
        _of("unconfirmed presumed confirmed refuted entered-in-error"),
    ),
}
"""`model class.element` -> (system, codes): a CodeableConcept whose binding is required. One of its codings must be of
them; `unknown` came with R5, `presumed` too."""


def codes(release: Release, element: str, of_model: list[str] | None) -> frozenset[str] | None:
    """All codes of an element that is bound as required, None where it is free."""
    whole = CODES[release].get(element)
    if whole is not None:
        return whole
    if of_model is None or element in FREE or any(code in ("+", "etc.") for code in of_model):
        return None
    return frozenset(of_model)
