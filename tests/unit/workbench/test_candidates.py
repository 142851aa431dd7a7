"""What could be sent in the place of a rejected part, and what would become of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.workbench.candidates import Candidate, Maker, Republish, Resend, Unable
from infra.workbench.forecast import Forecast, Forecaster, histogram
from infra.workbench.originals import Message, Original, Unopened, opened
from producers.adapter import Dialect, Document, Feed
from producers.replay import Retranslator
from producers.replay_mend import NOTHING, Mend, load
from runtime.keyring import Keyring, KeyringError
from schemas import codec
from stream_processors.receive import Source
from tests import lines
from tests.received import FACILITY, HOUR, LIMIT, NOW, OTHER_FACILITY, datum, event, source
from tests.unit.workbench.rows import FEED, KEYRING, by_adapter, by_worker

Row = Mapping[str, Any]


def unforeseen(error: Exception) -> None:
    pytest.fail(type(error).__name__)


def feeds(row: Row) -> tuple[Dialect, Feed] | None:
    return (lines.DIALECT, FEED) if row["source_format"] == "hl7v2" else None


def candidate(row: Row, original: Original, mend: Mend = NOTHING) -> Candidate:
    return Maker(KEYRING, feeds, mend, Retranslator(mend, unforeseen))(row, original)


def foretold(row: Row, original: Original, mend: Mend = NOTHING, erased: frozenset[str] = frozenset()) -> Forecast:
    return Forecaster(KEYRING, LIMIT, erased)(candidate(row, original, mend))


def worker_row(record: Source, reason: str = "rule", **more: Any) -> tuple[Row, Original]:
    row, sealed = by_worker(record, reason, event(), **more)
    return row, opened(row, sealed, KEYRING)


def mend(folder: Path, *rules: dict[str, Any]) -> Mend:
    (folder / "mend.yaml").write_text(yaml.safe_dump({"rules": list(rules)}), encoding="utf-8")
    return load(folder / "mend.yaml")


ENDED_BEFORE: dict[str, Any] = {"discharged_at": NOW - 9 * 24 * HOUR}
"""Rule X01: a discharge before the admission."""


# What is sent


def test_unmended_a_workers_refusal_keeps_its_number_and_seal() -> None:
    record = source()
    made = candidate(*worker_row(record))
    assert isinstance(made, Republish)
    assert (record.value, record.key, record.headers) == (made.source.value, made.source.key, made.source.headers)


def test_an_unknown_schema_is_the_same_record_after_the_upgrade() -> None:
    """Its number could not be read when it was refused; now it can, and is its own."""
    record = source(sequence=77)
    row, sealed = by_worker(record, "schema_unknown")
    assert "" == row["adapter_id"]
    made = foretold(row, opened(row, sealed, KEYRING))
    assert made.accepted
    assert 77 == made.documents[0]["sequence"]
    unknown, unknown_sealed = by_worker(replace(record, value=codec.frame(9999, datum())), "schema_unknown")
    again = foretold(unknown, opened(unknown, unknown_sealed, KEYRING))
    assert ("rejected", "schema_unknown") == (again.outcome, again.reason)


def test_mended_it_is_a_message_of_the_replay_adapter(tmp_path: Path) -> None:
    rule = mend(tmp_path, {"kinds": ["encounter"], "field": "discharged_at", "clear": True})
    row, original = worker_row(source(**ENDED_BEFORE))
    made = candidate(row, original, rule)
    assert isinstance(made, Resend)
    assert (f"replay.{FACILITY}", row["number"], 1) == (made.feed.adapter_id, made.replay.of, made.replay.count)
    assert NOW == made.incoming().captured_at
    assert ("rejected", "rule", ("X01",)) == (
        (was := foretold(row, original)).outcome, was.reason, tuple(r for r in was.rules if r == "X01"),
    )  # fmt: skip
    assert foretold(row, original, rule).accepted


def test_what_would_be_different_is_no_retransmission(tmp_path: Path) -> None:
    row, original = worker_row(source())
    origins = set()
    for value in ("A00", "A01"):
        made = candidate(row, original, mend(tmp_path, {"field": "main_diagnosis", "replace": {"J18.9": value}}))
        assert isinstance(made, Resend)
        origins.add(made.incoming().origin)
    assert 2 == len(origins)


def test_what_an_adapter_refused_is_read_again() -> None:
    row, sealed = by_adapter(lines.line("m1", lines.visit("V1", occurred_at=NOW)))
    made = candidate(row, opened(row, sealed, KEYRING))
    assert isinstance(made, Resend)
    assert [Document] == [type(one) for one in made.again.translation.outcomes]


def test_a_corrected_message_stands_for_the_original() -> None:
    row, _ = by_adapter(b"broken")
    raw = lines.line("m1", lines.visit("V1"))
    maker = Maker(KEYRING, feeds, NOTHING, Retranslator(NOTHING, unforeseen))
    made = maker.corrected(row, raw, lines.TRANSLATOR.parse(raw, FEED))
    assert isinstance(made, Resend)
    assert Forecaster(KEYRING, LIMIT)(made).accepted
    assert "no_feed" == getattr(maker.corrected(row | {"source_format": "x"}, raw, made.again.parsed), "why", "")
    assert "too_often" == getattr(maker.corrected(row | {"replay_count": 5}, raw, made.again.parsed), "why", "")


@pytest.mark.parametrize("count", [5, 6, 99])
def test_what_has_gone_round_too_often_needs_a_person(count: int) -> None:
    row, original = worker_row(source(), replay_count=count)
    assert Unable(row, "too_often") == candidate(row, original)


def test_the_fifth_time_is_the_last(tmp_path: Path) -> None:
    row, original = worker_row(source(), replay_count=4)
    made = candidate(row, original, mend(tmp_path, {"field": "main_diagnosis", "replace": {"J18.9": "J18"}}))
    assert isinstance(made, Resend)
    assert 5 == made.replay.count
    assert Forecaster(KEYRING, LIMIT)(made).accepted


@pytest.mark.parametrize("original", [Unopened("no_key"), Unopened("gone")])
def test_what_does_not_open_cannot_be_sent(original: Unopened) -> None:
    row, _ = by_adapter(b"x")
    assert Unable(row, original.why) == candidate(row, original)


def test_a_dialect_that_nobody_knows() -> None:
    row, _ = by_adapter(b"x")
    assert Unable(row | {"source_format": "x"}, "no_feed") == candidate(row | {"source_format": "x"}, Message(b"x"))


@pytest.mark.parametrize(
    ("reason", "forged"),
    [
        ("seal_key", source(facility=OTHER_FACILITY)),
        ("seal_missing", replace(source(), headers=())),
        ("seal_broken", replace(source(), headers=source(sequence=2).headers)),
    ],
)
def test_nothing_forged_is_sealed_anew_by_the_replay_key(tmp_path: Path, reason: str, forged: Source) -> None:
    """A rule that mends would otherwise make a forged row the city's own."""
    row, original = worker_row(forged, reason)
    rule = mend(tmp_path, {"field": "main_diagnosis", "default": "A00"})
    assert Unable(row, reason) == candidate(row, original, rule)
    again = foretold(row, original)
    assert ("rejected", reason) == (again.outcome, again.reason), "and sent again as it was it is refused again"


# What would become of it


def test_a_message_that_says_nothing_is_not_sent() -> None:
    row, sealed = by_adapter(lines.line("m1"))
    made = foretold(row, opened(row, sealed, KEYRING))
    assert ("unable", "no_document") == (made.outcome, made.reason)


def test_a_message_still_broken_says_why() -> None:
    row, sealed = by_adapter(b"broken")
    made = foretold(row, opened(row, sealed, KEYRING))
    assert ("rejected", "charset", "line") == (made.outcome, made.reason, made.place)


def test_a_person_who_was_erased_does_not_come_back() -> None:
    row, original = worker_row(source())
    made = foretold(row, original, erased=frozenset({"b0" * 16}))
    assert ("unable", "erased", ()) == (made.outcome, made.reason, made.documents)


def test_a_document_too_large_is_refused_before_it_is_sent() -> None:
    row, sealed = by_adapter(lines.line("m1", lines.visit("V1", narrative={"note": "x" * LIMIT})))
    made = foretold(row, opened(row, sealed, KEYRING))
    assert ("rejected", "too_large") == (made.outcome, made.reason)


def test_it_needs_the_citys_keyring() -> None:
    with pytest.raises(KeyringError, match="citizen"):
        Forecaster(Keyring({}, {}), LIMIT)
    row, sealed = by_adapter(lines.line("m1", lines.visit("V1")))
    made = candidate(row, opened(row, sealed, KEYRING))
    without = Keyring({}, {}, b"c" * 32)
    with pytest.raises(KeyringError, match="replay"):
        Forecaster(without, LIMIT)(made)


def test_forecasts_are_counted() -> None:
    row, original = worker_row(source())
    well = foretold(row, original)
    bad = Forecast(well.candidate, "rejected", "rule", ("X01",))
    assert [
        {"outcome": "accepted", "reason": "", "rules": [], "parts": 2},
        {"outcome": "rejected", "reason": "rule", "rules": ["X01"], "parts": 1},
    ] == histogram([well, bad, well])
    assert [] == histogram([])


def test_nothing_of_a_patient_shows() -> None:
    row, original = worker_row(source(identity={"full_name": "Trần Thị Bình"}))
    assert "Bình" not in repr(foretold(row, original)) + repr(candidate(row, original)) + repr(original)
