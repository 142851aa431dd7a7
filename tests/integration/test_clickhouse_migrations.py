"""Migrations on a real engine: a database of yesterday gains what today's rows need, and loses nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.clickhouse import EmbeddedClickHouse
from runtime.settings import ClickHouseSettings, load
from schemas import avro, registry
from schemas.clickhouse import model
from schemas.codec import Codec
from schemas.fields import Field
from schemas.kinds import KINDS
from sinks.clickhouse import batch, migrate
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrations import MIGRATIONS, Migration
from sinks.clickhouse.views import views
from tests.rows import NOW, TODAY, accepted_datum
from tests.store import doc, one, put, version

pytestmark = pytest.mark.slow

NEXT_ID = 901
DAY_MS = 86_400_000


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[ClickHouse]:
    """A server of its own, empty."""
    with EmbeddedClickHouse(tmp_path) as server:
        made = connect(load(ClickHouseSettings, clickhouse=server.url))
        yield made
        made.close()


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the next release does to prescriptions: a field more in the document, one more in its lines."""
    name = "accepted.prescription.2-1"

    def upgrade() -> None:
        body = list(KINDS["prescription"])
        at = next(i for i, field in enumerate(body) if field.name == "lines")
        lines = (*body[at].lines[:2], Field("batch_number", "string", "Số lô", "Batch number"), *body[at].lines[2:])
        body[at] = Field("lines", "record", body[at].vi, body[at].en, xml="XML2", lines=lines)
        body.insert(0, Field("channel", "code", "Kênh", "Channel"))
        monkeypatch.setitem(KINDS, "prescription", tuple(body))
        ids, codec = registry.ids() | {name: NEXT_ID}, registry.codec
        made = Codec(avro.accepted(avro.received("prescription")))
        monkeypatch.setattr(registry, "ids", lambda: ids)
        monkeypatch.setattr(registry, "names", lambda: {number: each for each, number in ids.items()})
        monkeypatch.setattr(registry, "codec", lambda number: made if number == NEXT_ID else codec(number))
        registry.stored_schema.cache_clear()
        batch.target.cache_clear()

    yield upgrade
    registry.stored_schema.cache_clear()
    batch.target.cache_clear()


def tomorrow(**fields: Any) -> tuple[str, bytes]:
    from schemas import codec

    made = registry.codec(NEXT_ID)
    assert made is not None
    return "accepted.prescription", codec.frame(NEXT_ID, made.encode(accepted_datum("prescription", **fields)))


def test_a_table_gains_a_field_before_the_first_row_and_old_rows_keep_coming(
    fresh: ClickHouse, next_release: Any
) -> None:
    migrate.migrate(fresh)
    old = {"lines": [{"line": 1, "drug_code": "40.48", "dose": "1"}]}
    put(fresh, [doc("prescription", sequence=1, document_id="a", **old)])
    waiting = doc("prescription", sequence=2, document_id="b", **old)  # written by a worker of yesterday
    next_release()
    assert 3 <= len(migrate.migrate(fresh).missing)
    new = tomorrow(
        sequence=3, document_id="c", channel="web", lines=[{"line": 1, "drug_code": "40.50", "batch_number": "L7"}]
    )
    put(fresh, [new, waiting], first=10)  # one flush, two schema ids
    lines = fresh.rows("SELECT document_id, drug_code, batch_number, dose FROM prescription_lines ORDER BY document_id")
    assert [("a", "40.48", None, "1"), ("b", "40.48", None, "1"), ("c", "40.50", "L7", None)] == [
        tuple(line.values()) for line in lines
    ]
    channels = fresh.rows("SELECT document_id, channel FROM prescriptions ORDER BY document_id")
    assert [None, None, "web"] == [row["channel"] for row in channels]
    assert {"n": 3} == one(fresh, "SELECT count() AS n FROM ledger WHERE outcome = 'accepted'")
    assert migrate.plan(fresh).current


def test_every_mix_of_old_and_new_goes_in(fresh: ClickHouse, next_release: Any) -> None:
    migrate.migrate(fresh)
    old = [doc("prescription", sequence=at, document_id=f"o{at}", lines=[{"line": 1}]) for at in range(1, 4)]
    next_release()
    migrate.migrate(fresh)
    new = [tomorrow(sequence=at, document_id=f"n{at}", lines=[{"line": 1}, {"line": 2}]) for at in range(4, 7)]
    put(fresh, [value for pair in zip(old, new, strict=True) for value in pair])
    put(fresh, list(reversed(new)), first=20)
    put(fresh, list(reversed(old)), first=30)
    assert {"n": 6, "l": 9} == one(fresh, "SELECT count() AS n, sum(length(lines)) AS l FROM prescriptions")
    assert {"n": 6} == one(fresh, "SELECT count() AS n FROM prescription_history FINAL")


def test_several_sinks_start_together_and_again(fresh: ClickHouse) -> None:
    first = migrate.migrate(fresh)
    again = migrate.migrate(fresh)
    assert (False, True) == (first.current, again.current)
    for migration in MIGRATIONS:  # a start that broke off before its record
        for statement in migration.statements:
            fresh.command(statement)
    assert {"n": 9} == one(fresh, "SELECT count() AS n FROM scorecard_weights FINAL")


def test_a_dropped_view_comes_back_and_a_changed_weight_stays(fresh: ClickHouse) -> None:
    migrate.migrate(fresh)
    fresh.command("DROP VIEW visit_counts")
    fresh.insert_rows("scorecard_weights", ["dimension", "part", "weight"], [["correct", "rules", 0.9]])
    assert ["visit_counts"] == migrate.migrate(fresh).views
    weight = "SELECT weight FROM scorecard_weights FINAL WHERE dimension = 'correct' AND part = 'rules'"
    assert {"weight": 0.9} == one(fresh, weight)


def test_a_database_that_is_ahead_keeps_its_views(fresh: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = Migration(77, "of a newer release", ("CREATE OR REPLACE VIEW visit_counts AS SELECT 7 AS visits",))
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, newer))
        migrate.migrate(fresh)
    fresh.command(newer.statements[0])
    ours = migrate.migrate(fresh)
    assert (True, [], []) == (ours.ahead, ours.views, ours.pending)
    assert {"visits": 7} == one(fresh, "SELECT * FROM visit_counts")


def test_every_view_and_column_has_a_meaning_in_both_languages(migrated: ClickHouse) -> None:
    named = [view.name for view in views() if not view.parameters]
    silent = migrated.rows(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table IN {named:Array(String)} "
        "AND comment NOT LIKE '%_ / _%'",
        {"named": named},
    )
    assert [] == silent
    silent = migrated.rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN {named:Array(String)} "
        "AND comment NOT LIKE '%_ / _%'",
        {"named": [view.name for view in views()] + [table.name for table in model()[0]]},
    )
    assert [] == silent


def test_retention_by_what_the_record_is(store: ClickHouse) -> None:
    """Eleven years on: the dead and accidents stay, a check-up and a plain visit are gone, and the ledger balances."""
    then = NOW - 12 * 366 * DAY_MS
    dated = {"document_date": TODAY - 12 * 366, "captured_at": then, "occurred_at": then}
    put(
        store,
        [
            doc("encounter", sequence=1, document_id="plain", visit_type="01", **dated),
            doc("encounter", sequence=2, document_id="checkup", visit_type="15", **dated),
            doc("encounter", sequence=3, document_id="dead", treatment_result="5", **dated),
            doc("encounter", sequence=4, document_id="accident", injury_cause="1", **dated),
            doc("encounter", sequence=5, document_id="mind", main_diagnosis="F20.0", **dated),
            doc("encounter", sequence=6, document_id="today", visit_type="15"),
            doc("encounter", sequence=7, document_id="late", visit_type="01", document_date=TODAY - 12 * 366),
        ],
    )
    for table in ("encounter_history", "encounter_current"):
        store.command(f"OPTIMIZE TABLE {table} FINAL")
        kept = store.rows(f"SELECT document_id FROM {table} FINAL ORDER BY document_id")  # noqa: S608
        assert ["accident", "dead", "late", "mind", "today"] == [row["document_id"] for row in kept]
    row = one(store, "SELECT * FROM ledger_balance")
    assert (7, 7, 0, True) == (row["accepted"], row["stored"], row["missing"], row["balanced"])


def test_an_amendment_that_reports_a_death_keeps_the_document_longer(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=1, version=version(0), visit_type="01")])
    first = one(store, "SELECT toYear(keep_until) AS year FROM encounter_current FINAL")["year"]
    put(store, [doc("encounter", sequence=2, version=version(1), treatment_result="5", outcome="amended")])
    assert first + 20 == one(store, "SELECT toYear(keep_until) AS year FROM encounter_current FINAL")["year"]


def _indexed(store: ClickHouse) -> int:
    sql = "SELECT count() AS n FROM system.data_skipping_indices WHERE database = currentDatabase() AND name = 'by_capture'"
    return int(one(store, sql)["n"])


def test_tables_of_yesterday_gain_the_index_by_capture_and_new_ones_have_it(fresh: ClickHouse) -> None:
    migrate.migrate(fresh)
    both = 2 * len(KINDS)
    assert both == _indexed(fresh)
    fresh.command("ALTER TABLE encounter_history DROP INDEX by_capture")
    fresh.command("TRUNCATE TABLE schema_migrations")
    assert both - 1 == _indexed(fresh)
    migrate.migrate(fresh)
    assert both == _indexed(fresh)
