"""Stand-ins for what lies outside a worker. Each passes the same contract suite as what it stands in for."""

from collections.abc import Sequence
from typing import Final

from stream_processors import claims

_ASKED: Final = 36
_KEPT: Final = 16


class FakeClaims:
    """The claims of one city in memory: what `claims.lua` and `forget.lua` do, written again in Python."""

    def __init__(self) -> None:
        self.claims: dict[bytes, _Claim] = {}

    def take(self, keys: Sequence[bytes], asked: bytes) -> Sequence[claims.Claim]:
        return [
            self._one(key, asked[at : at + _ASKED]) for key, at in zip(keys, range(0, len(asked), _ASKED), strict=False)
        ]

    def _one(self, key: bytes, asked: bytes) -> claims.Claim:
        version, content, number = asked[:8], asked[8:24], asked[24:32]
        date = int.from_bytes(asked[32:36], signed=True)
        claim = self.claims.get(key)
        if claim is None:
            self.claims[key] = _Claim(version, content, date, [(number, b"a")], [])
            return claims.Claim("accepted", False, date)
        outcome = claim.answered(number)
        if outcome is None:
            outcome = claim.take(version, content, number)
        return claims.Claim(*claims.OUTCOMES[outcome], claim.date)

    def forget(self, refused: Sequence[tuple[bytes, bytes]]) -> int:
        changed = 0
        for key, number in refused:
            claim = self.claims.get(key)
            if claim is not None and claim.current[0][0] == number:
                claim.version, claim.content = bytes(8), claims.FORGOTTEN
                changed += 1
        return changed


class _Claim:
    def __init__(
        self,
        version: bytes,
        content: bytes,
        date: int,
        current: list[tuple[bytes, bytes]],
        others: list[tuple[bytes, bytes]],
    ) -> None:
        self.version, self.content, self.date = version, content, date
        self.current, self.others = current, others

    def answered(self, number: bytes) -> bytes | None:
        return next((outcome for known, outcome in self.current + self.others if known == number), None)

    def take(self, version: bytes, content: bytes, number: bytes) -> bytes:
        if content == self.content:
            self.version = max(self.version, version)
            return self._note(number, b"d")
        if version <= self.version:
            return self._note(number, b"s")
        self.others = (self.current + self.others)[:_KEPT]
        self.version, self.content, self.current = version, content, [(number, b"m")]
        return b"m"

    def _note(self, number: bytes, outcome: bytes) -> bytes:
        self.others = [(number, outcome), *self.others][:_KEPT]
        return outcome


class FakeStore(FakeClaims):
    """Claims and citizens, as the pipeline asks them of `stores.Store`."""

    def __init__(self, citizens: dict[bytes, bytes] | None = None) -> None:
        super().__init__()
        self.citizens = citizens or {}

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, citizens: Sequence[bytes]
    ) -> tuple[Sequence[claims.Claim], list[bytes | None]]:
        return self.take(keys, asked), [self.citizens.get(number) for number in citizens]

    async def forget_content(self, refused: Sequence[tuple[bytes, bytes]]) -> int:
        return self.forget(refused)

    async def load_citizens(self, entries: Sequence[tuple[bytes, bytes]]) -> int:
        self.citizens.update(entries)
        return len(entries)
