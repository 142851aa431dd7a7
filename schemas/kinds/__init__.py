"""The eight kinds of clinical document, one file each: one Avro schema, topic pair and table pair per kind."""

from typing import Final

from schemas.fields import Field
from schemas.kinds import appointment, discharge, encounter, imaging, observation, prescription, referral, service

KINDS: Final[dict[str, tuple[Field, ...]]] = {
    "encounter": encounter.BODY,
    "prescription": prescription.BODY,
    "service": service.BODY,
    "observation": observation.BODY,
    "referral": referral.BODY,
    "appointment": appointment.BODY,
    "discharge": discharge.BODY,
    "imaging": imaging.BODY,
}
