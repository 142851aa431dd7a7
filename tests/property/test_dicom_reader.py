"""Whatever the bytes, the reader of DICOM answers, within its bounds; nothing of them gets into what it says."""

from typing import Any, Final

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.adapter import Document, Feed, Parsed, Refusal
from producers.dicom import json_model, study
from producers.dicom.attributes import wanted
from producers.dicom.text import Charset, name
from producers.dicom.times import day, millis
from producers.dicom.translate import TRANSLATOR, from_values
from schemas.reasons import REASONS
from tests.unit.dicom.files import SHIPPED, bare, dataset, image

FEED: Final = Feed("a", "01999", "PACS", "dicom")
GOOD: Final = (
    image(), bare(dataset()), bare(dataset(), implicit=True), bare(dataset(), little=False),
    *(path.read_bytes()[:8000] for path in SHIPPED[::9]),
)  # fmt: skip


def check(raw: bytes) -> None:
    made = TRANSLATOR.parse(raw, FEED)
    assert made == TRANSLATOR.parse(raw, FEED)
    if isinstance(made, Refusal):
        assert made.reason in REASONS
        return
    translation = TRANSLATOR.translate(None, made, FEED)
    for outcome in translation.outcomes:
        assert isinstance(outcome, Document)
        orjson.dumps((outcome.body, outcome.identity, outcome.narrative))
        assert study.from_bytes(study.to_bytes(made.content.study)) == made.content.study


@given(st.binary(max_size=500))
def test_random_bytes(raw: bytes) -> None:
    check(raw)
    check(b"\0" * 128 + b"DICM" + raw)
    check(study.MAGIC + raw)


@given(st.sampled_from(GOOD), st.data())
def test_truncated(raw: bytes, data: st.DataObject) -> None:
    check(raw[: data.draw(st.integers(0, len(raw)))])


@settings(max_examples=500)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0), st.integers(0, 12), st.binary(max_size=12)), min_size=1, max_size=5),
)
def test_mutated(raw: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for at, removed, put in changes:
        place = at % (len(raw) + 1)
        raw = raw[:place] + put + raw[place + removed :]
    check(raw)


@given(st.binary(max_size=40), st.binary(max_size=60), st.sampled_from((None, "tcvn3", "vni", "windows-1258")))
def test_text(declared: bytes, value: bytes, legacy: str | None) -> None:
    text = Charset(declared, legacy).decode(value)
    if text is not None:
        text.encode()
        name(text)
        millis(text)
        day(text)


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("Value", "vr", "Alphabetic", "0020000D", "00081032")) | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_json(found: Any) -> None:
    said = json_model.said(found, wanted())
    made = from_values(said, FEED)
    assert made is None or isinstance(made, (Refusal, dict))
    json_model.number(found, 0x00201208)


@given(JSON)
def test_any_json_as_a_snapshot(found: Any) -> None:
    made = TRANSLATOR.parse(study.MAGIC + orjson.dumps(found), FEED)
    assert isinstance(made, (Parsed, Refusal))
