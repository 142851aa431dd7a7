"""From accepted documents to late links: who is asked about, what is told, and when the position is committed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from runtime.links import NotDelivered, Statement
from runtime.seal import SealKey
from schemas import codec
from stream_processors import identify
from stream_processors.claims import Claim
from stream_processors.enrich import accepted
from stream_processors.identify import Identity
from stream_processors.receive import Opened, receive
from stream_processors.resolver import role
from stream_processors.resolver.population import Person, Refused, Verdict
from stream_processors.resolver.question import Question, question
from stream_processors.resolver.resolve import Resolver
from tests import received

RING = received.KEYRING
CITY = b"c" * 32
UNMATCHED = Identity("unmatched", "I0@1", 0, None)


@dataclass
class Message:
    """A Kafka message."""

    stored: bytes | None = field(repr=False)
    sealed: list[tuple[str, bytes]] = field(repr=False)
    at: int = 0

    def value(self) -> bytes | None:
        return self.stored

    def headers(self) -> list[tuple[str, bytes]]:
        return self.sealed

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return "accepted.encounter"

    def partition(self) -> int:
        return 0


def message(identity: Identity = UNMATCHED, at: int = 0, of: dict[str, Any] | None = None, **fields: Any) -> Message:
    opened = receive(received.source(identity=of, **fields), RING, received.LIMIT)
    assert isinstance(opened, Opened)
    _, _, value, headers = accepted(opened, Claim("accepted", False, 20_601), identity, (), (), received.NOW)
    return Message(value, headers, at)


def asked(made: Message) -> Question | None:
    return question(made.value(), made.headers(), RING, CITY)


def test_who_is_unmatched_is_asked_about_by_number_name_and_birth() -> None:
    made = asked(message())
    assert made is not None
    assert Person("001080123456", "Nguyễn Văn An", "19800203") == made.person
    assert (received.HEADER["patient_key"], received.FACILITY) == (made.patient_key, made.facility)
    _, entry = identify.entry(CITY, "001080123456", "An", "1980")
    assert entry[:16].hex() == made.citizen_key  # as the registry would name that citizen
    assert "001080123456" not in repr(made)


@pytest.mark.parametrize(
    "made",
    [
        message(Identity("verified", "I1@1", 1000, "a" * 32)),
        message(Identity("conflict", "I2@1", 500, None)),
        message(patient_key=None),
        message(status="cancelled"),
        message(of={"citizen_id": "12", "full_name": "An", "birth": "1980"}),
        message(of={"citizen_id": "001080123456", "full_name": "", "birth": "1980"}),
        message(of={"citizen_id": "001080123456", "full_name": "An", "birth": ""}),
        message(of={}),
        Message(None, []),
        Message(b"\x00", []),
        Message(codec.frame(1, b""), []),
        Message(codec.frame(999_999, b"x"), []),
        Message(message().stored, []),
        Message(message().stored, [("seal", b"\x01\x02")]),
        Message((message().stored or b"") + b"\x00", message().sealed),
    ],
)
def test_nobody_else_is(made: Message) -> None:
    assert None is asked(made)


def test_a_seal_of_another_facility_opens_nothing() -> None:
    other = {f"{received.FACILITY}-1": SealKey.make(f"{received.FACILITY}-1", received.OTHER_FACILITY, b"0" * 32)}
    made = message()
    assert None is question(made.value(), made.headers(), type(RING)(other, {}, CITY), CITY)


class Service:
    """Answers by number; counts."""

    def __init__(self, verdicts: dict[str, Verdict]) -> None:
        self.verdicts, self.asked = verdicts, list[str]()
        self.open = asyncio.Event()
        self.open.set()

    async def check(self, person: Person) -> Verdict:
        await self.open.wait()
        self.asked.append(person.number)
        verdict = self.verdicts.get(person.number)
        if verdict is None:
            raise Refused("status 422")
        return verdict


def of(number: str, patient: str = "b0" * 16) -> Message:
    identity = {"citizen_id": number, "full_name": "Nguyễn Văn An", "birth": "19800203"}
    return message(of=identity, patient_key=patient, visit_key=patient)


A, B, C, D = ("00108000000" + n for n in "1234")


async def test_only_who_is_the_same_is_linked_and_nobody_is_asked_about_or_told_twice() -> None:
    service = Service({A: "same", B: "differs", C: "unknown"})
    resolve = Resolver(service, at_once=2, size=100)
    questions = [made for each in (of(A), of(A, "b1" * 16), of(B), of(C), of(D), of(A)) if (made := asked(each))]
    told = await resolve(questions)
    assert [("b0" * 16, "link"), ("b1" * 16, "link")] == [(one.patient_key, one.action) for one in told]
    assert {"N1@1"} == {one.rule for one in told}
    assert {None} == {one.decided_by for one in told}
    assert sorted((A, B, C, D)) == sorted(service.asked)
    assert [] == await resolve(questions)
    assert 4 == len(service.asked)


class Reader:
    """A consumer over batches."""

    def __init__(self, *batches: Sequence[Message]) -> None:
        self.batches, self.committed, self.paused = list(batches), list[int](), 0
        self.closed = False

    def consume(self, _most: int, _seconds: float) -> list[Message]:
        return list(self.batches.pop(0)) if self.batches else []

    def assignment(self) -> list[str]:
        return ["accepted.encounter/0"]

    def pause(self, _partitions: Any) -> None:
        self.paused += 1

    def resume(self, _partitions: Any) -> None:
        self.paused = 0

    def poll(self, _seconds: float) -> Message | None:
        return None

    def commit(self, *, message: Message, asynchronous: bool) -> None:
        assert not asynchronous
        self.committed.append(message.at)

    def close(self) -> None:
        self.closed = True


async def test_the_position_is_committed_after_the_links_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role, "_PAUSE_SECONDS", 0)
    service, told = Service({A: "same"}), list[Statement]()
    reader = Reader([of(A), message(Identity("verified", "I1@1", 1000, "a" * 32), at=7)])
    tries = iter([NotDelivered("timed out"), None])

    def tell(statements: Sequence[Statement]) -> None:
        assert [] == reader.committed
        error = next(tries)
        if error is not None:
            raise error
        told.extend(statements)

    made = role.Loop(reader, asked, Resolver(service, at_once=1, size=9), tell, 10)
    await made.run(lambda: bool(reader.committed))
    assert ([7], 1, True) == (reader.committed, len(told), reader.closed)


async def test_while_the_service_is_away_the_place_is_kept_and_nothing_is_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(role, "_POLL_SECONDS", 0.01)
    service = Service({A: "same"})
    service.open.clear()
    reader = Reader([of(A)])
    made = role.Loop(reader, asked, Resolver(service, at_once=1, size=9), lambda _: None, 10)
    await made.run(lambda: reader.paused > 2)
    assert ([], True, []) == (reader.committed, reader.closed, service.asked)


def test_restricted_kinds_are_not_asked_about() -> None:
    assert "accepted.hiv_care" not in role.TOPICS
    assert "accepted.encounter" in role.TOPICS
