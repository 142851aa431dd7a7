"""What the city expects of its FHIR, DICOM and CSV is what adapter, rules, identity and claims make of it."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from infra.city import history_csv
from infra.city.city import DIALECTS, ONLY, City, every
from infra.city.flaws import Flaws
from infra.city.folder import write_folder
from infra.city.hospitals import HOSPITALS
from infra.city.message import Message
from infra.city.visits import LOCAL
from infra.conformance.check import Checker
from producers.adapter import Dialect, Feed, Incoming, Receipt
from producers.adapters import dialect as dialect_of
from producers.event import Keys
from producers.outbox import Outbox, unpack
from runtime import keyring
from runtime.seal import HEADER, unseal
from schemas import codec, registry
from stream_processors import identify
from stream_processors.validate import validate

START: Final = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
CITIZEN: Final = bytes(32)
FLAWS: Final = Flaws(
    retransmissions=0.05, duplicates=0.1, corrections=0.3, number_only=0.3, cancellations=0.1, malformed=0.1,
    discharge_before_arrival=0.06,
)  # fmt: skip


def city_of(name: str, facilities: int = 2, flaws: Flaws = FLAWS, seed: int = 1) -> City:
    alone = {hospital.code: name for hospital in HOSPITALS} if name in ONLY else {}
    return City(seed, facilities, start=START, flaws=flaws, people=500, dialects=alone)


def options_of(name: str, folder: Path) -> dict[str, Any]:
    mapping = folder / "mapping.yaml"
    mapping.write_text(history_csv.MAPPING, encoding="utf-8")
    given = {"mapping": str(mapping)} if name == "history_csv" else {}
    return dialect_of(name).options.model_validate(given).model_dump()


class Pipeline:
    """A feed per hospital into one outbox; behind it what a worker decides."""

    def __init__(self, city: City, name: str, folder: Path) -> None:
        self.folder, self.dialect = folder, dialect_of(name)
        codes = [hospital.code for hospital in city.hospitals]
        self.ring = keyring.create(codes)
        options = options_of(name, folder)
        self.feeds = {code: Feed(f"{code}.his", code, "HIS", name, options=options) for code in codes}
        keys = {code: Keys.of(self.ring, code) for code in codes}
        self.outbox = Outbox(folder / "data", keys, {name: self.dialect.translator}, limit=900_000, max_bytes=1 << 30)
        self.db = sqlite3.connect(self.outbox.path)
        self.registry = dict(identify.entry(CITIZEN, one.number, one.full_name, one.birth) for one in city.registry())
        self.claims: dict[str, tuple[int, str]] = {}
        self.read_up_to, self.clock = 0, int(START.timestamp() * 1000)

    def send(self, message: Message) -> list[Receipt]:
        path = self.folder / message.name
        path.write_bytes(message.payload)
        feed = self.feeds[message.facility]
        self.clock += 1
        reads = enumerate(self.dialect.read(path, feed), 1)
        return self.outbox.take(
            [Incoming(feed, read.parsed, read.raw, (path.name, str(index)), self.clock) for index, read in reads]
        )

    def new_parts(self) -> Iterator[tuple[str | None, str, str | None]]:
        query = "SELECT id, topic, value, headers FROM record WHERE id > ? ORDER BY id"
        for row_id, topic, value, headers in self.db.execute(query, (self.read_up_to,)).fetchall():
            self.read_up_to = row_id
            schema_id, datum = codec.unframe(value) or (0, b"")
            made = registry.codec(schema_id)
            assert made is not None
            event = made.decode(datum)
            if topic == "rejected":
                yield event["kind"], "rejected", None
            else:
                yield self._decide(event, datum, dict(unpack(headers))[HEADER])

    def _decide(self, event: dict[str, Any], datum: bytes, seal: bytes) -> tuple[str, str, str | None]:
        inside = registry.SEALED.decode(unseal(self.ring.sealing(event["facility"]), seal, datum))
        if validate(event, inside["identity"], inside["narrative"]).blocking:
            return event["kind"], "rejected", None
        known = self.claims.get(event["document_id"])
        if known is not None and known[1] == event["content_hash"]:
            return event["kind"], "duplicate", None
        if known is None or event["version"] > known[0]:
            self.claims[event["document_id"]] = event["version"], event["content_hash"]
        asked = identify.ask(CITIZEN, inside["identity"])
        tier = identify.decide(CITIZEN, asked, self.registry).tier
        return event["kind"], "accepted" if known is None else "amended", tier

    def close(self) -> None:
        self.db.close()
        self.outbox.close()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ONLY)
def test_every_part_comes_to_what_the_city_expects(name: str, seed: int, tmp_path: Path) -> None:
    city = city_of(name, seed=seed)
    pipeline = Pipeline(city, name, tmp_path)
    stream = city.messages(lambda: START)
    seen: Counter[str] = Counter()
    for _ in range(150):
        message = next(stream)
        receipts = pipeline.send(message)
        assert all(message.retransmission == receipt.retransmission for receipt in receipts)
        expected = Counter((part.kind, part.outcome, part.tier) for part in message.expected)
        assert expected == Counter(pipeline.new_parts()), message.name
        seen.update(part.outcome for part in message.expected)
    pipeline.close()
    wanted = {"accepted", "rejected"} if name == "dicom" else {"accepted", "amended", "duplicate", "rejected"}
    assert wanted == set(seen)


def checked(name: str, made: Dialect, folder: Path) -> tuple[int, int, int]:
    """(messages, events, rejected parts) of the written files."""
    feed = Feed("check", HOSPITALS[0].code, "check", name, options=options_of(name, folder.parent))
    checker = Checker(made, feed)
    told = [one for file in checker.files(folder) for one in checker.check(file)]
    errors = [issue for one in told for issue in one.issues if issue.severity == "error"]
    return len(told), sum(len(one.events) for one in told), len(errors)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_written_folder_is_what_its_books_say(name: str, tmp_path: Path) -> None:
    """As many messages and parts as were decided; a document that a rule rejects is both an event and an error."""
    books = write_folder(city_of(name, 1), tmp_path / "out", name, 60)
    messages, events, errors = checked(name, dialect_of(name), tmp_path / "out")
    totals = books.totals()
    assert 60 == messages
    assert totals["rejected"] == errors
    assert totals["published"] - totals["rejected"] <= events <= totals["published"]


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name in ONLY:
        for copy in ("a", "b"):
            write_folder(city_of(name), tmp_path / copy / name, name, 20)
    first = {path.relative_to(tmp_path / "a"): path.read_bytes() for path in (tmp_path / "a").rglob("*.*")}
    assert first == {path.relative_to(tmp_path / "b"): path.read_bytes() for path in (tmp_path / "b").rglob("*.*")}
    assert 40 < len(first)


def test_what_nobody_speaks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not speak fhir"):
        write_folder(City(1, 2, start=START, people=300), tmp_path, "fhir", 1)
    with pytest.raises(ValueError, match="does not speak hl7v2"):
        write_folder(city_of("dicom"), tmp_path, "hl7v2", 1)


def test_all_dialects_are_spoken_among_eight_hospitals() -> None:
    assert set(ONLY) == set(every(8).values())
    assert 6 == len(every(8))
    city = City(1, 4, start=START, people=500, dialects=every(4))
    stream = city.messages(lambda: START)
    assert set(DIALECTS) == {next(stream).dialect for _ in range(300)}
