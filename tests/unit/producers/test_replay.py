"""What was rejected, told again: the same document, version and time, another number; mended or as it was."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from producers import replay
from producers.adapter import Document, Incoming, Parsed, Receipt, Refusal, Replay, Rows
from producers.event import Keys, Number, Record, compose
from producers.outbox import Outbox
from producers.replay import TOLD, Again, Retranslator, reopened, replay_of
from producers.replay_mend import NOTHING, Mend, load
from runtime.keyring import Keyring, KeyringError
from runtime.seal import HEADER, SealKey, key_id
from schemas import topics
from schemas.numbers import REPLAY, PartNumber
from tests.lines import FACILITY, FEED, KEYRING, KEYS, NOW, TRANSLATOR, decoded, line, opened, visit, waiting

PART = PartNumber("01001.his", "a" * 16, 7, 1)
CITY = Keyring({**KEYRING.seal, "replay-1": SealKey.make("replay-1", REPLAY, b"r" * 32)}, KEYRING.pseudonym)
AGAIN = replay.keys(CITY, FACILITY)
DOCUMENT = Document(
    "encounter",
    ("V1",),
    visit_number="V1",
    patient_number="BN1",
    occurred_at=NOW - 1000,
    body={"visit_type": "01", "main_diagnosis": "J189", "discharge_diagnosis": "Viêm phổi"},
    identity={"full_name": "Nguyễn Thị Hoàng Yến"},
    narrative={"note": "x"},
    marks=("M02",),
)


def unforeseen(error: Exception) -> None:
    pytest.fail(type(error).__name__)


def first() -> Record:
    """The record as the hospital's adapter wrote it."""
    number = Number(PART.adapter_id, PART.incarnation, PART.sequence, PART.part, 1)
    made = compose(DOCUMENT, number, FEED, KEYS, captured_at=NOW, last_version=0, message_id="m1", rows=Rows(3, 2))
    assert not isinstance(made, Refusal)
    return made[0]


def mend(folder: Path, *rules: dict[str, Any], **more: Any) -> Mend:
    path = folder / "mend.yaml"
    path.write_text(yaml.safe_dump({"rules": list(rules), **more}, allow_unicode=True), encoding="utf-8")
    return load(path)


def outbox(folder: Path, keys: Keys = AGAIN) -> Outbox:
    return Outbox(folder, {FACILITY: keys}, {"lines": TOLD}, limit=topics.MAX_EVENT_BYTES, max_bytes=1 << 30)


def told(folder: Path, again: Again, of: Replay) -> tuple[Receipt, list[Record]]:
    """Through an outbox of the replay adapter."""
    box = outbox(folder)
    incoming = Incoming(replay.feed_of(FEED), again.parsed, b"raw", ("replay", of.of), NOW, of)
    (receipt,) = box.take([incoming])
    box.close()
    return receipt, [one.record for one in waiting(box.path)]


def retranslated(raw: bytes, using: Mend = NOTHING, kind: str | None = None) -> Again:
    return Retranslator(using, unforeseen)(TRANSLATOR, FEED, raw, PART, kind)


KEPT = ("document_id", "version", "captured_at", "patient_key", "visit_key", "content_hash", "source_system",
        "source_format", "source_message_id", "occurred_at", "status", "partial", "purpose", "rows_read")  # fmt: skip


def test_a_document_that_was_written_once_stands_where_it_would_have_stood(tmp_path: Path) -> None:
    before = decoded(first().value)
    identity, narrative = opened(first())
    _, again, of = reopened(before, identity, narrative, 0, NOTHING)
    receipt, (record,) = told(tmp_path, again, of)
    after = decoded(record.value)
    assert {name: before[name] for name in KEPT} == {name: after[name] for name in KEPT}
    assert ("replay.01001", 1, str(PART), 1) == (
        after["adapter_id"], after["sequence"], after["replay_of"], after["replay_count"],
    )  # fmt: skip
    assert before["marks"] == after["marks"]
    assert first().key == record.key
    assert "replay-1" == key_id(dict(record.headers)[HEADER])
    assert receipt.accepted


def test_mended_its_content_differs_and_nothing_else(tmp_path: Path) -> None:
    before = decoded(first().value)
    rule = mend(tmp_path, {"field": "main_diagnosis", "replace": {"J189": "J18.9"}})
    _, again, of = reopened(before, *opened(first()), 2, rule)
    _, (record,) = told(tmp_path / "box", again, of)
    after = decoded(record.value)
    assert {"main_diagnosis", "content_hash"} == {
        name for name in set(before) - {"adapter_id", "incarnation", "sequence", "trace_id", "replay_of", "replay_count"}
        if before[name] != after[name]
    }  # fmt: skip
    assert (3, (0,)) == (after["replay_count"], again.used)


def test_a_mended_name_is_masked_in_texts(tmp_path: Path) -> None:
    event = decoded(first().value) | {"discharge_diagnosis": "Viêm phổi, Trần Bình An nhập viện"}
    rule = mend(tmp_path, {"field": "identity.full_name", "replace": {"Nguyễn Thị Hoàng Yến": "Trần Bình An"}})
    _, again, of = reopened(event, *opened(first()), 0, rule)
    _, (record,) = told(tmp_path / "box", again, of)
    assert "Trần Bình An" not in decoded(record.value)["discharge_diagnosis"]


def test_a_sources_message_is_translated_again(tmp_path: Path) -> None:
    again = retranslated(line("m1", visit("V1", occurred_at=NOW)))
    _, (record,) = told(tmp_path, again, replay_of(PART, 0))
    number = Number(PART.adapter_id, PART.incarnation, PART.sequence, 1, 1)
    (document,) = again.translation.outcomes
    assert isinstance(document, Document)
    made = compose(document, number, FEED, KEYS, captured_at=NOW, last_version=0, message_id="m1", rows=Rows(2, 1))
    assert not isinstance(made, Refusal)
    theirs, ours = decoded(made[0].value), decoded(record.value)
    assert [theirs[name] for name in ("document_id", "version", "content_hash", "source_message_id")] == [
        ours[name] for name in ("document_id", "version", "content_hash", "source_message_id")
    ]


def test_its_own_bytes_are_mended_first(tmp_path: Path) -> None:
    broken = line("m1", visit("V1"))[:-1]
    assert isinstance(retranslated(broken).translation.outcomes[0], Refusal)
    mending = mend(tmp_path, source=[{"replace": "]", "with": "]}"}])
    assert isinstance(retranslated(broken, mending).translation.outcomes[0], Document)


def test_of_a_message_refused_in_part_only_that_part_is_told_again() -> None:
    raw = line("m1", visit("V1"), visit("V1", kind="service"), {"refuse": "charset"})
    kinds = [getattr(one, "kind", None) for one in retranslated(raw, kind="service").translation.outcomes]
    assert ["service", None] == kinds, "a refusal of unknown kind may be the one"
    assert 3 == len(retranslated(raw).translation.outcomes)


def test_what_is_told_one_after_another_is_folded() -> None:
    again = Retranslator(NOTHING, unforeseen)
    said = []
    for at in (1, 2):
        raw = line(f"m{at}", visit("V1"), about="V1", say=f"s{at}")
        (document,) = again(TRANSLATOR, FEED, raw, PART, None).translation.outcomes
        assert isinstance(document, Document)
        said.append(document.narrative["said"])
    assert ["s1", "s1 s2"] == said


def test_a_translator_that_fails_is_a_refusal() -> None:
    failed: list[Exception] = []
    again = Retranslator(NOTHING, failed.append)(TRANSLATOR, FEED, line("m1", **{"raise": "x"}), PART, None)
    (refusal,) = again.translation.outcomes
    assert isinstance(refusal, Refusal)
    assert ("unforeseen", 1) == (refusal.reason, len(failed))


def test_the_same_again_gets_its_first_number(tmp_path: Path) -> None:
    again, of = retranslated(line("m1", visit("V1"))), replay_of(PART, 0)
    box = outbox(tmp_path)
    incoming = Incoming(replay.feed_of(FEED), again.parsed, b"raw", ("replay", of.of, "said"), NOW, of)
    receipts = box.take([incoming, incoming, replace(incoming, origin=("replay", of.of, "said otherwise"))])
    assert [(1, False), (1, True), (2, False)] == [(one.sequence, one.retransmission) for one in receipts]
    box.close()


def test_a_replay_leaves_versions_of_the_outbox_alone(tmp_path: Path) -> None:
    """A later replay of an older part of the same document keeps the older version."""
    box = outbox(tmp_path)
    feed = replay.feed_of(FEED)
    for at, captured in ((9, NOW), (3, NOW - 60_000)):
        of = Replay(str(PART), 1, at)
        box.take([Incoming(feed, retranslated(line("m", visit("V1"))).parsed, b"", (str(at),), captured, of)])
    box.close()
    assert [NOW << 20 | 9, (NOW - 60_000) << 20 | 3] == [one.told["version"] for one in waiting(box.path)]


def test_what_is_refused_again_names_what_it_was_to_mend(tmp_path: Path) -> None:
    _, (record,) = told(tmp_path, retranslated(b"no line"), replay_of(PART, 1))
    said = decoded(record.value)
    assert (topics.REJECTED, "charset", str(PART), 2) == (
        record.topic, said["reason"], said["replay_of"], said["replay_count"],
    )  # fmt: skip


def test_the_translator_of_what_is_told_reads_nothing() -> None:
    assert isinstance(TOLD.parse(b"x", FEED), Refusal)


@pytest.mark.parametrize(
    "keyring", [KEYRING, Keyring({"replay-1": SealKey.make("replay-1", REPLAY, b"r" * 32)}, {})], ids=["seal", "names"]
)
def test_without_its_keys_nothing_is_replayed(keyring: Keyring) -> None:
    with pytest.raises(KeyringError):
        replay.keys(keyring, FACILITY)


def test_nothing_of_a_patient_shows(logged: Callable[[], str]) -> None:
    _, again, of = reopened(decoded(first().value), *opened(first()), 0, NOTHING)
    assert "Yến" not in repr(again) + repr(of) + repr(Parsed("Yến", None, again)) + logged()
