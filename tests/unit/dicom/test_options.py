"""The options of a DICOM feed: what is wrong is told at the start."""

from typing import Any

import pytest
from pydantic import ValidationError

from producers.dicom.options import DicomOptions


@pytest.mark.parametrize(
    "wrong",
    [
        {"visit_tag": "AdmissionNumber"},
        {"patient_tag": "00100020"},
        {"visit_tag": "0010,00zz"},
        {"ae_title": "SEVENTEEN_LETTERS"},
        {"ae_title": ""},
        {"peers": ["A\\B"]},
        {"legacy_charset": "ebcdic"},
        {"dicomweb": "ftp://pacs"},
        {"tls_certificate": "cert.pem"},
        {"tls_peers": "ca.pem"},
        {"typo": 1},
    ],
)
def test_mistakes(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DicomOptions.model_validate(wrong)


def test_tags_by_keyword_or_number() -> None:
    DicomOptions.model_validate({"visit_tag": "AccessionNumber", "patient_tag": "0010,0020", "peers": ["CT 1"]})
