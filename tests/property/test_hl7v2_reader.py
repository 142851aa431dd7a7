"""Whatever the bytes, the HL7 v2 adapter answers; however a stream is cut, the frames are the same."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.adapter import Feed, Parsed, Receipt, Refusal
from producers.hl7v2 import batch
from producers.hl7v2.answer import answers
from producers.hl7v2.bounds import Limits, Problem
from producers.hl7v2.message import check_envelope, header_of, parse
from producers.hl7v2.mllp import END, START, FrameDecoder, Oversize, frame
from producers.hl7v2.separators import Separators
from producers.hl7v2.translate import TRANSLATOR
from schemas.reasons import REASONS
from tests.unit.hl7v2.telling import FEED, adt, msh, pid, segment, write

PV1 = segment("PV1", f2="I", f3="K01", f19="V1", f44="20261124080000", f45='""')
OBR = segment("OBR", f1="1", f3="F1", f4="CTM^Công thức máu", f7="20261124080000", f25="F")
GOOD = (
    adt("A01", pid(), PV1, "DG1|1||J18.9^Viêm phổi^I10|||A", "ZVN|1|x"),
    adt("A40", pid(), "MRG|BN0"),
    write(msh("ORU^R01"), pid(), PV1, "ORC|RE||F1", OBR, "OBX|1|NM|WBC^x||7.2|G/L", "NTE|1||a\\.br\\b", pid(), OBR),
    write(msh("OUL^R22"), pid(), "SPM|1", OBR, "ORC|SC", "OBX|1|SN|A||>^1"),
    write(msh("SIU^S12"), "SCH|1|2|||||||||^^^20261201", pid(), "AIP|1||B"),
    write(msh("REF^I12"), "RF1|P|||||7", "PRD|RP|x", pid()),
)
SMALL = Limits(file=5_000, message=600, segments=8, fields=20, pieces=10)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
NOBODYS = Feed("check", "", "check", "hl7v2")

mutations = st.lists(
    st.tuples(st.integers(0), st.integers(0, 12), st.one_of(st.binary(max_size=8), st.sampled_from((b"|", b"^", b"&", b"\r", b'""', b"MSH|", b"\\X41\\", b"PID|", b"OBR|")))),
    max_size=6,
)  # fmt: skip


def mutated(raw: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, removed, put in changes:
        place = at % (len(raw) + 1)
        raw = raw[:place] + put + raw[place + removed :]
    return raw


def check(raw: bytes) -> None:
    """A known reason or a document that composes; and an answer either way."""
    for feed in (FEED, NOBODYS):
        parsed = TRANSLATOR.parse(raw, feed)
        refusals: tuple[Refusal, ...] = ()
        if isinstance(parsed, Parsed):
            state = None
            for _ in range(2):
                made = TRANSLATOR.translate(state, parsed, feed)
                state = made.state
            refusals = tuple(outcome for outcome in made.outcomes if isinstance(outcome, Refusal))
        else:
            refusals = (parsed,)
        assert all(refusal.reason in REASONS for refusal in refusals)
        header = parsed.content[0] if isinstance(parsed, Parsed) else header_of(raw)
        for reply in answers(header, Receipt(1, refusals), now=NOW, control_id="C"):
            assert reply.startswith(b"MSH")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(raw: bytes) -> None:
    check(raw)
    check(b"MSH|^~\\&|" + raw)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(GOOD), mutations)
def test_mutated_messages(raw: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    check(mutated(raw, changes))


@settings(deadline=None)
@given(st.sampled_from(GOOD), st.sampled_from(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1258")), mutations)
def test_mutated_in_other_character_sets(raw: bytes, encoding: str, changes: list[tuple[int, int, bytes]]) -> None:
    check(mutated(raw.decode().encode(encoding, "replace"), changes))


BATCH = (b"FHS|^~\\&", b"BHS|^~\\&", b"BTS|2", b"BTS", b"FTS|1")
lines = st.one_of(st.sampled_from(BATCH), st.text("XYZ|^&\\", max_size=12).map(str.encode))


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(GOOD), lines), max_size=8), st.sampled_from((b"\r", b"\n", b"\r\n")))
def test_no_line_of_a_file_is_lost(pieces: list[bytes], end: bytes) -> None:
    """Every line is in a message, in a problem, or a batch segment."""
    raw = end.join(pieces)
    kept = [(one if isinstance(one, bytes) else one.original) or b"" for one in batch.split(raw)]
    assert without_batches(raw) == without_batches(b"\r".join(kept))


def without_batches(raw: bytes) -> list[bytes]:
    return [line for line in raw.splitlines() if line.strip() and line[:3] not in _BATCH_NAMES]


_BATCH_NAMES = {line[:3] for line in BATCH}


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(GOOD), st.binary(max_size=60), st.sampled_from(BATCH)), max_size=6))
def test_any_file_is_split_within_its_limits(pieces: list[bytes]) -> None:
    raw = b"\r".join(pieces)
    for limits in (Limits(), SMALL):
        for one in batch.split(raw, limits):
            if isinstance(one, Problem):
                assert one.reason in REASONS
            elif not isinstance(made := parse(one, limits=limits), Problem):
                check_envelope(made)


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=40).map(lambda data: data.replace(START, b"").replace(END[:1], b"")), max_size=6),
    st.lists(st.integers(1, 50), max_size=30),
    st.integers(1, 60),
)
def test_frames_are_the_same_in_any_cutting(payloads: list[bytes], cuts: list[int], limit: int) -> None:
    stream = b"".join(frame(payload) for payload in payloads)
    whole = FrameDecoder(limit).feed(stream)
    assert [
        payload if len(payload) <= limit else Oversize(len(payload), payload[:limit]) for payload in payloads
    ] == whole
    decoder, found, at = FrameDecoder(limit), list[bytes | Oversize](), 0
    for size in cuts:
        found += decoder.feed(stream[at : at + size])
        at += size
    found += decoder.feed(stream[at:])
    assert whole == found
    assert not decoder.waiting


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=10), st.integers(1, 60))
def test_noise_never_breaks_the_decoder(stream: bytes, cuts: list[int], limit: int) -> None:
    whole = FrameDecoder(limit)
    expected = whole.feed(stream) + whole.finish()
    decoder, found, at = FrameDecoder(limit), list[bytes | Oversize](), 0
    for size in cuts:
        found += decoder.feed(stream[at : at + size])
        at += size
    found += decoder.feed(stream[at:]) + decoder.finish()
    assert expected == found
    assert whole.stray_bytes == decoder.stray_bytes


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from((Separators(), Separators("#", "/", "*", "?", "!", "+"))))
def test_what_is_escaped_is_read_back(text: str, signs: Separators) -> None:
    import unicodedata

    text = unicodedata.normalize("NFC", text)
    escaped = signs.escaped(text)
    assert not set(escaped) & {signs.field, signs.component, signs.repetition, signs.subcomponent, "\r", "\n"}
    assert text == signs.unescaped(escaped)
