"""Known ways to lose or mislabel events, each built in on purpose: the model must find every one."""

from typing import Any

from faust.types import ConsumerMessage

from stream_processors import claims
from stream_processors.transport import ChunkConsumer
from tests.fakes import FakeStore, _Claim


class SetNx(FakeStore):
    """`SET key NX` for a document's content: who comes second is a duplicate, itself after a crash included."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: set[tuple[bytes, bytes]] = set()

    def _one(self, key: bytes, asked: bytes) -> claims.Claim:
        content = (key, asked[8:24])
        if content in self._taken:
            return claims.Claim("duplicate", False, int.from_bytes(asked[32:36], signed=True))
        self._taken.add(content)
        return super()._one(key, asked)


class OneNumber(FakeStore):
    """Stores the number that claimed and no other: what was current before is dropped when it is read again."""

    def _one(self, key: bytes, asked: bytes) -> claims.Claim:
        claim = self.claims.get(key)
        if claim is not None:
            claim.others = []
            if asked[:8] <= claim.version and asked[24:32] != claim.current[0][0]:
                return claims.Claim("duplicate", False, claim.date)
        return super()._one(key, asked)


class ForgetsItsNumber(FakeStore):
    """A duplicate takes the place of the number that brought the current version."""

    def _one(self, key: bytes, asked: bytes) -> claims.Claim:
        claim: _Claim | None = self.claims.get(key)
        answer = super()._one(key, asked)
        if claim is not None and answer.outcome == "duplicate":
            claim.current, claim.others = claim.others[:1] or claim.current, []
        return answer


class NeverForgets(FakeStore):
    """What the store refused stays claimed: the hospital's resend is a duplicate of nothing."""

    async def forget_content(self, refused: Any) -> int:  # noqa: ARG002
        return 0


class FaustCommits(ChunkConsumer):
    """Faust's own accounting: what was acknowledged is committed, also when the agent raised or was cancelled."""

    def ack(self, message: ConsumerMessage) -> bool:
        for run in message.value.runs:
            self._positions[run.tp] = run.next_offset
        return super().ack(message)


class CommitsWhatItFetched(ChunkConsumer):
    """Commits a chunk when it begins."""

    def begin(self, chunk: Any) -> bool:
        begun = super().begin(chunk)
        if begun:
            for run in chunk.runs:
                self._positions[run.tp] = run.next_offset
        return begun
