"""Writes HL7 v2.5: ADT A01 A03 A04 A08 A11 A13 and ORU R01, UTF-8, segments ended by CR.

MSH-3 is the system (`HIS`, `LIS`), MSH-4 the facility's code; times are local without a zone. EVN-2, MSH-7 and OBR-22
are the time of the event to the second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from infra.city.care import Order, stamp
from infra.city.identity import Identity
from infra.city.visits import Visit

_SEX: Final = {"1": "M", "2": "F", "3": "U"}
_ESCAPES: Final = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": " "})
_STRUCTURE: Final = {"A04": "ADT_A01", "A08": "ADT_A01", "A13": "ADT_A01", "A11": "ADT_A09"}


def escape(text: str) -> str:
    return text.translate(_ESCAPES)


def seconds(at: datetime) -> str:
    """`yyyymmddHHMMSS`."""
    return f"{at:%Y%m%d%H%M%S}"


@dataclass(frozen=True, slots=True)
class Patient:
    """A visit's patient as one system writes them. `name` is spelled this system's way."""

    identity: Identity = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stay:
    """What an ADT message says of the visit. Empty text means unchanged; `end` empty means not discharged."""

    patient_class: str
    department: str
    doctor: str
    admitted: str
    end: str
    diagnoses: tuple[tuple[str, str, str], ...] = field(default=())
    """(code, text, DG1-6: A on admission, W working, F final)."""


def msh(system: str, facility: str, at: datetime, kind: str, control_id: str) -> str:
    return f"MSH|^~\\&|{system}|{facility}|LIVINGDATA|SYTHN|{seconds(at)}||{kind}|{control_id}|P|2.5||||||UNICODE UTF-8"


def pid(patient: Patient, facility: str, contact: bool) -> str:
    """PID with the numbers by type: MR the hospital's, NI the citizen's, HC the card. `contact`: PID-11 and PID-13."""
    identity = patient.identity
    numbers = [f"{identity.patient_number}^^^{facility}^MR"]
    if identity.number:
        numbers.append(f"{identity.number}^^^CCCD^NI")
    if identity.card:
        numbers.append(f"{identity.card}^^^BHXH^HC")
    family, _, given = patient.name.partition(" ")
    birth = identity.birth
    born = birth[:4] if birth[4:8] == "0000" else birth[:8] if birth[8:] == "0000" else birth
    address = f"{escape(identity.street)}^^{escape(identity.commune[1])}^Hà Nội^^VNM" if contact else ""
    phone = identity.phone if contact else ""
    return (
        f"PID|1||{'~'.join(numbers)}||{escape(family)}^{escape(given)}||{born}|{_SEX[identity.sex]}"
        f"|||{address}||{phone}"
    )


def pv1(visit_number: str, stay: Stay, facility: str) -> str:
    fields = [""] * 46
    fields[0], fields[1], fields[2] = "PV1", "1", stay.patient_class
    fields[3] = f"{stay.department}^^^{facility}" if stay.department else ""
    fields[7] = stay.doctor
    fields[19] = visit_number
    fields[44], fields[45] = stay.admitted, stay.end
    return "|".join(fields).rstrip("|")


def dg1(diagnoses: Iterable[tuple[str, str, str]]) -> list[str]:
    return [f"DG1|{i}||{code}^{escape(text)}^I10|||{role}" for i, (code, text, role) in enumerate(diagnoses, 1)]


def adt(
    event: str, control_id: str, at: datetime, facility: str, patient: Patient, visit: str, stay: Stay, contact: bool
) -> list[str]:
    """The segments of an ADT message."""
    return [
        msh("HIS", facility, at, f"ADT^{event}^{_STRUCTURE.get(event, f'ADT_{event}')}", control_id),
        f"EVN|{event}|{seconds(at)}",
        pid(patient, facility, contact),
        pv1(visit, stay, facility),
        *dg1(stay.diagnoses),
    ]


@dataclass(frozen=True, slots=True)
class Report:
    """One OBR as last reported. `changed` maps the position of an OBX to its corrected value."""

    order: Order
    reported: datetime
    changed: Mapping[int, str] = field(default_factory=dict, repr=False)


def oru(
    control_id: str, at: datetime, patient: Patient, visit: Visit, patient_class: str, reports: Iterable[Report]
) -> list[str]:
    """The segments of an ORU R01: an OBR per order, an OBX per index, with sample time, range and flag."""
    facility = visit.hospital.code
    made = [
        msh("LIS", facility, at, "ORU^R01^ORU_R01", control_id),
        pid(patient, facility, False),
        pv1(visit.number, Stay(patient_class, "", "", "", ""), facility),
    ]
    for i, report in enumerate(reports, 1):
        made += _observations(i, visit, report)
    return made


def _observations(number: int, visit: Visit, report: Report) -> list[str]:
    order = report.order
    panel, sampled, resulted = order.panel, stamp(order.sampled) + "00", stamp(order.resulted) + "00"
    placer = f"YL{order.filler[2:]}"
    obr = [""] * 26
    obr[:5] = ["OBR", str(number), placer, order.filler, f"{panel.code}^{escape(panel.name)}^L"]
    obr[7], obr[16], obr[22] = sampled, visit.doctor, seconds(report.reported)
    obr[24], obr[25] = "LAB", "C" if report.changed else "F"
    made = [f"ORC|RE|{placer}|{order.filler}", "|".join(obr)]
    for i, result in enumerate(order.results, 1):
        test = result.test
        value, status = (report.changed[i], "C") if i in report.changed else (result.value, "F")
        kind = "ST" if test.words else "NM"
        limits = "Âm tính" if test.words else f"{test.low:g}-{test.high:g}"
        made.append(
            f"OBX|{i}|{kind}|{test.local}^{escape(test.name)}^L^{test.loinc}^^LN||{escape(value)}|{escape(test.unit)}"
            f"|{limits}|{result.flag}|||{status}|||{sampled}||{visit.doctor}|||{resulted}"
        )
    return made


def write(segments: Iterable[str]) -> bytes:
    return ("\r".join(segments) + "\r").encode()


UNSUPPORTED: Final = {"event": "ADT^A99^ADT_A99", "type": "ZZZ^Z01^ZZZ_Z01"}
"""An event and a message type that no receiver of admissions and results supports."""
