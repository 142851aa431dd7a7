"""What the pipeline asks of Redis, one round trip for a chunk (`stores.Store`, or a fake)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from stream_processors.claims import Claim


@dataclass(frozen=True, slots=True)
class Answers:
    """What Redis said of a chunk: a claim per document in order, and what it holds of persons (by key) and codes (by
    map and local code)."""

    claims: Sequence[Claim]
    persons: Mapping[bytes, bytes | None] = field(repr=False)
    codes: Mapping[tuple[bytes, bytes], bytes | None] = field(repr=False)


NOTHING: Final = Answers((), {}, {})
"""Of a chunk in which nothing was to be asked."""


class Lookup(Protocol):
    """Claims, citizens and code maps."""

    @property
    def claim_seconds(self) -> int:
        """How long a live claim is kept."""

    @property
    def code_maps(self) -> frozenset[bytes]:
        """The code maps there are."""

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, persons: Sequence[bytes], codes: Sequence[tuple[bytes, bytes]]
    ) -> Answers:
        """Claims for documents (in order), what the registry holds under `persons` (whole keys), and what maps hold
        of `codes` (map, local code)."""
