"""History: its versions, what is left out, and which feed it is of."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from infra.backfill.run import feed_of, files_of
from infra.city import history_csv
from infra.cli import build
from producers.adapter import Document, Feed, Outcome, Parsed, Refusal
from producers.event import version
from producers.history import TOO_OLD, History
from runtime.clock import YEAR_2000_MS
from runtime.settings import SettingsError
from tests.lines import DIALECT, FEED, NOW, line, visit

DAY = 86_400_000


def told(*documents: dict[str, Any], since: int | None = None) -> tuple[Sequence[Outcome], str]:
    translator = History(DIALECT.translator, since)
    parsed = translator.parse(line("1", *documents), FEED)
    assert isinstance(parsed, Parsed)
    made = translator.translate(None, parsed, FEED)
    return made.outcomes, made.silence


def corrected(**times: int) -> int | None:
    ((document,), _) = told(visit("A", **times))
    assert isinstance(document, Document)
    return document.corrected_at


def test_a_document_takes_its_own_last_date() -> None:
    assert NOW == corrected(occurred_at=NOW - DAY, recorded_at=NOW)
    assert NOW == corrected(occurred_at=NOW, recorded_at=NOW - DAY)
    assert NOW - DAY == corrected(occurred_at=NOW, corrected_at=NOW - DAY)
    assert [YEAR_2000_MS] * 2 == [corrected(), corrected(occurred_at=5)]


def test_whatever_was_said_live_is_newer() -> None:
    (old,), _ = told(visit("A", occurred_at=NOW - DAY))
    assert isinstance(old, Document)
    live = Document("encounter", ("A",), occurred_at=NOW - DAY)
    assert version(old, NOW + DAY, 9, 0)[0] < version(live, NOW, 1, 0)[0]


def test_what_is_older_than_asked_for_is_left_out_and_refusals_stay() -> None:
    made, _ = told(
        visit("A", occurred_at=NOW), visit("B", occurred_at=NOW - DAY), visit("C"), {"refuse": "charset"}, since=NOW
    )
    assert ["A", "C", None] == [one.natural_key[0] if isinstance(one, Document) else None for one in made]
    assert isinstance(made[-1], Refusal)
    assert ((), TOO_OLD) == told(visit("B", occurred_at=NOW - DAY), since=NOW)
    assert ((), "none") == told(since=NOW)


def test_the_feed_is_of_the_configuration() -> None:
    feeds = [
        Feed("a", "01001", "HIS", "hl7v2"),
        Feed("b", "01001", "LIS", "hl7v2"),
        Feed("c", "01001", "OLD", "history_csv"),
    ]
    assert ("c.backfill", "OLD") == ((found := feed_of(feeds, "history_csv", None)).adapter_id, found.source_system)
    assert "b.backfill" == feed_of(feeds, "hl7v2", "b").adapter_id
    for dialect, chosen in (("hl7v2", None), ("hl7v2", "c"), ("dicom", None)):
        with pytest.raises(SettingsError, match="one feed of"):
            feed_of(feeds, dialect, chosen)


def test_files_are_read_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    import os

    for name, at in (("b.lines", 1), ("a.lines", 2), ("c.txt", 0)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (at, at))
    assert ["b.lines", "a.lines"] == [path.name for path in files_of([tmp_path], (".lines",))]
    assert [tmp_path / "c.txt"] == files_of([tmp_path / "c.txt"], (".lines",))


def test_a_dry_run_counts_and_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(history_csv.MAPPING, encoding="utf-8")
    feed = {
        "facility": "01003",
        "system": "OLD",
        "dialect": "history_csv",
        "options": {"mapping": str(tmp_path / "mapping.yaml")},
    }
    config = {"kafka": "nowhere:1", "data": str(tmp_path / "data"), "keyring": "none", "feeds": [feed]}
    (tmp_path / "adapter.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    row = "V{0};01003;BN1;Người Thử;;01/01/1990;Nam;01;{1} 08:00;{1} 09:00;J18;Viêm phổi;1000;"
    lines = [";".join(history_csv.COLUMNS), row.format(1, "01/02/2024"), row.format(2, "01/02/2025"), "ragged;"]
    (tmp_path / "old.csv").write_text("\n".join(lines), encoding="utf-8")
    done = CliRunner().invoke(
        build("backfill"),
        ["backfill", "--dialect", "history_csv", "--config", str(tmp_path / "adapter.yaml"), "--since", "2025-01-01",
         "--dry-run", "--json", str(tmp_path / "old.csv")],
    )  # fmt: skip
    assert 0 == done.exit_code
    assert {
        "files": 1,
        "unreadable": 0,
        "messages": 3,
        "documents": 1,
        "rejected": 1,
        "without_document": 1,
    } == json.loads(done.stdout)
    assert not (tmp_path / "data").exists()
