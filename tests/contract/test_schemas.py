"""The language of the house as a product: field table, files, ids, versions and ClickHouse agree, now and later."""

import copy
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from schemas import avro, clickhouse, codec, generate, registry
from schemas.avro import Schema
from schemas.codec import Codec
from schemas.compatibility import transitive
from schemas.dictionary import markdown
from schemas.encoder import zigzag
from schemas.fields import Field, walk
from schemas.header import COORDINATES, ENRICHMENT, HASHED_HEADER, HEADER
from schemas.kinds import KINDS
from schemas.ledger import LEDGER
from schemas.sealed import IDENTITY

AVSC: Final = Path(str(files("schemas"))) / "avsc"
TABLES: Final = HEADER + ENRICHMENT + COORDINATES, *KINDS.values(), *LEDGER.values()
ALL_FIELDS: Final = [(path, field) for table in TABLES for path, field in walk(table)]


def checked_in() -> dict[str, Schema]:
    return {path.name.removesuffix(".avsc"): orjson.loads(path.read_bytes()) for path in AVSC.glob("*.avsc")}


def versions(names: Iterable[str]) -> dict[str, list[tuple[int, ...]]]:
    """Subject -> its versions, in order."""
    found = defaultdict(list)
    for name in names:
        subject, _, version = name.rpartition(".")
        found[subject].append(tuple(int(number) for number in version.split("-")))
    return {subject: sorted(numbers) for subject, numbers in found.items()}


def holes(names: Iterable[str]) -> list[str]:
    """Subjects whose versions do not count 1, 2, 3; of pairs, each half."""
    halves = [
        (subject, set(half)) for subject, numbers in versions(names).items() for half in zip(*numbers, strict=True)
    ]
    return [subject for subject, half in halves if half != set(range(1, max(half) + 1))]


def unpaired(names: Iterable[str], enrichment: int) -> list[str]:
    """Received versions of which a worker of today cannot make an accepted record."""
    known = set(names)
    received = (name for name in known if name.startswith("received."))
    return sorted(name for name in received if f"{name.replace('received.', 'accepted.', 1)}-{enrichment}" not in known)


def columns(statement: str) -> list[str]:
    """The column names of a CREATE TABLE, in order."""
    body = statement[statement.index("(\n") : statement.index("\n)")]
    return re.findall(r"^  ([a-z]\w*) ", body, re.MULTILINE)


def table(name: str) -> list[str]:
    (statement,) = (text for text in clickhouse.statements() if text.startswith(f"CREATE TABLE IF NOT EXISTS {name} ("))
    return columns(statement)


def shown(fields: Iterable[Field]) -> list[str]:
    return [field.name for field in fields if not field.sealed]


# Files and ids


def test_no_file_and_no_id_is_an_orphan() -> None:
    assert set(checked_in()) == set(registry.ids())
    assert {"ids.json"} == {path.name for path in AVSC.iterdir() if path.suffix != ".avsc"}


def test_the_files_are_what_the_field_table_generates(tmp_path: Path) -> None:
    (tmp_path / "avsc").mkdir()
    (tmp_path / "avsc" / "ids.json").write_bytes((AVSC / "ids.json").read_bytes())
    generate.write(tmp_path / "avsc", tmp_path / "data-model.md")
    for path in (tmp_path / "avsc").iterdir():
        assert path.read_bytes() == (AVSC / path.name).read_bytes(), f"{path.name}: run `make schemas`"


def test_the_data_dictionary_is_up_to_date() -> None:
    if not generate.DATA_MODEL.exists():
        pytest.skip("installed without docs/")
    assert markdown() == generate.DATA_MODEL.read_text(encoding="utf-8"), "run `make schemas`"


def test_a_changed_field_table_would_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "imaging", (*KINDS["imaging"], Field("made_up", "code", "bịa", "made up")))
    generate.write(tmp_path, tmp_path / "data-model.md")
    made = tmp_path / "received.imaging.1.avsc"
    assert made.read_bytes() != (AVSC / made.name).read_bytes()
    assert markdown() != generate.DATA_MODEL.read_text(encoding="utf-8")


def test_ids_are_unique_and_positive() -> None:
    ids = registry.ids()
    assert len(ids) == len(set(ids.values()))
    assert min(ids.values()) >= 1
    assert ids == {name: number for number, name in registry.names().items()}


def test_ids_that_were_given_stay(tmp_path: Path) -> None:
    given = {"received.imaging.1": 77, "rejected.1": 5}
    (tmp_path / "ids.json").write_bytes(orjson.dumps(given))
    generate.write(tmp_path, tmp_path / "data-model.md")
    made = orjson.loads((tmp_path / "ids.json").read_bytes())
    assert given.items() <= made.items()
    assert len(made) == len(set(made.values()))
    assert {78} < set(made.values())


FIRST_IDS: Final = {
    "received.encounter.1": 1, "accepted.encounter.1-1": 2, "received.prescription.1": 3,
    "accepted.prescription.1-1": 4, "received.service.1": 5, "accepted.service.1-1": 6, "received.observation.1": 7,
    "accepted.observation.1-1": 8, "received.referral.1": 9, "accepted.referral.1-1": 10,
    "received.appointment.1": 11, "accepted.appointment.1-1": 12, "received.discharge.1": 13,
    "accepted.discharge.1-1": 14, "received.imaging.1": 15, "accepted.imaging.1-1": 16, "rejected.1": 17,
    "outcomes.1": 18, "heartbeats.1": 19, "identity.links.1": 20,
}  # fmt: skip


def test_ids_once_given_are_the_same_everywhere() -> None:
    """They stand in records on Kafka: whoever changes one makes old records unreadable. New names are added below."""
    assert FIRST_IDS.items() <= registry.ids().items()


# Versions


def test_versions_count_one_two_three() -> None:
    assert [] == holes(registry.ids())


@pytest.mark.parametrize(
    "names", [["a.2"], ["a.1", "a.3"], ["a.b.1-1", "a.b.1-3"], ["a.2-1", "a.3-1"], ["a.1", "a.2", "b.2"]]
)
def test_a_hole_in_the_versions_would_show(names: list[str]) -> None:
    assert 1 == len(holes(names))


def test_every_received_version_has_its_accepted_one() -> None:
    assert [] == unpaired(registry.ids(), registry.ENRICHMENT_VERSION)
    for name, number in registry.ids().items():
        expected = number_of(name.replace("received.", "accepted.", 1)) if name.startswith("received.") else None
        assert expected == registry.accepted_id(number)


def number_of(accepted: str) -> int:
    return registry.ids()[f"{accepted}-{registry.ENRICHMENT_VERSION}"]


def test_a_received_version_without_its_pair_would_show() -> None:
    assert ["received.a.1"] == unpaired(["received.a.1", "received.a.2", "accepted.a.1-1", "accepted.a.2-2"], 2)


def test_a_new_enrichment_is_made_for_every_received_version() -> None:
    """Adapters upgrade last: a worker that knows a new enrichment still reads what they wrote before."""
    received = {version: avro.received("imaging") for version in (1, 2, 3)}
    made = generate.pairs("imaging", received, 4)
    assert [] == unpaired(made, 4)
    assert 6 == len(made)


def test_an_accepted_schema_is_the_received_one_and_more() -> None:
    """Field by field, or bytes could not be appended."""
    schemas = checked_in()
    for name, schema in schemas.items():
        if name.startswith("accepted."):
            received = schemas[name.replace("accepted.", "received.", 1).rpartition("-")[0]]
            fields = schema["fields"][: len(received["fields"])]
            assert received["fields"] == fields
            assert received | {"fields": []} == schema | {"fields": []}


def test_versions_of_a_subject_follow_each_other() -> None:
    schemas = checked_in()
    for subject, numbers in versions(schemas).items():
        names = [f"{subject}.{'-'.join(map(str, number))}" for number in numbers]
        assert [] == transitive([schemas[name] for name in names]), subject


def test_the_newest_version_is_the_one_written() -> None:
    for subject, numbers in versions(registry.ids()).items():
        newest = f"{subject}.{'-'.join(map(str, numbers[-1]))}"
        number, made = registry.latest(subject)
        assert (registry.ids()[newest], checked_in()[newest]) == (number, made.schema)


def test_an_unknown_id_has_nothing() -> None:
    unknown = max(registry.ids().values()) + 1
    assert registry.codec(unknown) is None
    assert registry.accepted_id(unknown) is None
    assert registry.stored_schema(unknown) is None


# One field table


@pytest.mark.parametrize("kind", KINDS)
def test_the_field_table_the_files_and_the_tables_agree_in_names_and_order(kind: str) -> None:
    schemas = checked_in()
    received = [field["name"] for field in schemas[f"received.{kind}.{generate.RECEIVED_VERSION[kind]}"]["fields"]]
    assert shown(HEADER + KINDS[kind]) == received
    stored = registry.stored_schema(registry.latest(f"accepted.{kind}")[0])
    assert stored is not None
    names = [field["name"] for field in stored["fields"]]
    assert shown(clickhouse.columns_of(kind)) == names
    assert [*names, "stored_at", "keep_until"] == table(f"{kind}_history")
    assert [*names, "stored_at"] == table(f"{kind}_current")[: len(names) + 1]


@pytest.mark.parametrize("name", LEDGER)
def test_the_ledgers_tables_agree_too(name: str) -> None:
    schema = checked_in()[f"{name}.{generate.LEDGER_VERSION[name]}"]
    names = [field["name"] for field in schema["fields"]]
    assert shown(LEDGER[name]) == names
    assert [*names, *shown(COORDINATES), "stored_at"] == table(clickhouse.table_name(name))


def nested(shape: Any) -> Iterator[list[str]]:
    """The field names of each record inside a schema."""
    if isinstance(shape, dict):
        if shape["type"] == "record":
            yield [field["name"] for field in shape["fields"]]
            for field in shape["fields"]:
                yield from nested(field["type"])
        elif shape["type"] == "array":
            yield from nested(shape["items"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_lines_of_a_record_agree_in_names_and_order(kind: str) -> None:
    lines = [shown(field.lines) for field in HEADER + KINDS[kind] if field.type == "record" and not field.sealed]
    assert lines == list(nested(avro.received(kind)))[1:]
    made = [text for text in clickhouse.statements() if text.startswith(f"CREATE TABLE IF NOT EXISTS {kind}_")]
    assert 2 == len(made)
    for statement in made:
        tuples = re.findall(r"Array\(Tuple\((.*)\)\) COMMENT", statement)
        found = [re.findall(r"(?:^|, )(\w+) [A-Z]", inner) for inner in tuples]
        assert [*lines, *(shown(field.lines) for field in ENRICHMENT if field.lines)] == found


@pytest.mark.parametrize("fields", [*TABLES, *(field.lines for _, field in ALL_FIELDS if field.lines)])
def test_no_name_is_used_twice_side_by_side(fields: tuple[Field, ...]) -> None:
    assert [] == [name for name, times in Counter(field.name for field in fields).items() if times > 1]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_flat_in_one_row_has_names_of_its_own(kind: str) -> None:
    names = [field.name for field in clickhouse.columns_of(kind)]
    assert len(names) == len(set(names))


def test_every_field_is_told_in_both_languages() -> None:
    assert [] == [path for path, field in ALL_FIELDS if not field.vi.strip() or not field.en.strip()]


def test_a_required_field_of_a_body_would_break_old_bytes() -> None:
    """Bodies grow: only the header, what is appended and lines of records may ask for a value."""
    assert [] == [field.name for body in KINDS.values() for field in body if not field.optional]


def test_identity_has_no_place_in_clear() -> None:
    """Nothing that is sealed as identity stands under the same name in a value; `sex` alone may (and no date of birth)."""
    names = {
        field.name for body in (HEADER, ENRICHMENT, *KINDS.values()) for _, field in walk(body) if not field.sealed
    }
    assert {"sex"} == names & set(IDENTITY)


def test_the_hash_takes_what_the_header_says_of_the_document() -> None:
    assert set() == set(HASHED_HEADER) - {field.name for field in HEADER}
    assert set() == set(HASHED_HEADER) & {
        "sequence", "part", "parts", "incarnation", "adapter_id", "version", "captured_at", "recorded_at", "trace_id",
        "source_message_id", "content_hash", "replay_of", "replay_count",
    }  # fmt: skip


# Old bytes under new code


def test_old_bytes_decode_under_their_own_pair_and_are_read_by_the_next() -> None:
    """A made-up second version with a field in the middle: the bytes of both live side by side."""
    made_up = Field("made_up", "code", "bịa", "made up")
    body = KINDS["imaging"]
    first, second = (avro.record("imaging", HEADER + b) for b in (body, (body[0], made_up, *body[1:])))
    assert [] == transitive([first, second])
    pairs = generate.pairs("imaging", {1: first, 2: second}, 1)
    more = Codec(avro.record("enrichment", ENRICHMENT)).encode(enrichment())
    for version, extra in ((1, {}), (2, {"made_up": "x"})):
        datum = Codec(pairs[f"received.imaging.{version}"]).encode(header() | extra)
        told = Codec(pairs[f"accepted.imaging.{version}-1"]).decode(datum + more)
        assert header().items() | enrichment().items() <= {k: v for k, v in told.items() if v != []}.items()
        assert extra.get("made_up") == told.get("made_up")
    old = Codec(pairs["received.imaging.1"]).encode(header())
    with pytest.raises(codec.NotOneDatum):
        Codec(pairs["received.imaging.2"]).decode(old)


def header() -> dict[str, Any]:
    plain = {"code": "x", "string": "x", "int": 1, "long": 1, "bool": True, "millis": 1, "date": 1}
    return {field.name: plain[field.type] for field in HEADER if not field.optional}


def enrichment() -> dict[str, Any]:
    plain = {"code": "x", "string": "x", "int": 1, "long": 1, "bool": True, "millis": 1, "date": 1}
    return {field.name: plain[field.type] for field in ENRICHMENT if not field.optional}


def test_stored_rows_are_accepted_bytes_and_two_numbers() -> None:
    accepted_id, made = registry.latest("accepted.imaging")
    stored = registry.stored_schema(accepted_id)
    assert stored is not None
    bytes_ = made.encode(header() | enrichment()) + zigzag(7) + zigzag(1 << 40)
    told = Codec(stored).decode(bytes_)
    assert (7, 1 << 40) == (told["kafka_partition"], told["kafka_offset"])


def test_schemas_given_out_are_not_changed_by_composing() -> None:
    before = avro.received("imaging")
    kept = copy.deepcopy(before)
    avro.stored(avro.accepted(before))
    assert kept == before
