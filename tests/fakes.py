"""Stand-ins for what lies outside a worker. Each passes the same contract suite as what it stands in for."""

from collections.abc import Iterable, Sequence
from typing import Final

from stream_processors import claims, codes, identify
from stream_processors.citizens import Rows
from stream_processors.lookup import Answers

_KEPT: Final = 16


class FakeClaims:
    """The claims of one city in memory: what `claims.lua` and `forget.lua` do, written again in Python."""

    def __init__(self) -> None:
        self.claims: dict[bytes, _Claim] = {}

    def take(self, keys: Sequence[bytes], asked: bytes) -> Sequence[claims.Claim]:
        return [
            self._one(key, asked[at : at + claims.ASKED_BYTES])
            for key, at in zip(keys, range(0, len(asked), claims.ASKED_BYTES), strict=False)
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

    @classmethod
    def unpacked(cls, packed: bytes) -> "_Claim":
        others = [(packed[at : at + 8], packed[at + 8 : at + 9]) for at in range(37, len(packed), 9)]
        date = int.from_bytes(packed[33:37], signed=True)
        return cls(packed[:8], packed[8:24], date, [(packed[24:32], packed[32:33])], others)

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
    """Claims, citizens and code maps, as the pipeline asks them of `stores.Store`."""

    def __init__(self) -> None:
        super().__init__()
        self.registry: dict[bytes, bytes] = {}
        self.maps: dict[tuple[bytes, bytes], bytes] = {}
        self.code_maps: frozenset[bytes] = frozenset()
        self.claim_seconds = claims.LIVE_SECONDS

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, persons: Sequence[bytes], codes_: Sequence[tuple[bytes, bytes]]
    ) -> Answers:
        found = {place: self.maps.get(place) for place in codes_}
        self.code_maps = frozenset(name.removeprefix(codes.PREFIX) for name, _ in self.maps)
        return Answers(self.take(keys, asked), {key: self.registry.get(key) for key in persons}, found)

    async def forget_content(self, refused: Sequence[tuple[bytes, bytes]]) -> int:
        return self.forget(refused)

    async def load_citizens(self, entries: Iterable[tuple[bytes, bytes]]) -> int:
        return await self.load_registry(Rows(entry, ()) for entry in entries)

    async def load_registry(self, rows: Iterable[Rows]) -> int:
        all_ = list(rows)
        for row in all_:
            self.registry.update([row.entry])
            for key, value in row.index:
                known = self.registry.get(key)
                same = known is None or known[:16] == value[:16]
                self.registry[key] = value if same else identify.AMBIGUOUS
        return len(all_)

    async def load_codes(self, rows: Iterable[codes.Row]) -> int:
        by_code: dict[tuple[bytes, bytes], list[codes.Row]] = {}
        for row in rows:
            by_code.setdefault((codes.key(row.facility, row.system), row.local_code.encode()), []).append(row)
        self.maps.update({place: codes.pack(of_code) for place, of_code in by_code.items()})
        return len(by_code)

    async def load_claims(self, rows: Iterable[tuple[bytes, bytes]]) -> int:
        count = 0
        for key, packed in rows:
            if key not in self.claims:
                self.claims[key] = _Claim.unpacked(packed)
                count += 1
        return count
