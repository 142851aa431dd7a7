"""What was said to the city, kept by the sender, and what must therefore hold once everything has arrived."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from producers.adapter import Document, Feed, Receipt
from producers.event import Keys, document_id, version
from runtime.clock import DAY_MS
from tests.lines import KEYS, NOW, line, visit
from tests.model.broker import Broker
from tests.model.store import REFUSED, ClickHouse, Number

PERSON: Final = {"full_name": "Nguyễn Thị Bí Mật", "citizen_id": "001080123456"}
NOTE: Final = "chuyện riêng"
SECRETS: Final = [text.encode() for text in (*PERSON.values(), NOTE)]
VISIT_OF: Final = {"D1": "V1", "D2": "V1", "D3": "V3"}


@dataclass(frozen=True, slots=True)
class Said:
    """One part: a document's content, `refuse` (the adapter's rejection) or `block` (the worker's)."""

    document: str
    content: str
    status: str = "active"
    corrected: int | None = None
    """Seconds after NOW, where the source gives its correction time."""

    def told(self) -> dict[str, Any]:
        if self.content == "refuse":
            return {"refuse": "charset"}
        occurred = NOW + 900 * DAY_MS if self.content == "block" else NOW
        corrected = None if self.corrected is None else NOW + self.corrected * 1_000
        return visit(self.document) | {
            "visit_number": VISIT_OF[self.document],
            "status": self.status,
            "occurred_at": occurred,
            "corrected_at": corrected,
            "body": {"main_diagnosis": self.content, "visit_type": "01"},
            "identity": PERSON,
            "narrative": {"note": NOTE},
        }


Told = tuple[Said, ...]
"""A message: its parts, none for one that yields no document."""


@dataclass(frozen=True, slots=True)
class Part:
    said: Said
    document: str
    version: int

    @property
    def content(self) -> tuple[str, str, str]:
        return self.document, self.said.content, self.said.status


@dataclass
class Books:
    parts: dict[Number, Part] = field(default_factory=dict)
    messages: dict[tuple[str, str], dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """(adapter, incarnation) -> number -> parts."""
    sent: dict[str, list[tuple[bytes, int]]] = field(default_factory=lambda: defaultdict(list))
    _names: int = 0
    _must_stand: set[tuple[str, str]] = field(default_factory=set)
    _last: dict[tuple[str, str], int] = field(default_factory=dict)

    def said(self) -> list[Said]:
        """All parts so far, in order."""
        return [part.said for part in self.parts.values()]

    def raw(self, told: Told) -> bytes:
        """The bytes of a new message."""
        self._names += 1
        return line(f"m{self._names}", *(said.told() for said in told))

    def enter(self, feed: Feed, incarnation: str, told: Told, raw: bytes, receipt: Receipt, at: int) -> None:
        numbers = self.messages[feed.adapter_id, incarnation]
        assert not receipt.retransmission
        assert receipt.sequence == len(numbers) + 1
        numbers[receipt.sequence] = len(told)
        self.sent[feed.adapter_id].append((raw, receipt.sequence))
        for place, said in enumerate(told, 1):
            number = (feed.adapter_id, incarnation, receipt.sequence, place)
            self.parts[number] = Part(said, *self._document(feed, said, receipt.sequence, at))

    def _document(self, feed: Feed, said: Said, sequence: int, at: int) -> tuple[str, int]:
        if said.content == "refuse":
            return "", 0
        corrected = None if said.corrected is None else NOW + said.corrected * 1_000
        document = Document("encounter", (said.document,), corrected_at=corrected)
        id_ = document_id(Keys(KEYS.seal, KEYS.pseudonym), feed, document)
        last = self._last.get((feed.adapter_id, id_), 0)
        made, _ = version(document, at, sequence, last)
        self._last[feed.adapter_id, id_] = max(last, made)
        return id_, made

    @staticmethod
    def check_again(receipt: Receipt, sequence: int) -> None:
        assert receipt.retransmission
        assert receipt.sequence == sequence

    def must_stand(self, document: str, content: str) -> None:
        """In the end a version of this document with this content is in the store."""
        self._must_stand.add((document, content))

    # What must hold

    def check(self, store: ClickHouse, broker: Broker) -> None:
        self._ledger(store)
        self._outcomes(store)
        self._history(store)
        self._current(store)
        for value in broker.values():
            assert not any(secret in value for secret in SECRETS), "a person's data in a Kafka value"

    def _ledger(self, store: ClickHouse) -> None:
        """Every number below the mark is present with all its parts, or was told as without a document."""
        for (adapter, incarnation), numbers in self.messages.items():
            beats = [b for b in store.heartbeats if (b["adapter_id"], b["incarnation"]) == (adapter, incarnation)]
            mark = max((beat["acknowledged"] for beat in beats), default=0)
            assert len(numbers) == mark == max((beat["taken"] for beat in beats), default=0), "the mark is not the tail"
            silent = {n for b in beats for s in b["silent"] for n in range(s["first"], s["last"] + 1)}
            assert {sequence for sequence, parts in numbers.items() if not parts} == silent, "silent numbers"
        missing = set(self.parts) - set(store.ledger)
        assert not missing, f"{len(missing)} parts absent"
        assert set() == set(store.ledger) - set(self.parts), "numbers nobody sent"
        for number, row in store.ledger.items():
            assert row["parts"] == self.messages[number[0], number[1]][number[2]], "parts"

    def _outcomes(self, store: ClickHouse) -> None:
        """Each part has one final outcome, and the right one."""
        stored = {self.parts[key[-4:]].content for key in store.history}
        said = {(self.parts[key[-4:]].said.document, self.parts[key[-4:]].said.content) for key in store.history}
        assert set() == self._must_stand - said, "what was sent again after a refusal is not there"
        for number, part in self.parts.items():
            outcome = store.ledger[number]["outcome"]
            if part.said.content in ("refuse", "block"):
                assert outcome == "rejected", f"{part.said.content}: {outcome}"
            elif outcome == "duplicate":
                assert part.content in stored or part.said.content == REFUSED, "a duplicate of nothing stored"
            elif outcome == "rejected":
                assert part.said.content == REFUSED, "rejected without a reason"
            else:
                assert outcome in ("accepted", "amended"), outcome

    def _history(self, store: ClickHouse) -> None:
        """A row for each part that was accepted or amended, once, as it was said."""
        rows: dict[Number, int] = defaultdict(int)
        for key, row in store.history.items():
            rows[key[-4:]] += 1
            part = self.parts[key[-4:]]
            assert (part.document, part.version) == (row["document_id"], row["version"])
            assert part.content == (row["document_id"], row["main_diagnosis"], row["status"])
        kept = {n for n, row in store.ledger.items() if row["outcome"] in ("accepted", "amended")}
        assert dict.fromkeys(kept, 1) == rows, "history is not what was accepted"

    def _current(self, store: ClickHouse) -> None:
        """One row for each document: the content of its highest version; so visits count once."""
        shown: dict[str, list[Any]] = defaultdict(list)
        for row in store.current.values():
            shown[row["document_id"]].append((row["main_diagnosis"], row["status"]))
        expected = dict(self._newest(store))
        refused = {part.document for part in self.parts.values() if part.said.content == REFUSED}
        # Known limit: until a refusal reaches the claims it supersedes older versions, so these may stand for nothing.
        assert expected.keys() - refused == shown.keys() - refused, "documents that stand"
        assert all(len(contents) == 1 for contents in shown.values()), "a document stands twice"
        for document, contents in expected.items():
            if document in refused:
                continue
            assert shown[document][0] in contents, "the current state is not the newest"

    def _newest(self, store: ClickHouse) -> Iterator[tuple[str, set[tuple[str, str]]]]:
        """Document -> the content of its highest version among what the store has (equal versions: either)."""
        stored = {self.parts[key[-4:]].content for key in store.history}
        found: dict[str, list[tuple[int, tuple[str, str]]]] = defaultdict(list)
        for number, part in self.parts.items():
            if store.ledger[number]["outcome"] != "rejected" and part.content in stored:
                found[part.document].append((part.version, part.content[1:]))
        for document, versions in found.items():
            highest = max(versions)[0]
            yield document, {content for at, content in versions if at == highest}
