"""Says HOSO after HOSO of one feed to the translator, with the state kept between them."""

from collections.abc import Mapping, Sequence
from typing import Final

from producers.adapter import Document, Feed, Outcome, Parsed, Refusal, State, Translation
from producers.insurance_xml.translate import TRANSLATOR
from tests.unit.insurance_xml.files import VISIT, Rows, encoded, hoso, inner

FEED: Final = Feed("01999.his", "01999", "HIS", "insurance_xml")
SUMMARY: Final = {**VISIT, "MA_BENH_CHINH": "J18.9", "MA_CSKCB": "01999"}


def written(tables: Mapping[str, Rows | str]) -> bytes:
    """A HOSO; a table given as text is its NOIDUNGFILE as it stands."""
    return hoso(
        *((name, rows if isinstance(rows, str) else encoded(inner(name, rows))) for name, rows in tables.items())
    ).encode()


class Source:
    """One visit's source."""

    def __init__(self, feed: Feed = FEED) -> None:
        self._feed = feed
        self.states: dict[str, State] = {}

    def tell(self, tables: Mapping[str, Rows | str]) -> Translation:
        parsed = TRANSLATOR.parse(written(tables), self._feed)
        if isinstance(parsed, Refusal):
            return Translation((parsed,))
        key = parsed.state_key or ""
        translation = TRANSLATOR.translate(self.states.get(key), parsed, self._feed)
        if translation.state is not None:
            self.states[key] = translation.state
        return translation

    def outcomes(self, tables: Mapping[str, Rows | str]) -> list[str]:
        """`kind status` of documents, `kind reason` of refusals."""
        return [_short(outcome) for outcome in self.tell(tables).outcomes]


def _short(outcome: Outcome) -> str:
    if isinstance(outcome, Refusal):
        return f"{outcome.kind} {outcome.reason}"
    assert isinstance(outcome, Document)
    return f"{outcome.kind} {outcome.status}" + (" partial" if outcome.partial else "")


def documents(tables: Mapping[str, Rows | str], feed: Feed = FEED) -> dict[str, Document]:
    """Kind -> document of a HOSO told for the first time."""
    made = Source(feed).tell(tables).outcomes
    assert all(isinstance(outcome, Document) for outcome in made), made
    return {outcome.kind: outcome for outcome in made if isinstance(outcome, Document)}


def only(table: str, row: Mapping[str, str]) -> Document:
    """The document of a table with one row, beside a summary."""
    rows: Sequence[Mapping[str, str]] = [{"MA_LK": "LK-0001", **row}]
    made = documents({"XML1": [SUMMARY], table: rows} if table != "XML1" else {"XML1": [{**SUMMARY, **row}]})
    return list(made.values())[-1]


def parsed(raw: bytes) -> Parsed | Refusal:
    return TRANSLATOR.parse(raw, FEED)
