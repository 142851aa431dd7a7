"""Referrals, appointments kept, bed-days, drugs."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from sinks.clickhouse.views.persons import LINKS, citizen
from sinks.clickhouse.views.view import HANOI, View

REFERRAL_DAYS: Final = 14
"""A referral is valid 10 working days from signing (TT 01/2025 annex VI); 10 working days span 14."""
KEPT_BEFORE_DAYS: Final = 1
KEPT_AFTER_DAYS: Final = 3
"""A patient seen from one day before to three days after the date has kept the appointment: a house rule."""
OPEN_DAYS: Final = 45
"""A stay without an end counts for so long after admission, then it is taken for one whose end was lost."""
INPATIENT: Final = "(visit_type = '03' OR (visit_type IS NULL AND patient_class = 'I'))"
"""MA_LOAI_KCB 03; where the source has no such code (HL7, FHIR), its patient class (HL7 table 0004)."""


def referral_flow() -> View:
    return View(
        "referral_flow",
        "Chuyển tuyến: từ đâu đến đâu, có đến không / Referrals: from where to where, and who arrived",
        f"""SELECT r.from_facility AS from_facility, r.to_facility AS to_facility, toStartOfMonth(r.document_date) AS month,
  uniqExact(r.document_id) AS referrals, uniqExactIf(r.document_id, r.citizen IS NOT NULL) AS traceable,
  uniqExactIf(r.document_id, v.arrival BETWEEN r.left_at - INTERVAL 1 DAY AND r.left_at + INTERVAL {REFERRAL_DAYS} DAY)
    AS arrived,
  topK(3)(r.main_diagnosis) AS main_diagnoses
FROM (
  SELECT ifNull(nullIf(d.referred_from, ''), d.facility) AS from_facility, ifNull(d.referred_to, '') AS to_facility,
    d.document_date AS document_date, d.document_id AS document_id, ifNull(d.main_diagnosis, '') AS main_diagnosis,
    {citizen("d", "l")} AS citizen, ifNull(d.discharged_at, d.occurred_at) AS left_at
  FROM referrals AS d LEFT JOIN {LINKS} AS l ON l.patient_key = d.patient_key
) AS r
LEFT JOIN (
  SELECT e.facility AS facility, {citizen("e", "l")} AS citizen, ifNull(e.admitted_at, e.occurred_at) AS arrival
  FROM encounters AS e LEFT JOIN {LINKS} AS l ON l.patient_key = e.patient_key
  WHERE {citizen("e", "l")} IS NOT NULL
) AS v ON v.citizen = r.citizen AND v.facility = r.to_facility
GROUP BY from_facility, to_facility, month""",
        {
            "from_facility": "Cơ sở chuyển đi / Sending facility",
            "to_facility": "Cơ sở chuyển đến / Receiving facility",
            "referrals": "Số giấy chuyển / Referrals",
            "traceable": "Số giấy đã rõ công dân / Referrals whose citizen is known",
            "arrived": f"Đã đến trong {REFERRAL_DAYS} ngày / Arrived within {REFERRAL_DAYS} days",
            "main_diagnoses": "Bệnh chính thường gặp / Most frequent main diagnoses",
        },
    )


def follow_ups() -> View:
    window = f"v.arrival BETWEEN a.due - INTERVAL {KEPT_BEFORE_DAYS} DAY AND a.due + INTERVAL {KEPT_AFTER_DAYS} DAY"
    return View(
        "follow_ups",
        "Từng giấy hẹn: đã khám lại chưa / Each appointment: was it kept",
        f"""SELECT a.facility AS facility, a.document_date AS document_date, a.document_id AS document_id,
  a.patient_key AS patient_key, a.main_diagnosis AS main_diagnosis, a.sensitivity AS sensitivity,
  a.due AS appointed_at,
  minIf(toNullable(v.arrival), {window} AND v.visit != ifNull(a.visit_key, '')) AS seen_at,
  multiIf(seen_at IS NOT NULL, 'kept', a.due + INTERVAL {KEPT_AFTER_DAYS} DAY < now(), 'missed', 'open') AS state
FROM (SELECT *, assumeNotNull(appointed_at) AS due FROM appointments WHERE appointed_at IS NOT NULL) AS a
LEFT JOIN (
  SELECT facility, patient_key, ifNull(visit_key, document_id) AS visit, ifNull(admitted_at, occurred_at) AS arrival
  FROM encounters WHERE patient_key IS NOT NULL
) AS v ON v.facility = a.facility AND v.patient_key = a.patient_key
GROUP BY facility, document_date, document_id, patient_key, main_diagnosis, sensitivity, appointed_at""",
        {
            "seen_at": "Khám lại lúc / Seen again at",
            "state": "kept đã khám lại, missed không đến, open chưa đến hạn / State",
        },
    )


def follow_up_kept() -> View:
    return View(
        "follow_up_kept",
        "Tỷ lệ khám lại đúng hẹn / How many appointments were kept, by month of the appointment",
        f"""SELECT facility, toStartOfMonth(toDate(appointed_at, {HANOI})) AS month, count() AS appointments,
  countIf(state = 'kept') AS kept, countIf(state = 'missed') AS missed, countIf(state = 'open') AS open,
  kept / nullIf(kept + missed, 0) AS kept_share
FROM follow_ups GROUP BY facility, month""",
        {
            "appointments": "Số giấy hẹn / Appointments",
            "kept": "Đã khám lại / Kept",
            "missed": "Không đến / Missed",
            "open": "Chưa đến hạn / Not yet due",
            "kept_share": "Tỷ lệ đúng hẹn trong số đã đến hạn / Share kept of those due",
        },
    )


def stays(visits: str = "visits") -> str:
    """Inpatients on each day, the day of admission and the day of leaving included, as X04 counts."""
    return f"""SELECT facility, toDate(number) AS day, count() AS bed_days, countIf(number = first) AS admitted,
  countIf(ended AND number = last) AS discharged, countIf(NOT ended) AS still_in
FROM (
  SELECT facility, isNotNull(discharged_at) AS ended,
    toUInt32(toDate(assumeNotNull(coalesce(inpatient_at, admitted_at)), {HANOI})) AS first,
    toUInt32(if(ended, toDate(assumeNotNull(discharged_at), {HANOI}),
      least(toDate(now(), {HANOI}), toDate(assumeNotNull(coalesce(inpatient_at, admitted_at)), {HANOI}) + {OPEN_DAYS}))) AS last
  FROM {visits} WHERE {INPATIENT} AND coalesce(inpatient_at, admitted_at) IS NOT NULL
)
ARRAY JOIN range(first, least(last, first + 1000) + 1) AS number
GROUP BY facility, day"""


def bed_days() -> View:
    return View(
        "bed_days",
        "Ngày giường nội trú / Inpatients on each day",
        stays(),
        {
            "bed_days": "Số người nằm viện ngày đó / Inpatients on that day",
            "admitted": "Nhập viện / Admitted",
            "discharged": "Ra viện / Discharged",
            "still_in": "Chưa ra viện / Not discharged yet",
        },
    )


def drug_use() -> View:
    return View(
        "drug_use",
        "Sử dụng thuốc theo tháng / Drugs used, by month",
        """SELECT facility, toStartOfMonth(document_date) AS month, ifNull(drug_code, '') AS drug_code,
  any(drug_name) AS drug_name, any(unit) AS unit, sum(quantity) AS quantity, sum(amount_hospital) AS amount,
  sum(insurance_pays) AS insurance_pays, uniqExact(document_id) AS prescriptions, uniqExact(patient_key) AS patients
FROM prescription_lines GROUP BY facility, month, drug_code""",
        {
            "amount": "Thành tiền theo giá bệnh viện (đồng) / Amount at hospital price, VND",
            "prescriptions": "Số đơn / Prescriptions",
        },
    )
