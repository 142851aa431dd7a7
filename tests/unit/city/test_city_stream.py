"""The stream: the same for the same seed, flawed in the stated shares, with books that agree with it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import islice

import pytest

from infra.city.books import Books
from infra.city.city import City, every
from infra.city.documents import Documents
from infra.city.flaws import NONE, Flaws
from infra.city.hospitals import HOSPITALS
from infra.city.message import Expected, Message
from infra.city.visits import LOCAL

START = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)


def stream(count: int, seed: int = 1, flaws: Flaws = Flaws(), facilities: int = 42) -> list[Message]:  # noqa: B008
    city = City(seed, facilities, start=START, flaws=flaws, people=1_000)
    return list(islice(city.messages(lambda: START), count))


@cache
def plain() -> tuple[Message, ...]:
    return tuple(stream(4_000))


def parts(messages: tuple[Message, ...] | list[Message]) -> list[Expected]:
    return [part for message in messages for part in message.expected]


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    first = stream(600, seed=9)
    assert first == stream(600, seed=9)
    assert first != stream(600, seed=10)


def test_a_city_can_be_told_twice() -> None:
    city = City(3, start=START, people=500)
    assert list(islice(city.messages(lambda: START), 50)) == list(islice(city.messages(lambda: START), 50))


def test_a_naive_start_and_too_many_hospitals_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        City(1, start=START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="hospitals"):
        City(1, 43, start=START)


def test_there_are_42_hospitals_of_stated_size() -> None:
    weights = [hospital.weight for hospital in HOSPITALS]
    assert 42 == len({hospital.code for hospital in HOSPITALS})
    assert 0.05 <= max(weights) <= 0.08
    assert 0.002 <= min(weights) <= 0.004
    assert 1.0 == pytest.approx(sum(weights))


def test_fewer_facilities_means_only_those() -> None:
    city = City(1, 3, start=START, people=500)
    codes = {entry["code"] for entry in city.register()}
    assert 3 == len(codes)
    assert codes == {message.facility for message in islice(city.messages(lambda: START), 500)}


def test_the_register_names_systems_kinds_and_sources_of_record() -> None:
    entry = City(1, 1, start=START, people=100).register()[0]
    assert ["HIS-XML", "HIS", "LIS"] == [system["system"] for system in entry["systems"]]
    assert entry["synthetic"] is True
    assert ["HIS-XML", "HIS"] == entry["source_of_record"]["encounter"]


def test_half_of_the_parts_come_by_xml() -> None:
    by = Counter({d: sum(len(m.expected) for m in plain() if m.dialect == d) for d in ("insurance_xml", "hl7v2")})
    assert 0.5 == pytest.approx(by["insurance_xml"] / by.total(), abs=0.06)


def test_a_retransmission_is_the_same_bytes_and_expects_nothing() -> None:
    seen: dict[tuple[str, str, str], Message] = {}
    again = 0
    for message in plain():
        key = (message.facility, message.dialect, message.name)
        if message.retransmission:
            first = seen[key]
            assert (first.payload, first.answer) == (message.payload, message.answer)
            assert () == message.expected
            again += 1
        else:
            assert key not in seen
            seen[key] = message
    assert 0.015 == pytest.approx(again / len(plain()), abs=0.006)


def test_flaws_come_in_about_their_shares() -> None:
    counts = Counter(part.outcome for part in parts(plain()))
    total = counts.total()
    assert 0.04 == pytest.approx(counts["duplicate"] / total, abs=0.02)
    assert 0.15 == pytest.approx(counts["amended"] / total, abs=0.06)
    assert 0.009 == pytest.approx(counts["rejected"] / total, abs=0.005)
    tiers = Counter(part.tier for part in parts(plain()) if part.outcome in ("accepted", "amended"))
    assert 0.19 == pytest.approx(tiers["unmatched"] / tiers.total(), abs=0.05)
    assert 0.02 == pytest.approx(tiers["conflict"] / tiers.total(), abs=0.015)
    assert {"verified", "unmatched", "conflict"} == set(tiers)


def test_every_kind_of_flaw_can_be_set_alone() -> None:
    rejected = Counter(part.kind for part in parts(stream(400, flaws=replace(NONE, malformed=0.5))))
    assert rejected[None] > 50
    x01 = parts(stream(400, flaws=replace(NONE, discharge_before_arrival=1.0)))
    assert {"encounter"} == {part.kind for part in x01 if part.outcome == "rejected"}
    number = parts(stream(800, flaws=replace(NONE, corrections=1.0, number_only=1.0)))
    assert {"prescription", "service", "observation", "encounter"} <= {p.kind for p in number if p.outcome == "amended"}
    missing = parts(stream(800, flaws=replace(NONE, missing_part=1.0, told_by_both=0.0, told_by_xml=1.0)))
    assert {"prescription"} == {part.kind for part in missing if part.outcome == "amended"}


def test_a_city_without_flaws_is_verified_and_never_refused() -> None:
    messages = stream(800, flaws=NONE)
    assert {"verified"} == {part.tier for part in parts(messages)}
    assert {"accepted", "amended"} == {part.outcome for part in parts(messages)}
    assert {"AA", None} == {message.answer for message in messages}


def test_the_books_are_the_sum_of_the_expectations() -> None:
    books = Books()
    for message in plain():
        books.decide(message)
    totals = books.totals()
    counts = Counter(part.outcome for part in parts(plain()))
    assert counts.total() == totals["published"]
    assert {**counts} == {name: totals[name] for name in counts}
    assert totals["accepted"] + totals["amended"] == totals["stored"] == sum(totals["identity"].values())
    assert totals["missing"] == 0
    pages = books.facilities().values()
    for name in ("published", "accepted", "amended", "duplicate", "rejected", "stored", "visits"):
        assert totals[name] == sum(page[name] for page in pages)


def test_a_visit_counts_once_and_the_source_of_record_decides() -> None:
    def told(dialect: str, visit: str, stands: bool | None) -> Message:
        return Message("01003", dialect, "x", b"", (), visit=visit, stands=stands)

    books = Books(["01003"])
    for message, expected in (
        (told("hl7v2", "a", True), 1),
        (told("insurance_xml", "a", True), 1),
        (told("hl7v2", "a", False), 1),
        (told("hl7v2", "b", True), 2),
        (told("hl7v2", "b", False), 1),
        (told("hl7v2", "c", None), 1),
    ):
        books.decide(message)
        assert expected == books.totals()["visits"]


def clock(seconds: float) -> Callable[[], datetime]:
    at = [START]

    def now() -> datetime:
        at[0] += timedelta(seconds=seconds)
        return at[0]

    return now


@pytest.mark.parametrize("step", [0.0, 0.7])
def test_hl7_events_of_a_document_have_rising_seconds_and_are_never_in_the_future(step: float) -> None:
    city = City(5, start=START, people=1_000, flaws=replace(Flaws(), duplicates=0.3, corrections=0.5))
    now = clock(step)
    last: dict[str, str] = {}
    latest = START

    def watched() -> datetime:
        nonlocal latest
        latest = now()
        return latest

    for message in islice(city.messages(watched), 1_500):
        if message.dialect != "hl7v2" or message.retransmission or not message.payload.startswith(b"MSH"):
            continue
        at = message.payload.split(b"|", 7)[6].decode()
        assert at > last.get(message.visit, "")
        assert at <= f"{latest:%Y%m%d%H%M%S}"
        last[message.visit] = at


def test_the_documents_agree_with_the_counts() -> None:
    """Two books of one city, kept apart: by outcome, and document by document."""
    books = Books()
    books.documents = documents = Documents()
    for message in plain():
        books.decide(message)
    totals = books.totals()
    assert totals["stored"] == documents.versions.total()
    assert totals["rejected"] == documents.rejected.total()
    assert totals["visits"] == sum(1 for _ in documents.visits())
    assert totals["accepted"] > sum(1 for _ in documents.in_force()) > totals["accepted"] * 0.9


def test_whoever_speaks_alone_is_so_in_the_register() -> None:
    city = City(1, 4, start=START, people=100, dialects=every(4))
    spoken = {entry["code"]: {each["dialect"] for each in entry["systems"]} for entry in city.register()}
    assert [{"insurance_xml", "hl7v2"}, {"fhir"}, {"dicom"}, {"history_csv"}] == list(spoken.values())


def test_the_referred_come() -> None:
    documents = Documents()
    for message in stream(6_000, facilities=8):
        documents.enter(message)
    seen = {(one.said.identity.patient_number, one.facility) for one in documents.in_force("encounter")}
    referred = {
        (one.said.identity.patient_number, one.said.visit.referred_to) for one in documents.in_force("referral")
    }
    assert referred & seen
