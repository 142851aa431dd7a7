"""What the store refused is no duplicate when it comes again; nothing else on `rejected` is touched."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from stream_processors import claims, forget
from tests.fakes import FakeStore
from tests.received import event
from tests.rows import ledger_row


def rejection(**fields: Any) -> bytes:
    return ledger_row("rejected", stage="sink", document_id="d0" * 16, **fields)[1]


@dataclass
class Message:
    offset_: int
    bytes_: bytes | None
    fault: Any = None

    def topic(self) -> str:
        return "rejected"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.offset_

    def value(self) -> bytes | None:
        return self.bytes_

    def error(self) -> Any:
        return self.fault


@dataclass
class Reader:
    """A consumer of scripted polls; when they are over, it says stop."""

    polls: list[list[Message]]
    committed: list[int] = field(default_factory=list)
    refuse_commits: bool = False
    closed: bool = False

    def consume(self, _count: int, _seconds: float) -> list[Message]:
        return self.polls.pop(0)

    def commit(self, message: Message, asynchronous: bool) -> None:
        assert not asynchronous
        if self.refuse_commits:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_MEMBER_ID))
        self.committed.append(message.offset_)

    def close(self) -> None:
        self.closed = True

    def over(self) -> bool:
        return not self.polls


async def claimed(store: FakeStore, **fields: Any) -> claims.Claim:
    said = event(**fields)
    answers = await store.claim_and_find([claims.key(said)], claims.ask(said, 1), [], [])
    return answers.claims[0]


NUMBER = {name: event()[name] for name in ("adapter_id", "incarnation", "sequence", "part", "parts")}


async def test_the_resend_of_what_the_store_refused_is_stored() -> None:
    store = FakeStore()
    await claimed(store)
    assert "duplicate" == (await claimed(store, sequence=2, version=1 << 62)).outcome
    reader = Reader([[Message(7, rejection(**NUMBER)), Message(8, b"rubbish")]])
    await forget.forget(reader, store, reader.over)
    assert "amended" == (await claimed(store, sequence=3, version=1 << 62)).outcome
    assert [8] == reader.committed
    assert reader.closed


async def test_the_position_is_committed_after_redis_has_forgotten() -> None:
    class Broken(FakeStore):
        async def forget_content(self, _: Any) -> int:
            raise RuntimeError("unforeseen")

    reader = Reader([[Message(7, rejection(**NUMBER))]])
    with pytest.raises(RuntimeError, match="unforeseen"):
        await forget.forget(reader, Broken(), reader.over)
    assert [] == reader.committed
    assert reader.closed


async def test_errors_and_refused_commits_are_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget, "_PAUSE_SECONDS", 0)
    away = Message(0, None, KafkaError(KafkaError._ALL_BROKERS_DOWN))
    reader = Reader([[away], [], [Message(3, rejection())]], refuse_commits=True)
    await forget.forget(reader, FakeStore(), reader.over)
    assert [] == reader.committed


def test_only_what_the_store_refused() -> None:
    assert (claims.key(event()), claims.number(event())) == forget.refused(rejection(**NUMBER))
    for value in (
        ledger_row("rejected", stage="worker", document_id="d0" * 16)[1],
        ledger_row("rejected", stage="adapter")[1],
        ledger_row("rejected", stage="sink", document_id=None)[1],
        ledger_row("rejected", stage="sink", document_id="no hex")[1],
        ledger_row("heartbeats")[1],
        rejection()[:-2],
        b"",
        None,
    ):
        assert forget.refused(value) is None


@given(st.binary(max_size=200), st.integers(0, 40))
def test_total_on_any_bytes(body: bytes, schema_id: int) -> None:
    forget.refused(body)
    forget.refused(codec.frame(schema_id, body))
