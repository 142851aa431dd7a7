"""CSV through the real outbox: a number a row, sealed, and any live version beats a backfilled one."""

from pathlib import Path
from typing import Any, Final

from producers.adapter import Document, Feed, Incoming, Receipt
from producers.event import Keys, version
from producers.history_csv.listen import DIALECT
from producers.outbox import Outbox
from runtime import keyring
from schemas import codec, registry
from tests.unit.history_csv.files import HEADING, ROW, VISITS, feed, row

RING: Final = keyring.create(["01999"])
NOW: Final = 1_795_396_500_000
SECRETS: Final = ("LK-0001", "BN-77", "Nguyễn Thị Hư Cấu", "099200000001", "12/03/1985", "ghi chú", "Khác")


class Backfill:
    """One feed into one outbox."""

    def __init__(self, folder: Path) -> None:
        mapping = folder / "mapping.yaml"
        mapping.write_text(VISITS, encoding="utf-8")
        self.folder = folder
        self.feed: Feed = feed(mapping)
        keys = {"01999": Keys.of(RING, "01999")}
        self.outbox = Outbox(
            folder / "data", keys, {"history_csv": DIALECT.translator}, limit=900_000, max_bytes=1 << 30
        )

    def take(self, text: str, name: str = "old.csv") -> list[Receipt]:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        batch = [
            Incoming(self.feed, read.parsed, read.raw, (name, str(index)), NOW)
            for index, read in enumerate(DIALECT.read(path, self.feed), 1)
        ]
        return self.outbox.take(batch)

    def records(self) -> list[tuple[str, bytes, bytes]]:
        return self.outbox._db.execute("SELECT topic, value, headers FROM record ORDER BY id").fetchall()

    def events(self) -> list[dict[str, Any]]:
        made = []
        for topic, value, _ in self.records():
            framed = codec.unframe(value)
            assert framed is not None
            coder = registry.codec(framed[0])
            assert coder is not None
            if topic.startswith("received."):
                made.append(coder.decode(framed[1]))
        return made


def test_rows_become_events_and_rejections(tmp_path: Path) -> None:
    backfill = Backfill(tmp_path)
    receipts = backfill.take(HEADING + ROW + row(LOAI="Khác") + row(SO_KCB="LK-0002"))
    assert [True, False, True] == [receipt.accepted for receipt in receipts]
    assert [1, 2, 3] == [receipt.sequence for receipt in receipts]
    first, second = backfill.events()
    assert ("encounter", "01999", "HIS", "history_csv", "01") == tuple(
        first[name] for name in ("kind", "facility", "source_system", "source_format", "visit_type")
    )
    assert first["document_id"] != second["document_id"]
    assert (1, 1, 1) == (first["rows_read"], first["rows_used"], first["rows_unmapped"])
    text = DIALECT.answer(receipts)
    assert "csv_code row 3, column LOAI" in text
    assert "[1]" not in text


def test_nothing_of_a_person_leaves_unsealed(tmp_path: Path) -> None:
    backfill = Backfill(tmp_path)
    backfill.take(HEADING + ROW + row(LOAI="Khác"))
    shown = b"".join(value + headers for _, value, headers in backfill.records())
    for secret in SECRETS:
        assert secret.encode() not in shown


def test_the_same_file_again_gets_no_numbers(tmp_path: Path) -> None:
    backfill = Backfill(tmp_path)
    backfill.take(HEADING + ROW)
    assert [True] == [receipt.retransmission for receipt in backfill.take(HEADING + ROW)]


def test_a_live_version_beats_what_is_backfilled_after_it(tmp_path: Path) -> None:
    backfill = Backfill(tmp_path)
    backfill.take(HEADING + ROW)
    (event,) = backfill.events()
    live = Document("encounter", ("LK-0001",))
    assert event["version"] < version(live, NOW - 10 * 365 * 86_400_000, 1, 0)[0]
