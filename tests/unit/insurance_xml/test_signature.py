"""Signatures of files: a mark where one does not verify, and nothing refused."""

import base64
import logging
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.signer import XMLSigner

from producers.adapter import Document, Feed, Parsed
from producers.insurance_xml import listen, signature
from producers.insurance_xml.listen import DIALECT
from tests.unit.insurance_xml.files import envelope, visit

CREATED: Final = "20261123"
SIGNED_ON: Final = datetime(2026, 11, 23, tzinfo=UTC)
SPACE: Final = "http://www.w3.org/2000/09/xmldsig#"
Identity = tuple[rsa.RSAPrivateKey, x509.Certificate]


@cache
def identity(name: str = "don-vi", until: int = 30) -> Identity:
    """A key with a certificate that it signed itself, valid from 10 days before the files until `until` after."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(SIGNED_ON - timedelta(days=10))
        .not_valid_after(SIGNED_ON + timedelta(days=until))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


@cache
def issued(name: str, by: str = "") -> Identity:
    """An authority's key and certificate, or those of somebody it issued one for."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key, issuer = (key, subject) if not by else (issued(by)[0], issued(by)[1].subject)
    usage = x509.KeyUsage(bool(by), False, False, False, False, not by, False, False, False)
    certificate = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(SIGNED_ON - timedelta(days=10))
        .not_valid_after(SIGNED_ON + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=not by, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    return key, certificate


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def signed(raw: bytes, by: Identity | None = None, reference: str | None = None) -> bytes:
    """The file with its signature in CHUKYDONVI; over the whole of it, or over the element with an Id."""
    key, certificate = by or identity()
    root: Any = etree.fromstring(raw)
    placed = etree.SubElement(root.find("CHUKYDONVI"), f"{{{SPACE}}}Signature", Id="placeholder")
    assert placed is not None
    signer = XMLSigner(signature_algorithm="rsa-sha256", digest_algorithm="sha256")
    made = signer.sign(root, key=key, cert=[certificate], reference_uri=reference)
    return bytes(etree.tostring(made))


RAW: Final = envelope(visit("LK-1"), visit("LK-2"))
WITH_ID: Final = RAW.replace(b"<THONGTINHOSO>", b'<THONGTINHOSO Id="h">').replace(b"<MACSKCB>", b'<MACSKCB Id="m">')


class TestVerifies:
    def test_a_signed_file(self) -> None:
        assert signature.verifies(signed(RAW), CREATED)

    def test_over_the_dossiers_alone(self) -> None:
        assert signature.verifies(signed(WITH_ID, reference="#h"), CREATED)

    def test_over_something_else(self) -> None:
        assert not signature.verifies(signed(WITH_ID, reference="#m"), CREATED)

    def test_over_a_copy_of_the_dossiers(self) -> None:
        raw = signed(WITH_ID, reference="#h")
        dossiers = raw[raw.index(b"<THONGTINHOSO") : raw.index(b"</THONGTINHOSO>") + len(b"</THONGTINHOSO>")]
        forged = raw.replace(dossiers, dossiers.replace(b' Id="h"', b"").replace(b"HOSO>2<", b"HOSO>9<"), 1)
        forged = forged.replace(b"</GIAMDINHHS>", b"<KHAC>" + dossiers + b"</KHAC></GIAMDINHHS>")
        assert not signature.verifies(forged, CREATED)

    def test_a_byte_changed(self) -> None:
        assert not signature.verifies(signed(RAW).replace(b">20261123<", b">20261124<"), CREATED)

    @pytest.mark.parametrize("inside", [b"x", b"<Signature/>", f'<Signature xmlns="{SPACE}"/>'.encode()])
    def test_what_is_no_signature(self, inside: bytes) -> None:
        assert not signature.verifies(RAW.replace(b"<CHUKYDONVI>", b"<CHUKYDONVI>" + inside), CREATED)

    def test_a_certificate_of_noise(self) -> None:
        raw = signed(RAW)
        start = raw.index(b"X509Certificate>") + len(b"X509Certificate>")
        noise = base64.b64encode(b"no certificate")
        assert not signature.verifies(raw[:start] + noise + raw[raw.index(b"</", start) :], CREATED)

    def test_a_certificate_is_judged_by_the_day_of_the_file(self) -> None:
        old = signed(RAW, identity("cu", until=1))
        assert signature.verifies(old, CREATED)
        assert not signature.verifies(old, "20270101")

    def test_only_trusted_signers_where_they_are_named(self, tmp_path: Path) -> None:
        ours, others = tmp_path / "ours.pem", tmp_path / "others.pem"
        ours.write_bytes(pem(identity()[1]))
        others.write_bytes(pem(identity("khac")[1]))
        assert signature.verifies(signed(RAW), CREATED, ours)
        assert not signature.verifies(signed(RAW), CREATED, others)

    def test_signers_of_a_trusted_authority(self, tmp_path: Path) -> None:
        authority = tmp_path / "ca.pem"
        authority.write_bytes(pem(issued("co-quan")[1]))
        assert signature.verifies(signed(RAW, issued("don-vi-con", by="co-quan")), CREATED, authority)
        assert not signature.verifies(signed(RAW, identity()), CREATED, authority)

    def test_what_is_signed_is_not_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            signature.verifies(signed(RAW), CREATED)
        assert "MACSKCB" not in caplog.text


class TestMarks:
    def marks(self, tmp_path: Path, raw: bytes, **options: Any) -> set[tuple[str, ...]]:
        path = tmp_path / "a.xml"
        path.write_bytes(raw)
        feed = Feed("01999.his", "01999", "HIS", "insurance_xml", options=options)
        found = set()
        for read in DIALECT.read(path, feed):
            assert isinstance(read.parsed, Parsed)
            for outcome in DIALECT.translator.translate(None, read.parsed, feed).outcomes:
                assert isinstance(outcome, Document)
                found.add(outcome.marks)
        return found

    def test_a_broken_signature_marks_every_document(self, tmp_path: Path) -> None:
        broken = signed(RAW).replace(b">20261123<", b">20261124<")
        assert {("M04",)} == self.marks(tmp_path, broken)
        assert {()} == self.marks(tmp_path, broken, signatures="ignore")
        assert {()} == self.marks(tmp_path, signed(RAW))

    def test_an_unsigned_file_is_marked_where_signatures_are_required(self, tmp_path: Path) -> None:
        assert {()} == self.marks(tmp_path, RAW)
        assert {("M05",)} == self.marks(tmp_path, RAW, signatures="require")

    def test_a_large_file_is_not_checked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listen, "HELD", 10)
        assert {()} == self.marks(tmp_path, signed(RAW).replace(b">20261123<", b">20261124<"))
