"""The HL7 v2 that the city writes, read back as a receiver does."""

import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import islice

from infra.city.city import City
from infra.city.flaws import NONE, Flaws
from infra.city.message import Message
from infra.city.visits import LOCAL

START = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
Segments = list[list[str]]


def messages(count: int, flaws: Flaws) -> list[Message]:
    alone = replace(flaws, told_by_both=0.0, told_by_xml=0.0)
    return list(islice(City(6, start=START, flaws=alone, people=800).messages(lambda: START), count))


def read(message: Message) -> Segments:
    text = message.payload.decode("utf-8")
    assert text.endswith("\r")
    return [segment.split("|") for segment in text[:-1].split("\r")]


def only(segments: Segments, name: str) -> list[str]:
    return next(segment for segment in segments if segment[0] == name)


def test_headers_say_who_speaks_and_in_what_letters() -> None:
    for message in messages(600, NONE):
        segments = read(message)
        header = segments[0]
        assert ["MSH", "^~\\&"] == header[:2]
        assert ("LIS" if header[8].startswith("ORU") else "HIS") == header[2]
        assert message.facility == header[3]
        assert message.name == header[9]
        assert ["P", "2.5"] == header[10:12]
        assert header[17] == "UNICODE UTF-8"
        assert message.visit == only(segments, "PV1")[19]


def test_events_and_their_answers() -> None:
    events = Counter(read(m)[0][8].split("^")[1] for m in messages(2_500, replace(NONE, corrections=0.6)))
    assert {"A01", "A03", "A04", "A08", "A13", "R01"} == set(events)
    cancelled = messages(400, replace(NONE, cancellations=1.0))
    assert {"A01", "A04", "A11"} == {read(m)[0][8].split("^")[1] for m in cancelled}
    assert all(m.stands is False for m in cancelled if read(m)[0][8].startswith("ADT^A11"))


def test_patient_numbers_carry_their_types() -> None:
    for message in messages(300, NONE):
        numbers = [part.split("^") for part in only(read(message), "PID")[3].split("~")]
        types = [number[4] for number in numbers]
        assert ["MR", "NI"] == types[:2]
        assert set(types) <= {"MR", "NI", "HC"}
        assert len(numbers[1][0]) == 12


def test_names_are_vietnamese_and_spelled_in_several_ways() -> None:
    names = [" ".join(only(read(m), "PID")[5].split("^")) for m in messages(1_500, NONE)]
    assert any(name == name.upper() for name in names)
    assert any(name != unicodedata.normalize("NFC", name) for name in names)
    assert any("Hoà" in name or "Thuỷ" in name or "Thuý" in name for name in names)


def test_an_order_is_one_observation_with_values_ranges_and_flags() -> None:
    orders: set[str] = set()
    for message in messages(500, NONE):
        segments = read(message)
        reported = [message.facility + segment[3] for segment in segments if segment[0] == "OBR"]
        assert len(reported) == sum(part.kind == "observation" for part in message.expected)
        assert not orders & set(reported)
        orders |= set(reported)
        for segment in segments:
            if segment[0] == "OBX" and segment[2] == "NM":
                low, high = (float(limit) for limit in segment[7].split("-"))
                value = float(segment[5])
                assert ("H" if value > high else "L" if value < low else "N") == segment[8]
    assert len(orders) > 200


def test_what_is_expected_follows_from_what_changed() -> None:
    """Fold the ADT messages of a visit and compare the observations by order, as the adapters must."""
    stays: dict[str, dict[str, object]] = {}
    orders: dict[str, object] = {}
    flaws = replace(Flaws(), malformed=0.0, corrections=0.5, duplicates=0.2, cancellations=0.1)
    for message in messages(2_000, flaws):
        if message.retransmission:
            continue
        segments = read(message)
        person = only(segments, "PID")
        if segments[0][8].startswith("ORU"):
            groups: dict[str, list[list[str]]] = {}
            for segment in segments[3:]:
                if segment[0] == "OBR":
                    groups[message.facility + segment[3]] = []
                elif segment[0] == "OBX":
                    groups[next(reversed(groups))].append(segment)
            said = {order: (person, results) for order, results in groups.items()}
            derived = [
                "accepted" if o not in orders else "duplicate" if orders[o] == c else "amended" for o, c in said.items()
            ]
            orders |= said
        else:
            old = stays.get(message.visit)
            new = fold(dict(old or {}), segments)
            derived = ["accepted" if old is None else "duplicate" if old == new else "amended"]
            stays[message.visit] = new
        assert derived == [part.outcome for part in message.expected]


def fold(state: dict[str, object], segments: Segments) -> dict[str, object]:
    """An empty field means unchanged; A13 takes the discharge back; A11 cancels."""
    event = segments[0][8].split("^")[1]
    for segment in segments:
        if segment[0] in ("PID", "PV1"):
            state |= {f"{segment[0]}-{i}": value for i, value in enumerate(segment) if value}
    diagnoses = [segment[3:] for segment in segments if segment[0] == "DG1"]
    if diagnoses:
        state["DG1"] = diagnoses
    if event == "A13":
        state.pop("PV1-45", None)
    if event == "A11":
        state["status"] = "cancelled"
    return state


def test_malformed_messages_are_answered_as_stated() -> None:
    answers: Counter[str | None] = Counter()
    for message in messages(800, replace(NONE, malformed=0.3)):
        if [part.outcome for part in message.expected] != ["rejected"]:
            assert message.answer == "AA"
            continue
        segments = read(message)
        names = {segment[0] for segment in segments}
        if "MSH" not in names or segments[0][8].split("^")[1] not in ("A01", "A03", "A04", "A08"):
            assert message.answer == "AR"
        else:
            assert message.answer == "AE"
            broken = "PID" not in names or not only(segments, "PID")[3] or len(only(segments, "PV1")) < 20
            assert broken or not only(segments, "PV1")[19]
        answers[message.answer] += 1
    assert {"AR", "AE"} == set(answers)
