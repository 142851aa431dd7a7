"""The outbox: its bounds, and that nothing of a person lies in it unsealed."""

import sqlite3
from pathlib import Path

from producers.adapter import Receipt
from producers.outbox import Outbox
from tests.lines import NOW, incoming, line, outbox, visit, waiting
from tests.unit.producers.boxes import pulse, take

# Bounds


def test_a_full_outbox_refuses_until_a_tenth_is_free(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    note = {"narrative": {"note": "x" * 60_000}}
    take(box, *(line(str(n), visit(str(n), **note)) for n in range(20)))
    box.close()
    box = outbox(tmp_path, max_bytes=box_size(tmp_path) - 1)

    assert [Receipt(None, full=True)] == take(box, line("30", visit("A")))
    assert not take(box, line("30", visit("A")))[0].accepted
    ids = [one.id for one in waiting(box.path)]
    box.take([], ids[:1])  # below the limit, but no tenth is free
    assert [True] == [receipt.full for receipt in take(box, line("30", visit("A")))]
    assert 20 == pulse(box)["taken"]
    box.take([], ids[:3])
    assert [21] == [receipt.sequence for receipt in take(box, line("30", visit("A")))]
    assert [22] == [receipt.sequence for receipt in take(box, line("31", visit("A")))]
    box.close()


def box_size(folder: Path) -> int:
    box = outbox(folder)
    try:
        return box.size()
    finally:
        box.close()


def test_even_a_full_outbox_lets_go_of_what_was_delivered(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    take(box, line("1", visit("A")))
    box.close()
    box = outbox(tmp_path, max_bytes=1)
    (one,) = waiting(box.path)
    receipts = box.take([incoming(line("2", visit("B")))], [one.id])
    assert ([True], []) == ([receipt.full for receipt in receipts], waiting(box.path))
    box.close()


def test_the_file_gives_back_what_it_no_longer_needs(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    take(box, *(line(str(n), visit(str(n), narrative={"note": "x" * 60_000})) for n in range(30)))
    before = pages(box.path)
    box.take([], [one.id for one in waiting(box.path)])
    box.purge(NOW)
    assert pages(box.path) < before / 4
    box.close()


def pages(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        found: int = db.execute("PRAGMA page_count").fetchone()[0]
    finally:
        db.close()
    return found


def test_every_commit_is_told_to_the_publisher(box: Outbox) -> None:
    assert not box.stored.is_set()
    take(box, line("1", visit("A")))
    assert box.stored.is_set()


# At rest


CANARIES = ("Trần Thị Canary", "001190987654", "12 ngõ Canary", "SOT-CANARY", "file-CANARY.lines", "VISIT-CANARY")


def test_nothing_of_a_person_lies_unsealed(tmp_path: Path) -> None:
    """Neither in the file, nor in its log, nor in the archive; state, originals, keys and names included."""
    name, number, address, note, file, visit_number = CANARIES
    person = {"full_name": name, "citizen_id": number, "address": address, "visit_number": visit_number}
    told = visit(
        visit_number, identity=person, narrative={"note": note}, patient_number=number,
        body={"discharge_diagnosis": f"{name} {number}"},
    )  # fmt: skip
    box = outbox(tmp_path)
    box.take(
        [
            incoming(line(f"m-{note}", told, about=visit_number, say=note), origin=(file, "1")),
            incoming(line(note, told | {"refuse": "charset"}, more=note * 20_000), origin=(file, "2")),
            incoming(line(note, {"refuse": "charset"}, note=note, person=person), origin=(file, "3")),
            incoming(b"not even JSON: " + note.encode(), origin=(file, "4")),
            incoming(line(note, **{"raise": note}), origin=(file, "5")),
            incoming(line(note, note=note), origin=(file, "6")),
        ]
    )
    lying = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"outbox.sqlite", "outbox.sqlite-wal"} < {path.name for path in lying}
    assert any(path.suffix == ".sealed" for path in lying)
    for path in lying:
        data = path.read_bytes() + path.name.encode()
        for canary in CANARIES:
            assert canary.encode() not in data, (path.name, canary)
    box.close()
