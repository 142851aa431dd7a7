"""Messages written for tests, and what the adapter makes of a row of them."""

from dataclasses import dataclass, field

from producers.adapter import Document, Feed, Parsed, Refusal, State, Translation
from producers.hl7v2.translate import TRANSLATOR
from tests.unit.hl7v2.city import feed

FEED = feed("01003")


def msh(kind: str, control_id: str = "M1", at: str = "20261124093000", version: str = "2.5") -> str:
    return f"MSH|^~\\&|HIS|01003|LD|SYT|{at}||{kind}|{control_id}|P|{version}||||||UNICODE UTF-8"


def segment(name: str, **fields: str) -> str:
    """`segment("PV1", f2="I", f19="V1")`."""
    numbered = {int(key[1:]): value for key, value in fields.items()}
    return "|".join([name, *(numbered.get(n, "") for n in range(1, max(numbered, default=0) + 1))])


def pid(**more: str) -> str:
    return segment("PID", **{"f3": "BN1^^^01003^MR", "f5": "Nguyễn^Văn An", "f7": "19800215", "f8": "M", **more})


def write(*lines: str) -> bytes:
    return ("\r".join(lines) + "\r").encode()


def adt(event: str, *lines: str, at: str = "20261124093000", control_id: str = "M1") -> bytes:
    return write(msh(f"ADT^{event}", control_id, at), f"EVN|{event}|{at}", *lines)


@dataclass
class Telling:
    """Tells one feed message after message; folds as the outbox does."""

    feed: Feed = field(default_factory=lambda: FEED)
    states: dict[str, State] = field(default_factory=dict)

    def translate(self, raw: bytes) -> Translation:
        parsed = TRANSLATOR.parse(raw, self.feed)
        if isinstance(parsed, Refusal):
            return Translation((parsed,))
        key = parsed.state_key
        made = TRANSLATOR.translate(self.states.get(key) if key else None, parsed, self.feed)
        if key and made.state is not None:
            self.states[key] = made.state
        return made

    def tell(self, raw: bytes) -> Document:
        """The only document of a message."""
        (outcome,) = self.translate(raw).outcomes
        assert isinstance(outcome, Document), outcome
        return outcome

    def refused(self, raw: bytes) -> str:
        (outcome,) = self.translate(raw).outcomes
        assert isinstance(outcome, Refusal), outcome
        return outcome.reason

    def silent(self, raw: bytes) -> str:
        made = self.translate(raw)
        assert () == made.outcomes
        return made.silence


def parsed(raw: bytes, one: Feed = FEED) -> Parsed:
    found = TRANSLATOR.parse(raw, one)
    assert isinstance(found, Parsed), found
    return found
