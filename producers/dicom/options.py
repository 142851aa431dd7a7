"""The options of a DICOM feed."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from producers.dicom.attributes import tag


def _is_tag(text: str) -> str:
    tag(text)
    return text


Tag = Annotated[str, AfterValidator(_is_tag)]
AeTitle = Annotated[str, Field(pattern=r"^[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?$")]


class DicomOptions(BaseModel):
    """Sources are a folder, a C-STORE port and DICOMweb; a feed may have several of them."""

    model_config = ConfigDict(extra="forbid")

    folder: Path | None = Field(None, description="watched folder and all below it; done/ and refused/ are made in it")
    renamed: bool = Field(False, description="senders write elsewhere and rename into the folder: take files at once")
    settle_seconds: float = Field(2.0, gt=0, le=3600, description="otherwise: take a file unchanged for so long")
    poll_seconds: float = Field(1.0, gt=0, le=60)

    port: int | None = Field(
        None, ge=0, le=65535, description="C-STORE and C-ECHO are answered here; 0 takes a free one"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    ae_title: AeTitle = Field("LIVINGDATA", description="our application entity title; others are refused")
    peers: list[AeTitle] = Field(default_factory=list, description="calling titles that may connect; empty: any")
    associations: int = Field(10, ge=1, le=100, description="most senders at once")
    instance_bytes: int = Field(2 << 30, ge=1 << 20, description="a larger instance ends its association")
    tls_certificate: Path | None = Field(None, description="PEM; with tls_key the port speaks TLS")
    tls_key: Path | None = None
    tls_peers: Path | None = Field(None, description="PEM of the authorities whose clients may connect")

    dicomweb: str | None = Field(None, pattern="^https?://", description="base URL of a QIDO-RS service")
    dicomweb_seconds: float = Field(60.0, ge=1, le=86_400, description="time between two questions")
    dicomweb_days: int = Field(2, ge=0, le=365, description="ask for studies of so many days back")
    dicomweb_token: Path | None = Field(None, description="file with a bearer token")

    still_seconds: float = Field(120.0, ge=0.05, le=86_400, description="a study is sent when nothing came for so long")
    longest_seconds: float = Field(1_800.0, ge=1, le=86_400, description="and at the latest so long after its first")
    spool_bytes: int = Field(1 << 30, ge=1 << 20, description="above this no more instances are taken")

    visit_tag: Tag = Field("AdmissionID", description="keyword or gggg,eeee that holds the visit number (MA_LK)")
    patient_tag: Tag = Field("PatientID", description="keyword or gggg,eeee that holds the hospital's patient number")
    legacy_charset: Literal["tcvn3", "vni", "windows-1258"] | None = Field(
        None, description="what the sender writes where it declares nothing or Latin-1"
    )

    @model_validator(mode="after")
    def _whole_tls(self) -> "DicomOptions":
        if (self.tls_certificate is None) != (self.tls_key is None) or (self.tls_peers and not self.tls_key):
            raise ValueError("tls_certificate and tls_key belong together; tls_peers needs both")
        return self
