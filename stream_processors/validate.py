"""Validation: which rules fail, and do any block? Pure and total."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stream_processors.rules import BOOK, Failure, Rulebook


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rules that failed, each with the place of its first fault."""

    failures: tuple[Failure, ...] = ()

    def of(self, mode: str) -> tuple[str, ...]:
        """Ids of the failed rules of a mode: `block`, `warn`, `shadow`."""
        return tuple(id_ for id_, found, _ in self.failures if found == mode) if self.failures else ()

    @property
    def blocking(self) -> tuple[str, ...]:
        """Ids of the rules that reject the document."""
        return self.of("block")

    @property
    def quality(self) -> tuple[str, ...]:
        """Ids of the rules that lower its quality."""
        return self.of("warn")

    @property
    def place(self) -> str:
        """Where the first blocking rule failed."""
        return next((place for _, mode, place in self.failures if mode == "block"), "")


CLEAN: Final = Verdict()


def validate(
    event: Mapping[str, Any],
    identity: Mapping[str, str | None],
    narrative: Mapping[str, str],
    book: Rulebook = BOOK,
) -> Verdict:
    """`event` is header and body as decoded; `narrative` path -> sealed text."""
    failures = book(event, identity, narrative)
    return Verdict(tuple(failures)) if failures else CLEAN


def validate_visit(
    documents: Mapping[str, Mapping[str, Any]], narratives: Mapping[str, Mapping[str, str]], book: Rulebook = BOOK
) -> Verdict:
    """The rules that need several documents of a visit; both are by kind. Places begin with the kind."""
    return Verdict(tuple(book.of_visit(documents, narratives)))
