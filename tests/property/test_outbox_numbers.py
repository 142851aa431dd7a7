"""Whatever happens to an outbox, its numbers have no hole and every message is accounted for once."""

import shutil
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from producers.adapter import Feed, Receipt
from tests.lines import FEED, NOW, OTHER_FEED, BrokenDisk, Crash, incoming, line, outbox, visit, waiting

FEEDS = (FEED, OTHER_FEED)
OUTCOMES = {
    "document": [visit("A")],
    "two": [visit("A"), visit("B")],
    "mixed": [visit("A"), {"refuse": "charset"}],
    "refused": [{"refuse": "charset"}],
    "silent": [],
}
MESSAGES = st.lists(
    st.tuples(st.sampled_from(FEEDS), st.integers(0, 30), st.sampled_from(sorted(OUTCOMES))), max_size=5
)
Message = tuple[Feed, int, str]


@dataclass
class Books:
    """What a feed's ledger must say: message -> number, numbers the broker has, numbers told as silent."""

    numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    repeated: int = 0


def raw(number: int, outcome: str) -> bytes:
    return line(f"{number}", *OUTCOMES[outcome], about=f"{number % 3}", say=f"{number}")


class Numbers(RuleBasedStateMachine):
    """Batches, crashes inside them, a disk that fails, deliveries, heartbeats and restarts, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.books: dict[str, Books] = {feed.adapter_id: Books() for feed in FEEDS}

    @initialize()
    def begin(self) -> None:
        self.box = outbox(self.folder)

    def teardown(self) -> None:
        self.box.close()
        shutil.rmtree(self.folder)

    @rule(messages=MESSAGES)
    def take(self, messages: list[Message]) -> None:
        batch = [incoming(raw(number, outcome), feed=feed) for feed, number, outcome in messages]
        for message, receipt in zip(messages, self.box.take(batch), strict=True):
            self._note(message, receipt)

    def _note(self, message: Message, receipt: Receipt) -> None:
        feed, number, outcome = message
        books = self.books[feed.adapter_id]
        known = books.numbers.get((number, outcome))
        assert (known is not None) == receipt.retransmission
        if known is not None:
            assert known == receipt.sequence
            books.repeated += 1
            return
        sequence = len(books.numbers) + 1
        assert sequence == receipt.sequence
        books.numbers[number, outcome] = sequence
        if OUTCOMES[outcome]:
            books.waiting[sequence] = len(OUTCOMES[outcome])
        else:
            books.silent.add(sequence)

    @rule(messages=MESSAGES, feed=st.sampled_from(FEEDS))
    def fail(self, messages: list[Message], feed: Feed) -> None:
        batch = [incoming(raw(number, outcome), feed=feed) for feed, number, outcome in messages]
        with pytest.raises(Crash):
            self.box.take([*batch, incoming(line("x", crash="now"), feed=feed), *batch])

    @rule(messages=MESSAGES.filter(bool))
    def fail_to_write(self, messages: list[Message]) -> None:
        batch = [incoming(raw(number, outcome), feed=feed) for feed, number, outcome in messages]
        with BrokenDisk(self.box.path), pytest.raises(sqlite3.Error):
            self.box.take(batch)

    @rule(chosen=st.sets(st.integers(0, 20)))
    def deliver(self, chosen: set[int]) -> None:
        rows = [row for place, row in enumerate(waiting(self.box.path)) if place in chosen]
        self.box.take([], [row.id for row in rows])
        for row in rows:
            books = self.books[row.adapter_id]
            books.waiting[row.sequence] -= 1
            if not books.waiting[row.sequence]:
                del books.waiting[row.sequence]

    @rule()
    def beat(self) -> None:
        told = {pulse["adapter_id"]: pulse for pulse in self.box.pulse(FEEDS, NOW)}
        last = {name: max((line_["last"] for line_ in pulse["silent"]), default=0) for name, pulse in told.items()}
        self.box.forget_silent(last)
        for name, number in last.items():
            self.books[name].silent -= set(range(number + 1))

    @rule()
    def restart(self) -> None:
        self.box.close()
        self.box = outbox(self.folder)

    @invariant()
    def every_number_is_accounted_for(self) -> None:
        if not hasattr(self, "box"):
            return
        rows = waiting(self.box.path)
        for pulse in self.box.pulse(FEEDS, NOW):
            books = self.books[pulse["adapter_id"]]
            mine = [row for row in rows if row.adapter_id == pulse["adapter_id"]]
            assert {s: sum(1 for row in mine if row.sequence == s) for s in books.waiting} == books.waiting
            assert sum(books.waiting.values()) == len(mine) == pulse["outbox_depth"]
            silent = {n for told in pulse["silent"] for n in range(told["first"], told["last"] + 1)}
            assert books.silent == silent
            assert len(books.numbers) == pulse["taken"]
            assert min(books.waiting, default=pulse["taken"] + 1) - 1 == pulse["acknowledged"]
            assert books.repeated == pulse["retransmissions"]
            outcomes = [outcome for _, outcome in books.numbers]
            assert sum(outcome == "silent" for outcome in outcomes) == pulse["without_document"]
            assert sum(outcome in ("mixed", "refused") for outcome in outcomes) == pulse["rejected"]


Numbers.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestNumbers = Numbers.TestCase
