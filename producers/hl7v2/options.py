"""What may be configured for a feed of HL7 v2, and which feed a message of a shared port belongs to."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, field_validator, model_validator

from producers.adapter import Feed
from producers.folder import FolderOptions
from producers.hl7v2 import charset
from producers.hl7v2.message import Message
from producers.hl7v2.numbers import VisitSource

_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})")


class Options(FolderOptions):
    """Of one feed. It listens on MLLP, reads a folder, or both."""

    listen: str | None = Field(None, description="MLLP address host:port; feeds may share one")
    sending_application: str | None = Field(None, description="MSH-3 of this feed where several share an address")
    charset: str = Field("utf-8", description="of senders that leave MSH-18 empty: utf-8, windows-1258, TCVN3, VNI ...")
    check_facility: bool = Field(True, description="refuse messages whose MSH-4 is not the feed's facility")
    acknowledgement: Literal["auto", "original"] = Field(
        "auto", description="auto: CA, CE, CR where MSH-15 and MSH-16 ask for them; original: always AA, AE, AR"
    )
    visit_number: list[VisitSource] = Field(
        ["PV1-19"],
        min_length=1,
        description="where the facility's visit number (MA_LK) stands; the first that is there",
    )
    idle_seconds: float = Field(3600, gt=0, le=604_800, description="close a connection silent for so long")
    frame_seconds: float = Field(60, gt=0, le=3600, description="a message that has begun must end within this")
    max_connections: int = Field(200, ge=1, le=10_000, description="of one address")
    max_bytes: int = Field(1 << 20, ge=1024, le=1 << 20, description="of one message; a larger one is refused")
    tls_certificate: Path | None = Field(None, description="PEM of this server; switches TLS on")
    tls_key: Path | None = Field(None, description="PEM of its private key")
    tls_client_ca: Path | None = Field(None, description="PEM; clients must show a certificate of these authorities")

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            address(value)
        return value

    @field_validator("charset")
    @classmethod
    def _charset(cls, value: str) -> str:
        if not charset.known(value):
            raise ValueError("not a known character set")
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


def route(feeds: Sequence[Feed], header: Message | None) -> Feed:
    """The feed of a message by MSH-4 and MSH-3, else the first: there a wrong facility is refused, and what cannot be
    read is still numbered."""
    if header is None or len(feeds) == 1:
        return feeds[0]
    msh = header.header
    facility, application = {msh.text(4), msh.text(4, 0, 2)}, msh.text(3)
    here = [feed for feed in feeds if feed.facility in facility]
    asked = [(feed, feed.options.get("sending_application")) for feed in here or feeds]
    named = next((feed for feed, name in asked if name == application), None)
    unnamed = next((feed for feed, name in asked if name is None), None) if here else None
    return named or unnamed or (here or feeds)[0]
