"""Whatever the bytes, the translator answers in the language of the house, and what it answers can be sealed."""

import json
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.adapter import Document, Feed, Parsed, Refusal, State, Translation
from producers.event import Keys, Number, compose
from producers.insurance_xml.tables import FIELDS
from producers.insurance_xml.translate import TRANSLATOR
from runtime import keyring
from schemas.reasons import REASONS
from schemas.rules import RULES
from tests.unit.insurance_xml.files import encoded, envelope, hoso, row, visit

FEED: Final = Feed("01999.his", "01999", "HIS", "insurance_xml")
KEYS: Final = Keys.of(keyring.create(["01999"]), "01999")
GOOD: Final = (visit().encode(), envelope(visit()))


def check(raw: bytes, state: State | None = None) -> Translation | None:
    parsed = TRANSLATOR.parse(raw, FEED)
    if isinstance(parsed, Refusal):
        assert parsed.reason in REASONS
        return None
    made = TRANSLATOR.translate(state, parsed, FEED)
    assert made == TRANSLATOR.translate(state, _again(raw), FEED)
    for part, outcome in enumerate(made.outcomes, 1):
        if isinstance(outcome, Refusal):
            assert outcome.reason in REASONS
            continue
        assert isinstance(outcome, Document)
        assert set() == set(outcome.marks) - RULES.keys()
        composed = compose(
            outcome, Number("a", "b", 1, part, len(made.outcomes)), FEED, KEYS,
            captured_at=1 << 41, last_version=0, message_id=parsed.message_id, rows=made.rows, limit=1 << 30,
        )  # fmt: skip
        assert not isinstance(composed, Refusal)
    if made.state is not None:
        assert made.state == json.loads(json.dumps(made.state))
    return made


def _again(raw: bytes) -> Parsed:
    parsed = TRANSLATOR.parse(raw, FEED)
    assert isinstance(parsed, Parsed)
    return parsed


@given(st.binary(max_size=300))
def test_random_bytes(raw: bytes) -> None:
    check(raw)


@settings(max_examples=200)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0), st.integers(0, 12), st.binary(max_size=12)), min_size=1, max_size=4),
)
def test_mutated(raw: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for at, removed, put in changes:
        place = at % (len(raw) + 1)
        raw = raw[:place] + put + raw[place + removed :]
    check(raw)


_TEXT: Final = st.one_of(
    st.text("0123456789.;,- ", max_size=14),
    st.sampled_from(("202611230815", "20261123", "1.5", "LK-1", "LK-2", "B20", "A;B;;", "", "x" * 300)),
    st.text("aZ0đạ <&>'\"\n", max_size=12),
)


@st.composite
def _tables(draw: st.DrawFn) -> bytes:
    """A HOSO of any tables, any fields, any values; often of one visit."""
    parts = []
    for table in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=6)):
        names = st.sampled_from(sorted(FIELDS[table]))
        rows: list[dict[str, Any]] = draw(st.lists(st.dictionaries(names, _TEXT, max_size=8), max_size=3))
        inside = "".join(row("DONG", {"MA_LK": "LK-1", **fields}) for fields in rows)
        parts.append((table, encoded(f"<DANH_SACH>{inside}</DANH_SACH>")))
    return hoso(*parts).encode()


@settings(max_examples=200)
@given(st.lists(_tables(), min_size=1, max_size=3))
def test_any_tables_told_one_after_another(dossiers: list[bytes]) -> None:
    state: State | None = None
    for raw in dossiers:
        made = check(raw, state)
        if made is not None:
            state = made.state or state


@given(_tables())
def test_the_same_again_says_the_same(raw: bytes) -> None:
    first = check(raw)
    second = check(raw, first.state) if first is not None else None
    if first is not None and second is not None and any(_is_summary(outcome) for outcome in first.outcomes):
        assert first.outcomes == second.outcomes


def _is_summary(outcome: object) -> bool:
    return isinstance(outcome, Document) and outcome.kind == "encounter"
