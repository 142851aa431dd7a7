"""The kinds of clinical document, one file each: one Avro schema, topic pair and table pair per kind."""

from typing import Final

from schemas.fields import Field
from schemas.kinds import (
    appointment,
    birth,
    discharge,
    encounter,
    hiv_care,
    imaging,
    leave,
    observation,
    prescription,
    referral,
    service,
    tuberculosis,
)

KINDS: Final[dict[str, tuple[Field, ...]]] = {
    "encounter": encounter.BODY,
    "prescription": prescription.BODY,
    "service": service.BODY,
    "observation": observation.BODY,
    "referral": referral.BODY,
    "appointment": appointment.BODY,
    "discharge": discharge.BODY,
    "imaging": imaging.BODY,
    "hiv_care": hiv_care.BODY,
    "birth": birth.BODY,
    "leave": leave.BODY,
    "tuberculosis": tuberculosis.BODY,
}

RESTRICTED: Final = frozenset({"hiv_care"})
"""Kinds that stand alone: no table or view that holds several kinds may hold a document of these (Law on HIV)."""
