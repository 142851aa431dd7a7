"""Whether the organisation's signature of a file verifies (CHUKYDONVI: XMLDSig, SHA-256 or stronger).

The answer is a quality mark, never a refusal: data that cannot be believed would be missed more. Without trusted
certificates it says only that nobody changed the file since somebody signed it. Certificates are judged by NGAYLAP, for
an old file outlives the certificate it was signed with. Part of the I/O half: the file of certificates is read here.
"""

import base64
import logging
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

_PLACE: Final = "./{*}CHUKYDONVI//"
_COVERED: Final = frozenset(("GIAMDINHHS", "THONGTINHOSO", "DANHSACHHOSO"))
"""One of these must be what is signed: a signature over anything else says nothing of the HOSO."""
_FAULTS: Final = (SignXMLException, InvalidSignature, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError)
"""All that a forged or broken signature can raise: unknown algorithms, no base64, no certificate, no XML."""

logging.getLogger("signxml").setLevel(logging.CRITICAL)  # at DEBUG it logs what is signed


def verifies(raw: bytes, created: str | None, trusted: Path | None = None) -> bool:
    """`raw` is a whole file with something in CHUKYDONVI; `created` its NGAYLAP (`yyyymmdd`).

    `trusted` is a PEM file of certificates: the signer's own, or authorities that issued it. Raises OSError where it
    cannot be read.
    """
    certificates = _certificates(trusted) if trusted is not None else ()
    try:
        root = etree.fromstring(raw, _parser())
        signer = _signer(root)
        settings = SignatureConfiguration(
            require_x509=trusted is not None,
            location=_PLACE,
            expect_references=True,
            verification_time=_noon(created),
        )
        believed = signer if trusted is None or signer in certificates else None
        found: Any = XMLVerifier().verify(
            root,
            x509_cert=believed,
            ca_pem_file=str(trusted) if trusted is not None else None,
            expect_config=settings,
            parser=_parser(),
        )
    except _FAULTS:
        return False
    return any(_covers(root, one.signed_xml) for one in found)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _signer(root: Any) -> x509.Certificate | None:
    """The certificate that comes with the signature, None where only a key does."""
    text = root.findtext(_PLACE + "{http://www.w3.org/2000/09/xmldsig#}X509Certificate")
    return x509.load_der_x509_certificate(base64.b64decode(text)) if text else None


def _covers(root: Any, signed: Any) -> bool:
    """Whether the HOSO that are read are those that are signed: the element is there once, so it is the same."""
    if signed is None:
        return False
    name = signed.tag.rpartition("}")[2]
    return name in _COVERED and len(list(root.iter(f"{{*}}{name}"))) == 1


def _noon(created: str | None) -> datetime | None:
    """Noon in Hanoi of NGAYLAP; None (now) where it is no date."""
    try:
        day = datetime.strptime(created or "", "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day + timedelta(hours=5)


@lru_cache(maxsize=8)
def _certificates(trusted: Path) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(trusted.read_bytes()))
