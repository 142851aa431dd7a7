"""Writes the visits of an old system as CSV, and the mapping file that explains its columns."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from infra.city.identity import Identity
from infra.city.visits import Visit

COLUMNS: Final = (
    "SO_KCB", "CSKCB", "MA_BN", "HO_TEN", "CCCD", "NGAY_SINH", "GIOI", "LOAI", "NGAY_VAO", "NGAY_RA", "ICD",
    "CHAN_DOAN", "TONG_TIEN", "TRANG_THAI",
)  # fmt: skip

MAPPING: Final = """\
kind: encounter
delimiter: ";"
dates: ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
document: [SO_KCB]
visit: SO_KCB
patient: MA_BN
facility: CSKCB
occurred_at: NGAY_VAO
recorded_at: NGAY_RA
status: {column: TRANG_THAI, codes: {HUY: cancelled}, otherwise: empty}
fields:
  admitted_at: NGAY_VAO
  discharged_at: NGAY_RA
  visit_type: LOAI
  sex: {column: GIOI, codes: {Nam: "1", "Nữ": "2", "Khác": "3"}}
  main_diagnosis: ICD
  total_hospital: TONG_TIEN
lines:
  diagnoses: {code: ICD, text: CHAN_DOAN, system: {constant: ICD-10}, role: {constant: main}}
identity: {full_name: HO_TEN, citizen_id: CCCD, birth: NGAY_SINH}
"""
"""The mapping file of these columns."""

_SEX: Final = {"1": "Nam", "2": "Nữ", "3": "Khác"}


def row(visit: Visit, identity: Identity, name: str, end: datetime, status: str) -> list[str]:
    birth = identity.birth
    return [
        visit.number,
        visit.hospital.code,
        identity.patient_number,
        name,
        identity.number,
        "" if birth[4:8] == "0000" else f"{birth[6:8]}/{birth[4:6]}/{birth[:4]}",
        _SEX[identity.sex],
        visit.type,
        f"{visit.arrival:%d/%m/%Y %H:%M}",
        f"{end:%d/%m/%Y %H:%M}",
        visit.disease.code,
        visit.disease.text,
        str(visit.total.hospital),
        status,
    ]


def write(rows: Iterable[list[str]], heading: bool = True) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    if heading:
        writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue().encode()
