"""A study -> the imaging document: which attribute is clear, masked or sealed. Pure.

Study Instance UID and Accession Number are sealed: PS3.15 E.1 lists both as identifying, and some vendors build UIDs from
dates and patient numbers. What links documents in clear is `document_id` (the UID's pseudonym) and `visit_key`.
"""

import re
from typing import Any, Final

from producers.adapter import Document
from producers.dicom import times
from producers.dicom.study import Study
from producers.dicom.text import line, name

_SEX: Final = {"M": "1", "F": "2", "O": "3", "U": "3"}
_CODE: Final = re.compile(r"[A-Z0-9_ ]{1,16}")
_MODALITY: Final = re.compile(r"[A-Z0-9_]{1,16}")
_SIDE: Final = re.compile(r"[RLBU]")
_CITIZEN: Final = re.compile(r"0\d{11}", re.ASCII)
_OLD_CITIZEN: Final = re.compile(r"\d{9}|\d{12}|[A-Z]\d{7}", re.ASCII)
_CARD: Final = re.compile(r"[A-Z]{2}\d{13}", re.ASCII)
_NAMES_CITIZEN: Final = re.compile(r"CCCD|CMND|CMT|CAN CUOC|CĂN CƯỚC|HỘ CHIẾU|HO CHIEU|PASSPORT|CITIZEN|NATIONAL", re.I)
_NO_NUMBER: Final = 1 << 31

_NARRATIVE: Final = {
    "accession_number": "AccessionNumber",
    "study_id": "StudyID",
    "admitting_diagnosis": "AdmittingDiagnosesDescription",
    "reason": "ReasonForStudy",
    "history": "AdditionalPatientHistory",
    "remarks": "PatientComments",
    "institution": "InstitutionName",
}
_PEOPLE: Final = {
    "referring_physician": "ReferringPhysicianName",
    "attending_physician": "PhysiciansOfRecord",
    "reading_physician": "NameOfPhysiciansReadingStudy",
    "requesting_physician": "RequestingPhysician",
}
_SERIES_PEOPLE: Final = {"performing_physician": "PerformingPhysicianName", "operators": "OperatorsName"}


def document(study: Study, tags: tuple[int, int], partial: bool) -> Document:
    """The whole document. `tags` say where visit number and patient number stand."""
    said: dict[str, str] = study["said"]
    zone = said.get("TimezoneOffsetFromUTC", "")
    ordered = sorted(study["series"].items(), key=lambda item: (_number(item[1]["said"]) or 0, item[0]))
    visit, patient = (line(said.get(f"{tag:08x}", "")) or None for tag in tags)
    lines = [_line(series, zone) for _, series in ordered]
    started = _started(study, zone)
    created = max((series["created"] for _, series in ordered), default="")
    return Document(
        "imaging",
        (study["uid"],),
        visit_number=visit,
        patient_number=patient,
        partial=partial,
        occurred_at=started,
        recorded_at=times.millis(created, zone) if created else None,
        body=_body(said, lines, started),
        identity=_identity(said, patient, visit),
        narrative=_narrative(study, said, ordered),
        marks=("M03",) if study["bad"] or (said.get("StudyDate") and started is None) else (),
    )


def _started(study: Study, zone: str) -> int | None:
    said = study["said"]
    if said.get("StudyDate"):
        return times.millis(said["StudyDate"] + said.get("StudyTime", ""), zone)
    found = [at for series in study["series"].values() if (at := _series_started(series, zone)) is not None]
    return min(found, default=None)


def _series_started(series: dict[str, Any], zone: str) -> int | None:
    said = series["said"]
    moment = said["SeriesDate"] + said.get("SeriesTime", "") if said.get("SeriesDate") else series["first"]
    return times.millis(moment, zone) if moment else None


def _body(said: dict[str, str], lines: list[dict[str, Any]], started: int | None) -> dict[str, Any]:
    birth = times.day(said.get("PatientBirthDate", ""))
    return {
        "sex": _SEX.get(said.get("PatientSex", "")),
        "birth_year": int(birth[:4]) if birth else None,
        "started_at": started,
        "modalities": sorted({one["modality"] for one in lines if one["modality"]}),
        "body_part": next((one["body_part"] for one in lines if one["body_part"]), None),
        "procedure_code": _first(said.get("code")),
        "procedure_system": _first(said.get("system")),
        "procedure_name": _first(
            said.get("meaning"),
            said.get("RequestedProcedureDescription"),
            said.get("requested.RequestedProcedureDescription"),
        ),
        "description": _first(said.get("StudyDescription")),
        "department": _first(said.get("InstitutionalDepartmentName")),
        "requested_by": _first(said.get("RequestingService")),
        "series_count": len(lines),
        "instance_count": sum(one["instance_count"] for one in lines),
        "frame_count": sum(one["frame_count"] for one in lines),
        "size_bytes": _sum(one["size_bytes"] for one in lines),
        "sop_classes": sorted({uid for one in lines for uid in one["sop_classes"]}),
        "series": lines,
    }


def _line(series: dict[str, Any], zone: str) -> dict[str, Any]:
    said, instances = series["said"], list(series["instances"].values())
    return {
        "number": _number(said),
        "modality": _code(said.get("Modality"), _MODALITY),
        "body_part": _code(said.get("BodyPartExamined")),
        "laterality": _code(said.get("Laterality"), _SIDE),
        "description": _first(said.get("SeriesDescription"), said.get("PerformedProcedureStepDescription")),
        "protocol": _first(said.get("ProtocolName")),
        "started_at": _series_started(series, zone),
        "instance_count": len(instances),
        "frame_count": sum(instance[1] for instance in instances),
        "size_bytes": _sum(instance[2] for instance in instances),
        "sop_classes": sorted({instance[0] for instance in instances}),
        "manufacturer": _first(said.get("Manufacturer")),
        "device_model": _first(said.get("ManufacturerModelName")),
    }


def _identity(said: dict[str, str], patient: str | None, visit: str | None) -> dict[str, str | None]:
    numbers = [(number, "") for number in said.get("OtherPatientIDs", "").split("\\")]
    for other in filter(None, said.get("others", "").split("\x1e")):
        number, _, whose = other.partition("\x1f")
        numbers.append((number, whose))
    cleaned = [(number.strip().upper(), whose) for number, whose in numbers]
    return {
        "full_name": name(said.get("PatientName", "")) or None,
        "citizen_id": next((number for number, whose in cleaned if _is_citizen(number, whose)), None),
        "birth": _birth(said) or None,
        "sex": _SEX.get(said.get("PatientSex", "")),
        "cards": ";".join(number for number, _ in cleaned if _CARD.fullmatch(number)) or None,
        "phone": _first(said.get("PatientTelephoneNumbers")),
        "address": _first(said.get("PatientAddress")),
        "patient_number": patient,
        "visit_number": visit,
    }


def _is_citizen(number: str, whose: str) -> bool:
    """A CCCD by its form; CMND and passport only where issuer or type says so: many hospital numbers look like them."""
    return _CITIZEN.fullmatch(number) is not None or (
        _OLD_CITIZEN.fullmatch(number) is not None and _NAMES_CITIZEN.search(whose) is not None
    )


def _birth(said: dict[str, str]) -> str:
    """yyyymmddHHMM or the part of it that is known."""
    day = times.day(said.get("PatientBirthDate", ""))
    time = said.get("PatientBirthTime", "").replace(":", "")[:4]
    hour_known = len(day) == 8 and len(time) == 4 and times.millis(day + time) != times.millis(day)
    return day + time if hour_known else day


def _narrative(study: Study, said: dict[str, str], ordered: list[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    out = {"study_uid": study["uid"]}
    out |= {path: text for path, keyword in _NARRATIVE.items() if (text := said.get(keyword))}
    out.setdefault("accession_number", said.get("requested.AccessionNumber", ""))
    out |= {path: _people(said[keyword]) for path, keyword in _PEOPLE.items() if keyword in said}
    for at, (uid, series) in enumerate(ordered):
        out[f"series[{at}].series_uid"] = uid
        for path, keyword in _SERIES_PEOPLE.items():
            out[f"series[{at}].{path}"] = _people(series["said"].get(keyword, ""))
        out[f"series[{at}].station"] = series["said"].get("StationName", "")
    return {path: text for path, text in out.items() if text}


def _people(text: str) -> str:
    return "; ".join(filter(None, map(name, text.split("\\"))))


def _first(*texts: str | None) -> str | None:
    """The first that says something, as one line."""
    return next((found for text in texts if text and (found := line(text))), None)


def _code(text: str | None, form: re.Pattern[str] = _CODE) -> str | None:
    """A code string (CS) in its own letters; what is none is left out: anything may have been typed there."""
    found = (text or "").strip().upper()
    return found if form.fullmatch(found) else None


def _number(said: dict[str, str]) -> int | None:
    """Series Number (IS), within 32 bits."""
    text = said.get("SeriesNumber", "").strip().lstrip("+")
    if len(text) > 11 or not (text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()):
        return None
    number = int(text)
    return number if -_NO_NUMBER <= number < _NO_NUMBER else None


def _sum(sizes: Any) -> int | None:
    """None where the source says no size at all."""
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None
