"""What became of each rejected part, which feeds are faulty, and the commands that only ask."""

import json
import time
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import build
from infra.workbench import rejections
from infra.workbench.filters import Filters, numbers
from schemas.numbers import PartNumber
from sinks.clickhouse.client import ClickHouse
from tests.store import Value, doc, one, outcomes, put, rejected

pytestmark = pytest.mark.slow

NOW = time.time_ns() // 1_000_000
OLD: dict[str, Any] = {"captured_at": NOW, "rejected_at": NOW}
REPLAY: dict[str, Any] = {"adapter_id": "replay.01001", "incarnation": "b" * 16}


def number(sequence: int, part: int = 1) -> str:
    return f"01001.his/{'a' * 16}/{sequence}/{part}"


def states(store: ClickHouse) -> dict[int, str]:
    """Sequence -> state of the hospital's own parts."""
    rows = store.rows("SELECT sequence, state FROM rejected_parts WHERE adapter_id = '01001.his'")
    return {int(row["sequence"]): row["state"] for row in rows}


def sent(store: ClickHouse, sequence: int, replay: int, decision: str = "replayed", **more: Any) -> None:
    """A decision as the workbench writes it."""
    row = {"facility": "01001", "adapter_id": "01001.his", "incarnation": "a" * 16, "sequence": sequence, "part": 1}
    as_ = PartNumber("replay.01001", "b" * 16, replay, 0) if decision == "replayed" else numbers([number(replay)])[0]
    rejections.decide(store, [{**row, **more, "sent_as": as_}], decision, "", "me")


def replayed(sequence: int, of: int, **more: Any) -> Value:
    return doc("encounter", sequence=sequence, document_id=f"{sequence:032x}", replay_of=number(of), replay_count=1, **REPLAY, **more)  # fmt: skip


def test_each_state_once(store: ClickHouse) -> None:
    put(store, [rejected(sequence=at, stage="worker", reason="rule", rules=["X01"], **OLD) for at in range(1, 9)])
    sent(store, 2, 12)
    sent(store, 3, 13)
    put(store, [replayed(13, 3)])
    sent(store, 4, 14)
    put(store, [outcomes({"sequence": 14, "outcome": "duplicate"}, facility="01001", **REPLAY)])
    sent(store, 5, 15)
    put(store, [rejected(sequence=15, stage="worker", replay_of=number(5), replay_count=1, **REPLAY, **OLD)])
    put(store, [doc("encounter", sequence=6, document_id="6" * 32)])
    put(store, [replayed(17, 7)])
    given_up = rejections.find(store, Filters(numbers=numbers([number(8)])))
    rejections.decide(store, given_up, "discarded", "x", "me")
    expected = {
        1: "open",
        2: "in_flight",
        3: "mended",
        4: "mended",
        5: "replayed",
        6: "mended",
        7: "mended",
        8: "discarded",
    }
    assert expected == states(store)
    row = one(store, "SELECT rejections, open, mended, discarded FROM rejections WHERE rule = 'X01'")
    assert (8, 1, 4, 1) == tuple(row.values())


def test_a_replay_of_a_replay_mends_both(store: ClickHouse) -> None:
    put(store, [rejected(sequence=1, stage="worker", **OLD)])
    sent(store, 1, 11)
    put(store, [rejected(sequence=11, stage="worker", replay_of=number(1), replay_count=1, **REPLAY, **OLD)])
    (again,) = rejections.find(store, Filters(states=("open",)))
    older = rejections.ancestors(store, [again])
    assert [1] == [row["sequence"] for row in older[PartNumber("replay.01001", "b" * 16, 11, 0)]]
    sent(store, 1, 12)
    sent(store, 11, 12, **REPLAY)
    put(store, [replayed(12, 1)])
    assert {1: "mended"} == states(store)
    assert [] == rejections.find(store, Filters(states=("open", "replayed", "in_flight")))


def test_a_message_of_several_parts_is_mended_when_all_are(store: ClickHouse) -> None:
    put(store, [rejected(sequence=1, **OLD)])
    sent(store, 1, 11)
    put(store, [replayed(11, 1, part=1, parts=2)])
    assert {1: "in_flight"} == states(store)
    put(store, [replayed(11, 1, part=2, parts=2)])
    assert {1: "mended"} == states(store)


def test_a_number_that_was_not_readable_is_mended_as_what_it_turned_out_to_be(store: ClickHouse) -> None:
    unknown = {"adapter_id": "", "incarnation": "received.encounter/3", "sequence": 177}
    put(store, [rejected(**unknown, stage="worker", reason="schema_unknown", **OLD)])
    sent(store, 177, 5, "republished", adapter_id="", incarnation="received.encounter/3")
    assert "open" == one(store, "SELECT state FROM rejected_parts")["state"]
    put(store, [doc("encounter", sequence=5)])
    row = one(store, "SELECT number, state FROM rejected_parts")
    assert ("/received.encounter/3/177/1", "mended") == (row["number"], row["state"])


def test_its_own_bytes_again_that_turn_out_a_duplicate_are_mended(store: ClickHouse) -> None:
    put(store, [rejected(sequence=at, stage="worker", **OLD) for at in (1, 2)])
    sent(store, 1, 1, "republished")
    put(store, [outcomes({"sequence": 2, "outcome": "duplicate"}, facility="01001", processed_at=NOW)])
    assert {1: "open", 2: "open"} == states(store)
    put(store, [outcomes({"sequence": 1, "outcome": "duplicate"}, facility="01001", processed_at=NOW, last_offset=9)])
    assert {1: "mended", 2: "open"} == states(store)


def test_what_is_mended_no_longer_lowers_the_scorecard(store: ClickHouse) -> None:
    put(store, [rejected(sequence=at, kind="encounter", stage="worker", **OLD) for at in (1, 2, 3)])
    asked = "SELECT sum(rejected) AS n FROM facility_scorecard"
    assert 3 == one(store, asked)["n"]
    sent(store, 1, 11)
    put(store, [replayed(11, 1)])
    assert 2 == one(store, asked)["n"]
    sent(store, 2, 12)  # refused again: it counts once, under its newer number
    put(store, [rejected(sequence=12, kind="encounter", stage="worker", replay_of=number(2), replay_count=1, **REPLAY, **OLD)])  # fmt: skip
    assert 2 == one(store, asked)["n"]


def test_a_promise_is_not_yet_mended(store: ClickHouse) -> None:
    put(store, [rejected(sequence=1, stage="worker", **OLD)])
    sent(store, 1, 11)
    put(store, [outcomes({"sequence": 11, "outcome": "accepted"}, facility="01001", **REPLAY)])
    assert {1: "in_flight"} == states(store)


# Faulty feeds


def feeds(store: ClickHouse) -> dict[str, tuple[int, int, bool]]:
    return {row["adapter_id"]: (row["parts"], row["rejected"], row["is_faulty"]) for row in rejections.feeds(store)}


def day(adapter: str, good: int, bad: int, at: int = NOW) -> list[Value]:
    more = {"adapter_id": adapter, "captured_at": at}
    values = [doc("encounter", sequence=n, document_id=f"{n:032x}", **more) for n in range(1, good + 1)]
    return values + [rejected(sequence=good + n, rejected_at=at, **more) for n in range(1, bad + 1)]


def test_a_feed_of_which_too_much_is_rejected_is_flagged_alone(store: ClickHouse) -> None:
    put(store, day("01001.bad", 60, 20) + day("01001.well", 90, 10) + day("01001.small", 1, 9))
    put(store, day("01001.long-ago", 1, 99, NOW - 3 * 3_600_000) + day("replay.01001", 1, 99))
    assert {"01001.bad": (80, 20, True), "01001.well": (100, 10, False), "01001.small": (10, 9, False)} == feeds(store)
    row = rejections.feeds(store)[0]
    assert ("01001.bad", 0.25, 0.2, "charset") == tuple(
        row[name] for name in ("adapter_id", "share", "limit_share", "main_reason")
    )


def test_what_has_no_readable_number_counts_for_its_facility(store: ClickHouse) -> None:
    put(store, [rejected(adapter_id="", incarnation="t/0", sequence=n, stage="worker", **OLD) for n in range(60)])
    assert {"": (60, 60, True)} == feeds(store)


def test_a_facility_may_have_a_limit_of_its_own(store: ClickHouse, clickhouse_url: str) -> None:
    put(store, day("01001.bad", 60, 20))
    told = Told(clickhouse_url, "limits", "--json")
    assert (1, ["01001.bad"]) == (told.code, [row["adapter_id"] for row in told.lines()])
    told = Told(clickhouse_url, "limits", "--set", "0.5", "--facility", "01001")
    assert (0, True) == (told.code, "1 nguồn / feeds, 0" in told.out)
    assert [] == Told(clickhouse_url, "limits", "--json").lines()
    assert [0.5] == [row["limit_share"] for row in Told(clickhouse_url, "limits", "--all", "--json").lines()]


# Commands


class Told:
    """Exit code and what was printed."""

    def __init__(self, url: str, *arguments: str) -> None:
        runner = CliRunner(env={"LIVINGDATA_CLICKHOUSE": url, "COLUMNS": "250"})
        result = runner.invoke(build("rejected"), ["rejected", *arguments])
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def some(store: ClickHouse, clickhouse_url: str) -> str:
    put(
        store,
        [
            rejected(sequence=1, stage="worker", reason="rule", rules=["X01", "R08"], kind="encounter", **OLD),
            rejected(sequence=2, stage="worker", reason="rule", rules=["X01"], kind="encounter", **OLD),
            rejected(sequence=3, reason="charset", facility="01002", adapter_id="01002.his", **OLD),
            rejected(sequence=4, reason="charset", captured_at=NOW, rejected_at=NOW - 5 * 86_400_000, original=b"sealed"),
        ],
    )  # fmt: skip
    return clickhouse_url


def test_the_list_counts_by_reason_and_rule(some: str) -> None:
    rows = Told(some, "list", "--json").lines()
    assert {"X01": 2, "": 1} == {row["rule"]: row["rejections"] for row in rows if row["facility"] == "01001"}
    assert {number(1), number(2)} > {row["example"] for row in rows if row["rule"] == "X01"}
    assert "charset" in Told(some, "list").out


@pytest.mark.parametrize(
    ("options", "sequences"),
    [
        (["--facility", "01002"], [3]),
        (["--reason", "rule"], [1, 2]),
        (["--rule", "R08"], [1]),
        (["--stage", "adapter"], [3, 4]),
        (["--kind", "encounter"], [1, 2]),
        (["--since", "1d"], [1, 2, 3]),
        (["--until", "1d"], [4]),
        (["--since", "10d", "--until", "2d"], [4]),
        (["--state", "mended"], []),
        (["--all"], [1, 2, 3, 4]),
    ],
)
def test_the_list_is_filtered(some: str, options: list[str], sequences: list[int]) -> None:
    assert sequences == sorted(row["sequence"] for row in Told(some, "list", "--numbers", "--json", *options).lines())


def test_a_part_is_shown_with_why_and_how_to_mend_it(some: str) -> None:
    told = Told(some, "show", number(1))
    assert 0 == told.code
    for text in ("X01", "R08", "Vi phạm quy tắc chặn", "A blocking rule failed", "open"):
        assert text in told.out
    shown = Told(some, "show", number(4), "--json").lines()[0]
    assert (True, "charset") == (shown["has_original"], shown["explained"][0]["id"])
    assert "original" not in shown


def test_what_is_exported_holds_no_original(some: str) -> None:
    rows = Told(some, "export").lines()
    assert {1, 2, 3, 4} == {row["sequence"] for row in rows}
    assert all("original" not in row and row["explained"] for row in rows)
    assert "sealed" not in Told(some, "export").out.replace('"has_original"', "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--state", "none"),
        ("list", "--since", "yesterday"),
        ("show", "17"),
        ("show", number(1), "--unseal"),
        ("explain", "no_such_reason"),
        ("discard", number(1), "--why", " "),
        ("replay",),
        ("replay", number(1), number(2), "--file", "x"),
        ("limits", "--set", "1.5"),
    ],
)
def test_misuse_is_told_as_misuse(some: str, arguments: tuple[str, ...]) -> None:
    assert 2 == Told(some, *arguments).code


def test_what_is_not_there_is_a_failure(some: str) -> None:
    assert 1 == Told(some, "show", number(99)).code
    told = Told(some, "discard", number(1), number(99), "--why", "x")
    assert (1, True) == (told.code, number(99) in told.err)
    assert 4 == len(Told(some, "list", "--numbers", "--json").lines()), "all or none"
