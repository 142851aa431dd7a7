"""From a document to an event: version, hash, mask, seal, size, key; nothing of the person in clear."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.adapter import Document, Feed, Refusal, Rows
from producers.event import FUTURE_MS, Keys, Number, Record, compose, refuse, version
from producers.mask import MASK
from runtime.clock import YEAR_2000_MS
from runtime.keyring import Keyring
from runtime.seal import HEADER, SealKey, key_id, unseal
from schemas import codec, topics
from schemas.kinds import KINDS
from schemas.sealed import IDENTITY
from tests.lines import FEED, KEYS, NOW, decoded, opened

NUMBER = Number("01001.his", "a" * 16, 7, 1, 2)
PERSON: dict[str, str | None] = {
    "full_name": "Nguyễn Thị Hoàng Yến",
    "citizen_id": "001190123456",
    "address": "Số 5 phố Hàng Bạc",
    "sex": "2",
    "birth": "199001020000",
}
VISIT = Document(
    "encounter",
    ("V1",),
    visit_number="V1",
    patient_number="BN77",
    occurred_at=NOW - 1000,
    recorded_at=NOW - 500,
    body={"visit_type": "01", "main_diagnosis": "J18", "discharge_diagnosis": "Viêm phổi"},
    identity=PERSON,
    narrative={"note": "Bệnh nhân mệt"},
)
ROWS = Rows(5, 4, {"Z1": 1})


def event(
    document: Document = VISIT,
    number: Number = NUMBER,
    feed: Feed = FEED,
    keys: Keys = KEYS,
    *,
    at: int = NOW,
    last: int = 0,
    message_id: str = "m1",
    rows: Rows = ROWS,
    limit: int = topics.MAX_EVENT_BYTES,
) -> Record:
    made = compose(
        document, number, feed, keys, captured_at=at, last_version=last, message_id=message_id, rows=rows, limit=limit
    )
    assert not isinstance(made, Refusal), made
    record, told = made
    assert decoded(record.value)["version"] == told
    return record


def told(document: Document = VISIT, **given: Any) -> dict[str, Any]:
    return decoded(event(document, **given).value)


# Version


@pytest.mark.parametrize(
    ("corrected", "last", "expected", "marks"),
    [
        (None, 0, NOW << 20 | 7, ()),
        (None, NOW << 20, NOW << 20 | 7, ()),
        (None, NOW << 20 | 7, NOW << 20 | 8, ()),
        (None, (NOW << 20) + (1 << 40), (NOW << 20) + (1 << 40) + 1, ()),
        (NOW - 86_400_000, 0, (NOW - 86_400_000) << 20 | 7, ()),
        (NOW - 86_400_000, NOW << 20, (NOW - 86_400_000) << 20 | 7, ()),
        (YEAR_2000_MS, 0, YEAR_2000_MS << 20 | 7, ()),
        (YEAR_2000_MS - 1, 0, NOW << 20 | 7, ("M02",)),
        (0, NOW << 20 | 9, NOW << 20 | 10, ("M02",)),
        (-5, 0, NOW << 20 | 7, ("M02",)),
        (NOW + FUTURE_MS, 0, (NOW + FUTURE_MS) << 20 | 7, ()),
        (NOW + FUTURE_MS + 1, 0, (NOW + FUTURE_MS) << 20 | 7, ("M01",)),
        (1 << 60, 0, (NOW + FUTURE_MS) << 20 | 7, ("M01",)),
    ],
)
def test_version(corrected: int | None, last: int, expected: int, marks: tuple[str, ...]) -> None:
    """The source's correction time, where it is one; else the time of taking, above whatever was told before."""
    assert (expected, marks) == version(replace(VISIT, corrected_at=corrected), NOW, 7, last)


@given(st.none() | st.integers(-(2**62), 2**62), st.integers(1, 2**62), st.integers(0, NOW << 20))
def test_a_version_is_a_positive_long(corrected: int | None, sequence: int, last: int) -> None:
    made, _ = version(replace(VISIT, corrected_at=corrected), NOW, sequence, last)
    assert 0 < made < 1 << 63
    assert (made >> 20) <= NOW + FUTURE_MS


@given(st.integers(1, 2**40), st.integers(0, NOW << 20 | 0xFFFFF))
def test_without_a_correction_time_a_version_always_rises(sequence: int, last: int) -> None:
    assert version(VISIT, NOW, sequence, last)[0] > last


def test_the_sequence_orders_what_was_taken_in_one_millisecond_and_wraps() -> None:
    first, second = (version(VISIT, NOW, sequence, 0)[0] for sequence in (8, 9))
    assert second == first + 1
    assert version(VISIT, NOW, 8 + (1 << 20), 0)[0] == first


def test_marks_travel_with_the_event_once() -> None:
    assert [] == told()["marks"]
    assert ["M03", "M02"] == told(replace(VISIT, marks=("M03", "M02"), corrected_at=1))["marks"]
    assert ["M01"] == told(replace(VISIT, corrected_at=NOW + 3_600_000))["marks"]


@pytest.mark.parametrize("field", ["occurred_at", "recorded_at"])
def test_a_time_before_2000_counts_as_missing_and_is_marked(field: str) -> None:
    times: dict[str, Any] = {field: YEAR_2000_MS - 1}
    made = told(replace(VISIT, **times))
    assert (None, ["M02"]) == (made[field], made["marks"])
    times[field] += 1
    kept = told(replace(VISIT, **times))
    assert (YEAR_2000_MS, []) == (kept[field], kept["marks"])


# Hash


def changed(document: Document, **given: Any) -> bool:
    """Whether what is said counts as said otherwise."""
    return bool(told(document, **given)["content_hash"] != told()["content_hash"])


SAID: dict[str, Document] = {
    "status": replace(VISIT, status="cancelled"),
    "partial": replace(VISIT, partial=True),
    "occurred_at": replace(VISIT, occurred_at=NOW - 999),
    "sensitivity": replace(VISIT, sensitivity="restricted"),
    "the patient": replace(VISIT, patient_number="BN78"),
    "the visit": replace(VISIT, visit_number="V2"),
    "a coded field": replace(VISIT, body=VISIT.body | {"main_diagnosis": "J19"}),
    "a field more": replace(VISIT, body=VISIT.body | {"treatment_days": 0}),
    "a line": replace(VISIT, body=VISIT.body | {"procedures": ["1"]}),
    "the name": replace(VISIT, identity=PERSON | {"full_name": "Nguyễn Thị Yến"}),
    "the citizen number": replace(VISIT, identity=PERSON | {"citizen_id": "001190123457"}),
    "a telephone more": replace(VISIT, identity=PERSON | {"phone": "0912345678"}),
    "a note": replace(VISIT, narrative={"note": "Bệnh nhân khoẻ"}),
    "a note more": replace(VISIT, narrative=VISIT.narrative | {"extra.DU_PHONG": "x"}),
}
NOT_SAID: dict[str, dict[str, Any]] = {
    "number": {"number": Number("01001.lis", "b" * 16, 8, 2, 2)},
    "time of taking": {"at": NOW + 5_000},
    "message": {"message_id": "m2"},
    "version before": {"last": NOW << 21},
    "rows": {"rows": Rows(9, 9)},
    "purpose": {"feed": replace(FEED, purpose="research", legal_basis="other")},
    "recorded_at": {"document": replace(VISIT, recorded_at=NOW)},
    "corrected_at": {"document": replace(VISIT, corrected_at=NOW - 5)},
    "marks": {"document": replace(VISIT, marks=("M03",))},
    "nulls and empty lists": {
        "document": replace(VISIT, body=VISIT.body | {"weight": None, "procedures": [], "diagnoses": ()})
    },
    "identity null": {"document": replace(VISIT, identity=PERSON | {"phone": None})},
    "order of fields": {"document": replace(VISIT, body=dict(reversed(VISIT.body.items())))},
}


@pytest.mark.parametrize("document", SAID.values(), ids=SAID)
def test_what_is_said_otherwise_is_an_amendment(document: Document) -> None:
    assert changed(document)


@pytest.mark.parametrize("given", NOT_SAID.values(), ids=NOT_SAID)
def test_how_and_when_it_came_changes_nothing(given: dict[str, Any]) -> None:
    assert not changed(**{"document": VISIT, **given})


def test_a_correction_of_the_person_alone_is_an_amendment_though_no_clear_byte_says_so() -> None:
    one, other = told(), told(SAID["the citizen number"])
    assert one.pop("content_hash") != other.pop("content_hash")
    assert one == other


# Pseudonyms and key


def test_the_document_is_named_by_facility_system_kind_and_number() -> None:
    made = told()["document_id"]
    assert made == told(SAID["a note"])["document_id"]
    others = {
        told(replace(VISIT, natural_key=("V2",)))["document_id"],
        told(replace(VISIT, natural_key=("V1", "1")))["document_id"],
        told(replace(VISIT, kind="referral", body={}))["document_id"],
        told(feed=replace(FEED, facility="01002"))["document_id"],
        told(feed=replace(FEED, source_system="LIS"))["document_id"],
        told(keys=replace(KEYS, pseudonym=b"o" * 32))["document_id"],
    }
    assert 6 == len(others)
    assert made not in others


def test_one_number_means_nothing_in_another_column() -> None:
    made = told(replace(VISIT, natural_key=("X",), visit_number="X", patient_number="X"), message_id="X")
    names = [made[name] for name in ("document_id", "visit_key", "patient_key", "source_message_id")]
    assert 4 == len(set(names))
    assert {32} == {len(name) for name in names}


def test_the_visit_of_two_systems_is_one() -> None:
    assert told()["visit_key"] == told(feed=replace(FEED, adapter_id="01001.lis", source_system="LIS"))["visit_key"]
    assert told()["visit_key"] != told(feed=replace(FEED, facility="01002"))["visit_key"]


def test_kafkas_key_is_facility_and_visit_or_document() -> None:
    record = event()
    assert f"01001:{told()['visit_key']}".encode() == record.key
    alone = event(replace(VISIT, visit_number=None))
    assert f"01001:{decoded(alone.value)['document_id']}".encode() == alone.key
    other = event(replace(VISIT, kind="referral", body={}))
    assert ("received.encounter", "received.referral") == (record.topic, other.topic)


def test_history_goes_to_topics_of_its_own_and_is_told_alike() -> None:
    live, old = event(), event(number=replace(NUMBER, adapter_id="01001.his.backfill"))
    assert ("received.encounter", "backfill.encounter") == (live.topic, old.topic)
    assert (live.key, [name for name, _ in live.headers]) == (old.key, [name for name, _ in old.headers])
    said, again = decoded(live.value), decoded(old.value)
    assert {"adapter_id", "trace_id"} == {name for name in said if said[name] != again[name]}


@pytest.mark.parametrize("empty", [None, ""])
def test_a_number_that_is_missing_has_no_pseudonym(empty: str | None) -> None:
    made = told(replace(VISIT, visit_number=empty, patient_number=empty))
    assert (None, None) == (made["visit_key"], made["patient_key"])


# Header


def test_the_header_tells_number_feed_and_times() -> None:
    made = told()
    assert {
        "adapter_id": "01001.his", "incarnation": "a" * 16, "sequence": 7, "part": 1, "parts": 2,
        "kind": "encounter", "status": "active", "partial": False, "facility": "01001", "source_system": "HIS",
        "source_format": "lines", "occurred_at": NOW - 1000, "recorded_at": NOW - 500, "captured_at": NOW,
        "sensitivity": "normal", "purpose": "treatment", "replay_of": None, "replay_count": None,
        "trace_id": f"01001.his.{'a' * 16}.7.1",
    }.items() <= made.items()  # fmt: skip


def test_source_rows_travel_with_part_one_only() -> None:
    first, second = told(), told(number=replace(NUMBER, part=2))
    assert (5, 4, 1) == (first["rows_read"], first["rows_used"], first["rows_unmapped"])
    assert (None, None, None) == (second["rows_read"], second["rows_used"], second["rows_unmapped"])


# Mask and seal


def diagnosis(text: str) -> dict[str, Any]:
    return {"code": "J18", "system": "ICD-10", "role": "main", "text": text}


def test_the_person_is_masked_in_text_and_whole_in_the_seal() -> None:
    spoken = "Chị NGUYEN THI HOANG YEN (001190123456) viêm phổi"
    record = event(replace(VISIT, body={"discharge_diagnosis": spoken, "diagnoses": [diagnosis(spoken)]}))
    made = decoded(record.value)
    masked = f"Chị {MASK} ({MASK}) viêm phổi"
    assert (masked, masked) == (made["discharge_diagnosis"], made["diagnoses"][0]["text"])
    identity, narrative = opened(record)
    assert dict.fromkeys(IDENTITY) | PERSON == identity
    assert {"note": "Bệnh nhân mệt"} == narrative


def test_sex_and_birth_are_no_texts_to_mask() -> None:
    """`2` stands in every second text, and a year in many."""
    body = {"discharge_diagnosis": "độ 2, từ 1990; 199001020000"}
    assert body["discharge_diagnosis"] == told(replace(VISIT, body=body))["discharge_diagnosis"]


def test_the_seal_is_the_facilitys_and_bound_to_the_datum() -> None:
    record = event()
    sealed = dict(record.headers)[HEADER]
    assert ["seal"] == [name for name, _ in record.headers]
    assert KEYS.seal.id == key_id(sealed)
    assert unseal(KEYS.seal, sealed, record.value[codec.FRAME_BYTES :])


def test_the_document_given_is_left_as_it_is() -> None:
    body = {"discharge_diagnosis": "Nguyễn Thị Hoàng Yến", "diagnoses": [diagnosis("Nguyễn Thị Hoàng Yến")]}
    event(replace(VISIT, body=body))
    assert "Nguyễn Thị Hoàng Yến" == body["discharge_diagnosis"]
    assert [diagnosis("Nguyễn Thị Hoàng Yến")] == body["diagnoses"]


# Size


def attempt(document: Document, limit: int) -> tuple[Record, int] | Refusal:
    return compose(
        document, NUMBER, FEED, KEYS, captured_at=NOW, last_version=0, message_id="m1", rows=ROWS, limit=limit
    )


def test_what_would_not_fit_with_what_is_appended_is_refused() -> None:
    record = event()
    size = len(record.value) - codec.FRAME_BYTES + len(dict(record.headers)[HEADER]) + topics.ENRICHMENT_ROOM
    assert not isinstance(attempt(VISIT, size), Refusal)
    made = attempt(VISIT, size - 1)
    assert isinstance(made, Refusal)
    assert ("too_large", "encounter", "encounter") == (made.reason, made.place, made.kind)
    assert made.detail.endswith(" bytes")


@pytest.mark.parametrize(
    "document",
    [
        replace(VISIT, body={"discharge_diagnosis": "x" * 900_000}),
        replace(VISIT, narrative={"note": "x" * 900_000}),
        replace(VISIT, identity={"address": "x" * 900_000}),
    ],
    ids=["body", "narrative", "identity"],
)
def test_every_part_counts_for_the_size(document: Document) -> None:
    made = attempt(document, topics.MAX_EVENT_BYTES)
    assert isinstance(made, Refusal)
    assert "too_large" == made.reason


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_told_with_nothing_in_it(kind: str) -> None:
    made = told(Document(kind, ("N",)))
    assert (kind, None, None) == (made["kind"], made["patient_key"], made["occurred_at"])


# Refusals


def refused(original: bytes, keys: Keys = KEYS, place: str | None = None) -> Record:
    refusal = Refusal("charset", "MSH-18", "byte 7 is not ASCII", "encounter")
    return refuse(
        refusal, NUMBER, FEED, keys, captured_at=NOW, message_id="m1", original=original, original_place=place
    )


def test_a_refused_part_keeps_its_number_and_its_original_sealed() -> None:
    original = "PID|Nguyễn Thị Hoàng Yến".encode()
    record = refused(original)
    made = decoded(record.value)
    assert (topics.REJECTED, b"01001", ()) == (record.topic, record.key, record.headers)
    assert {
        "adapter_id": "01001.his", "sequence": 7, "part": 1, "parts": 2, "stage": "adapter", "reason": "charset",
        "place": "MSH-18", "detail": "byte 7 is not ASCII", "kind": "encounter", "captured_at": NOW, "rules": [],
        "original_size": len(original), "original_place": None, "document_id": None,
    }.items() <= made.items()  # fmt: skip
    assert original not in record.value
    assert original == unseal(KEYS.seal, made["original"], f"01001.his.{'a' * 16}.7.1".encode())
    assert told()["source_message_id"] == made["source_message_id"]


def test_a_large_original_is_only_named() -> None:
    made = decoded(refused(b"x" * 9, place="archive/x.sealed").value)
    assert (None, 9, "archive/x.sealed") == (made["original"], made["original_size"], made["original_place"])


def test_the_hash_of_an_original_is_keyed() -> None:
    def hash_of(original: bytes, keys: Keys = KEYS) -> str:
        return str(decoded(refused(original, keys).value)["original_hash"])

    assert hash_of(b"a") == hash_of(b"a")
    assert 3 == len({hash_of(b"a"), hash_of(b"b"), hash_of(b"a", replace(KEYS, pseudonym=b"o" * 32))})


def test_keys_are_those_of_the_facility() -> None:
    ring = Keyring({"a": SealKey.make("a", "01001", b"a" * 32)}, {"01001": b"p" * 32})
    assert ("a", b"p" * 32) == (Keys.of(ring, "01001").seal.id, Keys.of(ring, "01001").pseudonym)
