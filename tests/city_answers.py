"""What the views must answer, counted from the city's own books alone: no SQL, no room of ours but the code tables.

Each function takes the books' documents and gives rows as its view does, keys first. Money is VND, days are Hanoi's.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from infra.city import xml_lines
from infra.city.care import DrugLine
from infra.city.documents import Documents, Standing
from infra.city.visits import LOCAL
from schemas.notifiable import PREFIXES

VALID_DAYS: Final = 7
EPISODE_DAYS: Final = 30
SMALLEST: Final = 5
_HIV: Final = re.compile(r"B2[0-4]|Z21")
_XML: Final = "HIS-XML"

Rows = dict[tuple[Any, ...], tuple[Any, ...]]


_HISTORY: Final = "HIS-OLD"


def live(documents: Documents) -> dict[tuple[str, str, str], int]:
    """(facility, system, kind) -> versions stored, but for history: it is neither fresh nor late."""
    return {key: count for key, count in documents.versions.items() if key[1] != _HISTORY}


def tally(keys: Iterable[tuple[Any, ...]]) -> Rows:
    return {key: (count,) for key, count in Counter(keys).items()}


def of_kind(books: Documents, kind: str) -> Rows:
    return tally((one.facility, one.said.system) for one in books.in_force(kind))


def versions(books: Documents, kind: str) -> Rows:
    return {key[:2]: (count,) for key, count in books.versions.items() if key[2] == kind}


def normal(one: Standing) -> bool:
    return not any(_HIV.match(code) for code in one.said.diagnoses)


# Lines


def drugs(books: Documents) -> Iterator[tuple[Standing, DrugLine]]:
    return ((one, line) for one in books.in_force("prescription") for line in one.said.visit.drugs)


def _worth(one: Standing, line: DrugLine) -> Decimal:
    return line.amount.hospital if one.said.system == _XML else Decimal(0)  # a FHIR order has no price


def prescription_lines(books: Documents) -> Rows:
    made: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
    for one, line in drugs(books):
        sums = made[one.facility, one.said.system]
        sums[0] += 1
        sums[1] += line.quantity
        sums[2] += _worth(one, line)
    return {key: (*sums[:2], float(sums[2])) for key, sums in made.items()}


def service_lines(books: Documents) -> Rows:
    made: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    for one in books.in_force("service"):
        for line in one.said.visit.services:
            sums = made[one.facility, one.said.system]
            sums[0] += 1
            sums[1] += line.amount.hospital
    return {key: (sums[0], float(sums[1])) for key, sums in made.items()}


def drug_patients(books: Documents) -> Rows:
    """(facility, month, code) -> patients."""
    patients = defaultdict(set)
    for one, line in drugs(books):
        month = min(_local(each.ordered) for each in one.said.visit.drugs).date().replace(day=1)
        patients[one.facility, month, line.drug.code].add(one.patient)
    return {key: (len(found),) for key, found in patients.items()}


def drug_use(books: Documents) -> Rows:
    """(facility, code) -> quantity, amount, prescriptions."""
    quantity: Counter[tuple[str, str]] = Counter()
    amount: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    papers = defaultdict(set)
    for one, line in drugs(books):
        key = one.facility, line.drug.code
        quantity[key] += line.quantity
        amount[key] += _worth(one, line)
        papers[key].add(one.said.document)
    return {key: (quantity[key], float(amount[key]), len(papers[key])) for key in quantity}


def diagnoses(books: Documents) -> Rows:
    """(facility, kind, code)."""
    told = ("encounter", "referral", "appointment")
    return tally(
        (one.facility, one.kind, code) for one in books.in_force() for code in one.said.diagnoses if one.kind in told
    )


# Laboratory


def results(books: Documents) -> Iterator[tuple[Standing, str, datetime]]:
    """Each result in force: (document, the test's national code or '', when it resulted)."""
    for one in books.in_force("observation"):
        if one.said.order is None:
            yield from _of_xml(one)
            continue
        order = one.said.order
        tests = order.results if not one.said.place else order.results[one.said.place - 1 : one.said.place]
        for result in tests:
            yield one, result.test.code, order.resulted


def _of_xml(one: Standing) -> Iterator[tuple[Standing, str, datetime]]:
    """XML4: a row per index, then one per image; the row that waits for its value has the time of the first result."""
    visit = one.said.visit
    rows = [(result.test.code, order.resulted) for order in visit.orders for result in order.results]
    images = [_local(line.resulted) for line in visit.services if line.service.group in (2, 3)]
    assert len(rows) + len(images) == sum(1 for _ in xml_lines.results(visit, 0))
    rows += [("", at) for at in images]
    others = [at for place, (_, at) in enumerate(rows, 1) if place != one.said.pending]
    for place, (code, at) in enumerate(rows, 1):
        yield one, code, min(others, default=at) if place == one.said.pending else at


def _local(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=LOCAL)


def observation_results(books: Documents) -> Rows:
    return tally((one.facility, one.said.system) for one, _, _ in results(books))


def comparable(books: Documents) -> Rows:
    """Facility -> results, of which without a national code, without a citizen."""
    made: dict[tuple[str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for one, code, _ in results(books):
        for at, counts in enumerate((True, not code, not one.citizen)):
            made[one.facility,][at] += counts
    return {key: tuple(sums) for key, sums in made.items()}


def repeated_tests(books: Documents) -> Rows:
    """(facility, code): how often a test was done again while one of another facility was still valid."""
    tested: dict[tuple[str, str], dict[tuple[str, str], datetime]] = defaultdict(dict)
    for one, code, at in results(books):
        if code and one.citizen:
            places = tested[one.citizen, code]
            key = one.facility, one.visit
            places[key] = min(at, places.get(key, at))
    repeats: Counter[tuple[str, str]] = Counter()
    for (_, code), places in tested.items():
        for (facility, _), at in places.items():
            if any(
                other != facility and before < at <= before + timedelta(days=VALID_DAYS)
                for (other, _), before in places.items()
            ):
                repeats[facility, code] += 1
    return {key: (count,) for key, count in repeats.items()}


# Visits


def visit_type(one: Standing) -> str | None:
    return one.said.visit.type if one.said.system in (_XML, _HISTORY) else None


def visits(books: Documents) -> Rows:
    """(facility, type, main diagnosis, day of arrival)."""
    return tally(
        (one.facility, visit_type(one), one.said.diagnoses[0], one.said.visit.arrival.date()) for one in books.visits()
    )


def visits_since(books: Documents, since: datetime) -> Rows:
    """Visits of which any source tells an arrival since then, by facility."""
    seen = {(one.facility, one.visit) for one in books.in_force("encounter") if one.said.visit.arrival >= since}
    return tally((facility,) for facility, _ in seen)


def bed_days(books: Documents, today: date) -> Rows:
    """(facility, day) -> inpatients, admitted, discharged, still in."""
    made: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in books.visits():
        visit = one.said.visit
        if visit.inpatient is None:
            continue
        first = (visit.inpatient if one.said.system == _XML else visit.arrival).date()
        last = one.said.ended.date() if one.said.ended else today
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            told = (True, day == first, one.said.ended is not None and day == last, one.said.ended is None)
            for at, counts in enumerate(told):
                made[one.facility, day][at] += counts
    return {key: tuple(counts) for key, counts in made.items()}


def referrals(books: Documents) -> Rows:
    """(from, to) -> papers, of known citizens, arrived within 14 days."""
    came = defaultdict(list)
    for one in books.in_force("encounter"):
        if one.citizen:
            came[one.citizen, one.facility].append(one.said.visit.arrival)
    made: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in books.in_force("referral"):
        to, left = one.said.visit.referred_to, one.said.visit.end
        arrived = any(
            left - timedelta(days=1) <= at <= left + timedelta(days=14) for at in came.get((one.citizen, to), ())
        )
        for place, counts in enumerate((True, bool(one.citizen), arrived)):
            made[one.facility, to][place] += counts
    return {key: tuple(counts) for key, counts in made.items()}


def follow_ups(books: Documents, now: datetime) -> Rows:
    """(facility, month of the appointment, state)."""
    came = defaultdict(list)
    for one in books.in_force("encounter"):
        came[one.patient].append((one.visit, one.said.visit.arrival))

    def state(one: Standing) -> str:
        due = one.said.visit.revisit
        assert due is not None
        within = (due - timedelta(days=1), due + timedelta(days=3))
        if any(visit != one.visit and within[0] <= at <= within[1] for visit, at in came[one.patient]):
            return "kept"
        return "missed" if within[1] < now else "open"

    def month(one: Standing) -> date:
        assert one.said.visit.revisit is not None
        return one.said.visit.revisit.date().replace(day=1)

    return tally((one.facility, month(one), state(one)) for one in books.in_force("appointment"))


# Persons


def timeline(books: Documents) -> Rows:
    return tally((one.facility, one.kind) for one in books.in_force())


def per_citizen(books: Documents) -> list[int]:
    """How many documents each known citizen has, most first."""
    return sorted(Counter(one.citizen for one in books.in_force() if one.citizen).values(), reverse=True)


def notifiable(books: Documents) -> dict[tuple[str, str, date], set[str]]:
    """(disease, facility, day) -> persons: the citizen where known, else the hospital's patient."""
    made = defaultdict(set)
    for one in books.in_force("encounter"):
        for code in one.said.diagnoses:
            plain = code.replace(".", "")
            if disease := PREFIXES.get(plain[:4]) or PREFIXES.get(plain[:3]):
                person = one.citizen or "/".join(one.patient)
                made[disease, one.facility, one.said.visit.arrival.date()].add(person)
    return made


def cases(books: Documents) -> Rows:
    return {key: (len(persons),) for key, persons in notifiable(books).items()}


def new_cases(books: Documents) -> Rows:
    """(disease,): a person who comes again within the episode is no new case."""
    days = defaultdict(list)
    for (disease, _, day), persons in notifiable(books).items():
        for person in persons:
            days[disease, person].append(day)
    made: Counter[tuple[str]] = Counter()
    for (disease, _), found in days.items():
        found.sort()
        made[disease,] += 1 + sum(after - before > timedelta(days=EPISODE_DAYS) for before, after in pairwise(found))
    return {key: (count,) for key, count in made.items()}


def suppressed(rows: Rows) -> Rows:
    """As published: counts below the smallest are hidden."""
    return {key: counts if counts[0] >= SMALLEST else (None,) * len(counts) for key, counts in rows.items()}


def failing(books: Documents) -> Rows:
    """(facility, kind): documents without a citizen's number, the rule R01."""
    return tally((one.facility, one.kind) for one in books.in_force() if not one.said.identity.number)
