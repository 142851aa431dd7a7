"""Every adapter: the dialects this house speaks. A dialect's module is loaded only where a feed uses it."""

from importlib import import_module
from typing import Final

from producers.adapter import Dialect

DIALECTS: Final[dict[str, str]] = {
    "hl7v2": "producers.hl7v2.listen",
    "insurance_xml": "producers.insurance_xml.listen",
    "fhir": "producers.fhir.listen",
    "dicom": "producers.dicom.listen",
    "history_csv": "producers.history_csv.listen",
}
"""Dialect -> the module that holds its `DIALECT`."""


def dialect(name: str) -> Dialect:
    """KeyError for a name that is not listed."""
    made: Dialect = import_module(DIALECTS[name]).DIALECT
    return made
