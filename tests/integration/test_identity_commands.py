"""`livingdata identity link|unlink|links|review` between a person, Kafka (what is told goes straight to the store here) and a
real ClickHouse."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.cli import build, identity_links
from infra.workbench import fetch
from runtime import keyring
from runtime.links import Statement
from schemas import codec, registry, topics
from sinks.clickhouse.client import ClickHouse
from stream_processors.claims import Claim
from stream_processors.enrich import accepted
from stream_processors.identify import Identity
from stream_processors.receive import Opened, Source, receive
from tests import received
from tests.store import doc, put

pytestmark = pytest.mark.slow

P1, P2, P3, C1, C2 = ("1" * 32, "2" * 32, "3" * 32, "a" * 32, "b" * 32)
KAFKA = "unused:1"


@pytest.fixture
def told(store: ClickHouse, clickhouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command; what it tells is in the store when it returns."""
    clock = iter(range(1_800_000_000_000, 1_800_000_001_000))

    class Teller:
        def __init__(self, bootstrap: str, name: str) -> None:
            assert (KAFKA, "identity") == (bootstrap, name)

        def __call__(self, statements: Sequence[Statement]) -> None:
            records = [statement.record(next(clock)) for statement in statements]
            put(store, [(topic, value) for topic, _, value in records])

    monkeypatch.setattr(identity_links, "Teller", Teller)

    def run(*arguments: str) -> Result:
        variables = {"LIVINGDATA_CLICKHOUSE": clickhouse_url, "LIVINGDATA_KAFKA": KAFKA, "COLUMNS": "200"}
        return CliRunner(env=variables).invoke(build("identity"), ["identity", *arguments])

    return run


def seen(store: ClickHouse, patient: str, **fields: Any) -> None:
    base = {"patient_key": patient, "document_id": patient, "visit_key": patient, "sequence": int(patient[0], 16)}
    put(store, [doc("encounter", **(base | fields))])


def citizens(store: ClickHouse) -> dict[str, str | None]:
    return {row["patient_key"]: row["citizen_key"] for row in store.rows("SELECT * FROM patient_timeline")}


def rows(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_link_is_told_seen_listed_and_taken_back(store: ClickHouse, told: Any) -> None:
    seen(store, P1)
    assert 0 == told("link", P1, "--citizen", C1, "--why", "hai giấy tờ khớp").exit_code
    assert {P1: C1} == citizens(store)
    (row,) = rows(told("links", "--json"))
    assert ("link", P1, C1, "01001", "person@1", "hai giấy tờ khớp") == tuple(
        row[name] for name in ("action", "patient_key", "citizen_key", "facility", "rule", "why")
    )
    assert row["decided_by"]
    assert 0 == told("unlink", P1, "--why", "nhầm").exit_code
    assert {P1: None} == citizens(store)
    assert ["withdraw", "link"] == [row["action"] for row in rows(told("links", "--history", "--json"))]


def test_a_merge_and_its_undoing(store: ClickHouse, told: Any) -> None:
    seen(store, P1, citizen_key=C1)
    seen(store, P2)
    assert 0 == told("link", P2, "--into", P1, "--why", "cùng một người").exit_code
    assert {P1: C1, P2: C1} == citizens(store)
    assert 0 == told("unlink", P2, "--merge", P1, "--why", "hai anh em sinh đôi").exit_code
    assert {P1: C1, P2: None} == citizens(store)


@pytest.mark.parametrize(
    "arguments",
    [
        ("link", P1, "--why", "x"),  # to whom?
        ("link", P1, "--citizen", C1, "--into", P2, "--why", "x"),
        ("link", P1, "--citizen", "không phải khoá", "--why", "x"),
        ("link", P1, "--into", P1, "--why", "x"),
        ("link", P1, "--into", P3, "--why", "x"),  # of another facility
        ("link", "f" * 32, "--citizen", C1, "--why", "x"),  # nobody
        ("link", P1, "--citizen", C1, "--why", "CCCD 001 080 123 456"),  # a number
        ("unlink", P1, "--nobody", "--merge", P2, "--why", "x"),
    ],
)
def test_what_makes_no_sense_is_told_to_nobody(store: ClickHouse, told: Any, arguments: tuple[str, ...]) -> None:
    seen(store, P1)
    seen(store, P3, facility="01002")
    assert 2 == told(*arguments).exit_code
    assert [] == rows(told("links", "--history", "--json"))


PROBABLE = {"identity_tier": "probable", "identity_rule": "I6@1", "identity_score": 700, "citizen_key": C1}
CONFLICT = {"identity_tier": "conflict", "identity_rule": "I2@1", "identity_score": 500}


def test_the_queue_by_facility_and_age(store: ClickHouse, told: Any) -> None:
    seen(store, P1, **PROBABLE)
    seen(store, P2, **CONFLICT, facility="01002")
    seen(store, P3, identity_tier="verified", identity_rule="I1@1")
    counts = rows(told("review", "list", "--json"))
    assert {("01001", "probable", "I6@1", 1), ("01002", "conflict", "I2@1", 1)} == {
        (row["facility"], row["tier"], row["rule"], row["patients"]) for row in counts
    }
    (only,) = rows(told("review", "list", "--patients", "--tier", "conflict", "--json"))
    assert (P2, None, 1) == (only["patient_key"], only["candidate"], only["documents"])
    shown = json.loads(told("review", "show", P1, "--json").stdout)
    assert (C1, 700) == (shown["waiting"]["candidate"], shown["waiting"]["score"])
    assert shown["means"].startswith("probable")


def test_a_decision_leaves_the_queue_and_reads_history_anew(store: ClickHouse, told: Any) -> None:
    seen(store, P1, **PROBABLE)
    seen(store, P2, **CONFLICT)
    assert 0 == told("review", "decide", P1, "--decision", "candidate", "--why", "đúng người").exit_code
    assert 0 == told("review", "decide", P2, "--decision", C2, "--why", "đã xem giấy tờ").exit_code
    assert {P1: C1, P2: C2} == citizens(store)
    assert [] == rows(told("review", "list", "--json"))
    assert {"review@1"} == {row["rule"] for row in rows(told("links", "--json"))}
    told("unlink", P1, "--why", "xem lại")
    assert [P1] == [row["patient_key"] for row in rows(told("review", "list", "--patients", "--json"))]


def test_many_at_once_and_again_after_a_break(store: ClickHouse, told: Any, tmp_path: Path) -> None:
    seen(store, P1, **PROBABLE)
    seen(store, P2, **CONFLICT)
    file = tmp_path / "decided.csv"
    file.write_text(
        f"patient_key,decision,why\n{P1},nobody,người khác\n{P2},candidate,không có\n{'f' * 32},nobody,ai\n",
        encoding="utf-8",
    )
    first, second = (told("review", "decide", "--file", str(file), "--json") for _ in range(2))
    assert (1, 1) == (first.exit_code, second.exit_code)
    (one_,), (two,) = rows(first), rows(second)
    assert (1, 0, 2) == (one_["decided"], one_["decided_before"], len(one_["wrong"]))
    assert (0, 1, 2) == (two["decided"], two["decided_before"], len(two["wrong"]))
    assert {P1: None, P2: None} == citizens(store)


def test_opening_a_document_needs_the_key_and_a_purpose_and_is_written_down(
    store: ClickHouse, told: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = receive(received.source(patient_key=P1), received.KEYRING, received.LIMIT)
    assert isinstance(opened, Opened)
    topic, key, value, headers = accepted(opened, Claim("accepted", False, 20_601), Identity("conflict", "I2@1", 500, None), (), (), received.NOW)  # fmt: skip
    put(store, [(topic, value)], first=7)
    keyring.save(received.KEYRING, tmp_path / "city.json")

    class Fetcher:
        def __init__(self, bootstrap: str) -> None:
            assert KAFKA == bootstrap

        def __call__(self, topic_: str, partition: int, offset: int) -> Source | None:
            assert (topic, 0, 7) == (topic_, partition, offset)
            return Source(topic, partition, offset, key, value, tuple(headers))

        def close(self) -> None:
            pass

    monkeypatch.setattr(fetch, "Fetcher", Fetcher)
    command = ("review", "show", P1, "--unseal", "--keyring", str(tmp_path / "city.json"))
    assert 2 == told(*command).exit_code
    assert [] == store.rows("SELECT * FROM original_accesses")
    shown = told(*command, "--purpose", "xem xét định danh")
    assert "Nguyễn Văn An" == json.loads(shown.stdout)["identity"]["full_name"]
    (access,) = store.rows("SELECT * FROM original_accesses")
    assert ("xem xét định danh", received.FACILITY, 1) == (access["purpose"], access["facility"], access["sequence"])
    assert "Nguyễn" not in told("review", "show", P1).stdout


def test_a_statement_says_what_it_must() -> None:
    good = Statement(P1, "01001", "merge", "r@1", None, P2, "me", "why")
    topic, key, value = good.record(1_800_000_000_000)
    framed = codec.unframe(value)
    made = registry.codec(framed[0]) if framed else None
    assert framed is not None
    assert made is not None
    event = made.decode(framed[1])
    assert (topics.LINKS, P1.encode(), 1_800_000_000_000 << 20) == (topic, key, event["version"])
    for wrong in ({"action": "say"}, {"action": "link"}, {"into_key": None}, {"into_key": P1}, {"why": " "}, {"why": "0912 345 678"}):  # fmt: skip
        with pytest.raises(ValueError, match=r"."):
            Statement(**({"patient_key": P1, "facility": "01001", "action": "merge", "rule": "r", "into_key": P2, "decided_by": "me"} | wrong))  # fmt: skip
