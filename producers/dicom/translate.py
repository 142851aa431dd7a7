"""DICOM -> imaging documents: fold what is said now of a study into what was said before, and say it whole. Pure."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from producers.adapter import Feed, Parsed, Refusal, Rows, State, Translation
from producers.dicom import attributes, study
from producers.dicom.attributes import Said, decoded, wanted
from producers.dicom.document import document
from producers.dicom.elements import Wanted
from producers.dicom.file import Header, read_bytes
from producers.dicom.study import MAGIC, Study
from producers.dicom.text import LEGACY

DIRECTORY: Final = "dicom_no_study_in_it"
"""The silence of a message that is DICOM but of no study: a media directory, a palette."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a message says. `study` is None for what belongs to none; `known` says that it was told of before."""

    study: Study | None = field(repr=False)
    known: bool = False


@lru_cache(maxsize=64)
def _tags(visit: str, patient: str) -> tuple[int, ...]:
    return attributes.tag(visit), attributes.tag(patient)


def tags(feed: Feed) -> tuple[int, int]:
    """Where this feed's visit number and patient number stand."""
    visit, patient = _tags(
        str(feed.options.get("visit_tag", "AdmissionID")), str(feed.options.get("patient_tag", "PatientID"))
    )
    return visit, patient


def asked(feed: Feed) -> Wanted:
    """What is to be read of a data set of this feed."""
    return wanted(str(feed.options.get("visit_tag", "AdmissionID")), str(feed.options.get("patient_tag", "PatientID")))


def instance(header: Header, feed: Feed) -> Study | Refusal | None:
    """The study of one instance; None for what belongs to no study."""
    legacy = feed.options.get("legacy_charset")
    said = decoded(header.raw, legacy if legacy in LEGACY else None, header.too_long)
    made = study.of(said, header.size, tags(feed))
    if header.guessed and isinstance(made, Refusal):
        return Refusal("dicom_not_dicom", made.place, made.detail)
    return made


def from_values(said: Said, feed: Feed) -> Study | Refusal | None:
    """The same for what DICOMweb says of an instance."""
    return study.of(said, None, tags(feed))


def message(made: Study | None, known: bool = False) -> Parsed:
    """A message of a study; None for what belongs to none."""
    uid = made["uid"] if made is not None else None
    return Parsed(uid or DIRECTORY, uid, Snapshot(made, known))


def parsed(made: Study | Refusal | None) -> Parsed | Refusal:
    """A message of what was read."""
    return made if isinstance(made, Refusal) else message(made)


class DicomTranslator:
    """`parse` takes a snapshot (`study.to_bytes`) or a DICOM file as it is."""

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        if raw.startswith(MAGIC):
            made = study.from_bytes(raw)
            return parsed(made) if made is not None else Refusal("dicom_structure", "snapshot")
        header = read_bytes(raw, asked(feed))
        return parsed(header if isinstance(header, Refusal) else instance(header, feed))

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:
        """One document per study, whole. Where its earlier instances are not known any more it is `partial`."""
        snapshot: Snapshot = parsed.content
        now = snapshot.study
        if now is None:
            return Translation((), silence=DIRECTORY, rows=Rows(1, 0))
        rows = Rows(study.instances(now), study.instances(now))
        before = state["study"] if state else None
        partial = bool(state["partial"]) if state else snapshot.known
        whole = study.merge(before, now) if before else now
        refusal = study.too_many(whole)
        if refusal is not None:
            return Translation((refusal,), rows=Rows(rows.read, 0))
        made = document(whole, tags(feed), partial)
        return Translation((made,), {"study": whole, "partial": partial}, rows)


TRANSLATOR: Final = DicomTranslator()
