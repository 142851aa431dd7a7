"""CSV files and mappings for tests. People and numbers are invented; province 099 does not exist."""

from pathlib import Path
from typing import Any, Final

import yaml

from producers.adapter import Document, Feed, Parsed, Read, Refusal
from producers.history_csv.bounds import LIMITS, Limits
from producers.history_csv.mapping import Mapping, of
from producers.history_csv.plan import checked
from producers.history_csv.translate import reads

VISITS: Final = """
kind: encounter
dates: ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
document: [SO_KCB]
visit: SO_KCB
patient: MA_BN
facility: CSKCB
occurred_at: NGAY_VAO
recorded_at: NGAY_RA
fields:
  admitted_at: NGAY_VAO
  discharged_at: NGAY_RA
  visit_type: {column: LOAI, codes: {"Ngoại trú": "01", "Nội trú": "03"}}
  main_diagnosis: ICD
  total_hospital: TONG_TIEN
  departments: {column: KHOA, split: ";"}
  sex: {column: GIOI, codes: {Nam: "1", "Nữ": "2"}}
lines:
  diagnoses: {code: ICD, text: CHAN_DOAN, system: {constant: ICD-10}, role: {constant: main}}
identity:
  full_name: [HO, TEN]
  citizen_id: CCCD
  birth: NGAY_SINH
narrative: {visit_reason: LY_DO}
ignored: [STT]
"""
HEADING: Final = "STT,SO_KCB,MA_BN,CSKCB,HO,TEN,CCCD,NGAY_SINH,GIOI,NGAY_VAO,NGAY_RA,LOAI,ICD,CHAN_DOAN,KHOA,TONG_TIEN,LY_DO,GHI_CHU\n"
ROW: Final = "1,LK-0001,BN-77,01999,Nguyễn Thị,Hư Cấu,099200000001,12/03/1985,Nữ,23/11/2015 08:15,23/11/2015 11:40,Ngoại trú,J18.9,Viêm phổi,K01;K02,1250000.5,Ho,ghi chú\n"


def mapping(text: str = VISITS, **changes: Any) -> Mapping:
    read = yaml.safe_load(text)
    return checked(of({name: value for name, value in (read | changes).items() if value is not None}))


def row(**changes: str) -> str:
    """ROW with cells changed."""
    names = HEADING.strip().split(",")
    cells = dict(zip(names, ROW.strip().split(","), strict=True)) | changes
    return ",".join(cells[name] for name in names) + "\n"


def messages(
    text: str | bytes, chosen: Mapping | None = None, limits: Limits = LIMITS, size: int = 1 << 20
) -> list[Read]:
    data = text.encode() if isinstance(text, str) else text
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    return list(reads(blocks, chosen or mapping(), "01999", limits))


def documents(text: str | bytes, chosen: Mapping | None = None) -> list[Document]:
    found = [read.parsed for read in messages(text, chosen)]
    assert not [one for one in found if isinstance(one, Refusal)], found
    return [one.content[0] for one in found if isinstance(one, Parsed)]


def refusals(text: str | bytes, chosen: Mapping | None = None) -> list[tuple[str, str]]:
    return [(r.parsed.reason, r.parsed.place) for r in messages(text, chosen) if isinstance(r.parsed, Refusal)]


def feed(path: Path) -> Feed:
    return Feed("01999.old", "01999", "HIS", "history_csv", options={"mapping": path})
