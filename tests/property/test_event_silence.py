"""Whatever a person's fields and notes hold, no byte of an event says it in clear, and the seal gives it back whole."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.adapter import Document, Rows
from producers.event import Number, compose
from producers.mask import masked_paths
from schemas import codec
from schemas.kinds import KINDS
from schemas.sealed import IDENTITY
from tests.lines import FEED, KEYS, NOW, opened

WORDS = st.text(st.sampled_from("жщюяэъфЖЩЮЯЭ"), min_size=5, max_size=9)
"""Letters that stand in nothing else, so that what is found has leaked."""
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
NUMBERS = st.integers(10**11, 10**12 - 1).map(str)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)), noted=st.dictionaries(WORDS, TEXTS, max_size=3))
def test_nothing_of_a_person_stands_in_clear(data: st.DataObject, kind: str, noted: dict[str, str]) -> None:
    names = [name for name in IDENTITY if name not in ("sex", "birth")]
    identity: dict[str, str | None] = {name: data.draw(TEXTS | NUMBERS) for name in names}
    own = [text for text in identity.values() if text]
    spoken = data.draw(st.lists(st.sampled_from([*own, "viêm phổi", "độ 2"]), max_size=6).map(", ".join))
    masked = [name for name, inner in masked_paths(KINDS[kind]).items() if inner is None]
    document = Document(
        kind,
        (own[0],),
        visit_number=own[1],
        patient_number=own[2],
        body=dict.fromkeys(masked, spoken),
        identity=identity,
        narrative=noted,
    )
    made = compose(
        document, Number("a", "b", 1, 1, 1), FEED, KEYS,
        captured_at=NOW, last_version=0, message_id=own[0], rows=Rows(),
    )  # fmt: skip
    assert isinstance(made, tuple)
    record, _ = made
    shown = record.value + record.key + record.topic.encode() + repr((record, document, made)).encode()
    for text in (*own, *noted, *noted.values()):
        assert text.encode() not in shown
        assert all(text.encode() not in value for _, value in record.headers)
    assert (dict.fromkeys(IDENTITY) | identity, noted) == opened(record)
    assert codec.FRAME_BYTES < len(record.value)
