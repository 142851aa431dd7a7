"""The door to `fhir.resources`: which releases there are, and what it knows of a resource type.

`fhir.resources` 8 is R5; R4 goes through its R4B package, which is R4 but for the resource types of medicinal products
and of evidence. Those of R4 (4.0.1) that R4B dropped or rewrote have no model here: they make no document, so their
envelope alone is read.
"""

import contextlib
from functools import cache
from typing import Any, Final, Literal

import fhir.resources
import fhir.resources.R4B

Release = Literal["R4", "R5"]

BY_VERSION: Final[dict[str, Release]] = {"4.0": "R4", "4.3": "R4", "5.0": "R5"}
"""The media type's parameter `fhirVersion` (2.1.0.12 in both releases)."""

WITHOUT_MODEL: Final[dict[Release, frozenset[str]]] = {
    "R4": frozenset(
        "EffectEvidenceSynthesis Evidence EvidenceVariable MedicinalProduct MedicinalProductAuthorization "
        "MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient "
        "MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged "
        "MedicinalProductPharmaceutical MedicinalProductUndesirableEffect RiskEvidenceSynthesis SubstanceNucleicAcid "
        "SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial "
        "SubstanceSpecification".split()
    ),
    "R5": frozenset(),
}
_ABSTRACT: Final = frozenset(("Resource", "DomainResource", "CanonicalResource", "MetadataResource"))
CLASSES: Final = {"R4": fhir.resources.R4B.get_fhir_model_class, "R5": fhir.resources.get_fhir_model_class}


@cache
def _model(release: Release, name: str) -> Any:
    return CLASSES[release](name)


def model(release: Release, name: str) -> Any | None:
    """The model class of a resource type, None where the release has no such type. The first use of a type imports
    and builds it: 5 to 60 ms."""
    if name in _ABSTRACT or not (name.isascii() and name.isalpha()):
        return None
    with contextlib.suppress(ValueError):
        found = _model(release, name)
        if found.has_resource_base():
            return found
    return None


def known(release: Release, name: str) -> bool:
    return name in WITHOUT_MODEL[release] or model(release, name) is not None
