"""What may be configured for a feed of FHIR."""

import re
from pathlib import Path
from typing import Final

from pydantic import Field, field_validator, model_validator

from producers.fhir.check import Profile
from producers.fhir.releases import Release
from producers.folder import FolderOptions

_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})")


class Options(FolderOptions):
    """Of one feed. It listens on HTTP, reads a folder, or both."""

    listen: str | None = Field(None, description="HTTP address host:port; feeds may share one by different bases")
    base: str = Field("/fhir", pattern=r"^(?:/[A-Za-z0-9._-]{1,64}){1,4}$", description="path that this feed serves")
    release: Release = Field("R4", description="R4 or R5; a request's fhirVersion wins")
    profile: Profile = Field(
        "full", description="full: every resource also by the models of fhir.resources; light: by its shape alone"
    )
    visit_system: str | None = Field(None, description="system of the Encounter.identifier that is the visit number")
    patient_system: str | None = Field(None, description="system of the Patient.identifier that is the patient number")
    referral_categories: list[str] = Field(
        [], max_length=200, description="system|code of orders that are referrals, beside the SNOMED CT ones"
    )
    max_bytes: int = Field(16 << 20, ge=1024, le=16 << 20, description="of one request; a larger one is refused")
    max_requests: int = Field(64, ge=1, le=1024, description="in hand at once, of one address; further ones get 503")
    read_seconds: float = Field(60, gt=0, le=3600, description="a request's body must have come within this")
    tls_certificate: Path | None = Field(None, description="PEM of this server; switches TLS on")
    tls_key: Path | None = Field(None, description="PEM of its private key")
    tls_client_ca: Path | None = Field(None, description="PEM; clients must show a certificate of these authorities")

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            address(value)
        return value

    @model_validator(mode="after")
    def _tls(self) -> "Options":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("tls_client_ca needs tls_certificate")
        return self


def address(text: str) -> tuple[str, int]:
    """(host, port) of `host:port` or `[v6]:port`. ValueError otherwise."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found[3]) > 65_535:
        raise ValueError("an address is host:port")
    return found[1] or found[2], int(found[3])
